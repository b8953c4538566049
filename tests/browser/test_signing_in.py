"""A reader comes in."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from .desk import Demo, sign_in

pytestmark = [pytest.mark.gate, pytest.mark.xdist_group("browser")]


def test_a_link_of_the_demo_leads_to_the_overview(context: BrowserContext, demo: Demo) -> None:
    """The link that the demo prints signs in, once, as an admin; nothing else is asked for than our own host."""
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" else None
    )
    sign_in(page, demo)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    assert [] == [each for each in asked if not each.startswith((demo.url, "data:"))]
    assert [] == wrong

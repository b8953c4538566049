"""A reader finds somebody, reads why they stand there, and has them left alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from .desk import Demo, sign_in

pytestmark = [pytest.mark.gate, pytest.mark.xdist_group("browser")]


@pytest.mark.timeout(600)
def test_somebody_is_found_read_and_left_alone(context: BrowserContext, demo: Demo) -> None:
    """The list narrows while somebody types, by keys alone; what was typed stands in no address."""
    page = context.new_page()
    sign_in(page, demo)
    page.goto("/people")
    first = page.locator("#found tbody th a").first
    name = first.inner_text()
    rows = page.locator("#found tbody tr")
    assert rows.count() > 5
    page.keyboard.press("Tab")
    page.keyboard.press("/")
    page.keyboard.type(name[:40], delay=30)
    expect(rows).not_to_have_count(50)
    expect(page.locator("#found [role=status]")).to_have_text(
        re.compile(r"^[1-9] (person|people)$")
    )
    assert page.url.endswith("/people")
    page.locator("#found").get_by_role("link", name=name, exact=True).first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("heading", name="What would move them")).to_be_visible()
    assert page.locator("svg[role=img] title").count() >= 7
    page.get_by_text("Leave something as it is").click()
    page.get_by_label("Why").fill("on holiday")
    page.get_by_role("button", name="Leave as it is").click()
    expect(page.get_by_text("Nothing more is written of them.")).to_be_visible()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("1 hold has ended.")).to_be_visible()


@pytest.mark.timeout(600)
def test_a_choice_applies_at_once(context: BrowserContext, demo: Demo) -> None:
    """Choosing a level narrows the list and changes the address, which shows the same again."""
    page = context.new_page()
    sign_in(page, demo)
    page.goto("/people")
    before = page.locator("#found [role=status]").inner_text()
    page.locator("summary", has_text="Levels").click()
    page.get_by_label("interest").select_option("request")
    page.wait_for_url(re.compile(r"/people\?at-interest=request$"))
    status = page.locator("#found [role=status]")
    expect(status).not_to_have_text(before)
    told = status.inner_text()
    page.reload()
    expect(page.locator("#found [role=status]")).to_have_text(told)

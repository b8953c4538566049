"""Every page serves whoever cannot see it, cannot use a mouse, reads on a phone or at night."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from .desk import Demo, pages, sign_in

pytestmark = [pytest.mark.gate, pytest.mark.xdist_group("browser")]

GRAVE = {"serious", "critical"}
DESK, PHONE = (1280, 900), (390, 844)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("scheme", "size", "language"),
    [("light", DESK, "en"), ("dark", DESK, "fr"), ("light", PHONE, "fr"), ("dark", PHONE, "en")],
)
def test_no_page_has_a_grave_fault(
    chromium: Browser, demo: Demo, scheme: str, size: tuple[int, int], language: str
) -> None:
    """axe-core finds nothing serious, nothing stands over the edge, and no script of a page fails."""
    context = chromium.new_context(
        base_url=demo.url,
        color_scheme=scheme,
        locale={"en": "en-GB", "fr": "fr-FR"}[language],
        timezone_id="Europe/Paris",
        viewport={"width": size[0], "height": size[1]},
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    sign_in(page, demo, language=language)
    for name, path in pages(page):
        page.goto(path)
        found = Axe().run(page).response["violations"]
        wrong += [
            f"{name}: {each['id']}: {each['help']}: {node['html'][:160]}"
            for each in found
            if each["impact"] in GRAVE
            for node in each["nodes"]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            wrong.append(f"{name}: {wide} pixels stand over the edge")
    context.close()
    assert [] == wrong, "\n".join(wrong)

"""The whole work in a real browser, in both languages: from a question about somebody to an undo and a check of the log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect
from tests.e2e.deployments import wait_until

from stagesync.loading.definitions import shipped_mappings
from stagesync.web.words import Language, say

from .desk import Demo, sign_in

pytestmark = [pytest.mark.gate, pytest.mark.xdist_group("browser")]

SOON_S = 120.0


@dataclass(frozen=True)
class Change:
    """A change of one file, with a slip that is told in place.

    Attributes:
        stage: whose number in the CRM it changes, and which way.
    """

    file: str
    old: str
    slip: str
    told: str
    new: str
    stage: str
    more: bool


CHANGES: dict[Language, Change] = {
    "en": Change(
        "vocabularies/standard.yaml",
        "when: {interest: request}}",
        "when: {interest: shouting}}",
        "shouting",
        "when: {interest: request, fit: inside}}",
        "lead",
        more=False,
    ),
    "fr": Change(
        "policy.yaml",
        "{at_least: 50, keep_at: 35}",
        "{at_leest: 50, keep_at: 35}",
        "at_leest",
        "{at_least: 15, keep_at: 10}",
        "qualified",
        more=True,
    ),
}


class Reader:
    """Somebody at a page, who finds things by their words in one language."""

    def __init__(self, page: Page, demo: Demo, language: Language) -> None:
        self.page, self.demo = page, demo
        self._language = language
        page.on("dialog", lambda dialog: dialog.accept())

    def word(self, text: str) -> str:
        return say(self._language, text)

    def button(self, text: str) -> Locator:
        return self.page.get_by_role("button", name=self.word(text), exact=True)

    def link(self, text: str) -> Locator:
        return self.page.get_by_role("link", name=self.word(text), exact=True)

    def sees(self, text: str) -> None:
        found = self.page.get_by_text(self.word(text)).first
        expect(found).to_be_visible(timeout=SOON_S * 1000)


def stages(demo: Demo) -> Counter[str]:
    """What the contacts of the simulated HubSpot hold in our own field."""
    token = (demo.config.parent / "hubspot.token").read_text()
    found = requests.get(
        f"{demo.crms['hubspot']}/crm/v3/objects/contacts",
        params={"limit": 100, "properties": "stagesync_stage"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    ).json()
    return Counter(each["properties"].get("stagesync_stage") or "" for each in found["results"])


@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", CHANGES)
def test_the_whole_story(chromium: Browser, demo: Demo, language: Language) -> None:
    """Somebody is found and read; a slip is told in place; the right text is tried, adopted, held, approved,
    written, undone; and the log holds."""
    context = chromium.new_context(
        base_url=demo.url,
        locale={"en": "en-GB", "fr": "fr-FR"}[language],
        timezone_id="Europe/Paris",
        viewport={"width": 1280, "height": 900},
    )
    context.set_default_timeout(30_000)
    reader = Reader(context.new_page(), demo, language)
    sign_in(reader.page, demo, language=language)
    read_of_somebody(reader)
    before, change = stages(demo), CHANGES[language]
    hand_in(reader, change)
    plan = adopt(reader)
    assert before == stages(demo), "nothing is written before somebody approves"
    approve(reader, plan)
    turn = 1 if change.more else -1
    assert wait_until(
        lambda: (stages(demo)[change.stage] - before[change.stage]) * turn > 0, seconds=SOON_S
    )
    take_back(reader, plan, until=lambda: stages(demo) == before)
    reader.page.goto("/audit")
    reader.button("Check the chain").click()
    reader.sees("The log holds.")
    context.close()


def read_of_somebody(reader: Reader) -> None:
    """By the beginning of a name."""
    page = reader.page
    page.goto("/people")
    name = page.locator("#found tbody th a").first.inner_text()
    page.locator("input[type=search]").press_sequentially(name, delay=20)
    expect(page.locator("#found tbody tr")).to_have_count(1, timeout=20_000)
    page.locator("#found tbody th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    reader.sees("Where they stand")
    reader.sees("What would move them")


def hand_in(reader: Reader, change: Change) -> None:
    """With a slip at first: it is told beside its line, nothing is kept, and what was typed is still there."""
    page = reader.page
    text = (shipped_mappings() / change.file).read_text(encoding="utf-8")
    assert change.old in text
    page.goto("/definitions/preview")
    field = page.get_by_label(reader.word("Text"), exact=True)
    field.fill(text.replace(change.old, change.slip))
    reader.button("Check and try").click()
    expect(page.locator(".wrong").first).to_contain_text(change.told)
    expect(field).to_have_value(re.compile(re.escape(change.slip)))
    field.fill(text.replace(change.old, change.new))
    reader.button("Check and try").click()
    reader.sees("The change is sound. Nothing was kept and nothing was written.")
    assert not (
        reader.demo.config.parent / "mappings" / change.file
    ).exists() or change.new not in (
        reader.demo.config.parent / "mappings" / change.file
    ).read_text(encoding="utf-8")


def adopt(reader: Reader) -> str:
    """The address of the plan that is held because of it."""
    page = reader.page
    reader.button("Propose").click()
    reader.button("Adopt").click()
    page.wait_for_load_state()

    def is_held() -> bool:
        page.goto("/plans")
        return page.locator(".side nav a[href='/plans'] .count").count() > 0

    assert wait_until(is_held, seconds=SOON_S)
    plan = page.locator("main section.card a[href*='/plans/pl_']").first.get_attribute("href")
    assert plan
    return plan


def approve(reader: Reader, plan: str) -> None:
    """All of it, once no run plans it anew: until then the page asks to look again in a moment."""
    page = reader.page

    def is_approved() -> bool:
        page.goto(plan)
        if reader.button("Approve all").count():
            reader.button("Approve all").click()
            page.wait_for_load_state()
            page.goto(plan)
        return page.locator("#state").get_by_text(reader.word("approved"), exact=True).count() > 0

    assert wait_until(is_approved, seconds=SOON_S), page.locator("main").inner_text()


def take_back(reader: Reader, plan: str, *, until: Callable[[], bool]) -> None:
    """Undoes the run that wrote the plan, by a plan of its own."""
    page = reader.page

    def is_offered() -> bool:
        page.goto(plan)
        runs = page.locator("#state a[href*='/runs/r_']")
        for path in [each.get_attribute("href") or "" for each in runs.all()]:
            page.goto(path)
            if reader.link("Undo this run").count():
                return True
        return False

    assert wait_until(is_offered, seconds=SOON_S), "the run is under way, or wrote nothing"
    reader.link("Undo this run").click()
    reader.button("Make the plan").click()
    reader.link("Look and decide").click()
    page.wait_for_url("**/plans/pl_*")
    approve(reader, page.url)
    assert wait_until(until, seconds=SOON_S)


@pytest.mark.timeout(600)
def test_the_keyboard_is_enough(chromium: Browser, demo: Demo) -> None:
    """Signing in, finding somebody, having them left alone and released: without a mouse."""
    context = chromium.new_context(base_url=demo.url, locale="en-GB")
    page = context.new_page()
    page.goto(f"/enter?link={demo.new_link('demo')}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    go(page, page.locator(".side").get_by_role("link", name="People", exact=True))
    name = page.locator("#found tbody th a").first.inner_text()
    page.keyboard.press("/")
    page.keyboard.type(name, delay=30)
    expect(page.locator("#found tbody tr")).to_have_count(1, timeout=20_000)
    go(page, page.locator("#found tbody th a").first)
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    go(page, page.get_by_text("Leave something as it is"))
    tab_to(page, page.get_by_label("Why"))
    page.keyboard.type("on holiday")
    go(page, page.get_by_role("button", name="Leave as it is"))
    expect(page.get_by_text("Nothing more is written of them.")).to_be_visible()
    hold = page.get_by_role("listitem").filter(has_text="on holiday")
    go(page, hold.get_by_role("button", name="Release Everything"))
    expect(page.get_by_text("1 hold has ended.")).to_be_visible()
    context.close()


def tab_to(page: Page, wanted: Locator, *, most: int = 400) -> None:
    """Goes on by the tabulator until something has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each.contains(document.activeElement)"):
            return
    raise AssertionError(f"{wanted} is not reached by the keyboard")


def go(page: Page, wanted: Locator) -> None:
    """Presses what the tabulator leads to."""
    tab_to(page, wanted)
    page.keyboard.press("Enter")
    page.wait_for_load_state()

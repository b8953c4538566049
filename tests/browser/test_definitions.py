"""A change of the definitions, from its first mistake to the stage in the CRM, in a real browser."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import requests
from playwright.sync_api import BrowserContext, expect
from tests.e2e.deployments import wait_until

from stagesync.loading.definitions import shipped_mappings

from .desk import Demo, sign_in

pytestmark = [pytest.mark.gate, pytest.mark.xdist_group("browser")]

LEADS = "when: {interest: request}}"
FEWER = "when: {interest: request, fit: inside}}"


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


@pytest.mark.timeout(400)
def test_a_vocabulary_is_changed_from_the_console(context: BrowserContext, demo: Demo) -> None:
    """An error is shown in place; the right text is tried, proposed, adopted, held, approved and written."""
    text = (shipped_mappings() / "vocabularies" / "standard.yaml").read_text(encoding="utf-8")
    assert LEADS in text
    before = stages(demo)
    assert before["lead"]
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, demo)

    page.goto("/definitions/preview")
    page.get_by_label("Text", exact=True).fill(text.replace(LEADS, "when: {interest: shouting}}"))
    page.get_by_role("button", name="Check and try").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was kept")
    expect(page.locator(".wrong").first).to_contain_text("shouting")
    expect(page.get_by_label("Text", exact=True)).to_have_value(re.compile("shouting"))

    page.get_by_label("Text", exact=True).fill(text.replace(LEADS, FEWER))
    page.get_by_role("button", name="Check and try").click()
    page.get_by_label("Note").fill("leads are inside the target")
    expect(page.get_by_role("heading", name="People who move")).to_be_visible()
    page.get_by_role("button", name="Propose").click()
    page.get_by_role("button", name="Adopt").click()
    expect(page.get_by_role("status").first).to_contain_text("waits for approval")
    own = demo.config.parent / "mappings"
    assert FEWER in (own / "vocabularies" / "standard.yaml").read_text(encoding="utf-8")

    def is_held() -> bool:
        page.goto("/plans")
        return page.locator(".side nav .count").count() > 0

    assert wait_until(is_held, seconds=90)
    assert before == stages(demo), "nothing is written before somebody approves"
    page.goto("/definitions")
    expect(page.locator(".callout.warn")).to_contain_text("nothing is written")
    page.goto("/plans")
    page.locator("main a[href*='/plans/pl_']").first.click()
    page.get_by_role("button", name="Approve all").click()
    assert wait_until(lambda: stages(demo)["lead"] < before["lead"], seconds=90)

    page.goto("/definitions/history")
    expect(page.locator("tbody tr").first).to_contain_text("leads are inside the target")
    expect(page.locator("tbody tr").first).to_contain_text("demo (console)")

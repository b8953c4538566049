"""The console over a real daemon and both simulators: approve, see it in the CRMs, undo, see it gone, verify."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from console import Reader, words_of

from .conftest import MakeWorld, World
from .deployments import set_up, wait_until

SOON_S = 60.0
HUBSPOT = ("stagesync_stage", "stagesync_score", "stagesync_reason")
OWN = "Lifecycle_Stage__c, Lifecycle_Score__c, Lifecycle_Reason__c"


def _held(world: World) -> dict[tuple[str, str], Any]:
    """What both CRMs hold in our own fields."""
    world.vendors.settle()
    found: dict[tuple[str, str], Any] = {
        ("hubspot", key): {name: each[name] or None for name in HUBSPOT}
        for key, each in world.vendors.hubspot("contacts", HUBSPOT).items()
    }
    for name in ("Contact", "Lead"):
        rows = world.vendors.salesforce(f"SELECT Id, {OWN} FROM {name}")
        found |= {
            ("salesforce", key): {field: each[field] or None for field in OWN.split(", ")}
            for key, each in rows.items()
        }
    return found


def _approve(reader: Reader, plan: str) -> None:
    """As a reader does, who tries again when a run plans just then, and watches until nothing waits any more."""
    page = f"/plans/{plan}"

    def is_taken() -> bool:
        if 'action="' + f"{page}/approve" not in reader.get(page).text:
            return False
        return reader.post(*reader.form(page, "/approve", cause=None)).status_code == 200

    assert wait_until(is_taken, seconds=SOON_S), words_of(reader.get(page).text)
    assert wait_until(
        lambda: "nothing: all of it was written" in words_of(reader.get(page).text), seconds=SOON_S
    ), words_of(reader.get(page).text)


@pytest.mark.gate
def test_a_plan_is_approved_written_undone_and_the_log_holds(make_world: MakeWorld) -> None:
    """All of it by pages of the running daemon; the CRMs are asked by their own ways."""
    world = make_world(contacts=30, mode="observe", vendor_stage="off")
    place = world.place
    set_up(place)
    place.config.write_text(f"{place.config.read_text()}web: {{listen: 127.0.0.1:0}}\n")
    link = re.search(r"link=(\S+)", place.run("user", "add", "anna", "--role", "approver").out)
    log = place.folder / "run.err"
    before = _held(world)
    with place.process("run"):
        assert wait_until(lambda: "run ended" in log.read_text(), seconds=SOON_S), log.read_text()
        told = [json.loads(line) for line in log.read_text().splitlines()]
        reader = Reader(next(each["url"] for each in told if each["event"] == "web listens"))
        assert link
        reader.sign_in(link[1])

        plan = re.findall(r'href="/plans/(pl_\w+)"', reader.get("/plans").text)[0]
        assert before == _held(world)
        _approve(reader, plan)
        written = _held(world)
        stages = {each.get("stagesync_stage") for each in written.values()}
        assert {"lead", "accepted"} <= stages

        run = re.findall(r'href="/runs/(r_\w+)"', reader.get(f"/plans/{plan}").text)[0]
        address, fields = reader.form(f"/runs/{run}/undo", "/undo")
        told_by = reader.after_job(reader.post(address, fields).url.removeprefix(reader.url))
        undo = re.search(r'href="/plans/(pl_\w+)"', told_by)
        assert undo, words_of(told_by)
        assert written == _held(world)
        _approve(reader, undo[1])
        assert before == _held(world)

        verdict = reader.after_job(reader.post("/audit/verify").url.removeprefix(reader.url))
        assert "The log holds." in words_of(verdict)
        acts = words_of(reader.get("/audit?kind=hand&actor=anna").text)
    assert all(f"{word} pl_" in acts for word in ("approved", "undo")), acts
    assert place.run("audit", "verify").out.startswith("ok: ")

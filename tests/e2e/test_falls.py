"""A stage of HubSpot's that goes back some days after the person fell, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from stagesync.loading.definitions import shipped_mappings

from .conftest import MakeWorld, World
from .deployments import set_up
from .test_backward import STAGE, log_of, stage_of, sync

DAY_S = 86_400
DEAL_TO_CONTACT = 3
SHIPPED = f"""\
    {STAGE}:
      value: stage.hubspot
      owner: vendor
      mode: forward
"""
RULE = "      backward: {sales: after 5 days}\n"


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Both CRMs brought to agreement; of the axes that lower HubSpot's stage the rule names `sales`."""
    made = make_world(contacts=30)
    text = (shipped_mappings() / "hubspot.yaml").read_text(encoding="utf-8")
    assert SHIPPED in text
    path = made.place.folder / "hubspot.yaml"
    path.write_text(text.replace(SHIPPED, SHIPPED + RULE), encoding="utf-8")
    settings = made.place.config.read_text(encoding="utf-8")
    line = "    connector: hubspot\n"
    made.place.config.write_text(settings.replace(line, f"{line}    mapping: {path}\n"))
    set_up(made.place)
    sync(made)
    made.vendors.settle()
    sync(made)
    return made


def explained(world: World, record_id: str) -> dict[str, Any]:
    """What explain says of the lifecycle stage of a contact that stays; empty when nothing does."""
    document = world.place.run("explain", record_id, "--json").json
    for record in document["records"]:
        if (record["connection"], record["id"]) == ("hubspot", record_id):
            return next((one for one in record["differences"] if one["field"] == STAGE), {})
    raise AssertionError("explain shows no such record")


def instant(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_stage_goes_back_days_after_a_deal_was_lost(world: World) -> None:
    """Won over by nobody: until the fifth day the stage stays and says why, then it is emptied and set."""
    contact = next(
        each["id"]
        for each in log_of(world)
        if each["object"] == "contact" and each["after"] == "lead"
    )
    deal = {"dealname": "Try", "pipeline": "default", "dealstage": "qualifiedtobuy"}
    deal_id = world.vendors.create_in_hubspot(
        "deals", deal, of_contact=contact, association=DEAL_TO_CONTACT
    )
    world.vendors.settle()
    assert (0, "opportunity") == (sync(world).code, stage_of(world, contact))
    world.vendors.settle()
    lost_s = world.vendors.now_s("hubspot")
    closed = {"dealstage": "closedlost", "closedate": instant(lost_s)}
    world.vendors.edit("hubspot", "deals", deal_id, **closed)
    world.vendors.settle()
    assert 0 == sync(world).code
    left = explained(world, contact)
    assert ("lead", "opportunity", "not forward yet") == (
        left["wanted"],
        left["current"],
        left["reason"],
    )
    until_s = datetime.fromisoformat(left["until"]).timestamp()
    assert -1 < until_s - lost_s - 5 * DAY_S < 1
    assert f"not forward yet, from {left['until']}" in world.place.run("explain", contact).out

    world.vendors.advance(until_s - world.vendors.now_s("hubspot") - 60)
    assert (0, "opportunity") == (sync(world).code, stage_of(world, contact))
    world.vendors.advance(120)
    shown = world.place.run("plan", "--json").json
    assert (1, [(contact, STAGE, "opportunity", "lead", "time", True)]) == (
        shown["back"],
        [
            (each["id"], each["field"], each["before"], each["after"], each["cause"], each["back"])
            for each in shown["writes"]
            if each["id"] == contact
        ],
    )
    assert (0, "lead", {}) == (
        sync(world).code,
        stage_of(world, contact),
        explained(world, contact),
    )
    (told,) = [each for each in log_of(world, contact) if "way" in each["result"]]
    assert ("opportunity", "lead", {"written": True, "way": "clear"}) == (
        told["before"],
        told["after"],
        told["result"],
    )
    world.vendors.settle()
    assert {"hubspot": 0, "salesforce": 0} == sync(world).json["written"]

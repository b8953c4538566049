"""Stages that go back in both CRMs, over HTTP, with whatever may be cut on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stagesync.loading.definitions import shipped_mappings
from stagesync.store import clearings

from .conftest import MakeWorld, World
from .deployments import Ran, set_up

STAGE = "lifecyclestage"
UPDATE = "contacts/batch/update"


def follow(world: World, name: str) -> None:
    """Let the vendors' fields of one connection follow both ways, by a mapping of its own."""
    text = (shipped_mappings() / f"{name}.yaml").read_text(encoding="utf-8")
    path = world.place.folder / f"{name}.yaml"
    # The empty value is not replaceable: whatever is healed, it is not by being filled.
    text = text.replace("mode: forward", "mode: follow").replace('["", subscriber', "[subscriber")
    path.write_text(text, encoding="utf-8")
    settings = world.place.config.read_text(encoding="utf-8")
    line = f"    connector: {name}\n"
    world.place.config.write_text(settings.replace(line, f"{line}    mapping: {path}\n"))


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Both CRMs brought to agreement, HubSpot's stage following both ways."""
    made = make_world(contacts=12)
    follow(made, "hubspot")
    follow(made, "salesforce")
    with made.place.config.open("a") as file:
        file.write("edits: {person: overwrite}\n")
    set_up(made.place)
    sync(made)
    made.vendors.settle()
    sync(made)
    return made


def sync(world: World) -> Ran:
    return world.place.run("sync", "--json")


def log_of(world: World, record_id: str = "", field: str = STAGE) -> list[dict[str, Any]]:
    """What the audit tells of a field, of one record or of all, oldest first."""
    entries = [json.loads(line) for line in world.place.run("audit").out.splitlines()]
    return [
        each for each in entries if each.get("field") == field and record_id in ("", each["id"])
    ]


def raised(world: World) -> tuple[str, str]:
    """A contact that a person makes a customer, though its stage is a lower one; and that stage."""
    record_id, stage = next(
        (each["id"], each["after"])
        for each in log_of(world)
        if each["object"] == "contact" and each["after"] in {"lead", "opportunity"}
    )
    world.vendors.edit("hubspot", "contacts", record_id, **{STAGE: "customer"})
    world.vendors.settle()
    return record_id, stage


def stage_of(world: World, record_id: str) -> str | None:
    return world.vendors.hubspot("contacts", [STAGE])[record_id][STAGE] or None


def begun(world: World) -> int:
    """Moves that are not known to be finished."""
    with world.place.open() as found, found.deployment.store.begin() as tx:
        return len(clearings.all_clearings(tx))


def backward(world: World, record_id: str) -> list[tuple[Any, Any, Any]]:
    """What the log tells of a contact's way back from `customer`."""
    return [
        (each["before"], each["after"], each["result"])
        for each in log_of(world, record_id)
        if "customer" in (each["before"], each["after"]) and "way" in each["result"]
    ]


def test_a_stage_goes_back_where_the_mapping_says_follow(world: World) -> None:
    """The plan marks and counts the move; HubSpot holds the lower stage, and the audit tells it once."""
    record_id, stage = raised(world)
    shown = world.place.run("plan", "--json").json
    (found,) = [each for each in shown["writes"] if each["back"]]
    assert (1, record_id, "customer", stage) == (
        shown["back"],
        found["id"],
        found["before"],
        found["after"],
    )
    printed = world.place.run("plan").out
    assert "1 of them move a vendor's field back" in printed
    assert 0 == sync(world).code
    assert (stage, [("customer", stage, {"written": True, "way": "clear"})], 0) == (
        stage_of(world, record_id),
        backward(world, record_id),
        begun(world),
    )
    world.vendors.settle()
    assert {"hubspot": 0, "salesforce": 0} == sync(world).json["written"]


@pytest.mark.gate
def test_a_connection_cut_between_clear_and_set(world: World) -> None:
    """The connection is gone once the stage is empty: the next run sets it, and the log tells it once."""
    record_id, stage = raised(world)
    order = {"kind": "cut_before", "times": 5, "match": UPDATE, "after": 1}
    world.vendors.ask("hubspot", "POST", "faults", order)
    assert (4, 1, None) == (sync(world).code, begun(world), stage_of(world, record_id))
    world.vendors.settle()
    assert (0, stage, [("customer", stage, {"written": True, "way": "clear"})], 0) == (
        sync(world).code,
        stage_of(world, record_id),
        backward(world, record_id),
        begun(world),
    )


def test_a_lead_of_salesforce_goes_back_in_one_write(world: World) -> None:
    """Salesforce guards no field: the status is set back without being emptied."""
    (lead, status), *_ = [
        (each["id"], each["after"])
        for each in log_of(world, field="Status")
        if "written" in each["result"] and each["after"] != "Working - Contacted"
    ]
    world.vendors.edit("salesforce", "Lead", lead, Status="Working - Contacted")
    world.vendors.settle()
    assert 0 == sync(world).code
    told = log_of(world, lead, field="Status")[-1]
    rows = world.vendors.salesforce("SELECT Id, Status FROM Lead")
    assert (status, "Working - Contacted", {"written": True, "way": "back"}) == (
        rows[lead]["Status"],
        told["before"],
        told["result"],
    )

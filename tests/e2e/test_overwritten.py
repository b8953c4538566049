"""A person edits a record while our request to write it is under way; the vendor carries both out, ours last."""

import json
from typing import Any

import pytest

from .conftest import MakeWorld, World
from .deployments import Ran, set_up, wait_until

SLOW_S = 2.0
"""How long a request to write is under way: time enough for a person."""


def sync(world: World) -> Ran:
    world.vendors.settle()
    return world.place.run("sync", "--json")


def edit_under_way(
    world: World, crm: str, *, match: str, body: str, edit: tuple[str, str, dict[str, Any]]
) -> None:
    """A run in which somebody edits a record after the request that writes it was sent."""
    world.vendors.ask(crm, "PUT", "settings", {"slow_s": SLOW_S})
    fault = {"kind": "slow", "match": match, "body": body}
    world.vendors.ask(crm, "POST", "faults", fault)
    with world.place.process("sync") as process:
        assert wait_until(lambda: world.vendors.faults_left(crm) == [], seconds=60)
        object_name, record_id, values = edit
        world.vendors.edit(crm, object_name, record_id, **values)
        assert 0 == process.wait(timeout=60)


def edits_of(world: World) -> list[tuple[Any, ...]]:
    """Where, by whom, from what, to what, what was done and with what we had replaced it."""
    log = [json.loads(line) for line in world.place.run("audit").out.splitlines()]
    return [
        (
            each["connection"],
            each["actor"].split()[0],
            each["before"],
            each["after"],
            each["result"]["edit"],
            each["result"].get("replaced_by"),
        )
        for each in log
        if "edit" in each["result"]
    ]


def assert_found_and_put_back(
    world: World, crm: str, *, object_name: str, record_id: str, name: str
) -> None:
    """The stage was ours after the run that wrote it; the next one puts `loyal` back, tells it, and then all is quiet."""
    written = stage_of(world, crm, object_name, record_id, name)
    assert written not in (None, "", "loyal")
    found = sync(world)
    others = {each: int(each == crm) for each in ("hubspot", "salesforce")}
    assert (0, others, "loyal") == (
        found.code,
        found.json["overwritten_edits"],
        stage_of(world, crm, object_name, record_id, name),
    )
    assert f"{crm}: 1 edits had been replaced by writes under way\nhint: " in found.err
    last = world.place.run("status", "--json").json["last_run"]
    assert others == last["overwritten_edits"]
    quiet = sync(world)
    assert (0, dict.fromkeys(others, 0), dict.fromkeys(others, 0)) == (
        quiet.code,
        quiet.json["overwritten_edits"],
        quiet.json["written"],
    )
    assert [(crm, "person", None, "loyal", "respect", written)] == edits_of(world)


def stage_of(world: World, crm: str, object_name: str, record_id: str, name: str) -> Any:
    """What the vendor itself holds."""
    if crm == "hubspot":
        return world.vendors.hubspot(object_name, [name])[record_id][name]
    return world.vendors.salesforce(f"SELECT Id, {name} FROM {object_name}")[record_id][name]


def test_hubspot_tells_whom_our_write_replaced(make_world: MakeWorld) -> None:
    """An edit in HubSpot that our batch update replaced is found in the property's history and put back."""
    world = make_world(contacts=20)
    set_up(world.place)
    contact = min(world.vendors.hubspot("contacts", ["email"]), key=int)
    edit_under_way(
        world,
        "hubspot",
        match="/contacts/batch/update",
        body=f'"{contact}"',
        edit=("contacts", contact, {"stagesync_stage": "loyal"}),
    )
    assert_found_and_put_back(
        world, "hubspot", object_name="contacts", record_id=contact, name="stagesync_stage"
    )


@pytest.mark.gate
def test_salesforce_tells_whom_our_write_replaced(make_world: MakeWorld) -> None:
    """An edit in Salesforce that our collection update replaced is found in the tracked field's history and put back."""
    world = make_world(contacts=20)
    set_up(world.place)
    tracked = {"Contact": ["Lifecycle_Stage__c"]}
    world.vendors.ask("salesforce", "PUT", "settings", {"tracked_fields": tracked})
    contact = min(world.vendors.salesforce("SELECT Id FROM Contact"))
    edit_under_way(
        world,
        "salesforce",
        match="PATCH /services",
        body=f'"{contact}"',
        edit=("Contact", contact, {"Lifecycle_Stage__c": "loyal"}),
    )
    assert_found_and_put_back(
        world, "salesforce", object_name="Contact", record_id=contact, name="Lifecycle_Stage__c"
    )


@pytest.mark.gate
def test_a_field_that_salesforce_does_not_track_is_named(make_world: MakeWorld) -> None:
    """Where an org tracks no history, the edit that was replaced is not seen, and an alert says that it cannot be."""
    world = make_world(contacts=20)
    set_up(world.place)
    contact = min(world.vendors.salesforce("SELECT Id FROM Contact"))
    edit_under_way(
        world,
        "salesforce",
        match="PATCH /services",
        body=f'"{contact}"',
        edit=("Contact", contact, {"Lifecycle_Stage__c": "loyal"}),
    )
    assert {"hubspot": 0, "salesforce": 0} == sync(world).json["overwritten_edits"]
    connections = world.place.run("status", "--json").json["connections"]
    told = {
        each["connection"]: [a["what"] for a in each["alerts"] if a["key"] == "history:fields"]
        for each in connections
    }
    assert ([], True) == (told["hubspot"], "contact.Lifecycle_Stage__c" in told["salesforce"][0])

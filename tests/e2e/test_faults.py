"""A CRM that fails now and then costs time, never a value: the next pass repairs what was left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stagesync.store import records

from .conftest import MakeWorld, World
from .deployments import Ran, not_waited_for, set_up, wait_until


def make_ready(make_world: MakeWorld, *, contacts: int = 20, **settings: Any) -> World:
    world = make_world(contacts=contacts, **settings)
    set_up(world.place)
    return world


def assert_whole(world: World) -> None:
    """Both CRMs hold, on every record that can be written, the stage of the store; nothing is left to do."""
    world.vendors.settle()
    done = world.place.run("sync", "--json")
    assert (0, {"hubspot": 0, "salesforce": 0}) == (done.code, done.json["written"]), done.err
    objects = [("hubspot", "contact"), ("salesforce", "contact")]
    with world.place.open() as found, found.deployment.store.begin() as tx:
        stored = {each.id: each.fields for each in records.all_records(tx, objects)}
    contacts = world.vendors.hubspot("contacts", ["stagesync_stage"])
    rows = world.vendors.salesforce("SELECT Id, Lifecycle_Stage__c FROM Contact")
    there = {id_: one["stagesync_stage"] for id_, one in contacts.items()}
    there |= {id_: one["Lifecycle_Stage__c"] for id_, one in rows.items()}
    assert there == {
        id_: one.get("stagesync_stage", one.get("Lifecycle_Stage__c"))
        for id_, one in stored.items()
    }
    assert None not in there.values()
    assert 0 == world.place.run("audit", "verify").code


def sync(world: World) -> Ran:
    return world.place.run("sync", "--json")


def sync_until_whole(world: World) -> Ran:
    """Run until nothing is in trouble; at most three times."""
    for _ in range(3):
        ran = sync(world)
        if ran.code == 0:
            break
        assert 4 == ran.code, ran.err
        assert "hint: " in ran.err or "\nhubspot: " in f"\n{ran.err}" or "salesforce: " in ran.err
    return ran


READ, SEARCH, WRITE = "GET /crm/objects", "/search", "/batch/update"
QUERY, UPDATE = "POST /services/data/v64.0/composite", "composite/sobjects"


@pytest.mark.gate
@pytest.mark.parametrize(
    ("crm", "kind", "match"),
    [
        ("hubspot", "500_html", READ),
        ("hubspot", "500_html", WRITE),
        ("hubspot", "cut_before", WRITE),
        ("hubspot", "cut_after", WRITE),
        ("salesforce", "500_html", QUERY),
        ("salesforce", "503", UPDATE),
        ("salesforce", "cut_after", UPDATE),
        ("salesforce", "expired_token", UPDATE),
        ("salesforce", "expired_token", QUERY),
    ],
)
def test_one_failure_costs_nothing(make_world: MakeWorld, crm, kind, match):
    """One failing request of a pass is tried again within it: exit 0, and everything stands in both CRMs."""
    world = make_ready(make_world)
    world.vendors.fail(crm, kind, match=match)
    ran = sync(world)
    assert [] == world.vendors.faults_left(crm)
    assert (0, {}) == (ran.code, ran.json["troubles"]), ran.err
    assert_whole(world)


@pytest.mark.gate
@pytest.mark.parametrize(
    ("crm", "kind", "match"),
    [("hubspot", "expired_token", WRITE), ("salesforce", "cut_after", UPDATE)],
)
def test_a_crm_that_takes_no_write_is_named_and_repaired_later(
    make_world: MakeWorld, crm, kind, match
):
    """When every write to one CRM fails, the pass exits 4, names it, writes the other; the next pass repairs."""
    world = make_ready(make_world)
    world.vendors.fail(crm, kind, match=match, times=50)
    ran = sync(world)
    assert (4, {crm}) == (ran.code, ran.json["troubles"].keys())
    other = {"hubspot": "salesforce", "salesforce": "hubspot"}[crm]
    assert ran.json["written"][other] > 0
    assert f"\n{crm}: " in f"\n{ran.err}"
    world.vendors.ask(crm, "DELETE", "faults")
    assert 0 == sync(world).code
    assert_whole(world)


def test_too_many_searches_are_waited_out(make_world: MakeWorld):
    """A 429 without headers on HubSpot's search is waited out, and the pass ends well."""
    world = make_ready(make_world)
    assert 0 == sync(world).code
    world.vendors.settle()
    world.vendors.fail("hubspot", "429", match=SEARCH)
    ran = sync(world)
    assert [] == world.vendors.faults_left("hubspot")
    assert (0, {}) == (ran.code, ran.json["troubles"]), ran.err


def test_the_days_calls_used_up_end_that_connection_alone(make_world: MakeWorld):
    """When Salesforce's calls of the day are used up, the pass says so at once and goes on with HubSpot."""
    world = make_ready(make_world)
    not_waited_for(world.place, "salesforce")
    world.vendors.fail("salesforce", "429_daily", match="/services/data", times=50)
    ran = sync(world)
    assert (4, {"salesforce"}) == (ran.code, ran.json["troubles"].keys())
    assert ran.json["written"]["hubspot"] > 0
    world.vendors.ask("salesforce", "DELETE", "faults")
    assert 0 == sync(world).code
    assert_whole(world)


def test_light_weather_changes_nothing(make_world: MakeWorld):
    """Under the fault profile `light` passes end well or say what failed, and after at most three all is written."""
    world = make_ready(make_world, faults="light", seed=3)
    assert 0 == sync_until_whole(world).code
    served = [
        one for crm in ("hubspot", "salesforce") for one in world.vendors.ask(crm, "GET", "log")
    ]
    assert 502 in {one["status"] for one in served}
    for simulator in (world.sandbox.hubspot, world.sandbox.salesforce):
        simulator.faults.clear()
    assert_whole(world)


def test_a_killed_pass_is_finished_by_the_next(make_world: MakeWorld):
    """A pass killed while a write is under way loses nothing: the next one finishes it."""
    world = make_ready(make_world)
    world.vendors.fail("salesforce", "slow", match=UPDATE, times=50)
    with world.place.process("sync") as process:
        assert wait_until(lambda: bool(world.vendors.writes("hubspot")), seconds=30)
        process.kill()
        assert process.wait(timeout=10) < 0
    world.vendors.ask("salesforce", "DELETE", "faults")
    assert 0 == sync(world).code
    assert_whole(world)


def test_refused_records_are_counted_and_told_in_the_vendors_words(make_world: MakeWorld):
    """What an org's own rule refuses ends in exit 6 and the count `refused`, with the vendor's words in the audit; all others are written."""
    world = make_ready(make_world, contacts=60)
    rule = {
        "object": "Contact",
        "field": "Lifecycle_Stage__c",
        "equals": "client",
        "message": "Clients are ours alone",
    }
    world.vendors.ask("salesforce", "PUT", "settings", {"validation_rules": [rule]})
    ran = sync(world)
    assert (6, 0, {}) == (ran.code, ran.json["refused"]["hubspot"], ran.json["troubles"])
    assert ran.json["refused"]["salesforce"] > 0
    assert f"salesforce: {ran.json['refused']['salesforce']} values were refused\nhint: " in ran.err
    world.vendors.settle()
    rows = world.vendors.salesforce("SELECT Id, Lifecycle_Stage__c FROM Contact")
    refused = {id_ for id_, one in rows.items() if not one["Lifecycle_Stage__c"]}
    log = [json.loads(line) for line in world.place.run("audit").out.splitlines()]
    told = {each["id"]: each["result"]["words"] for each in log if "refused" in each["result"]}
    assert dict.fromkeys(refused, "Clients are ours alone") == told
    assert "client" not in {one["Lifecycle_Stage__c"] for one in rows.values()}
    counted = world.place.run("status", "--json").json["differences"]["salesforce"]["refused"]
    assert ran.json["refused"]["salesforce"] == counted
    assert 0 == world.place.run("audit", "verify").code

"""`stagesync run`, as a process of its own."""

from __future__ import annotations

import signal
import time
from typing import Any

from stagesync.store import people, records

from .conftest import MakeWorld, World
from .deployments import set_up, wait_until

PROMPTLY_S = 5.0
SOON_S = 25.0


def make_settled(make_world: MakeWorld) -> World:
    world = make_world(contacts=60)
    set_up(world.place)
    ran = world.place.run("sync", "--json")
    assert ran.code == 0, ran.err
    world.vendors.settle()
    return world


def early_pair(world: World) -> tuple[str, str]:
    """A HubSpot contact and the Salesforce contact of the same early person."""
    with world.place.open() as found, found.deployment.store.begin() as tx:
        contacts = list(records.all_records(tx, [("hubspot", "contact")]))
        others = list(records.all_records(tx, [("salesforce", "contact")]))
        placed = people.placed(tx, "person", people.all_ids(tx, "person"))
    counterpart = {each.person: each.id for each in others}
    for each in contacts:
        position = placed[str(each.person)].position or {}
        before_sales = position["sales"] in {"none", "contacted"}
        called_early = each.fields["lifecyclestage"] in {"lead", "marketingqualifiedlead"}
        if each.person in counterpart and before_sales and called_early:
            return each.id, counterpart[each.person]
    raise AssertionError("the world holds nobody early in both CRMs")


def stage_in_salesforce(world: World, record_id: str) -> Any:
    soql = f"SELECT Id, Lifecycle_Stage__c FROM Contact WHERE Id = '{record_id}'"
    return world.vendors.salesforce(soql)[record_id]["Lifecycle_Stage__c"]


def test_a_change_in_one_crm_shows_in_the_other_and_sigterm_ends_it(make_world):
    """What a salesperson changes in HubSpot stands in Salesforce within seconds; SIGTERM then ends the daemon with 0, promptly."""
    world = make_settled(make_world)
    contact, other = early_pair(world)
    assert "accepted" != stage_in_salesforce(world, other)
    with world.place.process("run") as process:
        world.vendors.edit("hubspot", "contacts", contact, lifecyclestage="salesqualifiedlead")
        arrived = wait_until(
            lambda: stage_in_salesforce(world, other) == "accepted", seconds=SOON_S
        )
        assert arrived
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=30)
        assert time.monotonic() - began < PROMPTLY_S


def test_the_other_connection_goes_on_without_the_broken_one(make_world):
    """With a wrong token for HubSpot, a change in Salesforce is still pulled, placed and written to Salesforce."""
    world = make_settled(make_world)
    _, other = early_pair(world)
    (world.place.folder / "hubspot.token").write_text("pat-eu1-wrong")
    with world.place.process("run") as process:
        account = world.vendors.salesforce("SELECT Id, AccountId FROM Contact")[other]["AccountId"]
        deal = {
            "Name": "Won by the test",
            "StageName": "Closed Won",
            "CloseDate": time.strftime("%Y-%m-%d", time.gmtime(world.vendors.now_s("hubspot"))),
            "AccountId": account,
            "ContactId": other,
        }
        world.vendors.create_in_salesforce("Opportunity", deal)
        won = {"client", "loyal", "advocate"}
        assert wait_until(lambda: stage_in_salesforce(world, other) in won, seconds=SOON_S)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=30)
    status = world.place.run("status", "--json").json
    trouble = {each["connection"]: bool(each["trouble"]) for each in status["connections"]}
    assert {"hubspot": True, "salesforce": False} == trouble
    log = (world.place.folder / "run.err").read_text()
    assert "connection failed" in log
    assert "pat-eu1-wrong" not in log


def test_a_daemon_without_work_stops_promptly(make_world):
    """SIGINT while the daemon waits between two runs ends it with 0 at once."""
    world = make_settled(make_world)
    with world.place.process("run") as process:
        log = world.place.folder / "run.err"
        assert wait_until(lambda: "run ended" in log.read_text(), seconds=SOON_S)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert 0 == process.wait(timeout=30)
        assert time.monotonic() - began < PROMPTLY_S

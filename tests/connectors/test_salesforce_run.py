"""Whole runs over the simulated org: conversion, several people on one activity, dropped writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stagesync.domain.plan import VendorStage
from stagesync.engine.decide import decide
from stagesync.engine.deployment import Deployment
from stagesync.engine.explain import explain
from stagesync.engine.progress import Quiet
from stagesync.engine.run import run_once
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.store import activities, differences, log, people, plans

from .salesforce_deployment import make_deployment, stored

DAY_S = 86_400.0
STAGE = "Lifecycle_Stage__c"
LEAD, TASK = make_id("Lead", 1), make_id("Task", 1)


def seed(now: float) -> SalesforceSeed:
    """A lead without a firm, who was called once."""
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now - DAY_S)
    lead = {"Id": LEAD, "LastName": "Ng", "FirstName": "Ann", "Email": "ann@home.example"}
    lead |= {"Status": "Open - Not Contacted", "IsConverted": False}
    task = {"Id": TASK, "WhoId": LEAD, "Status": "Completed", "TaskSubtype": "Call"}
    task |= {"CallType": "Inbound", "CompletedDateTime": now - DAY_S, "IsClosed": True}
    return SalesforceSeed({"Lead": [lead | stamps], "Task": [task | stamps]})


class Converting(Quiet):
    """A person who converts the lead when a run begins to write."""

    def __init__(self, org: Any) -> None:
        self._org, self.contact = org, ""

    def phase(self, name: str, total: int | None = None) -> None:
        if name == "write":
            self.contact = self._org.sim.convert({"lead": LEAD})["contact"]


@pytest.fixture
def org(empty_bench: Any) -> Any:
    """An org with person accounts and Shared Activities."""
    switches = {"person_accounts": True, "shared_activities": True}
    empty_bench.sim.switches.update(switches)
    empty_bench.sim.load(seed(float(int(empty_bench.sim.clock.now()))))
    return empty_bench


@pytest.fixture
def deployed(org: Any) -> Iterator[Deployment]:
    made = make_deployment(org, org.connector)
    yield made
    made.store.close()


def sync(org: Any, made: Deployment, *, after_s: float = 60.0) -> Any:
    org.sim.clock.advance(after_s)
    return run_once(made)


def test_conversion_into_a_person_account_keeps_one_history(org: Any, deployed: Deployment) -> None:
    """The lead and both halves of the account it became are one person with one history, and the stage
    goes to the account."""
    sync(org, deployed)
    before = stored(deployed.store, "lead")[LEAD].person
    made = org.sim.convert({"lead": LEAD})
    outcome = sync(org, deployed)
    contact = stored(deployed.store, "contact")[made["contact"]]
    assert (before, 1) == (contact.person, outcome.people)
    assert before == stored(deployed.store, "lead")[LEAD].person
    assert {} == stored(deployed.store, "account")
    assert org.rows("Account")[made["account"]]["Lifecycle_Stage__pc"]
    with deployed.store.begin() as tx:
        found = {each["person"] for each in log.read(tx) if each["person"]}
    assert {before} == found


def test_waiting_writes_of_a_converted_lead_are_dropped(org: Any) -> None:
    """What a plan that waits for approval would write to a lead goes, once the lead was converted; the
    contact stands in the next plan."""
    made = make_deployment(org, org.connector, mode="observe")
    waiting = sync(org, made).plan.id
    before = planned(made, waiting)
    contact = org.sim.convert({"lead": LEAD})["contact"]
    later = sync(org, made).plan.id
    after = planned(made, later) | planned(made, waiting)
    decide(made, later, approve=True, by="ann", now_s=made.clock.now_s())
    outcome = sync(org, made)
    made.store.close()
    assert ({LEAD}, {contact}, 0) == (before, after, outcome.exit_code)
    assert org.rows("Lead")[LEAD].get(STAGE) is None
    assert org.rows("Contact")[contact][STAGE]


def test_lead_converted_between_pull_and_write_is_not_written(
    org: Any, deployed: Deployment
) -> None:
    """The vendor's refusal counts as converted, ends no run, and the contact gets the stage next time."""
    org.sim.clock.advance(60)
    converting = Converting(org)
    first = run_once(deployed, progress=converting)
    assert org.rows("Lead")[LEAD].get(STAGE) is None
    second, third = sync(org, deployed), sync(org, deployed)
    assert (0, 0) == (first.written["sf"].written, second.exit_code)
    with deployed.store.begin() as tx:
        assert "converted" in differences.count_differences(tx)["sf"]
    assert org.rows("Contact")[converting.contact][STAGE]
    assert 0 == sum(each.written for each in third.written.values())


def test_an_activity_counts_for_each_of_its_people(org: Any, deployed: Deployment) -> None:
    """A call with two people is one activity of either."""
    contacts = {}
    for number in (1, 2):
        body = {"LastName": f"N{number}", "Email": f"n{number}@firm.example"}
        call = org.call
        contacts[number] = call("POST", "sobjects/Contact", body=body)["id"]
    done = {"Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound"}
    task = call("POST", "sobjects/Task", body=done | {"WhoId": contacts[1]})["id"]
    call("POST", "sobjects/TaskRelation", body={"TaskId": task, "RelationId": contacts[2]})
    sync(org, deployed)
    held = stored(deployed.store, "contact")
    pks = [held[each].pk for each in contacts.values()]
    with deployed.store.begin() as tx:
        found = activities.activities_of(tx, pks, {"inbound_call": None}, from_s=0.0)
    told = {pk: [source for _, _, source in several] for pk, several in found.items()}
    assert {key: [f"task/{task}"] for key in pks} == told


def planned(made: Deployment, plan: str) -> set[str]:
    """The people's records that a plan would write to."""
    with made.store.begin() as tx:
        entries = plans.entries_of(tx, plan)
    return {each.id for each in entries if each.object != "account"}


@pytest.mark.parametrize("moves", [False, True])
def test_what_a_merged_contact_did_goes_on_counting(
    org: Any, deployed: Deployment, moves: bool
) -> None:
    """After a merge one person is left with the activities of both, whether the vendor gives the moved
    activities a new stamp or not."""
    org.sim.switches.update({"merge_moves_child_stamps": moves})
    call = org.call
    body = {"LastName": "Ode", "FirstName": "Bob"}
    loser = call("POST", "sobjects/Contact", body=body | {"Email": "bob@firm.example"})["id"]
    winner = call("POST", "sobjects/Contact", body=body | {"Email": "bob@other.example"})["id"]
    done = {"Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound"}
    call("POST", "sobjects/Task", body=done | {"WhoId": loser})
    before = sync(org, deployed).people
    org.sim.merge({"object": "Contact", "master": winner, "losers": [loser]})
    after = sync(org, deployed, after_s=3_700).people
    told = explain(deployed, "bob@other.example")
    kept = [each for each in told["activities"] if each["type"] == "inbound_call"]
    assert (3, 2, 1) == (before, after, len(kept))


def test_contacts_of_a_merged_account_follow_it(org: Any, deployed: Deployment) -> None:
    """A contact whose account lost a merge belongs to the winner, although its own stamp stands still."""
    call = org.call
    firms = [
        call("POST", "sobjects/Account", body={"Name": n, "Website": f"{n}.example"})["id"]
        for n in ("loser", "winner")
    ]
    body = {"LastName": "Ode", "Email": "bob@free.example", "AccountId": firms[0]}
    contact = call("POST", "sobjects/Contact", body=body)["id"]
    sync(org, deployed)
    org.sim.merge({"object": "Account", "master": firms[1], "losers": [firms[0]]})
    sync(org, deployed, after_s=3_700)
    person = str(stored(deployed.store, "contact")[contact].person)
    with deployed.store.begin() as tx:
        placed = people.placed(tx, "person", [person])[person]
    assert stored(deployed.store, "account")[firms[1]].account == placed.account


@pytest.mark.parametrize("converts", [False, True])
def test_a_status_that_means_converted_is_never_written(org: Any, converts: bool) -> None:
    """The status that a called lead moves to is written, unless the org has made it one of conversion:
    the next daily description tells."""
    made = make_deployment(org, org.connector, vendor_stage=VendorStage.FORWARD)
    org.sim.delete({"object": "Task", "id": TASK})
    sync(org, made)
    before = org.rows("Lead")[LEAD]["Status"]
    edit = {"value": "Working - Contacted", "is_converted": converts}
    remove = {"object": "Lead", "field": "Status", "remove": ["Working - Contacted"]}
    org.sim.edit_options(remove)
    org.sim.edit_options({"object": "Lead", "field": "Status", "add": [edit]})
    done = {"Status": "Completed", "TaskSubtype": "Call", "CallType": "Outbound", "WhoId": LEAD}
    org.call("POST", "sobjects/Task", body=done)
    outcome = sync(org, made, after_s=DAY_S + 60)
    made.store.close()
    assert ("Open - Not Contacted", 0) == (before, outcome.exit_code)
    expected = "Open - Not Contacted" if converts else "Working - Contacted"
    assert expected == org.rows("Lead")[LEAD]["Status"]

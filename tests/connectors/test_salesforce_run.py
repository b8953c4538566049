"""Whole runs over the simulated org: conversion, several people on one activity, dropped writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stagesync.engine.deployment import Deployment
from stagesync.engine.progress import Quiet
from stagesync.engine.run import decide, run_once
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.store import activities, log, plans

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
        people = {each["person"] for each in log.read(tx) if each["person"]}
    assert {before} == people


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
        assert "converted" in plans.count_differences(tx)["sf"]
    assert org.rows("Contact")[converting.contact][STAGE]
    assert 0 == sum(each.written for each in third.written.values())


def test_an_activity_counts_for_each_of_its_people(org: Any, deployed: Deployment) -> None:
    """A call with two people is one activity of either."""
    people = {}
    for number in (1, 2):
        body = {"LastName": f"N{number}", "Email": f"n{number}@firm.example"}
        call = org.connector._transport.call
        people[number] = call("POST", "sobjects/Contact", body=body)["id"]
    done = {"Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound"}
    task = call("POST", "sobjects/Task", body=done | {"WhoId": people[1]})["id"]
    call("POST", "sobjects/TaskRelation", body={"TaskId": task, "RelationId": people[2]})
    sync(org, deployed)
    contacts = stored(deployed.store, "contact")
    pks = [contacts[each].pk for each in people.values()]
    with deployed.store.begin() as tx:
        found = activities.activities_of(tx, pks, {"inbound_call": None}, from_s=0.0)
    told = {pk: [source for _, _, source in several] for pk, several in found.items()}
    assert {key: [f"task/{task}"] for key in pks} == told


def planned(made: Deployment, plan: str) -> set[str]:
    """The people's records that a plan would write to."""
    with made.store.begin() as tx:
        entries = plans.entries_of(tx, plan)
    return {each.id for each in entries if each.object != "account"}

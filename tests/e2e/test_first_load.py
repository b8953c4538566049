"""A first load that is cut at any object of either CRM writes nothing, and the next run does the whole job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stagesync.engine.run import run_once

from .fault_world import CRMS, FaultWorld, fault_world

ALWAYS = 10_000
QUERIES = "POST /services/data/v64.0/composite"

HUBSPOT = {
    "company": "companies",
    "contact": "contacts",
    "deal": "deals",
    "meeting": "meetings",
    "call": "calls",
    "email": "emails",
}
SALESFORCE = {
    "account": "Account",
    "lead": "Lead",
    "contact": "Contact",
    "opportunity": "Opportunity",
    "opportunity_contact_role": "OpportunityContactRole",
    "task": "Task",
    "event": "Event",
    "campaign_member": "CampaignMember",
}
CUTS = [
    *(("hubspot", name, f"GET /crm/objects/2026-03/{each}?", "") for name, each in HUBSPOT.items()),
    ("hubspot", "participation", "GET /marketing/", ""),
    *(("salesforce", name, QUERIES, f"FROM {each} ") for name, each in SALESFORCE.items()),
]
"""CRM, mapped object, and the requests of its first load: path, and what stands in the body."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultWorld]:
    """Two CRMs that stagesync never wrote to."""
    with fault_world(tmp_path_factory.mktemp("first") / "deployment", contacts=20) as found:
        yield found


def stages(world: FaultWorld) -> set[str]:
    """Our stages, as they stand in both CRMs; empty for none."""
    found = {
        one["stagesync_stage"]
        for one in world.vendors.hubspot("contacts", ["stagesync_stage"]).values()
    }
    for name in ("Contact", "Lead"):
        rows = world.vendors.salesforce(f"SELECT Id, Lifecycle_Stage__c FROM {name}")
        found |= {one["Lifecycle_Stage__c"] for one in rows.values()}
    return {each or "" for each in found}


@pytest.mark.parametrize(("crm", "name", "match", "body"), CUTS)
def test_a_first_load_cut_at_an_object_writes_nothing(world: FaultWorld, crm, name, match, body):
    """Exit code 4 names the object, nobody is evaluated, and no stage stands in either CRM."""
    world.forget_everything()
    world.simulator(crm).faults.add("502", ALWAYS, match, body=body)
    with world.open() as opened:
        outcome = run_once(opened.deployment)
        world.simulator(crm).faults.clear()
        (unread,) = outcome.unread
        assert (4, [crm], crm, True) == (
            outcome.exit_code,
            list(outcome.troubles),
            unread.connection,
            name in unread.objects,
        )
        assert ([], {}, {""}) == (outcome.evaluated.people, outcome.written, stages(world))


def test_the_run_that_completes_it_writes(tmp_path: Path):
    """Both cut, one of them further on each time: each run goes on where the last stopped, and the last one writes."""
    with fault_world(tmp_path / "deployment", contacts=20) as world, world.open() as opened:
        left = []
        for plural in ("companies", "deals", "emails"):
            world.simulator("hubspot").faults.add(
                "502", ALWAYS, f"GET /crm/objects/2026-03/{plural}?"
            )
            world.simulator("salesforce").faults.add("502", ALWAYS, QUERIES, body="FROM Event ")
            outcome = run_once(opened.deployment)
            for crm in CRMS:
                world.simulator(crm).faults.clear()
            left.append([len(each.objects) for each in outcome.unread])
            assert ([], {""}) == (outcome.evaluated.people, stages(world))
        assert [[7, 3], [5, 3], [2, 3]] == left
        outcome = run_once(opened.deployment)
        assert (0, []) == (outcome.exit_code, outcome.unread)
        assert {"accepted", "client", "lead"} <= stages(world)

"""An undo of a real run over both CRMs, seen through the vendors' own endpoints."""

from __future__ import annotations

from typing import Any

from .deployments import set_up
from .vendors import Vendors

HUBSPOT = (
    "stagesync_stage",
    "stagesync_previous_stage",
    "stagesync_score",
    "stagesync_reason",
    "stagesync_changed_at",
    "lifecyclestage",
    "hs_lead_status",
)
OWN = "Lifecycle_Stage__c, Lifecycle_Previous_Stage__c, Lifecycle_Reason__c, Lifecycle_Score__c"


def _world(ask: Vendors) -> dict[tuple[str, str, str], Any]:
    """What both CRMs hold in the fields that stagesync may write, by CRM, record and field."""
    ask.settle()
    held = {("hubspot", key): each for key, each in ask.hubspot("contacts", HUBSPOT).items()}
    for name, more in (("Contact", ""), ("Lead", ", Status")):
        rows = ask.salesforce(f"SELECT Id, {OWN}{more} FROM {name}")
        held |= {("salesforce", key): each for key, each in rows.items()}
    ours = {*HUBSPOT, *OWN.split(", "), "Status"}
    return {
        (*record, name): value or None
        for record, values in held.items()
        for name, value in values.items()
        if name in ours
    }


def test_an_undone_run_leaves_what_stood_before_in_both_crms(make_world):
    """Everything is as before the run, but for what a person set since, which is listed; then nothing is planned."""
    world = make_world(contacts=60)
    ask, place = world.vendors, world.place
    set_up(place)
    place.run("sync")
    stages = ask.hubspot("contacts", ["stagesync_stage"])
    some = sorted(key for key, each in stages.items() if each["stagesync_stage"] == "lead")[:4]
    for contact in some:
        ask.edit("hubspot", "contacts", contact, lifecyclestage="salesqualifiedlead")
    before = _world(ask)
    run = place.run("sync", "--json").json
    after = _world(ask)
    assert after != before
    ask.edit("hubspot", "contacts", some[0], stagesync_stage="opportunity")

    planned = place.run("undo", run["run"], "--json")
    assert (3, [(some[0], "stagesync_stage", "opportunity")]) == (
        planned.code,
        [(each["id"], each["field"], each["now"]) for each in planned.json["skipped"]],
    )
    assert sum(run["written"].values()) - 1 == planned.json["held"]
    assert 0 == place.run("approve", planned.json["plan"]).code
    assert 0 == place.run("sync").code
    assert before | {("hubspot", some[0], "stagesync_stage"): "opportunity"} == _world(ask)

    settled = place.run("sync", "--json")
    assert (0, 0, {"hubspot": 0, "salesforce": 0}) == (
        settled.code,
        settled.json["held"],
        settled.json["written"],
    )

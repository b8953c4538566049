"""Who changed what, as the org's field history tells it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stagesync.connector import Actor, RequestRefused, TellsHistory, Write
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed

LEAD, OTHER = make_id("Lead", 1), make_id("Lead", 2)
STATUSES = ("Working - Contacted", "Closed - Not Converted")


def lead(number: int) -> dict[str, Any]:
    row = {"LastName": "N", "Company": "C", "Status": "Open - Not Contacted", "IsConverted": False}
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), 1_700_000_000.0)
    return {"Id": make_id("Lead", number), **row, **stamps}


@pytest.fixture
def org(empty_bench: Any) -> Any:
    """Three leads whose status and owner are tracked."""
    empty_bench.sim.load(SalesforceSeed({"Lead": [lead(number) for number in (1, 2, 3)]}))
    empty_bench.sim.switches.update(
        {"tracked_fields": {"Lead": ["Status", "OwnerId", "Description", "Rating"]}}
    )
    return empty_bench


def edit(org: Any, status: str, *, actor: str = "human") -> float:
    org.sim.edit("Lead", LEAD, properties={"Status": status}, actor=actor)
    at = org.rows("Lead")[LEAD]["SystemModstamp"]
    org.sim.clock.advance(10)
    org.sim.org.settle()
    return float(max(at, org.rows("Lead")[LEAD]["SystemModstamp"]))


def test_changes_come_newest_first_with_who_made_them(org: Any) -> None:
    """Each change of a tracked field has its value, its instant, its user and what that user is."""
    first = edit(org, STATUSES[0], actor="automation")
    second = edit(org, STATUSES[1])
    [changes] = org.connector.history("lead", [LEAD], ["Status"])[LEAD].values()
    expected = [
        (STATUSES[1], second, Actor.PERSON, org.sim.org.human_id),
        (STATUSES[0], first, Actor.AUTOMATION, org.sim.org.automation_id),
    ]
    assert expected == [(each.value, each.at_s, each.actor, each.by) for each in changes]


def test_our_own_writes_are_ours(org: Any) -> None:
    """What stagesync wrote is told apart from what an integration with a licence of its own wrote."""
    org.connector.write([Write("lead", LEAD, {"Status": STATUSES[0]})])
    org.sim.clock.advance(10)
    edit(org, STATUSES[1], actor="other_app")
    changes = org.connector.history("lead", [LEAD], ["Status"])[LEAD]["Status"]
    assert [Actor.INTEGRATION, Actor.OURS] == [each.actor for each in changes]


@pytest.mark.parametrize("by", ["name", "long id", "short id"])
def test_programs_without_a_licence_are_an_option(org: Any, by: str) -> None:
    """`integration_users` names a user whose changes are a program's, by user name or id."""
    human = org.sim.org.human_id
    named = {"name": "Camille.Rousseau@sandbox.example", "long id": human, "short id": human[:15]}
    edit(org, STATUSES[0])
    connector = org.connect(integration_users=[named[by]])
    [change] = connector.history("lead", [LEAD], ["Status"])[LEAD]["Status"]
    connector.close()
    assert Actor.INTEGRATION == change.actor


def test_a_reference_is_told_by_its_ids(org: Any) -> None:
    """Of the two rows that a change of owner leaves, the one with ids is the change."""
    owner = org.sim.org.other_app_id
    org.sim.edit("Lead", LEAD, properties={"OwnerId": owner}, actor="human")
    org.sim.clock.advance(10)
    found = org.connector.history("lead", [LEAD], ["OwnerId"])[LEAD]
    assert {"OwnerId": [owner]} == {
        name: [each.value for each in changes] for name, changes in found.items()
    }


def test_fields_without_a_history_are_left_out(org: Any) -> None:
    """A field that is not tracked and a long text are absent; a tracked one without changes is empty."""
    org.sim.edit("Lead", LEAD, properties={"Description": "x", "Title": "x"}, actor="human")
    org.sim.clock.advance(10)
    [found] = org.connector.history("lead", [LEAD], ["Title", "Rating"]).values()
    assert {"Rating": ()} == found
    with pytest.raises(RequestRefused):
        org.connector.history("lead", [LEAD], ["Description"])


def test_values_of_a_long_text_are_not_made_up(org: Any) -> None:
    """A tracked long text, of which the org keeps only that it changed, has no history here."""
    connector = org.connector
    metadata = {"label": "Notes", "type": "LongTextArea", "length": 1000, "visibleLines": 3}
    body = {"FullName": "Lead.Notes__c", "Metadata": metadata | {"trackHistory": True}}
    connector._transport.call("POST", "tooling/sobjects/CustomField", body=body)
    fields = org.sim.org.objects["Lead"].fields
    fields["Notes__c"] = replace(fields["Notes__c"], open_to_all=True)
    org.sim.org.setup_changed()
    connector.write([Write("lead", LEAD, {"Notes__c": "x"})])
    org.sim.clock.advance(10)
    assert {LEAD: {}} == connector.history("lead", [LEAD], ["Notes__c"])


def test_records_that_are_gone_are_left_out(org: Any) -> None:
    """A deleted lead is no key of the answer, one without changes is."""
    edit(org, STATUSES[0])
    org.sim.delete({"object": "Lead", "id": LEAD})
    org.sim.clock.advance(10)
    assert {OTHER: {"Status": ()}} == org.connector.history("lead", [LEAD, OTHER], ["Status"])


def test_many_records_cost_one_call(org: Any) -> None:
    """Two thousand ids and what is tracked are one request, the users who changed them another, once."""
    edit(org, STATUSES[0])
    ids = [make_id("Lead", number) for number in range(1, 2_001)]
    counts = []
    for _ in range(2):
        before = org.connector.calls
        found = org.connector.history("lead", ids, ["Status"])
        counts.append(org.connector.calls - before)
    assert ([2, 1], 3) == (counts, len(found))


def test_a_history_longer_than_a_page_comes_whole(org: Any) -> None:
    """Every change comes although the org's pages are short."""
    for number in range(2_300):
        org.sim.edit("Lead", LEAD, properties={"Status": STATUSES[number % 2]}, actor="other_app")
    org.sim.clock.advance(10)
    org.sim.org.settle()
    changes = org.connector.history("lead", [LEAD], ["Status"])[LEAD]["Status"]
    assert len(org.rows("LeadHistory")) == len(changes) > 2_000


def test_objects_without_a_history_have_none(org: Any) -> None:
    """Salesforce keeps no history of tasks, and nothing is asked for it."""
    assert ({}, 0) == (org.connector.history("task", ["00T"], ["Status"]), org.connector.calls)


def test_choosing_another_field_is_noticed_when_described(org: Any) -> None:
    """A field tracked since is told after the next description, which the engine asks for daily."""
    org.connector.history("lead", [LEAD], ["Title"])
    org.sim.switches.update({"tracked_fields": {"Lead": ["Title"]}})
    before = org.connector.history("lead", [LEAD], ["Title"])
    org.connector.describe(["lead"])
    after = org.connector.history("lead", [LEAD], ["Title"])
    assert ({LEAD: {}}, {LEAD: {"Title": ()}}) == (before, after)


def test_the_connector_offers_history(org: Any) -> None:
    """The engine finds the ability by its protocol."""
    assert isinstance(org.connector, TellsHistory)

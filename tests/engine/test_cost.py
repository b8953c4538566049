"""What a plan costs, told before it is written: calls and hours."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from stagesync.domain.plan import VendorStage
from stagesync.engine.cost import Cost
from stagesync.engine.outcome import Outcome
from stagesync.engine.shown import plan_document

from .bench import Bench


def _shown(bench: Bench, outcome: Outcome) -> dict[str, Any]:
    return plan_document(bench.deployment, outcome.plan.id)


@pytest.mark.parametrize("contacts", [1, 7])
def test_a_plan_takes_the_calls_that_it_tells(bench: Bench, contacts: int) -> None:
    """The run that writes a plan sends as many requests more than one that only looks as the plan tells."""
    for connector in bench.connectors.values():
        connector.capabilities = replace(connector.capabilities, largest_write=3)
    company = bench.north.add("company", {"domain": "firm.example", "name": "Firm"})
    for number in range(contacts):
        links = {"company": (company,)}
        bench.contact(f"p{number}@firm.example", last=f"Ng{number}", links=links)
    bench.member("p0@firm.example", kind="lead", LastName="Ng0")
    bench.sync(write=False)
    looked = bench.sync(write=False)
    told = _shown(bench, looked)["calls"]
    wrote = bench.sync()
    batches = 1 + -(-contacts // 3)
    assert {"north": 2 * batches, "south": 2} == told
    assert told == {name: wrote.calls[name] - looked.calls[name] for name in told}


def test_a_move_by_way_of_the_empty_field_takes_another_call() -> None:
    """A batch in which fields are emptied first is written in two requests, and told so."""
    assert 3 == Cost(records=Counter(contact=5), clears=Counter(contact=2)).calls(100)
    assert 8 == Cost(records=Counter(contact=250), clears=Counter(contact=2)).calls(100)
    assert 9 == Cost(records=Counter(contact=250), clears=Counter(contact=200)).calls(100)


@pytest.mark.parametrize(
    ("records", "written", "hours"),
    [(0, 0, 0), (3, 0, 0), (4, 0, 1), (7, 0, 2), (7, 3, 3), (6, 1, 2)],
)
def test_hours_at_a_pace(records: int, written: int, hours: int) -> None:
    """So many records an hour, less what the last hour took, tell when the last one is written."""
    assert hours == Cost(records=Counter(contact=records)).hours(3, written=written)


def test_the_hours_told_are_the_hours_it_takes(observed: Bench) -> None:
    """A ramped activation ends in the hour that its plan tells; a connection without a pace has none."""
    for number in range(7):
        observed.contact(f"p{number}@firm.example", last=f"Ng{number}")
    observed.member("p0@firm.example", LastName="Ng0")
    north = replace(observed.deployment.connections["north"], writes_per_hour=3)
    observed.redeploy(connections={**observed.deployment.connections, "north": north})
    held = observed.sync()
    told = _shown(observed, held)["cost"]
    assert (7, 2, None) == (
        told["north"]["records"],
        told["north"]["hours"],
        told["south"]["hours"],
    )
    observed.decide(held, approve=True)
    left = []
    for _ in range(3):
        left.append(observed.sync().written["north"].ramped)
        observed.clock.advance(seconds=3_600)
    assert [4, 1, 0] == left


def test_one_persons_plan_costs_their_part(bench: Bench) -> None:
    """`--person` tells the calls of this person's values alone."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.member("bob@firm.example", LastName="Hill")
    outcome = bench.sync(write=False)
    told = plan_document(bench.deployment, outcome.plan.id, person=f"north/contact/{contact}")
    assert {"north": 2} == told["calls"]


def test_nothing_to_write_costs_nothing(forward: Bench) -> None:
    """A settled world has no connection in its cost."""
    assert VendorStage.FORWARD is forward.deployment.connections["north"].vendor_stage
    forward.contact("ann@firm.example", last="Ng")
    forward.sync()
    told = _shown(forward, forward.sync(write=False))
    assert ({}, {}) == (told["calls"], told["cost"])

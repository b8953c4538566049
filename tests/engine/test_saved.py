"""Plans that were shown, held or decided: kept as they stood, listed, and held against each other."""

from dataclasses import replace
from typing import Any

import pytest

from stagesync.engine.outcome import Outcome
from stagesync.engine.shown import (
    diff_document,
    keep_shown,
    list_document,
    plan_document,
    saved_document,
)
from stagesync.errors import ArgumentError

from .bench import FEW, Bench


def _show(bench: Bench) -> dict[str, Any]:
    """What `stagesync plan` does."""
    outcome = bench.sync(write=False)
    document = plan_document(bench.deployment, outcome.plan.id)
    keep_shown(bench.deployment, outcome.plan.id)
    return document


def _listed(bench: Bench) -> list[tuple[str, str, str | None]]:
    plans = list_document(bench.deployment)["plans"]
    return [(each["plan"], each["state"], each["decided_by"]) for each in plans]


def _held(bench: Bench) -> tuple[Outcome, list[str]]:
    """Eight of twenty settled contacts move alike; their plan is held."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(20)]
    bench.sync()
    bench.clock.advance(days=2)
    bench.redeploy(limits=FEW)
    for contact in contacts[:8]:
        bench.form(contact)
    return bench.sync(), contacts


def test_a_shown_plan_still_shows_what_it_showed(bench: Bench) -> None:
    """After the run that wrote it, a plan reads as it did when it was shown, but for the reasons."""
    contact = bench.contact("ann@firm.example", last="Ng")
    shown = _show(bench)
    bench.sync()
    bench.form(contact)
    bench.sync()
    kept = saved_document(bench.deployment, shown["plan"])
    assert [{**each, "because": []} for each in shown["writes"]] == kept["writes"]
    assert ("replaced", shown["counts"]) == (kept["state"], kept["counts"])


def test_a_held_plan_is_kept_without_being_shown(bench: Bench) -> None:
    """A plan that a run held is on the list, with its state, values, people and causes."""
    outcome, _ = _held(bench)
    (told,) = list_document(bench.deployment)["plans"]
    assert (outcome.plan.id, "held", 24, 8, {"facts": 8}) == (
        told["plan"],
        told["state"],
        told["values"],
        told["subjects"],
        told["causes"],
    )


@pytest.mark.parametrize(("approve", "state"), [(True, "approved"), (False, "dropped")])
def test_a_decided_plan_says_who_decided(bench: Bench, approve: bool, state: str) -> None:
    """The list names who approved or dropped a plan, and the plan shows what it held then."""
    outcome, contacts = _held(bench)
    for contact in contacts[8:14]:
        bench.form(contact)
    bench.sync()
    bench.decide(outcome, approve=approve)
    bench.sync()
    assert [(outcome.plan.id, state, "ann")] == _listed(bench)
    kept = saved_document(bench.deployment, outcome.plan.id)
    assert (3 * 14, 3 * 14) == (len(kept["writes"]), kept["held"])


def test_idle_runs_keep_nothing(bench: Bench) -> None:
    """Runs that write unseen, and runs in which nothing happens, leave the list as it is."""
    bench.contact("ann@firm.example", last="Ng")
    for _ in range(3):
        bench.sync()
    assert [] == _listed(bench)
    outcome, _ = _held(bench)
    first = list_document(bench.deployment)
    bench.sync()
    assert first == list_document(bench.deployment)
    assert outcome.plan.id == first["plans"][0]["plan"]


def test_the_difference_of_two_plans(bench: Bench) -> None:
    """What came, what went and what is another value is told by record and field, with the moves of both."""
    ann, bob, eve = (
        bench.contact(f"{name}@firm.example", last=name) for name in ("ann", "bob", "eve")
    )
    first = _show(bench)
    bench.north.delete("contact", bob)
    bench.form(eve)
    new = bench.contact("zoe@firm.example", last="zoe")
    found = diff_document(saved_document(bench.deployment, first["plan"]), _show(bench))
    stages = {
        kind: [(each["id"], each["after"]) for each in found[kind] if each["field"] == "stage"]
        for kind in ("added", "gone", "changed")
    }
    assert {
        "added": [(new, "contact")],
        "gone": [(bob, "contact")],
        "changed": [(eve, "lead")],
    } == stages
    assert ("contact", 3) == (
        next(each["old_after"] for each in found["changed"] if each["field"] == "stage"),
        found["same"] + len([each for each in found["changed"] if each["id"] == ann]),
    )
    assert [
        {"from": None, "to": "contact", "old": 3, "new": 2},
        {"from": None, "to": "lead", "old": 0, "new": 1},
    ] == found["moves"]


def test_a_plan_that_was_held_all_along_is_held_against_what_it_showed(bench: Bench) -> None:
    """A held plan keeps its id while it grows: its difference from what was shown tells who came since."""
    outcome, contacts = _held(bench)
    shown = _show(bench)
    assert outcome.plan.id == shown["plan"]
    bench.form(contacts[8])
    then = saved_document(bench.deployment, shown["plan"])
    found = diff_document(then, _show(bench))
    assert {contacts[8]} == {each["id"] for each in found["added"]}
    assert (0, 0, 24) == (len(found["gone"]), len(found["changed"]), found["same"])


def test_nothing_is_told_of_a_plan_that_was_not_kept(bench: Bench) -> None:
    """An id that nothing was kept of is refused, and the command that lists them named."""
    with pytest.raises(ArgumentError) as caught:
        saved_document(bench.deployment, "pl_0")
    assert "stagesync plan --list has those there are" == caught.value.hint


def test_only_one_persons_part_of_a_kept_plan(bench: Bench) -> None:
    """`--person` shows this person's values of a plan that was kept."""
    ann, _ = (bench.contact(f"{name}@firm.example", last=name) for name in ("ann", "bob"))
    shown = _show(bench)
    kept = saved_document(bench.deployment, shown["plan"], person=f"north/contact/{ann}")
    assert {ann} == {each["id"] for each in kept["writes"]}


def test_a_pace_tells_hours_of_a_kept_plan_too(bench: Bench) -> None:
    """A plan that was kept is costed like one of today."""
    for name in ("ann", "bob", "eve"):
        bench.contact(f"{name}@firm.example", last=name)
    north = replace(bench.deployment.connections["north"], writes_per_hour=1)
    bench.redeploy(connections={**bench.deployment.connections, "north": north})
    shown = _show(bench)
    kept = saved_document(bench.deployment, shown["plan"])
    assert (2, shown["cost"]) == (kept["cost"]["north"]["hours"], kept["cost"])

"""What people see of a plan before they decide, group by group; and what they did not see is not decided."""

from __future__ import annotations

from typing import Any

import pytest

from stagesync.domain.guard import Cause, Group
from stagesync.engine.decide import PlanChanged, decide
from stagesync.engine.held import plan_document, plans_document, values_document
from stagesync.engine.outcome import Outcome
from stagesync.engine.shown import plan_document as whole_document
from stagesync.store import connections, plans, saved

from .bench import Bench

UP = Group(Cause.FACTS, "contact", "lead")
NEW = Group(Cause.NEW, "", "contact")


def _look(bench: Bench, plan: str) -> dict[str, Any]:
    with bench.store.begin() as tx:
        found = plan_document(tx, bench.deployment, plan, now_s=bench.clock.now_s())
    assert found is not None
    return found


def _values(bench: Bench, plan: str, group: Group, **more: Any) -> dict[str, Any]:
    with bench.store.begin() as tx:
        return values_document(tx, plan, group, **more)


def _counted(document: dict[str, Any]) -> list[tuple[str, str, str, int, int]]:
    return [
        (each["cause"], each["from"], each["to"], each["values"], each["people"])
        for each in document["groups"]
    ]


@pytest.fixture
def held(settled: tuple[Bench, list[str]]) -> tuple[Bench, list[str], Outcome]:
    """Eight of twenty move up, which is too many."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    return bench, contacts, bench.sync()


@pytest.fixture
def both(held: tuple[Bench, list[str], Outcome]) -> tuple[Bench, list[str], str]:
    """Eight move up, and six are new."""
    bench, contacts, outcome = held
    for number in range(30, 36):
        bench.contact(f"p{number}@firm.example", last=f"Ng{number}")
    assert outcome.plan.id == bench.sync().plan.id
    return bench, contacts, outcome.plan.id


def test_a_held_plan_is_counted_by_group(held: tuple[Bench, list[str], Outcome]) -> None:
    """Values, people and what tripped the guardrail are told; costs are those that `plan` tells."""
    bench, _, outcome = held
    found, whole = _look(bench, outcome.plan.id), whole_document(bench.deployment, outcome.plan.id)
    assert [("facts", "contact", "lead", outcome.plan.held, 8)] == _counted(found)
    (group,) = found["groups"]
    limit = "8 would make this move within the window; the limit is 5"
    assert (limit, True) == (group["why"], found["holds"])
    assert whole["groups"][0]["why"] == group["why"]
    assert whole["cost"] == {
        name: {key: told[key] for key in whole["cost"][name]}
        for name, told in found["cost"].items()
    }
    assert whole["calls"] == {name: told["calls"] for name, told in found["cost"].items()}


def test_the_share_of_the_quota_is_told(held: tuple[Bench, list[str], Outcome]) -> None:
    """Calls are weighed against the allowance that the CRM told last; where it told none, nothing is claimed."""
    bench, _, outcome = held
    with bench.store.begin() as tx:
        connections.save_quota(tx, "north", {"limit": 100})
    cost = _look(bench, outcome.plan.id)["cost"]
    assert [cost["north"]["calls"] / 100] == [
        each["quota_share"] for name, each in cost.items() if name == "north"
    ]


def test_values_are_paged_by_person(held: tuple[Bench, list[str], Outcome]) -> None:
    """Page by page every value comes once, before and after, as the whole plan has them."""
    bench, _, outcome = held
    whole = whole_document(bench.deployment, outcome.plan.id)["writes"]
    seen, after, pages = [], {}, 0
    while True:
        page = _values(bench, outcome.plan.id, UP, most=5, **after)
        pages += 1
        seen += [
            (record["id"], value["field"], value["before"], value["after"])
            for person in page["people"]
            for record in person["records"]
            for value in record["values"]
        ]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert -(-outcome.plan.held // 5) == pages
    assert sorted((e["id"], e["field"], e["before"], e["after"]) for e in whole) == sorted(seen)


def test_values_name_the_person_and_the_weightiest_reasons(
    held: tuple[Bench, list[str], Outcome],
) -> None:
    """Beside the id stands the address that the record bears, and at most three lines that weigh most."""
    bench, contacts, outcome = held
    page = _values(bench, outcome.plan.id, UP)
    who = bench.person("north", "contact", contacts[0])
    (told,) = [each for each in page["people"] if each["person"] == who]
    points = [abs(line["points"]) for line in told["because"]]
    assert ("p0@firm.example", True, sorted(points, reverse=True)) == (
        told["name"],
        0 < len(points) <= 3,
        points,
    )


def test_one_group_is_approved_and_the_other_stays(both: tuple[Bench, list[str], str]) -> None:
    """Its values become a plan of their own, which the next run writes; the rest is held as it was."""
    bench, contacts, plan = both
    up, new = _look(bench, plan)["groups"]
    now_s = bench.clock.now_s()
    decided = decide(
        bench.deployment,
        plan,
        approve=True,
        by="ann",
        now_s=now_s,
        groups=[UP],
        seen=up["seal"],
    )
    assert (up["values"], [new]) == (decided, _look(bench, plan)["groups"])
    outcome = bench.sync()
    assert {"lead"} == {bench.stage(each) for each in contacts[:8]}
    assert (3, new["values"], plan) == (outcome.exit_code, outcome.plan.held, outcome.plan.id)
    with bench.store.begin() as tx:
        (part,) = plans.plans_in(tx, "approved")
        assert [up["values"]] == [each.values for each in saved.saved_plans(tx, part.id)]


def test_one_group_is_dropped_and_the_other_stays(both: tuple[Bench, list[str], str]) -> None:
    """What was given up is not proposed again; the other group waits."""
    bench, contacts, plan = both
    now_s = bench.clock.now_s()
    decide(bench.deployment, plan, approve=False, by="ann", now_s=now_s, groups=[UP])
    assert 3 == bench.sync().exit_code
    assert {"contact"} == {bench.stage(each) for each in contacts[:8]}
    assert [("new", "", "contact")] == [each[:3] for each in _counted(_look(bench, plan))]


def test_what_was_not_seen_is_not_approved(held: tuple[Bench, list[str], Outcome]) -> None:
    """A plan that changed since somebody looked is refused with both numbers, and nothing is decided."""
    bench, contacts, outcome = held
    seal = _look(bench, outcome.plan.id)["seal"]
    for contact in contacts[8:16]:
        bench.form(contact)
    held_now = bench.sync().plan.held
    now_s = bench.clock.now_s()
    with pytest.raises(PlanChanged) as refused:
        decide(bench.deployment, outcome.plan.id, approve=True, by="ann", now_s=now_s, seen=seal)
    assert (outcome.plan.held, held_now) == (refused.value.then, refused.value.now)
    assert "contact" == bench.stage(contacts[0])
    assert held_now == bench.sync().plan.held
    seal = _look(bench, outcome.plan.id)["seal"]
    assert held_now == decide(
        bench.deployment, outcome.plan.id, approve=True, by="ann", now_s=now_s, seen=seal
    )


def test_as_many_others_are_not_approved_either(held: tuple[Bench, list[str], Outcome]) -> None:
    """Where somebody takes another one's place the numbers are the same, and still it is another plan."""
    bench, contacts, outcome = held
    before = _look(bench, outcome.plan.id)
    for gone, contact in zip(contacts[:6], contacts[8:14], strict=True):
        bench.north.delete("contact", gone)
        bench.form(contact)
    bench.sync()
    after = _look(bench, outcome.plan.id)
    assert _counted(before) == _counted(after)
    assert before["seal"] != after["seal"]


def test_a_group_that_is_gone_is_not_decided(held: tuple[Bench, list[str], Outcome]) -> None:
    """Nothing is decided of a move that nobody makes any more."""
    bench, _, outcome = held
    now_s = bench.clock.now_s()
    with pytest.raises(KeyError):
        decide(bench.deployment, outcome.plan.id, approve=True, by="ann", now_s=now_s, groups=[NEW])
    assert outcome.plan.held == _look(bench, outcome.plan.id)["values"]


def test_a_decided_plan_shows_what_was_decided(held: tuple[Bench, list[str], Outcome]) -> None:
    """Groups and values stand as they stood; it tells who decided, until when, and how much still waits."""
    bench, _, outcome = held
    plan = outcome.plan.id
    before, values = _look(bench, plan), _values(bench, plan, UP)
    bench.decide(outcome, approve=True)
    after = _look(bench, plan)
    assert _counted(before) == _counted(after)
    assert [each["records"] for each in values["people"]] == [
        each["records"] for each in _values(bench, plan, UP)["people"]
    ]
    assert ("approved", "ann", False, outcome.plan.held) == (
        after["state"],
        after["decided_by"],
        after["holds"],
        after["waiting"],
    )
    assert bench.clock.now_s() + 7 * 86_400 == after["until_s"]
    bench.sync()
    assert 0 == _look(bench, plan)["waiting"]


def test_held_plans_come_first(both: tuple[Bench, list[str], str]) -> None:
    """The list has what waits for a word, with its numbers, and then what was decided; each once."""
    bench, _, plan = both
    now_s = bench.clock.now_s()
    decide(bench.deployment, plan, approve=True, by="ann", now_s=now_s, groups=[UP])
    with bench.store.begin() as tx:
        found = plans_document(tx)
    assert [(plan, 1)] == [(each["plan"], len(each["groups"])) for each in found["held"]]
    assert [("approved", "ann")] == [(e["state"], e["decided_by"]) for e in found["others"]]


def test_of_an_unknown_plan_nothing_is_told(bench: Bench) -> None:
    """There is no document of a plan that never was."""
    with bench.store.begin() as tx:
        assert plan_document(tx, bench.deployment, "pl_none", now_s=0.0) is None

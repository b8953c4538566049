"""What people decide about a held plan: approved it is written for a while, dropped it is left."""

from dataclasses import replace
from typing import Any

from stagesync.connector import Unavailable
from stagesync.domain.guard import Cause, Group, Rule
from stagesync.engine.decide import decide
from stagesync.engine.holds import retry
from stagesync.engine.instants import iso
from stagesync.engine.outcome import Outcome
from stagesync.engine.status import status
from stagesync.engine.undo import undo
from stagesync.store import alerts, plans, state

from .bench import DAY_S, Bench

UP = Group(Cause.FACTS, "contact", "lead")


def _rules(outcome: Outcome) -> dict[Group, tuple[Rule, int]]:
    return {trip.group: (trip.rule, trip.count) for trip in outcome.plan.trips}


def _approvals(bench: Bench) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = status(bench.deployment, now_s=bench.clock.now_s())["approved"]
    return found


def _standing(bench: Bench) -> list[str]:
    with bench.store.begin() as tx:
        return [each.what for each in alerts.standing(tx, "north")]


def test_an_approval_covers_as_many_as_were_seen(settled: tuple[Bench, list[str]]) -> None:
    """Others who make the approved move take the places of those who no longer do, and no more."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    bench.decide(bench.sync(), approve=True)
    for contact in contacts[:2]:
        bench.north.delete("contact", contact)
    for contact in contacts[8:16]:
        bench.form(contact)
    outcome = bench.sync()
    assert (3, {UP: (Rule.PAIR, 6)}) == (outcome.exit_code, _rules(outcome))
    assert 6 + 2 == sum(bench.stage(each) == "lead" for each in contacts[2:])
    assert {"lead"} == {bench.stage(each) for each in contacts[2:8]}


def test_an_approval_ends(observed: Bench) -> None:
    """What a slow first activation has not written after a week is held again, until it is approved anew."""
    contacts = [observed.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(7)]
    north = replace(observed.deployment.connections["north"], writes_per_hour=3)
    observed.redeploy(connections={**observed.deployment.connections, "north": north})
    observed.decide(observed.sync(), approve=True)
    assert 9 == observed.written(observed.sync())
    observed.clock.advance(days=7)
    outcome = observed.sync()
    assert [(Rule.ENDED, 4)] == [(trip.rule, trip.count) for trip in outcome.plan.trips]
    assert (3, 0, 12) == (outcome.exit_code, observed.written(outcome), outcome.plan.held)
    observed.decide(outcome, approve=True)
    assert 9 == observed.written(observed.sync())
    assert 6 == [observed.stage(each) for each in contacts].count("contact")


def test_nothing_more_passes_by_an_approval_that_ended(settled: tuple[Bench, list[str]]) -> None:
    """Places that an approval has left are gone when it ends: others who make the move are weighed."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    bench.decide(bench.sync(), approve=True)
    for contact in contacts[:8]:
        bench.north.delete("contact", contact)
    bench.sync()
    assert [8] == [each["free"] for each in _approvals(bench)]
    bench.clock.advance(days=7)
    for contact in contacts[8:16]:
        bench.form(contact)
    outcome = bench.sync()
    assert ({UP: (Rule.PAIR, 8)}, []) == (_rules(outcome), _approvals(bench))


def test_status_tells_until_when_an_approval_stands(settled: tuple[Bench, list[str]]) -> None:
    """While approved values wait, `status` names the plan, who approved it, and when that ends; afterwards not."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    outcome = bench.sync()
    bench.decide(outcome, approve=True)
    (told,) = _approvals(bench)
    until = iso(bench.clock.now_s() + 7 * DAY_S)
    assert (outcome.plan.id, "ann", until, 24) == (
        told["plan"],
        told["by"],
        told["until"],
        told["waiting"],
    )
    bench.sync()
    assert [] == _approvals(bench)


def test_old_plans_are_forgotten(settled: tuple[Bench, list[str]]) -> None:
    """A plan that is over leaves the store after 90 days; one that is held stays."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    held = bench.sync().plan.id
    bench.clock.advance(days=91)
    bench.sync()
    with bench.store.begin() as tx:
        states = {each.id: each.state for each in plans.plans_in(tx, "done", "held", "open")}
    assert {held: "held"} == states


def test_what_is_dropped_stays_dropped_until_facts_change(
    settled: tuple[Bench, list[str]],
) -> None:
    """A plan given up is not proposed again by itself, and its people are free for new facts."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    bench.decide(bench.sync(), approve=False)
    assert (0, "contact") == (bench.sync().exit_code, bench.stage(contacts[0]))
    told = bench.differences()
    assert {"dropped"} == {told["north", each, "stage"] for each in contacts[:8]}
    bench.form(contacts[0], count=2)
    assert (0, "lead") == (bench.sync().exit_code, bench.stage(contacts[0]))


def test_time_alone_brings_nothing_back_that_was_dropped(settled: tuple[Bench, list[str]]) -> None:
    """Planned again because of time, with the same stage, a dropped value stays; a person's word brings it back."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    bench.decide(bench.sync(), approve=False)
    person = bench.person("north", "contact", contacts[0])
    with bench.store.begin() as tx:
        state.mark_dirty(tx, "plan", [person], cause=Cause.TIME)
    outcome = bench.sync()
    key = ("north", contacts[0], "stage")
    assert (0, 0, "dropped") == (outcome.plan.go, outcome.plan.held, bench.differences()[key])
    assert 1 == retry(bench.deployment, contacts[0])
    bench.sync()
    assert ("lead", None) == (bench.stage(contacts[0]), bench.differences().get(key))


def test_a_dropped_undo_is_no_difference(bench: Bench) -> None:
    """Giving an undo up leaves what facts ask for: nothing is told as dropped."""
    bench.contact("ann@firm.example", last="Ng")
    run = bench.sync().run
    made = undo(bench.deployment, run=run, now_s=bench.clock.now_s())
    decide(bench.deployment, made.plan, approve=False, by="ann", now_s=bench.clock.now_s())
    assert {} == bench.differences()


def test_approved_it_is_written_and_weighs_no_more(settled: tuple[Bench, list[str]]) -> None:
    """After approval the next run writes it; five more may then move unseen, as on any day."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    bench.decide(bench.sync(), approve=True)
    assert (0, []) == (bench.sync().exit_code, _standing(bench))
    assert {"lead"} == {bench.stage(each) for each in contacts[:8]}
    for contact in contacts[8:13]:
        bench.form(contact)
    assert 0 == bench.sync().exit_code
    assert {"lead"} == {bench.stage(each) for each in contacts[:13]}


def test_what_the_ramp_kept_back_in_a_held_plan_waits_for_a_crm_that_is_down(
    settled: tuple[Bench, list[str]],
) -> None:
    """A held plan with entries for a CRM that does not answer stops no run; they go out once it answers."""
    bench, contacts = settled
    north = replace(bench.deployment.connections["north"], writes_per_hour=3)
    bench.redeploy(connections={**bench.deployment.connections, "north": north})
    for contact in contacts[:8]:
        bench.form(contact)
    bench.decide(bench.sync(), approve=True)
    assert 5 == bench.sync().written["north"].ramped
    for contact in contacts[8:16]:
        bench.form(contact)
    assert bench.sync().plan.held
    retry(bench.deployment, None)  # its fields are asked for anew
    bench.north.fail(Unavailable("no answer", retry_after_s=5.0))
    assert 4 == bench.sync().exit_code
    bench.clock.advance(seconds=3_600)
    bench.sync()
    assert 6 == [bench.stage(each) for each in contacts].count("lead")

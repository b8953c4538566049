"""What is too much is held, what was approved is let through, and nothing else waits for it."""

from dataclasses import replace
from typing import Any

import pytest

from free_hand import WRITE_OVER
from stagesync.connector import Actor
from stagesync.domain.guard import Cause, Group, Limits, Rule
from stagesync.engine.guard import why
from stagesync.engine.holds import retry
from stagesync.engine.instants import iso
from stagesync.engine.run import Outcome, decide
from stagesync.engine.status import status
from stagesync.engine.undo import undo
from stagesync.engine.writers import NOBODY
from stagesync.store import alerts, plans, state

from .bench import DAY_S, DEFINITIONS, Bench

FEW = Limits(people=5, share=1.0, total_share=1.0, loss=1.0, never_below=5)
UP = Group(Cause.FACTS, "contact", "lead")


@pytest.fixture
def settled(bench: Bench) -> tuple[Bench, list[str]]:
    """Twenty contacts whose stage stands, and limits of five."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(20)]
    bench.sync()
    bench.clock.advance(days=2)
    bench.redeploy(limits=FEW)
    assert 0 == bench.sync().exit_code
    return bench, contacts


def _rules(outcome: Outcome) -> dict[Group, tuple[Rule, int]]:
    return {trip.group: (trip.rule, trip.count) for trip in outcome.plan.trips}


def _approvals(bench: Bench) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = status(bench.deployment, now_s=bench.clock.now_s())["approved"]
    return found


def _standing(bench: Bench) -> list[str]:
    with bench.store.begin() as tx:
        return [each.what for each in alerts.standing(tx, "north")]


def test_a_mass_change_is_held_and_the_rest_goes_on(settled: tuple[Bench, list[str]]) -> None:
    """Eight people who all move alike wait, with exit code 3 and an alert; a newcomer is written."""
    bench, contacts = settled
    for contact in contacts[:8]:
        bench.form(contact)
    newcomer = bench.contact("new@other.example", last="Hill")
    outcome = bench.sync()
    assert (3, {UP: (Rule.PAIR, 8)}) == (outcome.exit_code, _rules(outcome))
    assert {"contact"} == {bench.stage(each) for each in [*contacts, newcomer]}
    assert [f"plan {outcome.plan.id} is held: {why(outcome.plan.trips[0])}"] == _standing(bench)


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


def test_small_runs_do_not_drip_past(settled: tuple[Bench, list[str]]) -> None:
    """Three and then three more are six within the window, and the second three wait a day."""
    bench, contacts = settled
    for contact in contacts[:3]:
        bench.form(contact)
    assert 0 == bench.sync().exit_code
    for contact in contacts[3:6]:
        bench.form(contact)
    assert {UP: (Rule.PAIR, 6)} == _rules(bench.sync())
    bench.clock.advance(days=1)
    for contact in contacts[6:9]:
        bench.form(contact)
    outcome = bench.sync()
    assert "lead" == bench.stage(contacts[6])
    assert (3, {UP}) == (outcome.exit_code, set(_rules(outcome)))


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


def _lead_without_leads(bench: Bench, contact: str) -> None:
    """The contact becomes a lead, and then a vocabulary has no such stage."""
    bench.form(contact)
    bench.sync()
    bench.redeploy(definitions="one")
    bench.sync()
    standard = DEFINITIONS.vocabularies["standard"]
    fewer = replace(standard, stages=tuple(s for s in standard.stages if s.id != "lead"))
    words = {**DEFINITIONS.vocabularies, "standard": fewer}
    bench.redeploy(vocabularies=words, definitions="two")


def test_another_definition_is_shown_before_it_acts(settled: tuple[Bench, list[str]]) -> None:
    """The first plan of a changed vocabulary is held, even for one person; new facts are not."""
    bench, contacts = settled
    _lead_without_leads(bench, contacts[0])
    outcome = bench.sync()
    (trip,) = outcome.plan.trips
    assert (Rule.DEFINITION, Cause.DEFINITION, "lead") == (
        trip.rule,
        trip.group.cause,
        trip.group.stage_from,
    )
    assert "lead" == bench.stage(contacts[0])
    bench.decide(outcome, approve=True)
    assert (0, trip.group.stage_to) == (bench.sync().exit_code, bench.stage(contacts[0]))


def test_a_newcomer_moves_the_account_by_facts(bench: Bench) -> None:
    """An account that moves because of somebody new is no change of a definition: nothing is held."""
    company = bench.north.add("company", {"domain": "firm.example", "name": "Firm"})
    bench.contact("ann@firm.example", last="Ng", links={"company": (company,)})
    bench.sync()
    before = bench.value("north", "company", company, "stage")
    newcomer = bench.contact("bob@firm.example", last="Hill", links={"company": (company,)})
    bench.form(newcomer)
    outcome = bench.sync()
    assert (0, [], "contact", "lead") == (
        outcome.exit_code,
        outcome.plan.trips,
        before,
        bench.value("north", "company", company, "stage"),
    )


def test_facts_do_not_carry_an_unseen_definition_through(
    settled: tuple[Bench, list[str]],
) -> None:
    """Somebody whose move waits because of a new definition still waits when their facts change."""
    bench, contacts = settled
    _lead_without_leads(bench, contacts[0])
    bench.sync()
    bench.north.edit("contact", contacts[0], {"country": "FR"})
    assert (3, "lead") == (bench.sync().exit_code, bench.stage(contacts[0]))


def test_time_is_held_apart(bench: Bench) -> None:
    """A window that closes for ten people at once holds nobody who did something."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(20)]
    for contact in contacts[:10]:
        bench.form(contact)
    bench.sync()
    bench.redeploy(limits=replace(FEW, never_below=4, people=4))
    bench.clock.advance(days=900)
    bench.form(contacts[15])
    outcome = bench.sync()
    assert {Cause.TIME} == {trip.group.cause for trip in outcome.plan.trips}
    assert ("lead", "lead") == (bench.stage(contacts[0]), bench.stage(contacts[15]))


def test_a_source_that_loses_much_holds_everything(settled: tuple[Bench, list[str]]) -> None:
    """When a third of the contacts disappears between two pulls, nothing is written unseen."""
    bench, contacts = settled
    for contact in contacts[:7]:
        bench.north.delete("contact", contact)
    bench.form(contacts[10])
    outcome = bench.sync()
    assert {UP: (Rule.SOURCE, 1)} == _rules(outcome)
    assert "contact" == bench.stage(contacts[10])


def test_a_record_that_somebody_keeps_changing_back_is_left(
    settled: tuple[Bench, list[str]],
) -> None:
    """After as many writes of one field as a day may have, the two programs no longer fight."""
    bench, contacts = settled
    bench.redeploy(limits=replace(FEW, writes_of_a_field=3), edits=WRITE_OVER)
    for _ in range(6):
        bench.north.edit("contact", contacts[0], {"stage": "client"})
        outcome = bench.sync()
    assert [Rule.BUSY] == [trip.rule for trip in outcome.plan.trips]
    assert "client" == bench.stage(contacts[0])


def test_the_other_writer_is_named(settled: tuple[Bench, list[str]]) -> None:
    """A field that is held because another program writes it too says which one: in the alert, the plan and `status`."""
    bench, contacts = settled
    bench.redeploy(limits=replace(FEW, writes_of_a_field=3), edits=WRITE_OVER)
    for _ in range(6):
        bench.north.edit("contact", contacts[0], {"stage": "client"}, actor=Actor.INTEGRATION)
        outcome = bench.sync()
    words = "1 records were written more than 3 times within the window, besides stagesync by integration"
    with bench.store.begin() as tx:
        (alert,) = (a.what for a in alerts.standing(tx, "north") if a.key.startswith("held:"))
    held = status(bench.deployment, now_s=bench.clock.now_s())["held"]
    assert (words, True, [words]) == (
        why(outcome.plan.trips[0]),
        words in alert,
        [group["why"] for each in held for group in each["groups"]],
    )


def test_the_other_writer_is_asked_for_once(
    settled: tuple[Bench, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the group waits, and also when the CRM names nobody, its history is not asked again."""
    bench, contacts = settled
    bench.redeploy(limits=replace(FEW, writes_of_a_field=3), edits=WRITE_OVER)
    monkeypatch.setattr(bench.connectors["north"], "history", lambda *_: {})
    for _ in range(6):
        bench.north.edit("contact", contacts[0], {"stage": "client"})
        outcome = bench.sync()
    assert [NOBODY] == [trip.writers for trip in outcome.plan.trips]
    asked: list[str] = []
    monkeypatch.setattr(bench.connectors["north"], "history", lambda name, *_: asked.append(name))
    assert ([NOBODY], []) == ([trip.writers for trip in bench.sync().plan.trips], asked)


def test_a_first_activation_is_ramped(observed: Bench) -> None:
    """So many records an hour are written and no more; the rest follows, each once, unasked."""
    contacts = [observed.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(7)]
    north = replace(observed.deployment.connections["north"], writes_per_hour=3)
    connections = {**observed.deployment.connections, "north": north}
    observed.redeploy(connections=connections)
    observed.decide(observed.sync(), approve=True)
    counts = []
    for hours in (0, 0, 1, 1):
        observed.clock.advance(seconds=hours * 3_600)
        outcome = observed.sync()
        counts.append((observed.written(outcome) // 3, outcome.written["north"].ramped))
    assert [(3, 4), (0, 4), (3, 1), (1, 0)] == counts
    assert {"contact"} == {observed.stage(each) for each in contacts}

"""What is too much is held, what was approved is let through, and nothing else waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from free_hand import WRITE_OVER
from stagesync.connector import Actor
from stagesync.domain.guard import Cause, Group, Rule
from stagesync.engine.guard import why
from stagesync.engine.outcome import Outcome
from stagesync.engine.status import status
from stagesync.engine.writers import NOBODY
from stagesync.store import alerts

from .bench import DEFINITIONS, FEW, Bench

UP = Group(Cause.FACTS, "contact", "lead")


def _rules(outcome: Outcome) -> dict[Group, tuple[Rule, int]]:
    return {trip.group: (trip.rule, trip.count) for trip in outcome.plan.trips}


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
    """A field that is held because another program writes it too says which one: in the plan and `status`.

    The alert names nobody: it goes out to others.
    """
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
        words.partition(",")[0] in alert and "besides" not in alert,
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


@contextmanager
def _statements() -> Iterator[list[str]]:
    """What is asked of stores while the block lasts."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_an_idle_run_weighs_nothing(settled: tuple[Bench, list[str]]) -> None:
    """Where nothing is planned unseen, neither what was written before is read nor the base counted."""
    bench, contacts = settled
    weighing = ("FROM own_write WHERE at_s >", "SELECT place, COUNT(*)")

    def weighed() -> list[str]:
        with _statements() as asked:
            bench.sync()
        return [each for each in weighing if any(each in one for one in asked)]

    idle = weighed()
    bench.form(contacts[0])
    few = weighed()
    for contact in contacts[1:7]:
        bench.form(contact)
    assert ([], list(weighing[:1]), list(weighing)) == (idle, few, weighed())

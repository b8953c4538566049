"""What waits of plans is counted beside the runs, and told from there only while it is true."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.bench import FEW, Bench

from stagesync.domain.guard import Cause, Group
from stagesync.engine import waits
from stagesync.engine.decide import decide
from stagesync.engine.forget import forget
from stagesync.engine.keeper import make_due
from stagesync.engine.outcome import Outcome
from stagesync.engine.undo import undo
from stagesync.store import kept, plans, totals
from stagesync.store.held import held_costs, held_counts

UP = Group(Cause.FACTS, "contact", "lead")


@pytest.fixture
def held(bench: Bench) -> tuple[Bench, Outcome]:
    """Eight people who are held, of twenty."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(20)]
    bench.sync()
    bench.clock.advance(days=2)
    bench.redeploy(limits=FEW)
    for contact in contacts[:8]:
        bench.form(contact)
    return bench, bench.sync()


def told(bench: Bench, plan: str) -> tuple[Any, ...]:
    """As pages read it."""
    with bench.store.begin() as tx:
        return (
            waits.subjects_waiting(tx),
            waits.entries_of(tx, plan),
            waits.groups_of(tx, plan),
            waits.costs_of(tx, plan),
        )


def counted(bench: Bench, plan: str) -> tuple[Any, ...]:
    """As it is."""
    with bench.store.begin() as tx:
        subjects, entries = waits.count(tx)["subjects"], plans.count_entries(tx, plan)
        return subjects, entries, held_counts(tx, plan), held_costs(tx, plan)


def is_kept(bench: Bench) -> bool:
    """Whether pages need not count."""
    with bench.store.begin() as tx:
        found = kept.find(tx, waits.NAME)
        return bool(found) and found.document["changes"] == totals.total(tx, waits.NAME)


def test_what_was_counted_beside_the_run_is_what_pages_tell(held: tuple[Bench, Outcome]) -> None:
    """The same numbers as counted now, and an idle run leaves them true."""
    bench, outcome = held
    now = counted(bench, outcome.plan.id)
    assert (False, now) == (is_kept(bench), told(bench, outcome.plan.id))
    make_due(bench.deployment)
    assert (True, now) == (is_kept(bench), told(bench, outcome.plan.id))
    bench.sync()
    assert (True, now, 8) == (is_kept(bench), told(bench, outcome.plan.id), now[0])


@pytest.mark.parametrize("what", ["approve", "drop", "part", "forget", "facts", "gone"])
def test_what_changed_since_is_counted_anew(held: tuple[Bench, Outcome], what: str) -> None:
    """Whoever decides, forgets or edits: no page tells what was counted before."""
    bench, outcome = held
    make_due(bench.deployment)
    before, plan = told(bench, outcome.plan.id), outcome.plan.id
    now_s = bench.clock.now_s()
    if what == "forget":
        forget(bench.deployment, "p1@firm.example", by="ann", now_s=now_s)
    elif what == "facts":
        bench.form(bench.contact("new@firm.example", last="Li"))
        plan = bench.sync().plan.id
    elif what == "gone":
        bench.north.delete("contact", "1")
        plan = bench.sync().plan.id
    else:
        groups = [UP] if what == "part" else []
        decide(bench.deployment, plan, approve=what != "drop", by="ann", now_s=now_s, groups=groups)
    assert not is_kept(bench)
    assert before != told(bench, plan)
    assert counted(bench, plan) == told(bench, plan)


def test_an_undo_that_waits_is_counted(bench: Bench) -> None:
    """Its values are held from the start, without a run."""
    bench.contact("ann@firm.example", last="Ng")
    run = bench.sync().run
    make_due(bench.deployment)
    assert is_kept(bench)
    plan = undo(bench.deployment, run=run, now_s=bench.clock.now_s()).plan
    assert not is_kept(bench)
    assert counted(bench, plan) == told(bench, plan)
    assert 0 < told(bench, plan)[0]

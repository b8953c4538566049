"""What people say: hold, release, retry, pause, resume."""

import pytest

from stagesync.connector import Refusal
from stagesync.engine import holds
from stagesync.errors import ArgumentError
from stagesync.store import connections

from .bench import DAY_S, Bench


def _hold(bench: Bench, contact: str, *, for_s: float | None = None) -> None:
    holds.hold(bench.deployment, contact, for_s=for_s, by="ann", now_s=bench.clock.now_s())


def _release(bench: Bench, contact: str) -> list[holds.Hold]:
    return holds.release(bench.deployment, contact, by="ann", now_s=bench.clock.now_s())


def test_nothing_is_written_of_somebody_who_is_held(bench: Bench) -> None:
    """Their facts move them on, and every field stays; released, the next run writes."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    _hold(bench, contact)
    bench.form(contact)
    bench.sync()
    assert ("contact", {"held by hand"}) == (
        bench.stage(contact),
        set(bench.differences().values()),
    )
    assert 1 == len(_release(bench, contact))
    bench.sync()
    assert ("lead", {}) == (bench.stage(contact), bench.differences())


def test_a_hold_ends_when_its_time_is_over(bench: Bench) -> None:
    """After the span the next run writes, unasked; before it does not."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    _hold(bench, contact, for_s=3 * DAY_S)
    bench.form(contact)
    seen = []
    for days in (0, 2, 1):
        bench.clock.advance(days=days)
        bench.sync()
        seen.append(bench.stage(contact))
    assert ["contact", "contact", "lead"] == seen


def test_a_hold_is_in_the_log_with_who_said_so(bench: Bench) -> None:
    """Hold, release and the end of a span each leave an entry; what time ends belongs to the run in which it did."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    _hold(bench, contact)
    _release(bench, contact)
    _hold(bench, contact, for_s=60)
    run = bench.sync().run
    said = [
        (e["run"], e["actor"], act)
        for e in bench.audit()
        for act in ("hold", "release")
        if act in e["result"]
    ]
    by_hand = [(None, "ann", act) for act in ("hold", "release", "hold")]
    assert [*by_hand, (run, "time", "release")] == said


def test_nobody_is_no_one_to_hold(bench: Bench) -> None:
    """A name that nobody bears is told, not stored."""
    with pytest.raises(ArgumentError):
        _hold(bench, "nobody@firm.example")


def test_a_hold_follows_a_merge(bench: Bench) -> None:
    """Somebody who becomes part of another person takes the hold along."""
    first = bench.contact("ann@firm.example", last="Ng")
    second = bench.contact("other@firm.example", last="Ng")
    bench.sync()
    _hold(bench, second)
    bench.north.merge("contact", second, into=first)
    bench.form(first)
    bench.sync()
    assert "contact" == bench.stage(first)


def test_refused_values_are_sent_again_on_request(bench: Bench) -> None:
    """A lasting refusal is not repeated by itself, and is by `retry`; nobody else is planned."""
    contact = bench.contact("ann@firm.example", last="Ng")
    other = bench.contact("bob@firm.example", last="Hill")
    bench.north.refuse("contact", contact, Refusal.INVALID, message="no")
    bench.sync()
    bench.north.accept("contact", contact)
    bench.sync()
    assert None is bench.stage(contact)
    assert [0, 1, 1] == [holds.retry(bench.deployment, who) for who in (other, contact, None)]
    bench.sync()
    assert ("contact", 0) == (bench.stage(contact), holds.retry(bench.deployment, None))


def test_a_paused_connection_is_left_alone(bench: Bench) -> None:
    """It costs no call and takes no value; the other one goes on, and resuming catches up."""
    bench.sync()
    contact = bench.contact("ann@firm.example", last="Ng")
    member = bench.member("bob@firm.example", LastName="Hill")
    with bench.store.begin() as tx:
        connections.pause(tx, "north", by="ann")
    outcome = bench.sync()
    assert (0, None) == (outcome.calls["north"], bench.stage(contact))
    assert "contact" == bench.value("south", "contact", member, "Stage__c")
    with bench.store.begin() as tx:
        connections.pause(tx, "north", by="")
    bench.sync()
    assert "contact" == bench.stage(contact)

"""Characters that no database holds: a CRM can send them, they are marked at the door, and they cost a run nothing."""

from __future__ import annotations

import pytest

from stagesync.connector import Actor, Change, Refusal, Unavailable
from stagesync.store import connections, differences, records

from .bench import Bench

STRANGE = ["a\0b", "a\ud83db"]
MARKED = "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("strange", STRANGE)
def test_a_text_that_no_database_holds_is_marked(bench: Bench, strange: str) -> None:
    """PostgreSQL holds no NUL, and nobody half a character: both stores keep the same mark, and the next run rests."""
    ann = bench.contact(
        "ann@firm.example",
        last=strange,
        first=strange,
        title=strange,
        firm=strange,
        country=strange,
    )
    outcome = bench.sync()
    assert ({}, 1) == (outcome.troubles, outcome.people)
    with bench.store.begin() as tx:
        held = records.records_of(tx, "north", "contact", [ann])[ann].fields
    assert {MARKED} == {held[name] for name in ("last", "first", "title", "firm", "country")}
    again = bench.sync()
    assert (0, 0) == (again.pulled["north"].changed, bench.written(again))


@pytest.mark.parametrize("strange", STRANGE)
def test_an_address_that_is_marked_is_nobody_elses(bench: Bench, strange: str) -> None:
    """Left out, the character would make somebody out of another one's address."""
    address = f"{strange}@firm.example"
    bench.contact(address, last="Ng")
    bench.member("ab@firm.example", LastName="Ng")
    assert 2 == bench.sync().people


def test_what_a_crm_says_of_a_write_or_of_itself_is_marked(bench: Bench) -> None:
    """A refusal's words, a failure's, and a value of a field's history."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.north.refuse("contact", ann, Refusal.INVALID, message=STRANGE[0])
    assert 6 == bench.sync().exit_code
    with bench.store.begin() as tx:
        assert {f"INVALID: {MARKED}"} == {each["words"] for each in differences.refused(tx, most=9)}
    bench.north.fail(Unavailable(STRANGE[0], retry_after_s=5.0))
    bench.sync()
    with bench.store.begin() as tx:
        told = connections.connection_state(tx, "north")
    assert told
    assert MARKED in told.trouble
    change = Change(STRANGE[0], 1.0, Actor.PERSON, STRANGE[1])
    assert (MARKED, MARKED) == (change.value, change.by)

"""A clock that was wrong and is set right costs nothing that lasts."""

from dataclasses import replace

import pytest

from free_hand import UNLIMITED

from .bench import Bench

YEARS = 2_000.0
"""Days by which the clock was ahead."""


def test_whoever_faded_in_a_wrong_future_is_placed_anew(bench: Bench) -> None:
    """Points that faded because our clock was years ahead count again when it is set back."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.form(contact)
    bench.sync()
    before = bench.position(contact)
    bench.redeploy(limits=UNLIMITED)
    bench.clock.advance(days=YEARS)
    bench.sync()
    assert before != bench.position(contact)
    bench.clock.advance(days=-YEARS)
    bench.sync()
    assert before == bench.position(contact)


@pytest.mark.parametrize("ahead", [0.0, YEARS])
def test_an_hour_of_writes_is_an_hour(bench: Bench, ahead: float) -> None:
    """What was written while the clock was ahead does not count into the hour of today."""
    contact = bench.contact("ann@firm.example", last="Ng")
    north = replace(bench.deployment.connections["north"], writes_per_hour=1)
    bench.redeploy(connections={**bench.deployment.connections, "north": north}, limits=UNLIMITED)
    bench.clock.advance(days=ahead)
    bench.sync()
    assert "contact" == bench.stage(contact)
    bench.clock.advance(days=1 - ahead)
    other = bench.contact("bob@firm.example", last="Li")
    bench.sync()
    assert "contact" == bench.stage(other)


def test_what_is_done_daily_is_done_after_the_clock_was_set_back(bench: Bench) -> None:
    """Fields described and records counted in a wrong future are so again, and not in years."""
    bench.clock.advance(days=YEARS)
    first = bench.sync()
    bench.clock.advance(days=1 - YEARS)
    assert first.calls["south"] == bench.sync().calls["south"]

"""Gaps of a funnel, and the calendar that it is told by."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stagesync.domain.funnel import (
    WEEKS,
    Gap,
    GapKind,
    Rung,
    Step,
    gaps_of,
    last_weeks,
    periods,
    skipped_share,
    skips,
    weekly_shares,
)


def at(text: str) -> float:
    """Unix seconds of an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def rung(stage: str, **given: object) -> Rung:
    """A stage at which all is well, but for what is given."""
    told = {"people": 5, "used": True, "stopped": 10, "skipped": 0, **given}
    return Rung(stage, **told)  # type: ignore[arg-type]  # each test gives what its stage needs


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"used": False, "people": 0}, [Gap(GapKind.UNUSED, "lead")]),
        ({"people": 0}, [Gap(GapKind.EMPTY, "lead")]),
        ({"stopped": 8, "skipped": 2}, []),
        ({"stopped": 7, "skipped": 3}, [Gap(GapKind.SKIPPED, "lead", share=0.3)]),
        ({"stopped": 0, "skipped": 0}, []),
    ],
)
def test_a_stage_is_a_gap_when_nobody_uses_it(given, expected):
    """Unused, empty, or jumped over by more than a fifth; a fifth is no gap."""
    assert expected == gaps_of([rung("lead", **given)], [])


def test_the_biggest_drop_is_the_step_that_keeps_fewest():
    """Of steps that somebody began; the one with more people where two keep the same; none when nobody is lost."""
    steps = [
        Step("a", "b", 10, 5),
        Step("b", "c", 40, 20),
        Step("c", "d", 10, 9),
        Step("d", "e", 0, 0),
    ]
    assert [Gap(GapKind.BIGGEST_DROP, "b", "c", 0.5)] == gaps_of([], steps)
    assert [] == gaps_of([], [Step("a", "b", 4, 4), Step("b", "c", 0, 0)])


@pytest.mark.parametrize(
    ("weeks", "is_gap"),
    [
        ([0.4] * WEEKS + [0.19], True),
        ([0.4] * WEEKS + [0.2], False),
        ([0.4] * WEEKS + [None], False),
        ([0.4] * (WEEKS - 1) + [None, 0.0], False),
        ([0.4] * WEEKS, False),
    ],
)
def test_a_week_is_below_its_usual_under_half_of_the_median(weeks, is_gap):
    """Twelve weeks that say something are needed, and one after them; half of the median is no gap."""
    found = gaps_of([], [Step("a", "b", 10, 10, weeks)])
    assert ([Gap(GapKind.BELOW_USUAL, "a", "b", weeks[-1], 0.4)] if is_gap else []) == found


def test_who_jumps_over_a_stage_is_counted_there():
    """A move up ends at one stage and skips those between; moves down, and off the ladder, count nowhere."""
    moves = {(1, 2): 5, (1, 4): 3, (4, 1): 9, (9, 2): 7, (2, 9): 7}
    assert {1: (0, 0), 2: (5, 3), 3: (0, 3), 4: (3, 0)} == skips(moves, [1, 2, 3, 4])


def test_skipped_share_of_nobody_is_unknown():
    """Where nobody went up there is no share, which is not none."""
    assert skipped_share(rung("lead", stopped=0, skipped=0)) is None
    assert 0.25 == skipped_share(rung("lead", stopped=3, skipped=1))


def test_weekly_shares_follow_who_stands_there():
    """Who came stands there until they leave; a week with fewer than ten says nothing."""
    assert (None, 0.5, None) == weekly_shares(4, [(5, 2, 1), (3, 8, 5), (0, 1, 1)])


def test_periods_are_whole_weeks_from_monday_or_whole_months():
    """The first and the last reach beyond the span; the end is excluded."""
    found = periods(at("2026-11-18T10:00"), at("2026-12-01T00:00"), by="week")
    assert [(at("2026-11-16"), at("2026-11-23")), (at("2026-11-23"), at("2026-11-30"))] == found[:2]
    assert (3, at("2026-12-07")) == (len(found), found[-1][1])
    months = periods(at("2026-01-31T10:00"), at("2026-03-01T00:00"), by="month")
    assert [(at("2026-01-01"), at("2026-02-01")), (at("2026-02-01"), at("2026-03-01"))] == months


def test_last_weeks_are_the_thirteen_before_this_one():
    """They end with the Monday of the week of the instant."""
    found = last_weeks(at("2026-11-22T07:00"))
    assert (WEEKS + 1, at("2026-08-17"), at("2026-11-16")) == (
        len(found),
        found[0][0],
        found[-1][1],
    )

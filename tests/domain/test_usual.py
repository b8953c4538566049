"""What is unusually quiet, and what an unusual day; each held against the days before."""

from __future__ import annotations

import pytest

from stagesync.domain.usual import silent_days, unusual_steps

MONDAY = 20_780 - (20_780 + 3) % 7
"""A Monday: day 0 was a Thursday."""


def working(weeks: int, *, count: int = 5, until: int = MONDAY) -> dict[int, int]:
    """Something of each working day, up to a Monday that is not included."""
    return {day: count for day in range(until - 7 * weeks, until) if (day - MONDAY) % 7 < 5}


@pytest.mark.parametrize(
    ("days_later", "expected"),
    [(0, 0), (1, 0), (2, 0), (3, 5), (4, 6)],
)
def test_three_working_days_of_something_daily_are_a_silence(
    days_later: int, expected: int
) -> None:
    """The weekend before is part of it, and alone it is none; today is not judged."""
    assert expected == silent_days(working(8), MONDAY + days_later)


def test_a_weekend_is_no_silence() -> None:
    """What comes on working days alone may stay away on Saturday and Sunday, for years."""
    counts = working(9)
    assert [0] * 14 == [silent_days(counts, MONDAY - back) for back in range(14)]


@pytest.mark.parametrize(("weeks", "expected"), [(3, 0), (5, 5 * 7 - 1)])
def test_what_is_seldom_takes_long_to_be_missed(weeks: int, expected: int) -> None:
    """Once a week needs weeks, not days."""
    counts = {MONDAY - 7 * back: 3 for back in range(1, 9)}
    assert expected == silent_days(counts, MONDAY - 7 + weeks * 7)


def test_a_few_now_and_then_prove_nothing() -> None:
    """Four events in two months are never missed within the days that are kept."""
    counts = {MONDAY - back: 1 for back in (3, 17, 30, 52)}
    assert {0} == {silent_days(counts, MONDAY + later) for later in range(40)}


def test_what_is_new_is_not_judged() -> None:
    """Two weeks are too short to know what is usual."""
    assert {0} == {silent_days(working(2), MONDAY + later) for later in range(30)}


def test_one_event_ends_it() -> None:
    """Today's first one is enough, also one that comes late for a day before."""
    counts = working(8)
    assert 0 == silent_days({**counts, MONDAY + 4: 1}, MONDAY + 4)
    assert 0 == silent_days({**counts, MONDAY + 3: 1}, MONDAY + 4)


def test_nothing_ever_is_no_silence() -> None:
    """A type that never came is not missed."""
    assert 0 == silent_days({}, MONDAY)
    assert 0 == silent_days({MONDAY: 0}, MONDAY + 3)


def days(*leads: int) -> list[dict[str, int]]:
    return [{"lead": n, "client": 1_000 - n} for n in leads]


CALM = days(*(500 + n % 3 for n in range(14)))


def test_a_jump_beyond_the_usual_days_is_found() -> None:
    """The share before, the share now and the usual change of a day are told, for each stage that jumped."""
    found = unusual_steps([*CALM, *days(800)], never_below=20)
    assert {"lead", "client"} == set(found)
    assert (0.501, 0.8, 0.001) == tuple(round(each, 4) for each in found["lead"])


@pytest.mark.parametrize(
    ("history", "never_below"),
    [
        ([*CALM, *days(515)], 20),
        (days(*(500 + 40 * (n % 2) for n in range(14)), 600), 20),
        ([*CALM[:8], *days(800)], 20),
        ([*CALM, *days(800)], 400),
    ],
    ids=["a small step", "a base that swings", "too few days", "few people"],
)
def test_what_is_usual_or_small_is_not(history: list[dict[str, int]], never_below: int) -> None:
    """A share may move by two points, or as it always does; a young or small base is not judged."""
    assert {} == unusual_steps(history, never_below=never_below)


def test_one_wild_day_does_not_make_wild_days_usual() -> None:
    """The usual change is the middle one, so that a second jump is found as well."""
    assert "lead" in unusual_steps([*CALM, *days(900, 901, 902, 500)], never_below=20)

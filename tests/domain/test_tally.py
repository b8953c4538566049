"""What a funnel counts of people whose history is known."""

from __future__ import annotations

from stagesync.domain.stays import UNTOLD, How, Row, Stay, Told, cut
from stagesync.domain.tally import Period, Tally, quarter

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S

TOLD = Told({1: 0, 2: 1, 3: 2, 4: 3, 5: UNTOLD, 6: 1}, {0: 0, 1: 1, 2: 2}, accepted={6})
"""Places 1 to 3 are the rungs of a ladder, 4 is off it, 5 is of a policy that is gone, 6 is 2 and accepted."""


def history(*stands: tuple[float, int | None, How]) -> list[Row]:
    """Of one person; instants in days."""
    return [("p_1", day * DAY_S, place, str(how)) for day, place, how in stands]


def tally(*histories: list[Row], weeks: int = 0, groups: tuple[int, ...] = ()) -> Tally:
    """All of them counted, from day 1 to day 100."""
    spans = [(n * WEEK_S, (n + 1) * WEEK_S) for n in range(weeks)]
    period = Period(DAY_S, 100 * DAY_S, 100 * DAY_S + 1, weeks=spans, spans=spans)
    found = Tally(TOLD, period, {"group": groups, "handed": (1,)}, handover="handed")
    for each in histories:
        found.add("p_1", each)
    return found


def test_a_stay_lasts_however_often_the_place_changes() -> None:
    """Two places of one stage are one stay, and being gone ends the last one."""
    found = cut(
        history((1, 2, How.ARRIVED), (2, 6, How.MOVED), (5, 3, How.MOVED), (6, None, How.GONE)),
        TOLD,
    )
    assert found == [
        Stay(1 * DAY_S, 5 * DAY_S, 1, 1, "arrived", None, 2, "moved", True),
        Stay(5 * DAY_S, 6 * DAY_S, 2, 2, "moved", 1, None, "gone", True),
    ]


def test_who_comes_back_after_being_gone_begins_anew() -> None:
    """Between two lives there is no move."""
    found = tally(history((1, 2, How.ARRIVED), (2, None, How.GONE), (3, 3, How.FOUND)))
    assert (found.moves, found.standing, found.found) == ({}, {2: 1}, {2: 1})


def test_a_move_from_words_that_are_gone_is_no_move_between_stages() -> None:
    """Where nobody can say what it was, a stage was entered and no step was taken."""
    found = tally(history((1, 5, How.ARRIVED), (2, 2, How.MOVED)))
    assert (found.moves, found.entered) == ({}, {UNTOLD: 1, 1: 1})


def test_who_goes_from_one_stage_of_a_group_to_another_counts_once() -> None:
    """They counted already; who leaves the group and comes back counts again in another week, once in all."""
    on = history((1, 2, How.ARRIVED), (2, 3, How.MOVED))
    back = history((1, 2, How.ARRIVED), (9, 1, How.MOVED), (15, 2, How.MOVED))
    found = tally(on, back, weeks=3, groups=(1, 2))
    assert (found.counted["group"], found.counted_by_span) == (
        2,
        {("group", 0): 2, ("handed", 0): 2, ("group", 2): 1, ("handed", 2): 1},
    )


def test_weeks_tell_who_stood_came_left_and_rose() -> None:
    """Per week and stage, with those who stood there before the first one."""
    found = tally(
        history((-1, 1, How.FOUND), (8, 2, How.MOVED), (16, 1, How.MOVED), (30, 2, How.MOVED)),
        history((7, 1, How.ARRIVED), (13, 4, How.MOVED)),
        history((-9, 1, How.FOUND), (-8, 2, How.MOVED)),
        weeks=3,
    )
    assert (found.before, found.flows) == (
        {0: 1, 1: 1},
        {
            (1, 0): [1, 2, 1],
            (1, 1): [1, 0, 0],
            (1, 3): [1, 0, 0],
            (2, 1): [0, 1, 0],
            (2, 0): [1, 0, 0],
        },
    )


def test_quarters_are_times_that_somebody_had() -> None:
    """The lower one of two in the middle; nobody has none."""
    assert [quarter([1, 2, 3, 4], q) for q in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert (quarter([7.0], 1), quarter([], 2)) == (7.0, None)

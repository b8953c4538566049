"""When time alone moves somebody next.

Between two jumps (a window of a condition closes, something dated in the future comes to pass) only
scores move. So from jump to jump: look for the first second at which a score crosses a mark that
counts for this person, evaluate there, and at the jump itself; the first evaluation that differs is
the answer. What crosses nothing costs nothing.

The answer is exact, whatever the signs of the points. Only a score that grazes a threshold for so
long that the search gives up yields an early second; never a late one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, inf

from stagesync.domain.curve import crossings, curve_of
from stagesync.domain.state import State
from stagesync.domain.subject import Mark, Subject

HORIZON_S = 253_402_300_799
"""The last second of the year 9999: what lies beyond has no date."""


def recheck_at(subject: Subject, state: State) -> float | None:
    """The first whole second after the state's instant that gives another position.

    Args:
        state: placed; it is used up.
    """
    held = list(state.levels)
    state.previous = held
    while True:
        jump = _next_jump(subject, state)
        marks = _marks_in_play(subject, state)
        last = HORIZON_S if jump is None else min(jump - 1, HORIZON_S)
        crossing = _first_crossing(subject, state, marks, last) if marks else None
        if crossing is not None:
            before, second = crossing
            if second - before > 1:
                return float(before + 1)
        elif jump is None or jump > HORIZON_S:
            return None
        else:
            second = jump
        state = _advance(subject, state, second, is_quiet=not marks)
        if state.levels != held:
            return float(second)


def _advance(subject: Subject, state: State, second: int, *, is_quiet: bool) -> State:
    """The state at a later second; without events and marks in play no number needs computing."""
    if is_quiet and not state.is_early and not state.facts.deals:
        state.now = float(second)
    else:
        state = subject.again(state, float(second))
    subject.place(state)
    return state


def _next_jump(subject: Subject, state: State) -> int | None:
    """The next whole second at which something comes to pass or a condition's window has closed."""
    now, latest = state.now, state.latest
    closing, newest, window_s = inf, inf, 0.0
    for _, signal, width_s in subject.windows:
        last_s = latest[signal]
        if last_s >= now - width_s and last_s + width_s < closing:
            closing, newest, window_s = last_s + width_s, last_s, width_s
    jump: float = inf if closing == inf else _first_second_outside(newest, window_s)
    if state.is_early:
        for happened in state.instants.values():
            for at_s in happened:
                if now < at_s < jump:
                    jump = ceil(at_s)
    for deal in state.facts.deals:
        if deal.at_s is not None and now < deal.at_s < jump:
            jump = ceil(deal.at_s)
    return None if jump == inf else int(jump)


def _first_second_outside(at_s: float, window_s: float) -> int:
    second = floor(at_s + window_s) + 1
    return second if at_s < second - window_s else second + 1


def _marks_in_play(subject: Subject, state: State) -> list[tuple[Mark, float]]:
    """(mark, value of the score's own sum at which it turns) of marks that time could cross."""
    found = []
    for mark in subject.marks:
        score = mark.score
        value = mark.keep if state.previous[mark.axis] >= mark.level else mark.enter
        if subject.scoring.at_least[score] >= value:
            continue
        if mark.cannot_reach:
            value -= subject.gains[score](state)
        if state.raws[score] >= value or subject.can_rise(score, state):
            found.append((mark, value))
    return found


def _first_crossing(
    subject: Subject, state: State, marks: Sequence[tuple[Mark, float]], last: int
) -> tuple[int, int] | None:
    """(last second before, first second after) the first crossing until `last`."""
    start = floor(state.now)
    if last <= start:
        return None
    is_plain = len(marks) == 1 and not subject.can_rise(marks[0][0].score, state)
    if is_plain and _stays(subject, state, last):
        return None
    found = []
    for score in {mark.score for mark, _ in marks}:
        curve = curve_of(subject.scoring, score, state)
        values = [value for mark, value in marks if mark.score == score]
        first = next(crossings(curve, values, start, last, width=1), None)
        found.extend([] if first is None else [(int(first[0]), int(first[1]))])
    if not found and is_plain:
        # Two orders of addition disagree in the last digit: the crossing is here and now.
        return (start, start + 1)
    return min(found, key=lambda each: (each[1], each[0]), default=None)


def _stays(subject: Subject, state: State, last: int) -> bool:
    """The position is still held at the end.

    With one mark in play and a score that only falls, it is then held all the way.
    """
    end = subject.again(state, float(last))
    subject.place(end)
    return end.levels == state.previous

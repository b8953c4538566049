"""Levels that remember, made independent of when anybody looks.

A level with memory is entered at one score and kept down to a lower one, so what holds now depends
on the path. The path is the score through all of time, not the moments at which runs happened. So
after a gap the levels are placed at every instant at which they could have moved:

- where something happened, just before it (all that faded until then) and at it;
- just after a window closed;
- where scores cross thresholds in between, when more than one threshold is crossed, or when a
  score can rise by itself, since then the ends of the interval do not tell its inside.

Most people need none of this: unless a score lies between the two thresholds of a level now, the
past makes no difference. For the others the path is read backwards to the last instant at which it
made none, then placed forwards from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf, nextafter

from stagesync.domain.curve import crossings, curve_of
from stagesync.domain.state import NEVER, State
from stagesync.domain.subject import Subject

WIDTH_S = 0.01
"""How closely a crossing between two events is placed; seconds."""


def remembers(subject: Subject, state: State) -> bool:
    """Whether it matters which levels were held before."""
    totals = state.totals
    return any(mark.keep <= totals[mark.score] < mark.enter for mark in subject.memory)


def levels_before(subject: Subject, *, since_s: float, state: State) -> Sequence[int]:
    """The levels held when the state's instant comes.

    Args:
        since_s: instant of the last placement; minus infinite when there was none.
        state: measured; its `previous` are the levels held at `since_s`.
    """
    anchor, path = _path(subject, since_s=since_s, state=state)
    levels = state.previous
    last = anchor
    for moment in path:
        for between in _between(subject, last=last, moment=moment):
            levels = _placed(subject, between, levels)
        if moment is not state:
            levels = _placed(subject, moment, levels)
        last = moment
    return levels


def _placed(subject: Subject, state: State, levels: Sequence[int]) -> Sequence[int]:
    state.previous = levels
    subject.place(state)
    return state.levels


def _path(subject: Subject, *, since_s: float, state: State) -> tuple[State | None, list[State]]:
    """Where the path starts with levels known, and the states to place from there, in order.

    There is no such start when the first state of the path needs no memory, or nothing came before.
    """
    path = [state]
    for moment in reversed(_moments(subject, state, since_s=since_s)):
        earlier = subject.again(state, moment)
        path.append(earlier)
        if not remembers(subject, earlier):
            return None, path[::-1]
    anchor = None
    if since_s > NEVER:
        anchor = subject.again(state, since_s)
    return anchor, path[::-1]


def _moments(subject: Subject, state: State, *, since_s: float) -> list[float]:
    """Instants after `since_s` and before the state's, on both sides of every jump."""
    moments: set[float] = set()
    for jump in _jumps(subject, state):
        if since_s < jump <= state.now:
            moments.update((jump, nextafter(jump, NEVER)))
    return sorted(moment for moment in moments if since_s < moment < state.now)


def _jumps(subject: Subject, state: State) -> Iterator[float]:
    """Instants from which something counts, or no longer does."""
    instants = state.instants
    for happened in instants.values():
        yield from happened
    for deal in state.facts.deals:
        if deal.at_s is not None:
            yield deal.at_s
    for types, _, window_s in subject.windows:
        happened = sorted(at_s for kind in types for at_s in instants.get(kind, ()))
        for at_s, following_s in pairwise([*happened, inf]):
            if following_s > at_s + window_s:
                yield _just_outside(at_s, window_s)
    for decay in subject.scoring.decays:
        if decay.points < 0:
            for kind in decay.types:
                for at_s in instants.get(kind, ()):
                    yield _just_outside(at_s, decay.window_s)


def _just_outside(at_s: float, window_s: float) -> float:
    """The first instant at which an activity is older than its window."""
    moment = nextafter(at_s + window_s, inf)
    while moment < inf and at_s >= moment - window_s:
        moment = nextafter(moment, inf)
    return moment


def _between(subject: Subject, *, last: State | None, moment: State) -> Iterator[State]:
    """States between two instants, nothing happening between them, where levels could move."""
    if last is None or nextafter(last.now, inf) >= moment.now:
        return
    values = {score: _values(subject, score, last) for score in {m.score for m in subject.marks}}
    if _is_plain(subject, last, moment, values=values):
        return
    found: set[float] = set()
    for score, turning in values.items():
        curve = curve_of(subject.scoring, score, last)
        for interval in crossings(curve, turning, last.now, moment.now, width=WIDTH_S):
            found.update(interval)
    for now in sorted(found - {last.now, moment.now}):
        yield subject.again(last, now)


def _is_plain(
    subject: Subject, last: State, moment: State, *, values: Mapping[int, Sequence[float]]
) -> bool:
    """Scores only fall and cross at most one mark, so that the end tells what happened inside."""
    turns = 0
    for score, turning in values.items():
        if subject.can_rise(score, last):
            return False
        before, after = last.raws[score], moment.raws[score]
        turns += sum([(before < value) != (after < value) for value in turning])
    return turns <= 1


def _values(subject: Subject, score: int, state: State) -> list[float]:
    """Values of a score's own sum at which some condition turns."""
    values: set[float] = set()
    for mark in subject.marks:
        if mark.score == score:
            shift = subject.gains[score](state) if mark.cannot_reach else 0.0
            values.update((mark.enter - shift, mark.keep - shift))
    return sorted(values)

"""A score over time, between two events.

While nothing happens, what was earned fades: points given only fall, points taken only rise back.
So a score is the sum of a falling and a rising part, and between two instants it lies between
`falling(end) + rising(start)` and `falling(start) + rising(end)`. That is enough to find every
crossing of a threshold by halving intervals, and for a score that only falls it is plain bisection.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp2

from stagesync.domain.scoring import Decay, Scoring
from stagesync.domain.state import Instants, State

EFFORT = 4_000
"""Intervals looked at in one search; only a score that grazes a threshold for weeks needs more."""


@dataclass(frozen=True, slots=True)
class Part:
    """The activities of one rule.

    Attributes:
        instants: oldest first.
        weights: weights[i] is what instants[i:] weigh together at the newest of them.
    """

    decay: Decay
    instants: Sequence[float]
    weights: Sequence[float]

    def at(self, now: float) -> float:
        """The rule's sum within floor and cap, at an instant not before the newest activity."""
        first = bisect_left(self.instants, now - self.decay.window_s)
        if first == len(self.instants):
            return self.decay.bounded(0.0)
        faded = exp2((self.instants[-1] - now) * self.decay.rate)
        return self.decay.bounded(self.decay.points * self.weights[first] * faded)


@dataclass(frozen=True, slots=True)
class Curve:
    """One score from an instant on, as if nothing more happened.

    Attributes:
        still: points that do not move.
        earned: rules that give points: their sums fall.
        taken: rules that take points: their sums rise back.
    """

    still: float
    earned: tuple[Part, ...]
    taken: tuple[Part, ...]

    def falling(self, now: float) -> float:
        """The part of the score that never rises."""
        return self.still + sum([part.at(now) for part in self.earned])

    def rising(self, now: float) -> float:
        """The part of the score that never falls."""
        return sum([part.at(now) for part in self.taken])


def curve_of(scoring: Scoring, score: int, state: State) -> Curve:
    """The curve of a score from a state on."""
    still = sum([points for points, holds in scoring.fact_rules[score] if holds(state)])
    parts = [
        _part(decay, state.instants, state.now) for decay in scoring.decays if decay.score == score
    ]
    return Curve(
        still=still,
        earned=tuple(part for part in parts if part.decay.points > 0),
        taken=tuple(part for part in parts if part.decay.points < 0),
    )


def _part(decay: Decay, instants: Instants, now: float) -> Part:
    edge_s = now - decay.window_s
    happened = sorted(
        at_s for kind in decay.types for at_s in instants.get(kind, ()) if edge_s <= at_s <= now
    )
    if not happened:
        return Part(decay, (), ())
    newest = happened[-1]
    weights = [exp2((at_s - newest) * decay.rate) for at_s in reversed(happened)]
    return Part(decay, happened, list(accumulate(weights))[::-1])


def crossings(
    curve: Curve, marks: Sequence[float], start: float, end: float, *, width: float
) -> Iterator[tuple[float, float]]:
    """Intervals between `start` and `end` in which the curve may cross a mark, in order of time.

    Between the intervals it crosses none. With whole seconds as bounds and a width of 1 the
    intervals are (last second before, first second after).

    Args:
        marks: values; the curve crosses one when it reaches it or ceases to.
        width: length of an interval; a longer one means that the search was given up there, and
            anything may happen from its start on.
    """
    pending = [
        (
            start,
            end,
            curve.falling(start),
            curve.rising(start),
            curve.falling(end),
            curve.rising(end),
        )
    ]
    effort = 0
    while pending:
        start, end, fall_0, rise_0, fall_1, rise_1 = pending.pop()
        low, high = fall_1 + rise_0, fall_0 + rise_1
        if not any(low < mark <= high for mark in marks):
            continue
        middle = (start + end) // 2 if width == 1 else (start + end) / 2
        effort += 1
        if end - start <= width or not start < middle < end or effort > EFFORT:
            yield start, end
            continue
        fall, rise = curve.falling(middle), curve.rising(middle)
        pending.append((middle, end, fall, rise, fall_1, rise_1))
        pending.append((start, middle, fall_0, rise_0, fall, rise))

"""The course of scores over time, as facts and activities are known now: every point is exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from stagesync.domain.compile import CompiledPolicy
from stagesync.domain.condition import ScoreAtLeast
from stagesync.domain.facts import Facts
from stagesync.domain.kleene import leaves
from stagesync.domain.state import DAY_S, Instants
from stagesync.domain.timeline import instants_by_type

EVEN = 120
"""Instants at even distances; those at which something happens come besides."""

EVENTS = 120
"""Of what happened, so many of the newest have instants of their own."""

BACK_S = 730 * DAY_S
BEYOND_S = 28 * DAY_S
AHEAD_S = 400 * DAY_S
"""How far back a course goes, how far beyond what is coming, and how far ahead at most."""

JUST_BEFORE_S = 1.0
"""A step has two points: the score a second before, and at the instant."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a score lifts somebody to a level, while the level's other conditions hold.

    Attributes:
        keep: points that keep the level; the same as `enter` where it remembers nothing.
    """

    axis: str
    level: str
    enter: float
    keep: float


@dataclass(frozen=True, slots=True)
class Course:
    """One score over time.

    Attributes:
        points: (Unix seconds, score), oldest first.
        thresholds: lowest first.
    """

    score: str
    points: tuple[tuple[float, float], ...]
    thresholds: tuple[Threshold, ...]


def courses_of(
    compiled: CompiledPolicy, facts: Facts, *, now_s: float, coming_s: float | None
) -> tuple[Course, ...]:
    """The course of each of a person's scores that time moves, from the first activity that counts in it.

    Args:
        coming_s: when time alone moves them next; shown, unless it lies too far ahead.
    """
    subject = compiled.person
    instants = instants_by_type(facts.activities, subject.same_event)
    end_s = min(max(now_s, coming_s or 0.0) + BEYOND_S, now_s + AHEAD_S)
    found = []
    for place, name in enumerate(subject.scores):
        events = sorted(_events(compiled, place, instants, now_s=now_s))
        if not events:
            continue
        start_s = max(events[0][0], now_s - BACK_S)
        times = _times(events, start_s=start_s, end_s=end_s, also=(now_s, coming_s or now_s))
        nothing = subject.numbers(None)
        points = tuple(
            (at_s, subject.measure(facts, instants, at_s, previous=nothing).totals[place])
            for at_s in times
        )
        found.append(Course(name, points, thresholds_of(compiled, name)))
    return tuple(found)


def thresholds_of(compiled: CompiledPolicy, score: str) -> tuple[Threshold, ...]:
    """Where a person's score lifts them to a level, lowest first."""
    found = {
        Threshold(
            axis.name,
            level.name,
            leaf.threshold,
            leaf.threshold if leaf.keep_at is None else leaf.keep_at,
        )
        for axis in compiled.policy.axes
        for level in axis.levels
        for leaf in leaves(level.when)
        if isinstance(leaf, ScoreAtLeast) and leaf.score == score
    }
    return tuple(sorted(found, key=lambda each: (each.enter, each.axis, each.level)))


def _events(
    compiled: CompiledPolicy, score: int, instants: Instants, *, now_s: float
) -> Iterator[tuple[float, float]]:
    """(when something counts in the score from, when no longer)."""
    for decay in compiled.person.scoring.decays:
        if decay.score == score and decay.points:
            for kind in decay.types:
                for at_s in instants.get(kind, ()):
                    if at_s + decay.window_s >= now_s - BACK_S:
                        yield at_s, at_s + decay.window_s


def _times(
    events: Sequence[tuple[float, float]], *, start_s: float, end_s: float, also: Sequence[float]
) -> list[float]:
    step_s = (end_s - start_s) / EVEN
    times = {start_s + step_s * each for each in range(EVEN)} | {end_s, *also}
    for from_s, until_s in events[-EVENTS:]:
        times |= {from_s - JUST_BEFORE_S, from_s}
        if until_s < inf:
            times |= {until_s, until_s + JUST_BEFORE_S}
    return sorted(each for each in times if start_s <= each <= end_s)


def spark(points: Sequence[tuple[float, float]], width: int) -> list[float]:
    """The greatest score in each of so many equal parts of the course: a picture of it in few steps."""
    start_s, end_s = points[0][0], points[-1][0]
    span_s = (end_s - start_s) / width
    parts: Mapping[int, list[float]] = {each: [] for each in range(width)}
    for at_s, value in points:
        place = min(width - 1, int((at_s - start_s) / span_s)) if span_s else 0
        parts[place].append(value)
    found: list[float] = []
    for part in parts.values():
        found.append(max(part) if part else (found[-1] if found else 0.0))
    return found

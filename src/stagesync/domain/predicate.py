"""Conditions as functions of a `State`.

A condition is compiled once, with every name resolved to a number, and asked millions of times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from stagesync.domain.condition import (
    ActivitySeen,
    AllOf,
    AnyOf,
    Anything,
    Condition,
    DealSeen,
    FactBetween,
    FactFilled,
    FactIn,
    FactIs,
    FactRef,
    LevelIn,
    ScoreAtLeast,
    ScoreCannotReach,
    StageIn,
    Unless,
)
from stagesync.domain.facts import Value
from stagesync.domain.state import DAY_S, NEVER, TOLERANCE, State

Predicate = Callable[[State], bool]
Fact = Callable[[State], Value | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names in a condition stand for.

    Attributes:
        axes: axis -> (its number, level -> its number).
        scores: score -> its number.
        gains: per score, the points that its missing facts could still bring.
        signals: set of activity types -> its number; grows while conditions are compiled.
        axis, level: where the condition stands, for levels that remember; -1 elsewhere.
    """

    axes: Mapping[str, tuple[int, Mapping[str, int]]]
    scores: Mapping[str, int]
    gains: Sequence[Callable[[State], float]] = ()
    signals: dict[frozenset[str], int] = field(default_factory=dict)
    axis: int = -1
    level: int = -1

    def at(self, axis: int, level: int) -> Scope:
        """The same names, for the condition of one level."""
        return replace(self, axis=axis, level=level)

    def signal(self, types: frozenset[str]) -> int:
        """The number of a set of activity types."""
        return self.signals.setdefault(types, len(self.signals))


def compile_condition(condition: Condition, scope: Scope) -> Predicate:
    """A function that says whether the condition holds in a state.

    Raises:
        TypeError: a `StageIn`, which only vocabularies may use.
    """
    match condition:
        case Anything():
            return lambda _: True
        case AllOf(parts):
            return _all_of([compile_condition(part, scope) for part in parts])
        case AnyOf(parts):
            return _any_of([compile_condition(part, scope) for part in parts])
        case Unless(part):
            holds = compile_condition(part, scope)
            return lambda state: not holds(state)
        case FactIn() | FactBetween() | FactIs() | FactFilled():
            return _fact_condition(condition)
        case LevelIn():
            return _level_in(condition, scope)
        case ScoreAtLeast():
            return _score_at_least(condition, scope)
        case ScoreCannotReach():
            return _score_cannot_reach(condition, scope)
        case ActivitySeen():
            return _activity_seen(condition, scope)
        case DealSeen():
            return _deal_seen(condition)
        case StageIn():
            raise TypeError("a stage is no part of a position")


def compile_fact(fact: FactRef) -> Fact:
    """A function that fetches a fact, or None when it is missing under all its names."""
    if len(fact.names) > 1:
        return _first_present([compile_fact(FactRef((name,))) for name in fact.names])
    owner, _, key = fact.names[0].partition(".")
    if owner == "person":
        return lambda state: state.person.get(key)
    return lambda state: state.account.get(key)


def _first_present(facts: Sequence[Fact]) -> Fact:
    def fetch(state: State) -> Value | None:
        for fact in facts:
            value = fact(state)
            if value is not None:
                return value
        return None

    return fetch


def _all_of(parts: Sequence[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        one, two = parts
        return lambda state: one(state) and two(state)
    if len(parts) == 3:
        one, two, three = parts
        return lambda state: one(state) and two(state) and three(state)
    return lambda state: all(part(state) for part in parts)


def _any_of(parts: Sequence[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        one, two = parts
        return lambda state: one(state) or two(state)
    return lambda state: any(part(state) for part in parts)


def _fact_condition(condition: FactIn | FactBetween | FactIs | FactFilled) -> Predicate:
    fact = compile_fact(condition.fact)
    match condition:
        case FactIn(_, values):
            return lambda state: fact(state) in values
        case FactBetween(_, low, high):
            return _between(fact, low, high)
        case FactIs(_, expected):
            return lambda state: (fact(state) is True) is expected
        case FactFilled():
            return lambda state: fact(state) is not None


def _between(fact: Fact, low: float | None, high: float | None) -> Predicate:
    least = NEVER if low is None else low
    most = -NEVER if high is None else high

    def holds(state: State) -> bool:
        value = fact(state)
        return isinstance(value, int | float) and least <= value <= most

    return holds


def _level_in(condition: LevelIn, scope: Scope) -> Predicate:
    axis, numbers = scope.axes[condition.axis]
    levels = frozenset(numbers[level] for level in condition.levels)
    if len(levels) == 1:
        (only,) = levels
        return lambda state: state.levels[axis] == only
    return lambda state: state.levels[axis] in levels


def _score_at_least(condition: ScoreAtLeast, scope: Scope) -> Predicate:
    score = scope.scores[condition.score]
    enter = condition.threshold - TOLERANCE
    if condition.keep_at is None or scope.axis < 0:
        return lambda state: state.totals[score] >= enter
    keep = condition.keep_at - TOLERANCE
    axis, level = scope.axis, scope.level
    return lambda state: state.totals[score] >= (keep if state.previous[axis] >= level else enter)


def _score_cannot_reach(condition: ScoreCannotReach, scope: Scope) -> Predicate:
    score = scope.scores[condition.score]
    gain = scope.gains[score]
    limit = condition.threshold - TOLERANCE
    return lambda state: state.totals[score] < limit and state.raws[score] + gain(state) < limit


def _activity_seen(condition: ActivitySeen, scope: Scope) -> Predicate:
    """The latest activity decides: when it is too old or not later, no other one is better."""
    signal = scope.signal(condition.types)
    if condition.after is not None:
        return _activity_after(condition, signal)
    if condition.within_days is None:
        return lambda state: state.latest[signal] > NEVER
    window_s = condition.within_days * DAY_S
    return lambda state: state.latest[signal] >= state.now - window_s


def _activity_after(condition: ActivitySeen, signal: int) -> Predicate:
    fact = compile_fact(condition.after or FactRef(()))
    window_s = -NEVER if condition.within_days is None else condition.within_days * DAY_S

    def holds(state: State) -> bool:
        after = fact(state)
        latest = state.latest[signal]
        return isinstance(after, int | float) and latest > after and latest >= state.now - window_s

    return holds


def _deal_seen(condition: DealSeen) -> Predicate:
    statuses, least = condition.statuses, condition.at_least
    if len(statuses) == 1:
        (only,) = statuses
        return lambda state: state.deals.get(only, 0) >= least
    return lambda state: sum([state.deals.get(status, 0) for status in statuses]) >= least

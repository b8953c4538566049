"""A person's, or an account's, scores and axes as functions: facts in, position out, at one instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from stagesync.domain.condition import Condition, LevelIn, ScoreAtLeast, ScoreCannotReach
from stagesync.domain.facts import Facts
from stagesync.domain.kleene import leaves
from stagesync.domain.policy import AccountAxis, ActivityRule, Axis, Follows, SameEvent, Score
from stagesync.domain.predicate import Predicate, Scope, compile_condition
from stagesync.domain.scoring import Scoring, compile_gain, compile_scores
from stagesync.domain.state import NEVER, TOLERANCE, Instants, State
from stagesync.domain.timeline import deals_at
from stagesync.domain.windows import signal_windows

Rungs = tuple[tuple[int, Predicate], ...]
"""Levels above the lowest, highest first: (level number, whether it holds)."""

REMEMBERED = 50_000
"""Positions whose level names are kept; a policy rarely has more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place where a condition on a moving score changes its mind.

    Attributes:
        score: number of the score, which has activity rules.
        enter: the score reaches this or does not; tolerance taken off.
        keep: the same for who holds the level; equal to `enter` without memory.
        axis, level: where the condition stands.
        cannot_reach: the points that missing facts could bring are added to the score first.
    """

    score: int
    enter: float
    keep: float
    axis: int
    level: int
    cannot_reach: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of subject, compiled.

    Attributes:
        scope: what names in its conditions stand for.
        own: how its level on each axis follows.
        axes: axis names, in the policy's order; a position's number of an axis is its place here.
        levels: per axis, its level names, lowest first.
        scores: score names.
        scoring: how scores are computed.
        gains: per score, the points that missing facts could bring.
        ladder: (axis number, its rungs, follows its people), in the order of dependency.
        marks: conditions on scores that time moves.
        memory: the marks whose level remembers.
        windows: (types, signal number, window in seconds) of conditions on activities.
        taking: per score, activity types that take points away.
        same_event: which events two CRMs may both tell.
        signals: number of sets of activity types.
    """

    scope: Scope
    own: tuple[AccountAxis, ...]
    axes: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    scores: tuple[str, ...]
    scoring: Scoring
    gains: tuple[Callable[[State], float], ...]
    ladder: tuple[tuple[int, Rungs, bool], ...]
    marks: tuple[Mark, ...]
    memory: tuple[Mark, ...]
    windows: tuple[tuple[frozenset[str], int, float], ...]
    taking: tuple[frozenset[str], ...]
    same_event: SameEvent
    signals: int
    _positions: dict[tuple[int, ...], dict[str, str]] = field(default_factory=dict, repr=False)

    def measure(
        self,
        facts: Facts,
        instants: Instants,
        now: float,
        *,
        previous: Sequence[int],
        people: Sequence[int] = (),
    ) -> State:
        """Scores, signals and deals at an instant; levels are still the lowest."""
        state = State(
            now,
            facts,
            instants,
            previous=previous,
            people=people,
            latest=[NEVER] * self.signals,
            raws=[0.0] * len(self.scores),
            levels=[0] * len(self.axes),
        )
        scoring = self.scoring
        scoring.add_facts(state)
        if instants or scoring.resting:
            scoring.add_activities(state)
        scoring.bound(state)
        if facts.deals:
            state.deals = deals_at(facts.deals, now)
        return state

    def again(self, state: State, now: float) -> State:
        """The same facts, measured at another instant."""
        return self.measure(
            state.facts, state.instants, now, previous=state.previous, people=state.people
        )

    def place(self, state: State) -> None:
        """Fill the levels: on each axis the highest one that holds."""
        levels = state.levels
        for axis, rungs, follows_people in self.ladder:
            reached = 0
            for level, holds in rungs:
                if holds(state):
                    reached = level
                    break
            levels[axis] = max(reached, state.people[axis]) if follows_people else reached

    def can_rise(self, score: int, state: State) -> bool:
        """Whether points taken from a score may come back by time alone."""
        return not self.taking[score].isdisjoint(state.instants)

    def numbers(self, position: Mapping[str, str] | None) -> list[int]:
        """Level number per axis; an axis or level that is not known is at its lowest."""
        if not position:
            return [0] * len(self.axes)
        return [
            names.index(position[axis]) if position.get(axis) in names else 0
            for axis, names in zip(self.axes, self.levels, strict=True)
        ]

    def position(self, numbers: Sequence[int]) -> dict[str, str]:
        """Level name per axis."""
        key = tuple(numbers)
        known = self._positions.get(key)
        if known is None:
            named = zip(self.axes, self.levels, numbers, strict=True)
            known = {axis: names[number] for axis, names, number in named}
            if len(self._positions) < REMEMBERED:
                self._positions[key] = known
        return known.copy()


def compile_subject(
    scores: Sequence[Score],
    own: Sequence[AccountAxis],
    *,
    axes: Sequence[Axis],
    same_event: SameEvent,
    known_types: frozenset[str],
    question: Condition,
) -> tuple[Subject, Predicate]:
    """A subject whose level on each axis follows as `own` says, and one more question about it.

    Args:
        axes: the policy's; they give names and order to levels.
        question: a condition to be asked when the levels are filled.
    """
    scope = _scope(scores, axes)
    answer = compile_condition(question, scope)
    ladder = _ladder(own, scope)
    marks = _marks(scores, own, scope)
    scoring = compile_scores(scores, scope, known_types=known_types)
    subject = Subject(
        scope=scope,
        own=tuple(own),
        axes=tuple(axis.name for axis in axes),
        levels=tuple(axis.level_names for axis in axes),
        scores=tuple(score.name for score in scores),
        scoring=scoring,
        gains=tuple(scope.gains),
        ladder=ladder,
        marks=marks,
        memory=tuple(mark for mark in marks if mark.keep < mark.enter),
        windows=signal_windows(
            (level.when for axis in own for level in axis.levels), scope.signals
        ),
        taking=tuple(_taking(score) for score in scores),
        same_event=same_event,
        signals=len(scope.signals),
    )
    return subject, answer


def _scope(scores: Sequence[Score], axes: Sequence[Axis]) -> Scope:
    gains: list[Callable[[State], float]] = []
    scope = Scope(
        axes={
            axis.name: (place, {name: level for level, name in enumerate(axis.level_names)})
            for place, axis in enumerate(axes)
        },
        scores={score.name: place for place, score in enumerate(scores)},
        gains=gains,
    )
    gains.extend(compile_gain(score, scope) for score in scores)
    return scope


def dependencies(axis: Axis | AccountAxis) -> set[str]:
    """Axes whose levels the conditions of this axis name."""
    return {
        leaf.axis
        for level in axis.levels
        for leaf in leaves(level.when)
        if isinstance(leaf, LevelIn)
    }


def in_order(axes: Sequence[Axis] | Sequence[AccountAxis]) -> list[str]:
    """Axis names such that each comes after those it depends on.

    Raises:
        graphlib.CycleError: axes depend on one another in a circle.
    """
    return list(TopologicalSorter({axis.name: dependencies(axis) for axis in axes}).static_order())


def _ladder(own: Sequence[AccountAxis], scope: Scope) -> tuple[tuple[int, Rungs, bool], ...]:
    by_name = {axis.name: axis for axis in own}
    ladder = []
    for name in in_order(own):
        place, numbers = scope.axes[name]
        axis = by_name[name]
        rungs = [
            (
                numbers[level.name],
                compile_condition(level.when, scope.at(place, numbers[level.name])),
            )
            for level in axis.levels
            if numbers[level.name] > 0
        ]
        rungs.sort(key=lambda rung: -rung[0])
        ladder.append((place, tuple(rungs), axis.follows is not Follows.OWN))
    return tuple(ladder)


def _marks(scores: Sequence[Score], own: Sequence[AccountAxis], scope: Scope) -> tuple[Mark, ...]:
    marks = []
    for axis in own:
        place, numbers = scope.axes[axis.name]
        for level in axis.levels:
            for leaf in leaves(level.when):
                if isinstance(leaf, ScoreAtLeast | ScoreCannotReach):
                    enter = leaf.threshold - TOLERANCE
                    keep_at = leaf.keep_at if isinstance(leaf, ScoreAtLeast) else None
                    marks.append(
                        Mark(
                            score=scope.scores[leaf.score],
                            enter=enter,
                            keep=enter if keep_at is None else keep_at - TOLERANCE,
                            axis=place,
                            level=numbers[level.name],
                            cannot_reach=isinstance(leaf, ScoreCannotReach),
                        )
                    )
    return tuple(mark for mark in marks if _moves(scores[mark.score]))


def _moves(score: Score) -> bool:
    return any(isinstance(rule, ActivityRule) and rule.points for rule in score.rules)


def _taking(score: Score) -> frozenset[str]:
    rules = [rule for rule in score.rules if isinstance(rule, ActivityRule) and rule.points < 0]
    return frozenset().union(*(rule.types for rule in rules))

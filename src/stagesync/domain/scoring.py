"""Scores as functions of facts and instants.

An activity type leads to a `Slot`: the rules it feeds and the signals it gives. So one walk over a
person's types, not over the policy's rules, yields every sum and every signal.

A rule adds points x 0.5 ^ (age / half-life) for each activity in its window, the edge included, and
holds the sum between its floor and its cap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp2, inf

from stagesync.domain.condition import (
    Condition,
    FactBetween,
    FactFilled,
    FactIn,
    FactIs,
)
from stagesync.domain.kleene import Truth, judge
from stagesync.domain.policy import ActivityRule, FactRule, Score
from stagesync.domain.predicate import Predicate, Scope, compile_condition, compile_fact
from stagesync.domain.state import DAY_S, NEVER, State


@dataclass(frozen=True, slots=True)
class Decay:
    """One activity rule, ready to compute.

    Attributes:
        score: number of its score.
        points: for one activity of age zero.
        window_s: seconds, the edge included; infinite means ever.
        rate: halvings per second; 0 means no fading.
        floor, cap: bounds of the sum.
        types: activity types that share it.
    """

    score: int
    points: float
    window_s: float
    rate: float
    floor: float
    cap: float
    types: frozenset[str]

    def bounded(self, total: float) -> float:
        """The sum within floor and cap; the floor wins."""
        return max(self.floor, min(self.cap, total))


@dataclass(frozen=True, slots=True)
class Slot:
    """What one activity type feeds.

    Attributes:
        signals: numbers of the sets of types that it belongs to.
        rules: (rule number, points, window_s, rate).
    """

    signals: tuple[int, ...]
    rules: tuple[tuple[int, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Scoring:
    """All scores of one kind of subject.

    Attributes:
        fact_rules: per score, (points, whether it holds) of rules that give points.
        decays: every activity rule; its place is its number.
        resting: rule number -> 0.0 for rules that are not zero without activities.
        at_least: per score, its lower bound; minus infinite means none.
        bounds: (score number, lower bound) of the scores that have one.
        slots: activity type -> what it feeds; every type that the policy knows.
    """

    fact_rules: tuple[tuple[tuple[float, Predicate], ...], ...]
    decays: tuple[Decay, ...]
    resting: Mapping[int, float]
    at_least: tuple[float, ...]
    bounds: tuple[tuple[int, float], ...]
    slots: Mapping[str, Slot]

    def add_facts(self, state: State) -> None:
        """Add the points of fact rules."""
        raws = state.raws
        for score, rules in enumerate(self.fact_rules):
            for points, holds in rules:
                if holds(state):
                    raws[score] += points

    def add_activities(self, state: State) -> None:
        """Add the points of activity rules, note signals and what lies ahead."""
        raws, decays = state.raws, self.decays
        for rule, total in self._sums(state).items():
            decay = decays[rule]
            # Comparing takes a third of the time of min and max.
            if total < decay.floor:
                raws[decay.score] += decay.floor
            elif total > decay.cap:
                raws[decay.score] += decay.cap
            else:
                raws[decay.score] += total

    def _sums(self, state: State) -> dict[int, float]:
        """Rule number -> sum of its activities.

        The loop that the speed of the whole evaluation hangs on: one body, few calls.
        """
        now, latest, slots = state.now, state.latest, self.slots
        sums = dict(self.resting)
        for kind, instants in state.instants.items():
            slot = slots.get(kind)
            if slot is None:
                state.unknown |= {kind}
                continue
            happened, newest = instants, max(instants) if instants else NEVER
            if newest > now:
                state.is_early = True
                happened = [at_s for at_s in instants if at_s <= now]
                newest = max(happened) if happened else NEVER
            for signal in slot.signals:
                if newest > latest[signal]:  # noqa: PLR1730 max costs twice the comparison
                    latest[signal] = newest
            for rule, points, window_s, rate in slot.rules:
                edge_s = now - window_s
                if newest < edge_s or newest == NEVER:
                    continue
                weight = 0.0
                for at_s in happened:
                    if at_s >= edge_s:
                        weight += exp2((at_s - now) * rate)
                sums[rule] = sums.get(rule, 0.0) + points * weight
        return sums

    def bound(self, state: State) -> None:
        """Lift each score to its lower bound."""
        for score, least in self.bounds:
            if state.raws[score] < least:
                state.totals = list(state.totals)
                state.totals[score] = least


def compile_scores(
    scores: Sequence[Score], scope: Scope, *, known_types: frozenset[str]
) -> Scoring:
    """Scores ready to compute, when every condition of the policy is compiled.

    Args:
        scope: has numbered every signal.
        known_types: types that are no surprise, beyond those of rules and signals.
    """
    rules = [
        (place, rule)
        for place, score in enumerate(scores)
        for rule in score.rules
        if isinstance(rule, ActivityRule)
    ]
    decays = tuple(_decay(rule, place) for place, rule in rules)
    at_least = tuple(-inf if score.at_least is None else score.at_least for score in scores)
    return Scoring(
        fact_rules=tuple(_fact_rules(score, scope) for score in scores),
        decays=decays,
        resting={place: 0.0 for place, decay in enumerate(decays) if decay.bounded(0.0)},
        at_least=at_least,
        bounds=tuple((place, least) for place, least in enumerate(at_least) if least > -inf),
        slots=_slots(decays, scope, known_types),
    )


def _decay(rule: ActivityRule, score: int) -> Decay:
    return Decay(
        score=score,
        points=rule.points,
        window_s=inf if rule.within_days is None else rule.within_days * DAY_S,
        rate=0.0 if rule.half_life_days is None else 1.0 / (rule.half_life_days * DAY_S),
        floor=-inf if rule.floor is None else rule.floor,
        cap=inf if rule.cap is None else rule.cap,
        types=rule.types,
    )


def _fact_rules(score: Score, scope: Scope) -> tuple[tuple[float, Predicate], ...]:
    return tuple(
        (rule.points, compile_condition(rule.when, scope))
        for rule in score.rules
        if isinstance(rule, FactRule) and rule.points
    )


def _slots(
    decays: Sequence[Decay], scope: Scope, known_types: frozenset[str]
) -> Mapping[str, Slot]:
    types = known_types.union(*scope.signals, *(decay.types for decay in decays))
    return {
        kind: Slot(
            signals=tuple(number for group, number in scope.signals.items() if kind in group),
            rules=tuple(
                (place, decay.points, decay.window_s, decay.rate)
                for place, decay in enumerate(decays)
                if kind in decay.types and decay.points
            ),
        )
        for kind in types
    }


def compile_gain(score: Score, scope: Scope) -> Callable[[State], float]:
    """A function that says how many points missing facts could still bring to a score.

    A rule counts when it does not hold and could hold if missing facts were known. Points that
    would be lost are not counted: the question is what can be reached.
    """
    rules = [
        (rule.points, _could_gain(rule.when, scope))
        for rule in score.rules
        if isinstance(rule, FactRule) and rule.points > 0
    ]

    def gain(state: State) -> float:
        total = 0.0
        for points, could in rules:
            if could(state):
                total += points
        return total

    return gain


def _could_gain(condition: Condition, scope: Scope) -> Predicate:
    match condition:
        case FactIn(fact) | FactBetween(fact) | FactFilled(fact) | FactIs(fact, True):
            fetch = compile_fact(fact)
            return lambda state: fetch(state) is None
        case _:
            holds = compile_condition(condition, scope)
            return lambda state: not holds(state) and _could_hold(condition, scope, state)


def _could_hold(condition: Condition, scope: Scope, state: State) -> bool:
    def leaf(part: Condition) -> Truth:
        match part:
            case FactIn(fact) | FactBetween(fact) | FactFilled(fact) | FactIs(fact):
                if compile_fact(fact)(state) is None:
                    return None
        return compile_condition(part, scope)(state)

    return judge(condition, leaf) is not False

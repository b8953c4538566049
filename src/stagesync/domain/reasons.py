"""Each line of each score, in plain words.

The lines of a score sum to it: every fact rule that gives points, every activity with its faded
points, one line for each floor or cap that changes a rule's sum, one for the score's lower bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce
from math import exp2

from stagesync.domain.condition import (
    AllOf,
    AnyOf,
    Condition,
    FactBetween,
    FactFilled,
    FactIn,
    FactIs,
    FactRef,
    Unless,
)
from stagesync.domain.evaluation import Reason
from stagesync.domain.facts import Value
from stagesync.domain.policy import ActivityRule, Score
from stagesync.domain.predicate import Scope, compile_condition
from stagesync.domain.said import Said, template
from stagesync.domain.scoring import Decay, Scoring
from stagesync.domain.state import DAY_S, State

UNTOLD = frozenset(
    {"person.email", "person.first_name", "person.last_name", "person.referred_by", "person.need"}
)
"""Facts whose values may name somebody: a reason says that they are known, never what they are."""

FLOOR = template("floor {bound} of this rule; its activities sum to {sum}")
CAP = template("cap {bound} of this rule; its activities sum to {sum}")
SET, NOT_SET = template("{fact} is set"), template("{fact} is not set")

LOWER_BOUND = "lower bound"
"""Rule name of the line that lifts a score to its least value."""

EVERYBODY = Said("everybody gets it")


def reasons_of(scores: Sequence[Score], scoring: Scoring, state: State) -> tuple[Reason, ...]:
    """Every line, scores and rules in the policy's order, activities oldest first."""
    decays = iter(scoring.decays)
    lines: list[Reason] = []
    for place, score in enumerate(scores):
        held = iter([holds for _, holds in scoring.fact_rules[place]])
        for rule in score.rules:
            if isinstance(rule, ActivityRule):
                lines.extend(_activity_lines(score, rule, next(decays), state))
            elif rule.points and next(held)(state):
                lines.append(Reason(score.name, rule.name, rule.points, because(rule.when, state)))
        lift = state.totals[place] - state.raws[place]
        if lift:
            least = number(state.totals[place])
            bound = Said("{score} is never below {points}", score=score.name, points=least)
            lines.append(Reason(score.name, LOWER_BOUND, lift, bound))
    return tuple(lines)


def _activity_lines(
    score: Score, rule: ActivityRule, decay: Decay, state: State
) -> Iterator[Reason]:
    edge_s = state.now - decay.window_s
    happened = sorted(
        (at_s, kind)
        for kind in rule.types
        for at_s in state.instants.get(kind, ())
        if edge_s <= at_s <= state.now
    )
    total = 0.0
    for at_s, kind in happened if rule.points else ():
        points = rule.points * exp2((at_s - state.now) * decay.rate)
        total += points
        yield Reason(score.name, rule.name, points, _seen(kind, at_s, state.now, rule))
    bounded = decay.bounded(total)
    if bounded != total:
        told = FLOOR if bounded > total else CAP
        bound = Said(told, bound=number(bounded), sum=number(total))
        yield Reason(score.name, rule.name, bounded - total, bound)


def _seen(kind: str, at_s: float, now: float, rule: ActivityRule) -> str:
    at = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    days = number((now - at_s) / DAY_S)
    if rule.half_life_days is None:
        return Said(
            "{activity} at {at}, {days} days old, no fading", activity=kind, at=at, days=days
        )
    return Said(
        "{activity} at {at}, {days} days old, half-life {half} days",
        activity=kind,
        at=at,
        days=days,
        half=number(rule.half_life_days),
    )


def number(value: float) -> str:
    """For reading: at most four digits after the point."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _holds(condition: Condition, state: State) -> bool:
    return compile_condition(condition, _NO_NAMES)(state)


_NO_NAMES = Scope(axes={}, scores={})


def because(condition: Condition, state: State) -> str:
    """Why a condition over facts holds."""
    match condition:
        case AllOf(parts):
            return both([because(part, state) for part in parts])
        case AnyOf(parts):
            return next(because(part, state) for part in parts if _holds(part, state))
        case Unless(part):
            names = sorted(_names(part))
            told = (
                Said("{fact} is not what the rule excludes", fact=either(names)) if names else None
            )
            return told or EVERYBODY
        case FactIn(fact) | FactBetween(fact):
            return _told(fact, state)
        case FactIs(fact, expected):
            return Said(SET if expected else NOT_SET, fact=_name(fact, state))
        case FactFilled(fact):
            return Said("{fact} is known", fact=_name(fact, state))
        case _:
            return EVERYBODY


def _told(fact: FactRef, state: State) -> str:
    name = _name(fact, state)
    if name in UNTOLD:
        return Said("{fact} is one of the rule's", fact=name)
    value = _value(name, state)
    told = number(value) if isinstance(value, float) else str(value)
    return Said("{fact} is {value}", fact=name, value=told)


def both(parts: Sequence[str]) -> str:
    """Several of them hold."""
    return reduce(lambda one, other: Said("{one} and {other}", one=one, other=other), parts)


def either(parts: Sequence[str]) -> str:
    """One of them does."""
    return reduce(lambda one, other: Said("{one} or {other}", one=one, other=other), parts)


def _name(fact: FactRef, state: State) -> str:
    present = (name for name in fact.names if _value(name, state) is not None)
    return next(present, fact.names[0])


def _value(name: str, state: State) -> Value | None:
    owner, _, key = name.partition(".")
    return (state.person if owner == "person" else state.account).get(key)


def _names(condition: Condition) -> set[str]:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return set().union(*(_names(part) for part in parts))
        case Unless(part):
            return _names(part)
        case FactIn(fact) | FactBetween(fact) | FactIs(fact) | FactFilled(fact):
            return set(fact.names)
        case _:
            return set()

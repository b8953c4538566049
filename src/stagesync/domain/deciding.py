"""What decided each axis, in plain words: the condition of the level, or an account's people.

A level need not come from points: a flag, a deal or an activity may ask for it.
"""

from __future__ import annotations

from stagesync.domain.condition import (
    ActivitySeen,
    AllOf,
    AnyOf,
    Anything,
    Condition,
    DealSeen,
    LevelIn,
    ScoreAtLeast,
    ScoreCannotReach,
)
from stagesync.domain.evaluation import Decided
from stagesync.domain.policy import AccountAxis
from stagesync.domain.predicate import Scope, compile_condition
from stagesync.domain.reasons import because, both, either, number
from stagesync.domain.said import Said
from stagesync.domain.state import State
from stagesync.domain.subject import Subject

LOWEST = Said("nothing known asks for a higher level")
OF_PEOPLE = Said("the highest level among its people")


def deciding_of(subject: Subject, state: State) -> tuple[Decided, ...]:
    """One line per axis of a state whose levels are filled, in the policy's order."""
    own = {axis.name: axis for axis in subject.own}
    return tuple(
        Decided(axis, levels[level], _why(subject, own[axis], level, state))
        for axis, levels, level in zip(subject.axes, subject.levels, state.levels, strict=True)
    )


def _why(subject: Subject, axis: AccountAxis, level: int, state: State) -> str:
    if not level:
        return LOWEST
    place, numbers = subject.scope.axes[axis.name]
    scope = subject.scope.at(place, level)
    whens = (each.when for each in axis.levels if numbers[each.name] == level)
    held = next((when for when in whens if compile_condition(when, scope)(state)), None)
    return OF_PEOPLE if held is None else _told(held, scope, state)


def _told(condition: Condition, scope: Scope, state: State) -> str:
    match condition:
        case AllOf(parts):
            asked = [part for part in parts if not isinstance(part, Anything)]
            return both([_told(part, scope, state) for part in asked])
        case AnyOf(parts):
            held = (part for part in parts if compile_condition(part, scope)(state))
            return _told(next(held), scope, state)
        case LevelIn(axis):
            place, numbers = scope.axes[axis]
            names = {at: name for name, at in numbers.items()}
            return Said("{axis} is {level}", axis=axis, level=names[state.levels[place]])
        case ScoreAtLeast(score, threshold, keep_at):
            total = state.totals[scope.scores[score]]
            asked_for = threshold if keep_at is None or total >= threshold else keep_at
            return Said("{score} is at least {points}", score=score, points=number(asked_for))
        case ScoreCannotReach(score, threshold):
            return Said("{score} cannot reach {points}", score=score, points=number(threshold))
        case ActivitySeen(types):
            seen = sorted(types & state.instants.keys())
            return Said("{activity} took place", activity=either(seen))
        case DealSeen(statuses):
            known = sorted(statuses & state.deals.keys())
            return Said("a deal is {status}", status=either(known))
        case _:
            return because(condition, state)

"""How far back a policy looks, so that nobody fetches more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stagesync.domain.condition import ActivitySeen, Condition
from stagesync.domain.kleene import leaves
from stagesync.domain.policy import ActivityRule, Policy, SameEvent, Score
from stagesync.domain.state import DAY_S


def signal_windows(
    conditions: Iterable[Condition], signals: Mapping[frozenset[str], int]
) -> tuple[tuple[frozenset[str], int, float], ...]:
    """(types, signal number, window in seconds) of conditions on activities that a window ends."""
    found = {
        (leaf.types, signals[leaf.types], leaf.within_days * DAY_S)
        for condition in conditions
        for leaf in leaves(condition)
        if isinstance(leaf, ActivitySeen) and leaf.within_days is not None and leaf.types in signals
    }
    return tuple(sorted(found, key=lambda each: each[1:]))


def longest_windows(policy: Policy) -> Mapping[str, float | None]:
    """Activity type -> days that the policy looks back; None means for ever.

    A type that the policy never looks at is absent. Types of `same_event` get its distance on top:
    the telling that counts may lie just before the window, the other one just inside.
    """
    longest: dict[str, float | None] = {}
    for kind, days in _looks(policy):
        known = longest.get(kind, 0.0)
        longest[kind] = None if days is None or known is None else max(known, days)
    return {kind: _widened(kind, days, policy.same_event) for kind, days in longest.items()}


def _looks(policy: Policy) -> Iterable[tuple[str, float | None]]:
    for rule in _activity_rules((*policy.scores, *policy.accounts.scores)):
        for kind in rule.types:
            yield kind, rule.within_days
    for condition in all_conditions(policy):
        for leaf in leaves(condition):
            if isinstance(leaf, ActivitySeen):
                for kind in leaf.types:
                    yield kind, leaf.within_days


def _activity_rules(scores: Sequence[Score]) -> list[ActivityRule]:
    return [
        rule
        for score in scores
        for rule in score.rules
        if isinstance(rule, ActivityRule) and rule.points
    ]


def all_conditions(policy: Policy) -> Iterable[Condition]:
    """Conditions of levels, for people and accounts, and of who counts."""
    yield policy.accounts.counted
    for axis in policy.axes:
        yield from [level.when for level in axis.levels]
    for own in policy.accounts.axes:
        yield from [level.when for level in own.levels]


def _widened(kind: str, days: float | None, same_event: SameEvent) -> float | None:
    if days is None or kind not in same_event.types:
        return days
    return days + same_event.within_s / DAY_S

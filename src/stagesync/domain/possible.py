"""Which positions there can be, when nothing is known but the policy.

Facts, activities, deals and scores are unknown, levels are known. A level is possible when its
condition is not certainly false and no higher level of its axis is certainly true. So the policy's
own conditions between axes count: whoever is ready is inside and has asked for something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

from stagesync.domain.condition import Condition, LevelIn
from stagesync.domain.kleene import Truth, judge
from stagesync.domain.policy import Axis
from stagesync.domain.subject import dependencies, in_order

MOST = 1_000_000
"""Positions that are gone through one by one; more would take minutes."""


def positions(axes: Sequence[Axis], names: frozenset[str]) -> Iterator[dict[str, str]]:
    """Every combination of levels of the named axes, possible or not, in the policy's order."""
    yield from _combine([axis for axis in axes if axis.name in names], {})


def _combine(axes: Sequence[Axis], found: dict[str, str]) -> Iterator[dict[str, str]]:
    if not axes:
        yield dict(found)
        return
    for level in axes[0].level_names:
        yield from _combine(axes[1:], found | {axes[0].name: level})


def possible_positions(axes: Sequence[Axis], names: frozenset[str]) -> Iterator[dict[str, str]]:
    """Possible combinations of levels of the named axes and of those they depend on."""
    needed = with_dependencies(axes, names)
    by_name = {axis.name: axis for axis in axes}
    ordered = [by_name[name] for name in in_order(axes) if name in needed]
    yield from _extend(ordered, {})


def _extend(axes: Sequence[Axis], found: dict[str, str]) -> Iterator[dict[str, str]]:
    if not axes:
        yield dict(found)
        return
    for level in possible_levels(axes[0], found):
        yield from _extend(axes[1:], found | {axes[0].name: level})


def possible_levels(axis: Axis, levels: Mapping[str, str]) -> list[str]:
    """Levels of an axis that are possible beside these levels of the axes it depends on."""

    def leaf(condition: Condition) -> Truth:
        if isinstance(condition, LevelIn):
            return levels[condition.axis] in condition.levels
        return None

    possible: list[str] = []
    for level in reversed(axis.levels):
        truth = judge(level.when, leaf)
        if truth is not False:
            possible.append(level.name)
        if truth is True:
            break
    return possible[::-1]


def with_dependencies(axes: Sequence[Axis], names: frozenset[str]) -> frozenset[str]:
    """The names and every axis that their conditions lead to."""
    by_name = {axis.name: axis for axis in axes}
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(dependencies(by_name[name]))
    return frozenset(found)


def count_positions(axes: Sequence[Axis], names: frozenset[str]) -> int:
    """How many combinations of levels the named axes have."""
    return prod(len(axis.levels) for axis in axes if axis.name in names)


def advice(count: int, names: frozenset[str]) -> str:
    """What to say when there are too many positions to go through."""
    axes = ", ".join(sorted(names))
    return (
        f"{count:,} positions of the axes {axes} are more than the {MOST:,} that are gone through; "
        "name fewer axes in one vocabulary, or give those axes fewer levels"
    )

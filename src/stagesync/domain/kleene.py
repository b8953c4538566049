"""Three-valued reading of conditions: true, false, or None for unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from stagesync.domain.condition import AllOf, AnyOf, Anything, Condition, Unless

Truth = bool | None


def judge(condition: Condition, leaf: Callable[[Condition], Truth]) -> Truth:
    """The condition's truth, when `leaf` tells the truth of each part that has no parts."""
    match condition:
        case Anything():
            return True
        case AllOf(parts):
            return all_of(judge(part, leaf) for part in parts)
        case AnyOf(parts):
            return invert(all_of(invert(judge(part, leaf)) for part in parts))
        case Unless(part):
            return invert(judge(part, leaf))
        case _:
            return leaf(condition)


def all_of(truths: Iterable[Truth]) -> Truth:
    """False when one is false, else unknown when one is, else true."""
    known: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            known = None
    return known


def invert(truth: Truth) -> Truth:
    """The opposite; unknown stays unknown."""
    return None if truth is None else not truth


def leaves(condition: Condition) -> Iterator[Condition]:
    """Every part that has no parts, from left to right."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Unless(part):
            yield from leaves(part)
        case _:
            yield condition

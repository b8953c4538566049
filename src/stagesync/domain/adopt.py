"""What a stage that somebody set by hand says about the person's position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product

from stagesync.domain.policy import Axis

MOST_POSITIONS = 100_000
"""Positions that are tried; named axes with more are not searched."""


def overrides_for(
    wanted: str,
    position: Mapping[str, str],
    axes: Sequence[Axis],
    *,
    stage_of: Callable[[Mapping[str, str]], str],
) -> Mapping[str, str] | None:
    """The fewest levels to change so that the position is called `wanted`.

    Of several ways with as few axes, the one that changes earlier axes and takes lower levels: nothing more
    is read into the word than it says.

    Args:
        axes: those that a person's word may change, in order of preference.
        stage_of: the stage of a position, in the vocabulary of `wanted`.

    Returns:
        Axis -> level, empty when the position is called so already; None when these axes cannot
        make it so.
    """
    if _size(axes) > MOST_POSITIONS:
        return None
    for count in range(len(axes) + 1):
        for chosen in combinations(axes, count):
            for levels in product(*(_others(axis, position) for axis in chosen)):
                changed = dict(zip((axis.name for axis in chosen), levels, strict=True))
                if stage_of({**position, **changed}) == wanted:
                    return changed
    return None


def _others(axis: Axis, position: Mapping[str, str]) -> list[str]:
    return [level for level in axis.level_names if level != position[axis.name]]


def _size(axes: Sequence[Axis]) -> int:
    size = 1
    for axis in axes:
        size *= len(axis.level_names)
    return size

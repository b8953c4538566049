"""Stays: one person's history of places, told in the stages of a vocabulary.

A place is a position, by its number. A stay lasts from coming to a stage until coming to another one, however
often the place changes meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

UNTOLD = -1
"""The stage of a place whose axes or levels the definitions no longer know."""

GONE = -2
"""Where those are who stand nowhere any more: no stage, and no stay."""


class How(StrEnum):
    """How somebody came to stand where they stand."""

    ARRIVED = "arrived"
    """They were new, and were seen to come."""
    FOUND = "found"
    """They stood there when they were first seen: since when is not known."""
    MOVED = "moved"
    """What is known of them changed."""
    REDEFINED = "redefined"
    """The definitions changed, not they."""
    GONE = "gone"
    """No record is theirs any more: they became part of somebody, or were deleted."""


SEEN = frozenset({str(How.MOVED), str(How.ARRIVED)})
"""Those of them that were seen to happen at their instant."""

Row = tuple[str, float, int | None, str]
"""Of a history: whose it is, since when they stood there, the place, and how they came; no place: they are gone."""


@dataclass(frozen=True, slots=True)
class Told:
    """What places are in one vocabulary.

    Attributes:
        stages: place -> number of its stage, or `UNTOLD`.
        rungs: stage -> its place on the ladder, lowest 0; stages off it are absent.
        accepted: places at which sales took on who stands there.
    """

    stages: Mapping[int, int]
    rungs: Mapping[int, int]
    accepted: Collection[int] = frozenset()


class Stay(NamedTuple):
    """Somebody was at a stage.

    Attributes:
        since_s: when they came; Unix seconds.
        until_s: when they left; None while they are there.
        rung: on the ladder; None off it.
        was: the stage before, `GONE` included; None for the first one.
        next_rung, next_how: where they went, and how; None while they are there, or off the ladder.
        has_entered: they were seen to come, and not from above.
    """

    since_s: float
    until_s: float | None
    stage: int
    rung: int | None
    how: str
    was: int | None
    next_rung: int | None
    next_how: str | None
    has_entered: bool


def cut(history: Sequence[Row], told: Told) -> list[Stay]:
    """The stays of one person, oldest first.

    Args:
        history: oldest first.
    """
    turns: list[tuple[float, int, str]] = []
    before: int | None = None
    for _, since_s, place, how in history:
        stage = GONE if place is None else told.stages[place]
        if stage != before:
            turns.append((since_s, stage, how))
            before = stage
    rung_of = told.rungs.get
    last = len(turns) - 1
    stays = []
    was: int | None = None
    for n, (since_s, stage, how) in enumerate(turns):
        if stage != GONE:
            rung = rung_of(stage)
            low = None if was is None else rung_of(was)
            until_s, after, next_how = turns[n + 1] if n < last else (None, GONE, None)
            entered = how in SEEN and (rung is None or low is None or low < rung)
            stays.append(
                Stay(since_s, until_s, stage, rung, how, was, rung_of(after), next_how, entered)
            )
        was = stage
    return stays

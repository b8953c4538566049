"""Queries about who stood where since when: the narrow history that funnels are counted from.

A row of the history is an id, an instant and the number of a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson
from sqlalchemy import Connection, text

from stagesync.store.keys import among
from stagesync.store.places import Position, numbers


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


@dataclass(frozen=True, slots=True)
class Stand:
    """Somebody stands here from an instant on.

    Attributes:
        position: with what a person's word fixes; None when they are gone.
    """

    subject: str
    since_s: float
    position: Position | None
    how: How


def note_stands(tx: Connection, stands: Sequence[Stand]) -> None:
    """Add to the history; of two rows of one subject at one instant the later one stays."""
    if not stands:
        return
    places = numbers(tx, [each.position for each in stands])
    tx.execute(
        text(
            "INSERT INTO stood (subject, since_s, place, how)"
            " VALUES (:subject, :since_s, :place, :how)"
            " ON CONFLICT (subject, since_s) DO UPDATE SET place = excluded.place, how = excluded.how"
        ),
        [
            {
                "subject": each.subject,
                "since_s": each.since_s,
                "place": place,
                "how": str(each.how),
            }
            for each, place in zip(stands, places, strict=True)
        ],
    )


def note_gone(tx: Connection, subjects: Iterable[str], *, at_s: float) -> None:
    """They stand nowhere from now on."""
    note_stands(tx, [Stand(each, at_s, None, How.GONE) for each in subjects])


def stands_of(tx: Connection, subjects: Iterable[str]) -> dict[str, list[tuple[float, Position]]]:
    """Subject -> where they stood from which instant on, oldest first; an empty position once they are gone."""
    sql = (
        "SELECT s.subject, s.since_s, p.levels FROM stood s LEFT JOIN place p ON p.id = s.place"
        " WHERE s.subject IN :keys ORDER BY s.subject, s.since_s"
    )
    found: dict[str, list[tuple[float, Position]]] = {}
    for row in among(tx, sql, subjects):
        found.setdefault(row.subject, []).append((row.since_s, orjson.loads(row.levels or "{}")))
    return found

"""Queries about who stood where since when: the narrow history that funnels are counted from.

Positions repeat: each is kept once, as a place, and a row of the history is an id, an instant and a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson
from sqlalchemy import Connection, text

from stagesync.store.keys import among

Position = Mapping[str, str]


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
    ids = _places(tx, {_levels(each.position) for each in stands if each.position is not None})
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
                "place": None if each.position is None else ids[_levels(each.position)],
                "how": str(each.how),
            }
            for each in stands
        ],
    )


def note_gone(tx: Connection, subjects: Iterable[str], *, at_s: float) -> None:
    """They stand nowhere from now on."""
    note_stands(tx, [Stand(each, at_s, None, How.GONE) for each in subjects])


def all_places(tx: Connection) -> dict[int, Position]:
    """Number -> position, of every place that somebody ever stood in."""
    rows = tx.execute(text("SELECT id, levels FROM place"))
    return {row.id: orjson.loads(row.levels) for row in rows}


def _levels(position: Position) -> str:
    return orjson.dumps(position, option=orjson.OPT_SORT_KEYS).decode()


def _places(tx: Connection, levels: set[str]) -> dict[str, int]:
    sql = "SELECT id, levels FROM place WHERE levels IN :keys"
    found = {row.levels: row.id for row in among(tx, sql, levels)}
    fresh = sorted(levels - found.keys())
    if fresh:
        tx.execute(
            text("INSERT INTO place (levels) VALUES (:levels)"),
            [{"levels": each} for each in fresh],
        )
        found |= {row.levels: row.id for row in among(tx, sql, fresh)}
    return found


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

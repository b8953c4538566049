"""Queries about who stood where since when: the narrow history that funnels are counted from.

A row of the history is an id, an instant and the number of a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import orjson
from sqlalchemy import Connection, text

from stagesync.domain.stays import How, Row
from stagesync.store.keys import among
from stagesync.store.people import PREFIXES, Kind
from stagesync.store.places import Position, numbers


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


AT_ONCE = 5_000
"""Rows of the history that are fetched at once from a server."""

_SPAN = "SUBSTR(subject, 1, 2) = :prefix AND since_s < :before_s"


def known_since(tx: Connection, kind: Kind, *, before_s: float) -> float | None:
    """When the first of all people, or accounts, was first seen; None when nobody was before that instant."""
    sql = f"SELECT MIN(since_s) FROM stood WHERE place IS NOT NULL AND {_SPAN}"  # noqa: S608  literals
    found = tx.execute(text(sql), {"prefix": PREFIXES[kind], "before_s": before_s}).scalar()
    return None if found is None else float(found)


def histories(
    tx: Connection, kind: Kind, *, before_s: float
) -> Iterator[tuple[str, Sequence[Row]]]:
    """Everybody with their history up to an instant, oldest first; read one by one, never held together."""
    sql = text(
        f"SELECT subject, since_s, place, how FROM stood WHERE {_SPAN} ORDER BY subject, since_s"  # noqa: S608  literals
    ).execution_options(yield_per=AT_ONCE)
    with tx.execute(sql, {"prefix": PREFIXES[kind], "before_s": before_s}) as rows:
        for who, history in groupby(rows, key=itemgetter(0)):
            yield who, list(history)

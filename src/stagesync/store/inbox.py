"""Queries about what the CRMs named by webhook, until it is pulled.

A record stands here once, however often it is named. Whoever takes entries out strikes them in the
transaction that stores what came of them; one that was named again meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that waits to be read.

    Attributes:
        erased: what is known of it must go.
        times: how often it was named since it was last struck out; starts at 1.
    """

    object: str
    id: str
    erased: bool
    times: int


def note(
    tx: Connection, connection: str, named: Iterable[tuple[str, str, bool]], *, at_s: float
) -> None:
    """Keep what was named: (object, id, erased), each record once."""
    rows = [
        {"connection": connection, "object": o, "id": i, "erased": int(erased), "at_s": at_s}
        for o, i, erased in sorted(named)
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO inbox (connection, object, id, erased, times, heard_at_s)"
                " VALUES (:connection, :object, :id, :erased, 1, :at_s)"
                " ON CONFLICT (connection, object, id) DO UPDATE SET times = inbox.times + 1,"
                " erased = CASE WHEN inbox.erased = 1 THEN 1 ELSE excluded.erased END"
            ),
            rows,
        )


def waiting(tx: Connection, connection: str) -> list[Entry]:
    """What was named and not pulled yet, what came first at the head."""
    rows = tx.execute(
        text(
            "SELECT object, id, erased, times FROM inbox WHERE connection = :connection"
            " ORDER BY heard_at_s, object, id"
        ),
        {"connection": connection},
    )
    return [Entry(row.object, row.id, bool(row.erased), row.times) for row in rows]


def strike(tx: Connection, connection: str, entries: Iterable[Entry]) -> None:
    """Take out what was pulled, unless it was named again meanwhile."""
    rows = [
        {"connection": connection, "object": each.object, "id": each.id, "times": each.times}
        for each in entries
    ]
    if rows:
        tx.execute(
            text(
                "DELETE FROM inbox WHERE connection = :connection AND object = :object"
                " AND id = :id AND times = :times"
            ),
            rows,
        )


def is_any_erased(tx: Connection, connection: str) -> bool:
    """Whether somebody waits to be forgotten."""
    sql = text("SELECT 1 FROM inbox WHERE connection = :connection AND erased = 1 LIMIT 1")
    return tx.execute(sql, {"connection": connection}).first() is not None


def count_waiting(tx: Connection) -> dict[str, int]:
    """Connection -> records that wait; those without are absent."""
    rows = tx.execute(text("SELECT connection, COUNT(*) AS records FROM inbox GROUP BY connection"))
    return {row.connection: row.records for row in rows}

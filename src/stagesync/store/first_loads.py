"""Queries about first loads: which objects of a connection were read to their end once, and how far the others are.

A cursor may be forgotten and everything pulled anew; that an object was read once stays known.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """How far the first load of one object came.

    Attributes:
        records: that came; one that came again, after a page broke off, counts again.
        ended_at_s: when the last page was stored; None while it is under way.
    """

    records: int
    ended_at_s: float | None


def first_loads_of(tx: Connection, connection: str) -> dict[str, FirstLoad]:
    """Object -> how far it came; those of which nothing was read are absent."""
    rows = tx.execute(
        text("SELECT object, records, ended_at_s FROM first_load WHERE connection = :connection"),
        {"connection": connection},
    )
    return {row.object: FirstLoad(row.records, row.ended_at_s) for row in rows}


def count_page(
    tx: Connection, connection: str, object_name: str, *, records: int, ended_at_s: float | None
) -> None:
    """Note a page of a first load; call it in the transaction that stores the page.

    Args:
        ended_at_s: now, for the last page; None for any other.
    """
    tx.execute(
        text(
            "INSERT INTO first_load (connection, object, records, ended_at_s)"
            " VALUES (:connection, :object, :records, :ended_at_s)"
            " ON CONFLICT (connection, object) DO UPDATE SET"
            " records = first_load.records + excluded.records, ended_at_s = excluded.ended_at_s"
            " WHERE first_load.ended_at_s IS NULL"
        ),
        {
            "connection": connection,
            "object": object_name,
            "records": records,
            "ended_at_s": ended_at_s,
        },
    )


def begin_anew(tx: Connection, connection: str, object_name: str) -> None:
    """Count an object as never read: what is known of it is no longer what is asked for."""
    tx.execute(
        text("DELETE FROM first_load WHERE connection = :connection AND object = :object"),
        {"connection": connection, "object": object_name},
    )

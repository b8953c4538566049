"""Queries about what has grown old: records that are gone from their CRM, histories that ended, notes."""

from __future__ import annotations

from sqlalchemy import Connection, text

from stagesync.store import state
from stagesync.store.records import StoredRecord, records_where

_LOOKED_AT = "ageing.looked_at"
"""The last subject whose history was looked at."""


_TOLD_OF_NOTHING = (
    "DELETE FROM told WHERE NOT EXISTS (SELECT 1 FROM alert a WHERE a.connection = told.connection"
    " AND a.key = told.key AND a.raised_at_s = told.raised_at_s)"
)


def note_gone(tx: Connection, *, at_s: float, at_most: int) -> None:
    """From now on the time of records counts that were found gone since the last call."""
    found = "SELECT pk FROM record WHERE gone = 1 AND gone_at_s IS NULL LIMIT :most"
    sql = f"UPDATE record SET gone_at_s = :at_s WHERE pk IN ({found})"  # noqa: S608  literals
    tx.execute(text(sql), {"at_s": at_s, "most": at_most})


def gone_before(tx: Connection, before_s: float, *, at_most: int) -> list[StoredRecord]:
    """The records that have been gone longest; one that became part of another goes with that."""
    sql = text(
        "SELECT pk FROM record WHERE gone = 1 AND gone_at_s < :before_s AND merged_into = ''"
        " ORDER BY gone_at_s LIMIT :most"
    )
    rows = tx.execute(sql, {"before_s": before_s, "most": at_most})
    return records_where(tx, "pk", [row.pk for row in rows])


def records_of_connection(tx: Connection, name: str, *, at_most: int) -> list[StoredRecord]:
    """Some records of a connection."""
    sql = text("SELECT pk FROM record WHERE connection = :name LIMIT :most")
    rows = tx.execute(sql, {"name": name, "most": at_most})
    return records_where(tx, "pk", [row.pk for row in rows])


def count_of_connection(tx: Connection, name: str) -> int:
    """How many records of a connection are kept."""
    sql = text("SELECT COUNT(*) FROM record WHERE connection = :name")
    return int(tx.execute(sql, {"name": name}).scalar_one())


def next_histories(tx: Connection, *, at_most: int) -> dict[str, float]:
    """The next people and accounts that have a history, from where the last call ended -> when they last moved."""
    after = state.get_meta(tx, _LOOKED_AT) or ""
    sql = text(
        "SELECT subject, MAX(at_s) AS at_s FROM transition WHERE subject > :after"
        " GROUP BY subject ORDER BY subject LIMIT :most"
    )
    found = {row.subject: row.at_s for row in tx.execute(sql, {"after": after, "most": at_most})}
    state.set_meta(tx, _LOOKED_AT, max(found) if len(found) == at_most else "")
    return found


def drop_notes(tx: Connection, *, before_s: float, heard_before_s: float) -> None:
    """Remove old runs, alerts that ended, and what was named and never read; nobody erased is among them."""
    told = {"before_s": before_s, "heard_before_s": heard_before_s}
    for sql in (
        "DELETE FROM run WHERE started_at_s < :before_s",
        "DELETE FROM alert WHERE ended_at_s < :before_s",
        _TOLD_OF_NOTHING,
        "DELETE FROM inbox WHERE heard_at_s < :heard_before_s AND erased = 0",
    ):
        tx.execute(text(sql), told)

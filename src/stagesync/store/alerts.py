"""Queries about alerts: what a person should put right, raised once while it lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from stagesync.store.words import keep, kept


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is wrong, or was.

    Attributes:
        key: kind and thing, such as `drift:contact.title`.
        what, fix: sentences for people, see `domain.said`; never a person's data.
        ended_at_s: None while it lasts.
        seen: how often it was found, the first time included.
    """

    connection: str
    key: str
    what: str
    fix: str
    raised_at_s: float
    ended_at_s: float | None
    seen: int

    @property
    def kind(self) -> str:
        """What it is about."""
        return self.key.partition(":")[0]


def settle(
    tx: Connection, connection: str, kind: str, found: Mapping[str, tuple[str, str]], *, at_s: float
) -> tuple[list[Alert], list[Alert]]:
    """Make the standing alerts of one kind exactly those that were found now.

    Args:
        kind: the part of the key before the colon.
        found: thing -> what is wrong with it, and the fix.

    Returns:
        Those raised by this and those ended by it.
    """
    keyed = {f"{kind}:{thing}": told for thing, told in found.items()}
    before = {a.key: a for a in standing(tx, connection) if a.key.startswith(f"{kind}:")}
    ended = [each for key, each in before.items() if key not in keyed]
    raised = [
        Alert(connection, key, what, fix, at_s, None, 1)
        for key, (what, fix) in keyed.items()
        if key not in before
    ]
    _save(tx, raised)
    for each in ended:
        tx.execute(_END, {"connection": connection, "key": each.key, "at_s": at_s})
    for key in before.keys() & keyed.keys():
        what, fix = keyed[key]
        told = {"connection": connection, "key": key, "what": keep(what), "fix": keep(fix)}
        tx.execute(_AGAIN, told)
    return raised, ended


_END = text(
    "UPDATE alert SET ended_at_s = :at_s"
    " WHERE connection = :connection AND key = :key AND ended_at_s IS NULL"
)
_AGAIN = text(
    "UPDATE alert SET seen = seen + 1, what = :what, fix = :fix"
    " WHERE connection = :connection AND key = :key AND ended_at_s IS NULL"
)


def _save(tx: Connection, raised: list[Alert]) -> None:
    # One that ended and came back within the same instant goes on as the old one.
    sql = text(
        "INSERT INTO alert (connection, key, what, fix, raised_at_s, ended_at_s, seen)"
        " VALUES (:connection, :key, :what, :fix, :at_s, NULL, 1)"
        " ON CONFLICT (connection, key, raised_at_s) DO UPDATE SET ended_at_s = NULL,"
        " what = excluded.what, fix = excluded.fix, seen = alert.seen + 1"
    )
    for each in raised:
        values = {"connection": each.connection, "key": each.key, "what": keep(each.what)}
        tx.execute(sql, values | {"fix": keep(each.fix), "at_s": each.raised_at_s})


def standing(tx: Connection, connection: str) -> list[Alert]:
    """What is wrong with a connection now, oldest first."""
    sql = (
        "SELECT * FROM alert WHERE connection = :connection AND ended_at_s IS NULL"
        " ORDER BY raised_at_s, key"
    )
    return [read_alert(row) for row in tx.execute(text(sql), {"connection": connection})]


def stands(tx: Connection, kind: str) -> bool:
    """Whether an alert of this kind stands, of any connection."""
    sql = text("SELECT 1 FROM alert WHERE ended_at_s IS NULL AND key LIKE :kind LIMIT 1")
    return tx.execute(sql, {"kind": f"{kind}:%"}).scalar() is not None


def all_standing(tx: Connection) -> list[Alert]:
    """Everything that is wrong now, oldest first."""
    sql = "SELECT * FROM alert WHERE ended_at_s IS NULL ORDER BY raised_at_s, connection, key"
    return [read_alert(row) for row in tx.execute(text(sql))]


def last_ended(tx: Connection, *, most: int) -> list[Alert]:
    """What was wrong last, the newest end first."""
    sql = text(
        "SELECT * FROM alert WHERE ended_at_s IS NOT NULL"
        " ORDER BY ended_at_s DESC, connection, key LIMIT :most"
    )
    return [read_alert(row) for row in tx.execute(sql, {"most": most})]


def count_standing(tx: Connection) -> int:
    """How much is wrong now."""
    sql = text("SELECT COUNT(*) FROM alert WHERE ended_at_s IS NULL")
    return int(tx.execute(sql).scalar_one())


def all_alerts(tx: Connection, connection: str) -> list[Alert]:
    """Every alert of a connection, those that ended included, oldest first."""
    sql = "SELECT * FROM alert WHERE connection = :connection ORDER BY raised_at_s, key"
    return [read_alert(row) for row in tx.execute(text(sql), {"connection": connection})]


def read_alert(row: Row[Any]) -> Alert:
    """A row of the table."""
    return Alert(
        connection=row.connection,
        key=row.key,
        what=kept(row.what),
        fix=kept(row.fix),
        raised_at_s=row.raised_at_s,
        ended_at_s=row.ended_at_s,
        seen=row.seen,
    )

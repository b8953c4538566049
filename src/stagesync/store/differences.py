"""Queries about wanted values that do not stand in a CRM, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import among, texts


@dataclass(frozen=True, slots=True)
class StoredDifference:
    """A wanted value that does not stand in a CRM, and why; `words` are the vendor's.

    Attributes:
        until_s: the instant from which it is planned again; None when nothing but a change ends it.
    """

    record_pk: int
    field: str
    wanted: Any
    current: Any
    reason: str
    words: str = ""
    until_s: float | None = None


def save_differences(
    tx: Connection, planned: Iterable[int], rows: Iterable[StoredDifference], *, at_s: float
) -> None:
    """Replace the differences of the records that were planned."""
    pks = [{"pk": pk} for pk in planned]
    if pks:
        tx.execute(text("DELETE FROM difference WHERE record_pk = :pk"), pks)
    add_differences(tx, rows, at_s=at_s)


_VALUES = ("wanted", "current", "reason", "words", "at_s", "until_s")
_KEYS = ("record_pk", "field")
_ADD = Put("difference", (*_KEYS, *_VALUES), _KEYS, _VALUES)


def add_differences(tx: Connection, rows: Iterable[StoredDifference], *, at_s: float) -> None:
    """Note differences beside those that are noted."""
    values = (
        (
            each.record_pk,
            each.field,
            orjson.dumps(each.wanted).decode(),
            orjson.dumps(each.current).decode(),
            each.reason,
            each.words,
            at_s,
            each.until_s,
        )
        for each in rows
    )
    store_rows(tx, _ADD, values)


def subjects_over(tx: Connection, *, now_s: float) -> list[str]:
    """People and accounts with a value whose time to stay as it is has come to its end."""
    sql = (
        "SELECT DISTINCT COALESCE(r.person, r.account) AS subject FROM difference d"
        " JOIN record r ON r.pk = d.record_pk WHERE d.until_s <= :now_s AND r.gone = 0"
    )
    rows = tx.execute(text(sql), {"now_s": now_s})
    return sorted(row.subject for row in rows if row.subject)


def drop_differences(tx: Connection, fields: Iterable[tuple[int, str]]) -> None:
    """Forget why a value did not stand there, where it does now: (record, field)."""
    rows = [{"pk": pk, "field": field} for pk, field in fields]
    if rows:
        sql = "DELETE FROM difference WHERE record_pk = :pk AND field = :field"
        tx.execute(text(sql), rows)


def differences_of(tx: Connection, pks: Iterable[int]) -> dict[int, list[StoredDifference]]:
    """Record -> its differences."""
    found: dict[int, list[StoredDifference]] = {}
    for row in among(tx, "SELECT * FROM difference WHERE record_pk IN :keys", pks):
        found.setdefault(row.record_pk, []).append(_difference(row))
    return found


def _difference(row: Row[Any]) -> StoredDifference:
    wanted, current = orjson.loads(row.wanted), orjson.loads(row.current)
    return StoredDifference(
        row.record_pk, row.field, wanted, current, row.reason, row.words, row.until_s
    )


def subjects_left(
    tx: Connection, reasons: Iterable[str], *, connection: str = "", objects: Iterable[str] = ()
) -> list[str]:
    """People and accounts with a value that is left as it is for one of these reasons.

    Args:
        connection, objects: only in records of these objects of it; an empty connection means all.
    """
    sql = text(
        "SELECT DISTINCT COALESCE(r.person, r.account) AS subject FROM difference d"
        " JOIN record r ON r.pk = d.record_pk WHERE d.reason IN :reasons AND r.gone = 0"
        " AND (:connection = '' OR (r.connection = :connection AND r.object IN :objects))"
    ).bindparams(*texts("reasons", "objects"))
    values = {"reasons": list(reasons), "connection": connection, "objects": list(objects)}
    return sorted(row.subject for row in tx.execute(sql, values) if row.subject)


def note_dropped(tx: Connection, plan_id: str, *, at_s: float) -> None:
    """Tell what a plan holds as given up; what would have been taken back is nothing that facts ask for."""
    sql = text(
        "INSERT INTO difference (record_pk, field, wanted, current, reason, words, at_s)"
        " SELECT record_pk, field, after, before, 'dropped', '', :at_s FROM plan_entry"
        " WHERE plan = :plan AND state = 'held' AND cause <> 'undo'"
        " ON CONFLICT (record_pk, field) DO UPDATE SET wanted = excluded.wanted,"
        " current = excluded.current, reason = excluded.reason, words = excluded.words,"
        " at_s = excluded.at_s, until_s = NULL"
    )
    tx.execute(sql, {"plan": plan_id, "at_s": at_s})


def parked_of(tx: Connection, pks: Iterable[int]) -> dict[tuple[int, str], StoredDifference]:
    """(record, field) -> what somebody gave up, or a CRM refused."""
    sql = "SELECT * FROM difference WHERE record_pk IN :keys AND reason IN ('dropped', 'refused')"
    return {(row.record_pk, row.field): _difference(row) for row in among(tx, sql, pks)}


def refused(tx: Connection, *, most: int) -> list[dict[str, Any]]:
    """Values that a CRM refused, longest waiting first: where, what it said, since when."""
    sql = text(
        "SELECT r.connection, r.object, r.id, r.person, r.account, d.field, d.words, d.at_s"
        " FROM difference d JOIN record r ON r.pk = d.record_pk"
        " WHERE d.reason = 'refused' AND r.gone = 0"
        " ORDER BY d.at_s, r.connection, r.object, r.id, d.field LIMIT :most"
    )
    return [dict(row._mapping) for row in tx.execute(sql, {"most": most})]  # noqa: SLF001  the documented way to a row's columns


def count_differences(tx: Connection) -> dict[str, dict[str, int]]:
    """Connection -> reason -> how many fields."""
    counts: dict[str, dict[str, int]] = {}
    sql = (
        "SELECT r.connection, d.reason, COUNT(*) AS n FROM difference d"
        " JOIN record r ON r.pk = d.record_pk WHERE r.gone = 0 GROUP BY r.connection, d.reason"
        " ORDER BY r.connection, d.reason"
    )
    for row in tx.execute(text(sql)):
        counts.setdefault(row.connection, {})[row.reason] = row.n
    return counts

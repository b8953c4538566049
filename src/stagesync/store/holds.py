"""Queries about what is not written for a while because of a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from stagesync.store.keys import among

WHOLE = 0
"""`record_pk` of a hold on everything of somebody."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason to leave values alone.

    Attributes:
        kind: `hand` (all of somebody), `edit` (a field that somebody set) or `undo` (a field that
            was set back).
        subject: a person or an account.
        record_pk: of the field; `WHOLE` for everything.
        value: that stays.
        over: our value, with which we replaced it unseen, until it stands again; None when we did not.
        stage, policy: of the subject when it was made; an `undo` ends when either is another one.
        until_s: Unix seconds; None means until it is released.
        made_by: who asked for it, or whose edit it is.
        ended_by: who released it, or `time`, or what made it void; empty while it stands.
    """

    id: str
    kind: str
    subject: str
    record_pk: int
    field: str
    value: Any
    stage: str
    policy: str
    until_s: float | None
    made_by: str
    why: str
    made_at_s: float
    ended_at_s: float | None = None
    ended_by: str = ""
    over: Any = None


def save(tx: Connection, found: Iterable[Hold]) -> None:
    """Keep holds; one of the same id is made anew."""
    rows = [
        {name: getattr(each, name) for name in Hold.__slots__}
        | {"value": _encode(each.value), "over": None if each.over is None else _encode(each.over)}
        for each in found
    ]
    if rows:
        names = ", ".join(Hold.__slots__)
        values = ", ".join(f":{name}" for name in Hold.__slots__)
        renewed = ", ".join(f"{name} = excluded.{name}" for name in Hold.__slots__ if name != "id")
        sql = (
            f"INSERT INTO hold ({names}) VALUES ({values}) ON CONFLICT (id) DO UPDATE SET {renewed}"  # noqa: S608  literals
        )
        tx.execute(text(sql), rows)


def standing(tx: Connection, subjects: Iterable[str]) -> dict[str, list[Hold]]:
    """Subject -> the holds that stand, oldest first."""
    sql = "SELECT * FROM hold WHERE subject IN :keys AND ended_at_s IS NULL ORDER BY made_at_s, id"
    found: dict[str, list[Hold]] = {}
    for row in among(tx, sql, subjects):
        found.setdefault(row.subject, []).append(_hold(row))
    return found


def all_standing(tx: Connection) -> list[Hold]:
    """Every hold that stands, oldest first."""
    sql = "SELECT * FROM hold WHERE ended_at_s IS NULL ORDER BY made_at_s, id"
    return [_hold(row) for row in tx.execute(text(sql))]


def of_subject(tx: Connection, subject: str) -> list[Hold]:
    """Every hold there was, oldest first."""
    sql = text("SELECT * FROM hold WHERE subject = :subject ORDER BY made_at_s, id")
    return [_hold(row) for row in tx.execute(sql, {"subject": subject})]


def due(tx: Connection, *, now_s: float) -> list[Hold]:
    """Holds whose time is over."""
    sql = text("SELECT * FROM hold WHERE ended_at_s IS NULL AND until_s <= :now_s ORDER BY id")
    return [_hold(row) for row in tx.execute(sql, {"now_s": now_s})]


def end(tx: Connection, ids: Iterable[str], *, by: str, at_s: float) -> None:
    """End holds."""
    rows = [{"id": each, "by": by, "at_s": at_s} for each in ids]
    if rows:
        sql = "UPDATE hold SET ended_at_s = :at_s, ended_by = :by WHERE id = :id"
        tx.execute(text(sql), rows)


def stand_again(tx: Connection, fields: Iterable[tuple[int, str]]) -> set[int]:
    """Note that these fields (record, field) are as they were; the records where something was replaced unseen."""
    back = set(fields)
    sql = "SELECT id, record_pk, field FROM hold WHERE record_pk IN :keys AND over IS NOT NULL"
    found = [r for r in among(tx, sql, {pk for pk, _ in back}) if (r.record_pk, r.field) in back]
    if found:
        rows = [{"id": row.id} for row in found]
        tx.execute(text("UPDATE hold SET over = NULL WHERE id = :id"), rows)
    return {row.record_pk for row in found}


def move(tx: Connection, subjects: Iterable[tuple[str, str]]) -> None:
    """Give the standing holds on records to who holds the record now: (before, after)."""
    for before, after in subjects:
        sql = text(
            "UPDATE hold SET subject = :after WHERE subject = :before AND ended_at_s IS NULL"
        )
        tx.execute(sql, {"before": before, "after": after})


def _hold(row: Row[Any]) -> Hold:
    values = {name: getattr(row, name) for name in Hold.__slots__}
    over = None if row.over is None else orjson.loads(row.over)
    return Hold(**values | {"value": orjson.loads(row.value), "over": over})


def _encode(value: Any) -> str:
    return orjson.dumps(value).decode()

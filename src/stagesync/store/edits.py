"""Queries about edits that were seen and not yet answered; the log keeps them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that somebody else put into a field that we write.

    Attributes:
        ours: what we wrote there last.
        at_s: the record's stamp; Unix seconds.
    """

    record_pk: int
    field: str
    value: Any
    ours: Any
    at_s: float


def note(tx: Connection, found: Iterable[Edit]) -> None:
    """Keep edits until they are answered; a later one of a field replaces the earlier."""
    rows = [
        {
            "pk": each.record_pk,
            "field": each.field,
            "value": orjson.dumps(each.value).decode(),
            "ours": orjson.dumps(each.ours).decode(),
            "at_s": each.at_s,
        }
        for each in found
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO edit (record_pk, field, value, ours, at_s)"
                " VALUES (:pk, :field, :value, :ours, :at_s) ON CONFLICT (record_pk, field)"
                " DO UPDATE SET value = excluded.value, ours = excluded.ours, at_s = excluded.at_s"
            ),
            rows,
        )


def waiting(tx: Connection) -> list[Edit]:
    """Edits to answer, oldest first."""
    rows = tx.execute(text("SELECT * FROM edit ORDER BY at_s, record_pk, field"))
    return [
        Edit(row.record_pk, row.field, orjson.loads(row.value), orjson.loads(row.ours), row.at_s)
        for row in rows
    ]


def strike(tx: Connection, found: Iterable[Edit]) -> None:
    """Remove what was answered."""
    rows = [{"pk": each.record_pk, "field": each.field} for each in found]
    if rows:
        tx.execute(text("DELETE FROM edit WHERE record_pk = :pk AND field = :field"), rows)

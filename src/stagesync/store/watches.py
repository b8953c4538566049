"""Queries about stages that went out, until the CRM's history tells what they replaced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Watch:
    """A value that was sent to a CRM.

    Attributes:
        before: what the field held when it was read for the last time before.
        after: what was sent.
    """

    record_pk: int
    field: str
    before: Any
    after: Any


def save(tx: Connection, sent: Iterable[Watch]) -> None:
    """Keep them until they are struck; call it before the request goes out."""
    rows = [
        {
            "pk": each.record_pk,
            "field": each.field,
            "before": orjson.dumps(each.before).decode(),
            "after": orjson.dumps(each.after).decode(),
        }
        for each in sent
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO watch (record_pk, field, before, after)"
                " VALUES (:pk, :field, :before, :after) ON CONFLICT (record_pk, field)"
                " DO UPDATE SET before = excluded.before, after = excluded.after"
            ),
            rows,
        )


def due(tx: Connection) -> list[Watch]:
    """All of them, by record and field."""
    rows = tx.execute(text("SELECT * FROM watch ORDER BY record_pk, field"))
    return [
        Watch(row.record_pk, row.field, orjson.loads(row.before), orjson.loads(row.after))
        for row in rows
    ]


def strike(tx: Connection, found: Iterable[Watch]) -> None:
    """Remove what was answered."""
    rows = [{"pk": each.record_pk, "field": each.field} for each in found]
    if rows:
        tx.execute(text("DELETE FROM watch WHERE record_pk = :pk AND field = :field"), rows)

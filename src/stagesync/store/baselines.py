"""Queries about the last value that a CRM and stagesync both held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Connection, text

from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import among


def baselines_of(tx: Connection, pks: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Record -> field -> the last value that both held."""
    sql = "SELECT record_pk, field, value FROM baseline WHERE record_pk IN :keys"
    found: dict[int, dict[str, Any]] = {}
    for row in among(tx, sql, pks):
        found.setdefault(row.record_pk, {})[row.field] = orjson.loads(row.value)
    return found


_KEYS = ("record_pk", "field")
_VALUES = ("value", "run", "written_at_s")
_SAVE = Put("baseline", (*_KEYS, *_VALUES), _KEYS, _VALUES)


def save_baselines(
    tx: Connection, rows: Iterable[tuple[int, str, Any]], *, run: str, at_s: float
) -> None:
    """Keep what a CRM took: (record, field, value)."""
    values = ((pk, field, orjson.dumps(value).decode(), run, at_s) for pk, field, value in rows)
    store_rows(tx, _SAVE, values)


def drop_baselines(tx: Connection, fields: Iterable[tuple[int, str]]) -> None:
    """Forget what a CRM took, where somebody changed it since: (record, field)."""
    rows = [{"pk": pk, "field": field} for pk, field in fields]
    if rows:
        sql = "DELETE FROM baseline WHERE record_pk = :pk AND field = :field"
        tx.execute(text(sql), rows)

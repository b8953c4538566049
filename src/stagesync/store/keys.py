"""Asking for many keys at once, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import BindParameter, Connection, Text, bindparam, text
from sqlalchemy.engine import Row

CHUNK = 500
"""Keys per IN list."""


def chunks(keys: Iterable[Any]) -> Iterator[list[Any]]:
    """Keys in lists of at most `CHUNK`."""
    batch: list[Any] = []
    for key in keys:
        batch.append(key)
        if len(batch) == CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch


def texts(*names: str) -> list[BindParameter[str]]:
    """Parameters that are IN lists of texts; one may be empty, which Postgres takes for numbers otherwise."""
    return [bindparam(name, expanding=True, type_=Text()) for name in names]


def among(tx: Connection, sql: str, keys: Iterable[Any]) -> Iterator[Row[Any]]:
    """Rows of a query whose IN list is `:keys`, asked in parts."""
    statement = text(sql).bindparams(bindparam("keys", expanding=True))
    for batch in chunks(keys):
        yield from tx.execute(statement, {"keys": batch})

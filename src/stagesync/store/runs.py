"""Queries that leaf through the runs, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run.

    Attributes:
        seq: counts from 1; later runs have greater ones.
        ended_at_s: None while it is under way, and for one that broke off.
        summary: what it did, as `sync` prints it, and `changes`; empty until it has ended.
    """

    id: str
    seq: int
    started_at_s: float
    ended_at_s: float | None
    outcome: str
    summary: dict[str, Any]


def runs_before(tx: Connection, seq: int | None, *, most: int) -> list[StoredRun]:
    """The runs before a number; None: the newest."""
    sql = "SELECT * FROM run WHERE seq < :seq ORDER BY seq DESC LIMIT :most"
    rows = tx.execute(text(sql), {"seq": 2**31 - 1 if seq is None else seq, "most": most})
    return [_run(row) for row in rows]


def get_run(tx: Connection, run: str) -> StoredRun | None:
    """One run; None where there is none of that id."""
    row = tx.execute(text("SELECT * FROM run WHERE id = :run"), {"run": run}).one_or_none()
    return None if row is None else _run(row)


def runs_since(tx: Connection, at_s: float, *, most: int) -> list[StoredRun]:
    """The run that was under way at an instant, and the first that began at it or after it."""
    sql = """
        SELECT * FROM run WHERE started_at_s >= :at_s OR (ended_at_s IS NULL OR ended_at_s >= :at_s) AND id = (
            SELECT id FROM run WHERE started_at_s < :at_s ORDER BY started_at_s DESC, seq DESC LIMIT 1)
        ORDER BY started_at_s, seq LIMIT :most"""
    return [_run(row) for row in tx.execute(text(sql), {"at_s": at_s, "most": most})]


def _run(row: Any) -> StoredRun:
    return StoredRun(
        row.id,
        row.seq,
        row.started_at_s,
        row.ended_at_s,
        row.outcome,
        orjson.loads(row.summary),
    )

"""Queries about where the work stands: cursors, what is dirty, runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text

from stagesync.domain.guard import Cause

RUNNING = "running"
BROKEN_OFF = "broken off"
"""Outcomes of a run that has not ended, and of one that never will."""


def get_meta(tx: Connection, name: str) -> str | None:
    """A value that belongs to the store as a whole; None when never set."""
    return tx.execute(text("SELECT value FROM meta WHERE name = :name"), {"name": name}).scalar()


def set_meta(tx: Connection, name: str, value: str) -> None:
    """Keep a value that belongs to the store as a whole."""
    tx.execute(
        text(
            "INSERT INTO meta (name, value) VALUES (:name, :value)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        ),
        {"name": name, "value": value},
    )


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one object of a connection was pulled.

    Attributes:
        complete: whether a pull has ever come to its end.
    """

    cursor: str
    pulled_at_s: float
    complete: bool


def cursors_of(tx: Connection, connection: str) -> dict[str, Cursor]:
    """Object -> cursor."""
    rows = tx.execute(
        text(
            "SELECT object, cursor, pulled_at_s, complete FROM cursor WHERE connection = :connection"
        ),
        {"connection": connection},
    )
    return {row.object: Cursor(row.cursor, row.pulled_at_s, bool(row.complete)) for row in rows}


def save_cursor(tx: Connection, connection: str, object_name: str, cursor: Cursor) -> None:
    """Move a cursor; call it in the transaction that stores the page."""
    tx.execute(
        text(
            "INSERT INTO cursor (connection, object, cursor, pulled_at_s, complete)"
            " VALUES (:connection, :object, :cursor, :pulled_at_s, :complete)"
            " ON CONFLICT (connection, object) DO UPDATE SET cursor = excluded.cursor,"
            " pulled_at_s = excluded.pulled_at_s,"
            " complete = CASE WHEN cursor.complete = 1 THEN 1 ELSE excluded.complete END"
        ),
        {
            "connection": connection,
            "object": object_name,
            "cursor": cursor.cursor,
            "pulled_at_s": cursor.pulled_at_s,
            "complete": int(cursor.complete),
        },
    )


def forget_cursors(tx: Connection, connection: str, object_name: str = "") -> None:
    """Pull everything, or everything of one object, again from the start next time."""
    tx.execute(
        text(
            "DELETE FROM cursor WHERE connection = :connection"
            " AND (object = :object OR :object = '')"
        ),
        {"connection": connection, "object": object_name},
    )


STRENGTH = (Cause.UNDO, Cause.BY_HAND, Cause.TIME, Cause.FACTS, Cause.DEFINITION)
"""Causes by which something is looked at again: of several the last one counts."""

_PLACE = " ".join(f"WHEN '{cause}' THEN {place}" for place, cause in enumerate(STRENGTH))
_STRONGER = f"CASE excluded.cause {_PLACE} END > CASE dirty.cause {_PLACE} END"
_MARK = text(
    "INSERT INTO dirty (kind, key, cause) VALUES (:kind, :key, :cause)"  # noqa: S608  literals
    " ON CONFLICT (kind, key) DO UPDATE SET cause = excluded.cause WHERE " + _STRONGER
)


def mark_dirty(
    tx: Connection, kind: str, keys: Iterable[object], *, cause: Cause = Cause.FACTS
) -> None:
    """Note what must be looked at again; kind is `record` (to be resolved),
    `person` or `account` (to be evaluated), or `plan` (people and accounts to be planned)."""
    rows = [{"kind": kind, "key": str(key), "cause": str(cause)} for key in keys]
    if rows:
        tx.execute(_MARK, rows)


def dirty_keys(tx: Connection, kind: str) -> list[str]:
    """What is noted, in a stable order."""
    rows = tx.execute(text("SELECT key FROM dirty WHERE kind = :kind ORDER BY key"), {"kind": kind})
    return [row.key for row in rows]


def dirty_causes(tx: Connection, kind: str) -> dict[str, Cause]:
    """What is noted, and why."""
    rows = tx.execute(text("SELECT key, cause FROM dirty WHERE kind = :kind"), {"kind": kind})
    return {row.key: Cause(row.cause) for row in rows}


def is_dirty(tx: Connection, cause: Cause) -> bool:
    """Whether anything is to be looked at for this cause."""
    sql = text("SELECT 1 FROM dirty WHERE cause = :cause LIMIT 1")
    return tx.execute(sql, {"cause": str(cause)}).first() is not None


def count_dirty(tx: Connection) -> int:
    """How much waits to be looked at."""
    return int(tx.execute(text("SELECT COUNT(*) FROM dirty")).scalar_one())


def clean(tx: Connection, kind: str, keys: Sequence[object]) -> None:
    """Strike what was looked at."""
    if keys:
        rows = [{"kind": kind, "key": str(key)} for key in keys]
        tx.execute(text("DELETE FROM dirty WHERE kind = :kind AND key = :key"), rows)


def start_run(tx: Connection, run: str, *, seq: int, at_s: float) -> None:
    """Open a run; the one before it, if it is still open, was broken off.

    Args:
        seq: its number; runs are told apart in time by nothing else, because a clock may be set back.
    """
    tx.execute(
        text(
            f"UPDATE run SET outcome = '{BROKEN_OFF}' WHERE seq = :seq AND outcome = '{RUNNING}'"  # noqa: S608  literals
        ),
        {"seq": seq - 1},
    )
    tx.execute(
        text(
            "INSERT INTO run (id, seq, started_at_s, outcome, summary)"
            " VALUES (:run, :seq, :at_s, :outcome, '{}')"
        ),
        {"run": run, "seq": seq, "at_s": at_s, "outcome": RUNNING},
    )


def end_run(
    tx: Connection, run: str, *, at_s: float, outcome: str, summary: Mapping[str, Any]
) -> None:
    """Close a run with what it did."""
    tx.execute(
        text(
            "UPDATE run SET ended_at_s = :at_s, outcome = :outcome, summary = :summary"
            " WHERE id = :run"
        ),
        {
            "run": run,
            "at_s": at_s,
            "outcome": outcome,
            "summary": orjson.dumps(summary).decode(),
        },
    )


def last_runs(tx: Connection, count: int) -> list[dict[str, Any]]:
    """The newest runs first: id, started_at_s, ended_at_s, outcome, summary."""
    rows = tx.execute(
        text("SELECT * FROM run ORDER BY seq DESC LIMIT :count"),
        {"count": count},
    )
    return [{**row._mapping, "summary": orjson.loads(row.summary)} for row in rows]  # noqa: SLF001  the documented way to a row's columns

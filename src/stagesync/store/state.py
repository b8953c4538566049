"""Queries about where the work stands: cursors, connections, what is dirty, runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What is known of a CRM account.

    Attributes:
        mode: `observe` until its first plan is approved, then `active`.
        description: object -> fields, as last read; empty when never.
        seen: how the mapped fields were when they last worked; see `engine.describe`.
        quota: as the connector last told it, by the names of its attributes; empty when never.
        counts: object -> how the last count of its records came out; see `engine.counts`.
        rounds: how the connector's slow work stands, by the names of `Round`'s attributes.
        trouble: why its last run failed; empty when it did not.
        failures: how many polls in a row it failed.
        paused_by: who wants it left alone; empty when nobody.
    """

    name: str
    mode: str
    approved_by: str
    approved_at_s: float | None
    description: Mapping[str, Any]
    described_at_s: float | None
    trouble: str
    seen: Mapping[str, Any] = field(default_factory=dict)
    quota: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    paused_by: str = ""
    rounds: Sequence[Mapping[str, Any]] = ()
    failures: int = 0


def connection_state(tx: Connection, name: str) -> ConnectionState | None:
    """The state of one connection; None when it was never seen."""
    row = tx.execute(
        text("SELECT * FROM connection WHERE name = :name"), {"name": name}
    ).one_or_none()
    if row is None:
        return None
    return ConnectionState(
        name=row.name,
        mode=row.mode,
        approved_by=row.approved_by,
        approved_at_s=row.approved_at_s,
        description=orjson.loads(row.description),
        described_at_s=row.described_at_s,
        trouble=row.trouble,
        seen=orjson.loads(row.seen),
        quota=orjson.loads(row.quota),
        counts=orjson.loads(row.counts),
        paused_by=row.paused_by,
        rounds=tuple(orjson.loads(row.rounds)),
        failures=row.failures,
    )


def meet_connection(tx: Connection, name: str, mode: str) -> None:
    """Note a connection, in its first mode, if it is new."""
    tx.execute(
        text(
            "INSERT INTO connection"
            " (name, mode, approved_by, description, seen, quota, counts, rounds, trouble,"
            " failures, paused_by)"
            " VALUES (:name, :mode, '', '{}', '{}', '{}', '{}', '[]', '', 0, '')"
            " ON CONFLICT (name) DO NOTHING"
        ),
        {"name": name, "mode": mode},
    )


def pause(tx: Connection, name: str, *, by: str) -> None:
    """Leave a connection alone from now on; an empty name ends that."""
    tx.execute(
        text("UPDATE connection SET paused_by = :by WHERE name = :name"), {"name": name, "by": by}
    )


def paused(tx: Connection) -> set[str]:
    """The connections to leave alone."""
    return {
        row.name for row in tx.execute(text("SELECT name FROM connection WHERE paused_by <> ''"))
    }


def activate(tx: Connection, name: str, *, by: str, at_s: float) -> None:
    """Let a connection be written to from now on."""
    tx.execute(
        text(
            "UPDATE connection SET mode = 'active', approved_by = :by, approved_at_s = :at_s"
            " WHERE name = :name"
        ),
        {"name": name, "by": by, "at_s": at_s},
    )


def save_description(
    tx: Connection,
    name: str,
    description: Mapping[str, Any],
    *,
    seen: Mapping[str, Any],
    at_s: float,
) -> None:
    """Keep the live field descriptions of a connection, and how its fields were when they worked."""
    tx.execute(
        text(
            "UPDATE connection SET description = :description, seen = :seen,"
            " described_at_s = :at_s WHERE name = :name"
        ),
        {
            "name": name,
            "description": orjson.dumps(description).decode(),
            "seen": orjson.dumps(seen).decode(),
            "at_s": at_s,
        },
    )


def doubt_description(tx: Connection, name: str) -> None:
    """Have the fields of a connection described anew by the next run."""
    tx.execute(
        text("UPDATE connection SET described_at_s = NULL WHERE name = :name"), {"name": name}
    )


def save_quota(tx: Connection, name: str, quota: Mapping[str, Any]) -> None:
    """Keep what a connection last told of its allowance."""
    tx.execute(
        text("UPDATE connection SET quota = :quota WHERE name = :name"),
        {"name": name, "quota": orjson.dumps(quota).decode()},
    )


def save_counts(tx: Connection, name: str, counts: Mapping[str, Any]) -> None:
    """Keep how the count of a connection's records came out."""
    tx.execute(
        text("UPDATE connection SET counts = :counts WHERE name = :name"),
        {"name": name, "counts": orjson.dumps(counts).decode()},
    )


def save_rounds(tx: Connection, name: str, rounds: Sequence[Mapping[str, Any]]) -> None:
    """Keep how a connection's slow work stands."""
    tx.execute(
        text("UPDATE connection SET rounds = :rounds WHERE name = :name"),
        {"name": name, "rounds": orjson.dumps(rounds).decode()},
    )


def remembered(tx: Connection, name: str) -> str | None:
    """The text that a connector keeps for its next life; None when it kept none. It may be a secret."""
    return tx.execute(
        text("SELECT text FROM remembered WHERE connection = :name"), {"name": name}
    ).scalar()


def remember(tx: Connection, name: str, told: str) -> None:
    """Keep a connector's text in place of its last one."""
    tx.execute(
        text(
            "INSERT INTO remembered (connection, text) VALUES (:name, :told)"
            " ON CONFLICT (connection) DO UPDATE SET text = excluded.text"
        ),
        {"name": name, "told": told},
    )


def save_trouble(tx: Connection, name: str, trouble: str) -> None:
    """Keep why the last run of a connection failed; empty text when it did not."""
    tx.execute(
        text("UPDATE connection SET trouble = :trouble WHERE name = :name"),
        {"name": name, "trouble": trouble},
    )


def count_failure(tx: Connection, name: str, *, failed: bool) -> int:
    """Count one more poll in a row that failed, or none; how many there are now."""
    sql = "UPDATE connection SET failures = CASE :failed WHEN 1 THEN failures + 1 ELSE 0 END WHERE name = :name"
    tx.execute(text(sql), {"name": name, "failed": int(failed)})
    known = connection_state(tx, name)
    return known.failures if known else 0


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

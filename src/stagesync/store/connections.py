"""Queries about connections: what is known of each CRM account, and what its connector keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, text


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


_OF_ONE = ("remembered", "cursor", "first_load", "inbox", "member", "alert")
"""Tables that say something of a connection itself; what stands of its records goes with them.

Not `forgotten`: whoever was forgotten stays out, should it ever come back.
"""


def note_left(tx: Connection, configured: Collection[str], *, at_s: float) -> None:
    """From now on the time of connections counts that are not in the settings any more; one that is back is at home."""
    for row in tx.execute(text("SELECT name, left_at_s FROM connection")).all():
        is_left = row.name not in configured
        if is_left != (row.left_at_s is not None):
            tx.execute(
                text("UPDATE connection SET left_at_s = :at_s WHERE name = :name"),
                {"name": row.name, "at_s": at_s if is_left else None},
            )


def left(tx: Connection) -> dict[str, float]:
    """Connections that were taken out of the settings -> since when; by name."""
    sql = "SELECT name, left_at_s FROM connection WHERE left_at_s IS NOT NULL ORDER BY name"
    return {row.name: row.left_at_s for row in tx.execute(text(sql))}


def drop(tx: Connection, name: str) -> None:
    """Know nothing of a connection any more, its login included; its entries of the log stay."""
    for table in _OF_ONE:
        tx.execute(text(f"DELETE FROM {table} WHERE connection = :name"), {"name": name})  # noqa: S608  literals
    tx.execute(text("DELETE FROM connection WHERE name = :name"), {"name": name})


def count_failures(tx: Connection, name: str, *, failed: bool) -> int:
    """Count one more poll in a row that failed, or none; how many there are now."""
    sql = text(
        "UPDATE connection SET failures = CASE WHEN :failed = 1 THEN failures + 1 ELSE 0 END"
        " WHERE name = :name RETURNING failures"
    )
    return int(tx.execute(sql, {"name": name, "failed": int(failed)}).scalar() or 0)

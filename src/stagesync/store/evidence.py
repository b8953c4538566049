"""Queries about how much evidence each day brought, and how many people stood where: a row a day."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from stagesync.store.bulk import Put, store_rows

_ADD = text(
    "INSERT INTO evidence (connection, type, day, activities)"
    " VALUES (:connection, :type, :day, :activities)"
    " ON CONFLICT (connection, type, day)"
    " DO UPDATE SET activities = evidence.activities + excluded.activities"
)


def add(tx: Connection, connection: str, counts: Mapping[tuple[str, int], int]) -> None:
    """Count activities: (type, day since 1970) -> how many came to be known."""
    rows = [
        {"connection": connection, "type": kind, "day": day, "activities": count}
        for (kind, day), count in sorted(counts.items())
    ]
    if rows:
        tx.execute(_ADD, rows)


def days_of(tx: Connection, connection: str, *, since: int) -> dict[str, dict[int, int]]:
    """Activity type -> day -> how many; days without any are absent."""
    sql = text(
        "SELECT type, day, activities FROM evidence WHERE connection = :connection AND day >= :since"
    )
    found: dict[str, dict[int, int]] = {}
    for row in tx.execute(sql, {"connection": connection, "since": since}):
        found.setdefault(row.type, {})[row.day] = row.activities
    return found


_STAGES = Put("stage_day", ("day", "stage", "people"), ("day", "stage"), ("people",))


def save_stages(tx: Connection, day: int, counts: Mapping[str, int]) -> None:
    """Keep how many people stood at each stage when a day began."""
    store_rows(tx, _STAGES, [(day, stage, count) for stage, count in sorted(counts.items())])


def stages_of(tx: Connection, *, since: int) -> dict[int, dict[str, int]]:
    """Day -> stage -> people."""
    found: dict[int, dict[str, int]] = {}
    sql = text("SELECT day, stage, people FROM stage_day WHERE day >= :since")
    for row in tx.execute(sql, {"since": since}):
        found.setdefault(row.day, {})[row.stage] = row.people
    return found


def drop_before(tx: Connection, day: int) -> None:
    """Forget older days."""
    tx.execute(text("DELETE FROM evidence WHERE day < :day"), {"day": day})
    tx.execute(text("DELETE FROM stage_day WHERE day < :day"), {"day": day})

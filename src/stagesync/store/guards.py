"""Queries about what we wrote, what is held for being too much, and what was approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text

from stagesync.domain.guard import Cause, Group, Rule, Trip
from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import among


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """A value that a CRM took from us.

    Attributes:
        subject: the person or account whose stage it tells.
        group: what it was counted as.
        approval: the plan with which somebody approved it; empty when it was written unseen.
    """

    record_pk: int
    field: str
    at_s: float
    connection: str
    subject: str
    value: Any
    run: str
    group: Group
    approval: str


_KEYS = ("record_pk", "field", "at_s")
_TOLD = ("value", "run", "stage_to")
_SAVE = Put(
    "own_write",
    (*_KEYS, *_TOLD, "connection", "subject", "cause", "stage_from", "approval"),
    _KEYS,
    _TOLD,
)


def save_own_writes(tx: Connection, writes: Iterable[OwnWrite]) -> None:
    """Keep what was written."""
    rows = (
        (
            each.record_pk,
            each.field,
            each.at_s,
            orjson.dumps(each.value).decode(),
            each.run,
            each.group.stage_to,
            each.connection,
            each.subject,
            str(each.group.cause),
            each.group.stage_from,
            each.approval,
        )
        for each in writes
    )
    store_rows(tx, _SAVE, rows)


def stages_told(tx: Connection, pks: Iterable[int]) -> dict[int, str]:
    """Record -> the stage that it was last told; records that were never told one are absent."""
    sql = (
        "SELECT record_pk, stage_to FROM (SELECT record_pk, stage_to, ROW_NUMBER() OVER"
        " (PARTITION BY record_pk ORDER BY at_s DESC) AS place FROM own_write"
        " WHERE record_pk IN :keys) AS told WHERE place = 1"
    )
    return {row.record_pk: row.stage_to for row in among(tx, sql, pks)}


def stages_told_to_gone(tx: Connection, subjects: Iterable[str]) -> dict[tuple[str, str, str], str]:
    """(subject, connection, object) -> the stage last told to a record of theirs that is gone now."""
    sql = (
        "SELECT w.subject, w.connection, r.object, w.stage_to FROM own_write w"
        " JOIN record r ON r.pk = w.record_pk WHERE w.subject IN :keys AND r.gone = 1 ORDER BY w.at_s"
    )
    rows = among(tx, sql, subjects)
    return {(row.subject, row.connection, row.object): row.stage_to for row in rows}


@dataclass(frozen=True, slots=True)
class Wrote:
    """A value that we wrote, and when."""

    value: Any
    at_s: float


def last_written(tx: Connection, pks: Iterable[int]) -> dict[tuple[int, str], Wrote]:
    """(record, field) -> the last value that we wrote there."""
    sql = (
        "SELECT record_pk, field, value, at_s FROM (SELECT record_pk, field, value, at_s, ROW_NUMBER() OVER"
        " (PARTITION BY record_pk, field ORDER BY at_s DESC) AS place FROM own_write"
        " WHERE record_pk IN :keys) AS told WHERE place = 1"
    )
    return {
        (row.record_pk, row.field): Wrote(orjson.loads(row.value), row.at_s)
        for row in among(tx, sql, pks)
    }


def recent_moves(tx: Connection, *, since_s: float) -> dict[Group, int]:
    """People and accounts moved, or repaired, unseen since an instant, by group."""
    sql = text(
        "SELECT cause, stage_from, stage_to, COUNT(DISTINCT subject) AS subjects FROM own_write"
        " WHERE at_s > :since_s AND approval = '' AND (stage_from <> stage_to OR cause = 'repair')"
        " GROUP BY cause, stage_from, stage_to"
    )
    return {
        Group(Cause(row.cause), row.stage_from, row.stage_to): row.subjects
        for row in tx.execute(sql, {"since_s": since_s})
    }


def busy_records(tx: Connection, *, since_s: float, more_than: int) -> dict[int, int]:
    """Record -> how often we wrote the same field of it since, where that is more than a number."""
    sql = text(
        # Found first, then grouped: else SQLite reads all that was ever written, which is in order already.
        "WITH recent AS MATERIALIZED (SELECT record_pk, field FROM own_write WHERE at_s > :since_s)"
        " SELECT record_pk, MAX(times) AS times FROM (SELECT record_pk, field, COUNT(*) AS times"
        " FROM recent GROUP BY record_pk, field) AS counted"
        " GROUP BY record_pk HAVING MAX(times) > :more_than"
    )
    rows = tx.execute(sql, {"since_s": since_s, "more_than": more_than})
    return {row.record_pk: row.times for row in rows}


def count_written(tx: Connection, connection: str, *, since_s: float, until_s: float) -> int:
    """Records of a connection that were written after one instant and up to another."""
    sql = text(
        "SELECT COUNT(DISTINCT record_pk) FROM own_write"
        " WHERE at_s > :since_s AND at_s <= :until_s AND connection = :connection"
    )
    given = {"since_s": since_s, "until_s": until_s, "connection": connection}
    return int(tx.execute(sql, given).scalar_one())


def values_written(
    tx: Connection, pks: Iterable[int]
) -> dict[int, dict[str, list[tuple[float, Any]]]]:
    """Record -> field -> (instant, value) of our writes to it, newest first."""
    sql = "SELECT record_pk, field, at_s, value FROM own_write WHERE record_pk IN :keys ORDER BY at_s DESC"
    found: dict[int, dict[str, list[tuple[float, Any]]]] = {}
    for row in among(tx, sql, pks):
        of_field = found.setdefault(row.record_pk, {}).setdefault(row.field, [])
        of_field.append((row.at_s, orjson.loads(row.value)))
    return found


def forget_own_writes(tx: Connection, *, before_s: float) -> None:
    """Remove what is too old to be weighed or to come back; the audit has it all."""
    newer = (
        "SELECT 1 FROM own_write o WHERE o.record_pk = own_write.record_pk"
        " AND o.field = own_write.field AND o.at_s > own_write.at_s"
    )
    sql = f"DELETE FROM own_write WHERE at_s < :before_s AND EXISTS ({newer})"  # noqa: S608  literals
    tx.execute(text(sql), {"before_s": before_s})


def save_held_groups(tx: Connection, plan: str, trips: Iterable[Trip], *, at_s: float) -> None:
    """Say why groups of a plan are held, whole: what is not among them is no longer held."""
    tx.execute(text("DELETE FROM held_group WHERE plan = :plan"), {"plan": plan})
    rows = [
        {
            "plan": plan,
            "cause": str(each.group.cause),
            "stage_from": each.group.stage_from,
            "stage_to": each.group.stage_to,
            "rule": str(each.rule),
            "subjects": each.count,
            "most": each.limit,
            "writers": each.writers,
            "at_s": at_s,
        }
        for each in trips
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO held_group (plan, cause, stage_from, stage_to, rule, subjects, most, writers,"
                " at_s)"
                " VALUES (:plan, :cause, :stage_from, :stage_to, :rule, :subjects, :most, :writers, :at_s)"
            ),
            rows,
        )


def held_groups(tx: Connection, plan: str) -> list[Trip]:
    """Why groups of a plan are held, in the order of groups."""
    rows = tx.execute(
        text("SELECT * FROM held_group WHERE plan = :plan ORDER BY cause, stage_from, stage_to"),
        {"plan": plan},
    )
    return [Trip(_group(row), Rule(row.rule), row.subjects, row.most, row.writers) for row in rows]


def save_approval(tx: Connection, plan: str, subjects: Mapping[Group, int]) -> None:
    """Keep how many of each move were approved with a plan."""
    rows = [
        {
            "plan": plan,
            "cause": str(group.cause),
            "stage_from": group.stage_from,
            "stage_to": group.stage_to,
            "subjects": count,
        }
        for group, count in subjects.items()
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO approval (plan, cause, stage_from, stage_to, subjects)"
                " VALUES (:plan, :cause, :stage_from, :stage_to, :subjects)"
                " ON CONFLICT (plan, cause, stage_from, stage_to) DO UPDATE SET subjects = excluded.subjects"
            ),
            rows,
        )


def forget_approvals(tx: Connection, cause: Cause) -> None:
    """Let nothing more of this cause pass by what was approved before."""
    tx.execute(text("DELETE FROM approval WHERE cause = :cause"), {"cause": str(cause)})


def approvals_left(tx: Connection) -> dict[Group, list[tuple[str, int]]]:
    """Group -> (plan, people and accounts still free) of approved plans that are not done.

    Free is what neither waits approved nor was written under the approval.
    """
    sql = text(
        "SELECT a.plan, a.cause, a.stage_from, a.stage_to, a.subjects - (SELECT COUNT(*) FROM ("
        " SELECT w.subject FROM own_write w WHERE w.at_s >= p.decided_at_s"
        " AND w.approval = a.plan AND w.cause = a.cause"
        " AND w.stage_from = a.stage_from AND w.stage_to = a.stage_to"
        " UNION SELECT e.subject FROM plan_entry e WHERE e.approval = a.plan AND e.cause = a.cause"
        " AND e.stage_from = a.stage_from AND e.stage_to = a.stage_to) AS used) AS free"
        " FROM approval a JOIN plan p ON p.id = a.plan WHERE p.state = 'approved'"
        " ORDER BY p.decided_at_s, a.plan"
    )
    found: dict[Group, list[tuple[str, int]]] = {}
    for row in tx.execute(sql):
        if row.free > 0:
            found.setdefault(_group(row), []).append((row.plan, row.free))
    return found


def _group(row: Any) -> Group:
    return Group(Cause(row.cause), row.stage_from, row.stage_to)

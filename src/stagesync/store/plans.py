"""Queries about plans, their entries, baselines, and why wanted values do not stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.engine import Row

from stagesync.domain.guard import Cause, Group
from stagesync.store.keys import chunks


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A saved plan.

    Attributes:
        kind: `run`, or `undo`, which was asked for by hand.
        run: that made it, or that it undoes.
        state: one of open, held, approved, dropped, done.
    """

    id: str
    run: str
    state: str
    policy: str
    made_at_s: float
    decided_by: str = ""
    decided_at_s: float | None = None
    kind: str = "run"


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One value to write, with the record it goes to.

    Attributes:
        subject: the person or account.
        stage_from: what the record was last told; empty when it never was.
        because: reason lines.
        state: a state of `domain.life`.
        cause: a `domain.guard.Cause`.
        approval: the plan with which somebody approved it; empty when nobody did.
        way: a `domain.plan.Way`: how the value takes the place of the other.
    """

    plan: str
    record_pk: int
    connection: str
    object: str
    id: str
    field: str
    subject: str
    before: Any
    after: Any
    stage_from: str
    stage_to: str
    because: Sequence[Any]
    state: str
    cause: str
    approval: str = ""
    way: str = "plain"


def save_plan(tx: Connection, plan: StoredPlan) -> None:
    """Keep a plan, or its new state."""
    tx.execute(
        text(
            "INSERT INTO plan (id, kind, run, state, policy, made_at_s, decided_by, decided_at_s)"
            " VALUES (:id, :kind, :run, :state, :policy, :made_at_s, :decided_by, :decided_at_s)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
            " decided_by = excluded.decided_by, decided_at_s = excluded.decided_at_s,"
            " run = excluded.run, policy = excluded.policy"
        ),
        {name: getattr(plan, name) for name in StoredPlan.__slots__},
    )


def get_plan(tx: Connection, plan_id: str) -> StoredPlan | None:
    """One plan; None when there is none of that id."""
    row = tx.execute(text("SELECT * FROM plan WHERE id = :id"), {"id": plan_id}).one_or_none()
    return None if row is None else StoredPlan(**row._mapping)  # noqa: SLF001  the documented way to a row's columns


def plans_in(tx: Connection, *states: str) -> list[StoredPlan]:
    """Plans in these states, newest first."""
    sql = text(
        "SELECT * FROM plan WHERE state IN :states ORDER BY made_at_s DESC, id DESC"
    ).bindparams(bindparam("states", expanding=True))
    rows = tx.execute(sql, {"states": list(states)})
    return [StoredPlan(**row._mapping) for row in rows]  # noqa: SLF001  the documented way to a row's columns


def set_plan_state(tx: Connection, plan_id: str, state: str) -> None:
    """Move a plan."""
    tx.execute(
        text("UPDATE plan SET state = :state WHERE id = :id"), {"id": plan_id, "state": state}
    )


def decide_plan(tx: Connection, plan_id: str, state: str, *, by: str, at_s: float) -> None:
    """Keep who decided about a plan, and how."""
    tx.execute(
        text(
            "UPDATE plan SET state = :state, decided_by = :by, decided_at_s = :at_s WHERE id = :id"
        ),
        {"id": plan_id, "state": state, "by": by, "at_s": at_s},
    )


def forget_empty_plans(tx: Connection, *, but: str = "") -> None:
    """Remove plans that came to nothing, or whose entries were all planned anew by a later one."""
    tx.execute(
        text(
            "DELETE FROM plan WHERE state = 'open' AND id <> :but"
            " AND NOT EXISTS (SELECT 1 FROM plan_entry e WHERE e.plan = plan.id)"
        ),
        {"but": but},
    )


def save_entries(tx: Connection, entries: Iterable[StoredEntry]) -> None:
    """Keep entries of plans.

    A plan that is held for one connection takes in what later runs write to the others: an entry that
    was written meanwhile gives way to the new one. The audit has both.
    """
    rows = [
        {
            "plan": each.plan,
            "record_pk": each.record_pk,
            "field": each.field,
            "subject": each.subject,
            "before": orjson.dumps(each.before).decode(),
            "after": orjson.dumps(each.after).decode(),
            "stage_from": each.stage_from,
            "stage_to": each.stage_to,
            "because": orjson.dumps(each.because).decode(),
            "state": each.state,
            "cause": each.cause,
            "approval": each.approval,
            "way": each.way,
        }
        for each in entries
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO plan_entry (plan, record_pk, field, subject, before, after, stage_from,"
                " stage_to, because, state, cause, approval, way) VALUES (:plan, :record_pk, :field,"
                " :subject, :before, :after, :stage_from, :stage_to, :because, :state, :cause, :approval,"
                " :way)"
                " ON CONFLICT (plan, record_pk, field) DO UPDATE SET subject = excluded.subject,"
                " before = excluded.before, after = excluded.after,"
                " stage_from = excluded.stage_from, stage_to = excluded.stage_to,"
                " because = excluded.because, state = excluded.state, cause = excluded.cause,"
                " approval = excluded.approval, way = excluded.way"
            ),
            rows,
        )


def entries_of(tx: Connection, plan_id: str, *states: str) -> list[StoredEntry]:
    """The entries of a plan in these states (all states when none is named), by record and field."""
    wanted = " AND e.state IN :states" if states else ""
    sql = text(
        "SELECT e.*, r.connection, r.object, r.id AS record_id FROM plan_entry e"  # noqa: S608  literals
        f" JOIN record r ON r.pk = e.record_pk WHERE e.plan = :plan{wanted}"
        " ORDER BY r.connection, r.object, r.id, e.field"
    )
    values: dict[str, Any] = {"plan": plan_id}
    if states:
        sql = sql.bindparams(bindparam("states", expanding=True))
        values["states"] = list(states)
    return [_stored_entry(row) for row in tx.execute(sql, values)]


def entries_unseen(tx: Connection, plan_id: str) -> list[StoredEntry]:
    """The planned entries of a plan that nobody approved, by record and field."""
    return _entries(tx, "e.plan = :plan AND e.state = 'planned' AND e.approval = ''", plan=plan_id)


def entries_in(tx: Connection, state: str) -> list[StoredEntry]:
    """The entries of all plans in this state, by record and field."""
    return _entries(tx, "e.state = :state", state=state)


def _entries(tx: Connection, where: str, **values: str) -> list[StoredEntry]:
    sql = (
        "SELECT e.*, r.connection, r.object, r.id AS record_id FROM plan_entry e"  # noqa: S608  literals
        f" JOIN record r ON r.pk = e.record_pk WHERE {where}"
        " ORDER BY r.connection, r.object, r.id, e.field"
    )
    return [_stored_entry(row) for row in tx.execute(text(sql), values)]


def count_states(tx: Connection, plan_id: str) -> dict[str, int]:
    """State -> how many of the plan's entries are in it."""
    sql = text("SELECT state, COUNT(*) AS n FROM plan_entry WHERE plan = :plan GROUP BY state")
    return {row.state: row.n for row in tx.execute(sql, {"plan": plan_id})}


def count_subjects(tx: Connection, plan_id: str, state: str) -> dict[Group, int]:
    """Group -> people and accounts with an entry of the plan in this state."""
    sql = text(
        "SELECT cause, stage_from, stage_to, COUNT(DISTINCT subject) AS n FROM plan_entry"
        " WHERE plan = :plan AND state = :state GROUP BY cause, stage_from, stage_to"
    )
    rows = tx.execute(sql, {"plan": plan_id, "state": state})
    return {Group(Cause(row.cause), row.stage_from, row.stage_to): row.n for row in rows}


def _stored_entry(row: Row[Any]) -> StoredEntry:
    return StoredEntry(
        plan=row.plan,
        record_pk=row.record_pk,
        connection=row.connection,
        object=row.object,
        id=row.record_id,
        field=row.field,
        subject=row.subject,
        before=orjson.loads(row.before),
        after=orjson.loads(row.after),
        stage_from=row.stage_from,
        stage_to=row.stage_to,
        because=orjson.loads(row.because),
        state=row.state,
        cause=row.cause,
        approval=row.approval,
        way=row.way,
    )


def set_entry_states(tx: Connection, plan_id: str, states: Iterable[tuple[int, str, str]]) -> None:
    """Move entries: (record, field, new state)."""
    rows = [
        {"plan": plan_id, "pk": pk, "field": field, "state": state} for pk, field, state in states
    ]
    if rows:
        tx.execute(
            text(
                "UPDATE plan_entry SET state = :state"
                " WHERE plan = :plan AND record_pk = :pk AND field = :field"
            ),
            rows,
        )


def adopt(tx: Connection, plan_id: str, connections: Iterable[str]) -> None:
    """Take into a plan what earlier plans left to be written to these connections."""
    sql = text(
        "UPDATE plan_entry SET plan = :plan WHERE state = 'planned' AND plan <> :plan"
        " AND record_pk IN (SELECT pk FROM record WHERE connection IN :names)"
    ).bindparams(bindparam("names", expanding=True))
    tx.execute(sql, {"plan": plan_id, "names": list(connections)})


def set_approvals(tx: Connection, plan_id: str, given: Iterable[tuple[int, str, str]]) -> None:
    """Note with which approval entries go: (record, field, approved plan)."""
    rows = [{"plan": plan_id, "pk": pk, "field": field, "by": by} for pk, field, by in given]
    if rows:
        tx.execute(
            text(
                "UPDATE plan_entry SET approval = :by"
                " WHERE plan = :plan AND record_pk = :pk AND field = :field"
            ),
            rows,
        )


def waiting_of(tx: Connection, subjects: Iterable[str], *states: str) -> list[StoredEntry]:
    """The entries of these subjects in these states."""
    sql = text(
        "SELECT e.*, r.connection, r.object, r.id AS record_id FROM plan_entry e"
        " JOIN record r ON r.pk = e.record_pk WHERE e.subject IN :keys AND e.state IN :states"
    ).bindparams(bindparam("keys", expanding=True), bindparam("states", expanding=True))
    return [
        _stored_entry(row)
        for batch in chunks(subjects)
        for row in tx.execute(sql, {"keys": batch, "states": list(states)})
    ]


def subjects_waiting(tx: Connection, *states: str) -> list[str]:
    """People and accounts that have an entry in one of these states."""
    sql = text(
        "SELECT DISTINCT subject FROM plan_entry WHERE state IN :states ORDER BY subject"
    ).bindparams(bindparam("states", expanding=True))
    return [row.subject for row in tx.execute(sql, {"states": list(states)})]


def subjects_refused(tx: Connection, subjects: Iterable[str] | None) -> list[str]:
    """People and accounts with a value that a CRM refused; among these, or among all."""
    sql = (
        "SELECT DISTINCT COALESCE(r.person, r.account) AS subject FROM difference d"
        " JOIN record r ON r.pk = d.record_pk WHERE d.reason = 'refused' AND r.gone = 0"
    )
    found = {row.subject for row in tx.execute(text(sql)) if row.subject}
    return sorted(found if subjects is None else found & set(subjects))


def drop_waiting(tx: Connection, subjects: Iterable[str], *states: str) -> None:
    """Remove entries that wait, for subjects that are planned anew; an undo waits on its own."""
    sql = text(
        "DELETE FROM plan_entry WHERE subject IN :keys AND state IN :states AND cause <> 'undo'"
    ).bindparams(bindparam("keys", expanding=True), bindparam("states", expanding=True))
    for batch in chunks(subjects):
        tx.execute(sql, {"keys": batch, "states": list(states)})


def count_entries(tx: Connection, plan_id: str) -> int:
    """How many entries a plan has."""
    sql = text("SELECT COUNT(*) FROM plan_entry WHERE plan = :plan")
    return int(tx.execute(sql, {"plan": plan_id}).scalar_one())


def baselines_of(tx: Connection, pks: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Record -> field -> the last value that both held."""
    sql = text("SELECT record_pk, field, value FROM baseline WHERE record_pk IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    found: dict[int, dict[str, Any]] = {}
    for batch in chunks(pks):
        for row in tx.execute(sql, {"keys": batch}):
            found.setdefault(row.record_pk, {})[row.field] = orjson.loads(row.value)
    return found


def save_baselines(
    tx: Connection, rows: Iterable[tuple[int, str, Any]], *, run: str, at_s: float
) -> None:
    """Keep what a CRM took: (record, field, value)."""
    values = [
        {
            "pk": pk,
            "field": field,
            "value": orjson.dumps(value).decode(),
            "run": run,
            "at_s": at_s,
        }
        for pk, field, value in rows
    ]
    if values:
        tx.execute(
            text(
                "INSERT INTO baseline (record_pk, field, value, run, written_at_s)"
                " VALUES (:pk, :field, :value, :run, :at_s)"
                " ON CONFLICT (record_pk, field) DO UPDATE SET value = excluded.value,"
                " run = excluded.run, written_at_s = excluded.written_at_s"
            ),
            values,
        )


def drop_baselines(tx: Connection, fields: Iterable[tuple[int, str]]) -> None:
    """Forget what a CRM took, where somebody changed it since: (record, field)."""
    rows = [{"pk": pk, "field": field} for pk, field in fields]
    if rows:
        sql = "DELETE FROM baseline WHERE record_pk = :pk AND field = :field"
        tx.execute(text(sql), rows)


@dataclass(frozen=True, slots=True)
class StoredDifference:
    """A wanted value that does not stand in a CRM, and why; `words` are the vendor's."""

    record_pk: int
    field: str
    wanted: Any
    current: Any
    reason: str
    words: str = ""


def save_differences(
    tx: Connection, planned: Iterable[int], rows: Iterable[StoredDifference], *, at_s: float
) -> None:
    """Replace the differences of the records that were planned."""
    pks = [{"pk": pk} for pk in planned]
    if pks:
        tx.execute(text("DELETE FROM difference WHERE record_pk = :pk"), pks)
    add_differences(tx, rows, at_s=at_s)


def add_differences(tx: Connection, rows: Iterable[StoredDifference], *, at_s: float) -> None:
    """Note differences beside those that are noted."""
    values = [
        {
            "pk": each.record_pk,
            "field": each.field,
            "wanted": orjson.dumps(each.wanted).decode(),
            "current": orjson.dumps(each.current).decode(),
            "reason": each.reason,
            "words": each.words,
            "at_s": at_s,
        }
        for each in rows
    ]
    if values:
        tx.execute(
            text(
                "INSERT INTO difference (record_pk, field, wanted, current, reason, words, at_s)"
                " VALUES (:pk, :field, :wanted, :current, :reason, :words, :at_s)"
                " ON CONFLICT (record_pk, field) DO UPDATE SET wanted = excluded.wanted,"
                " current = excluded.current, reason = excluded.reason, words = excluded.words,"
                " at_s = excluded.at_s"
            ),
            values,
        )


def drop_differences(tx: Connection, fields: Iterable[tuple[int, str]]) -> None:
    """Forget why a value did not stand there, where it does now: (record, field)."""
    rows = [{"pk": pk, "field": field} for pk, field in fields]
    if rows:
        sql = "DELETE FROM difference WHERE record_pk = :pk AND field = :field"
        tx.execute(text(sql), rows)


def differences_of(tx: Connection, pks: Iterable[int]) -> dict[int, list[StoredDifference]]:
    """Record -> its differences."""
    sql = text("SELECT * FROM difference WHERE record_pk IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    found: dict[int, list[StoredDifference]] = {}
    for batch in chunks(pks):
        for row in tx.execute(sql, {"keys": batch}):
            found.setdefault(row.record_pk, []).append(
                StoredDifference(
                    row.record_pk,
                    row.field,
                    orjson.loads(row.wanted),
                    orjson.loads(row.current),
                    row.reason,
                    row.words,
                )
            )
    return found


def refused(tx: Connection, *, most: int) -> list[dict[str, Any]]:
    """Values that a CRM refused, longest waiting first: where, what it said, since when."""
    sql = text(
        "SELECT r.connection, r.object, r.id, r.person, r.account, d.field, d.words, d.at_s"
        " FROM difference d JOIN record r ON r.pk = d.record_pk"
        " WHERE d.reason = 'refused' AND r.gone = 0"
        " ORDER BY d.at_s, r.connection, r.object, r.id, d.field LIMIT :most"
    )
    return [dict(row._mapping) for row in tx.execute(sql, {"most": most})]  # noqa: SLF001  the documented way to a row's columns


def count_differences(tx: Connection) -> dict[str, dict[str, int]]:
    """Connection -> reason -> how many fields."""
    counts: dict[str, dict[str, int]] = {}
    sql = (
        "SELECT r.connection, d.reason, COUNT(*) AS n FROM difference d"
        " JOIN record r ON r.pk = d.record_pk WHERE r.gone = 0 GROUP BY r.connection, d.reason"
        " ORDER BY r.connection, d.reason"
    )
    for row in tx.execute(text(sql)):
        counts.setdefault(row.connection, {})[row.reason] = row.n
    return counts

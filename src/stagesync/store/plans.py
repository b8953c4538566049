"""Queries about plans and their entries: what will be, was, or waits to be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.engine import Row

from stagesync.domain.guard import Cause, Group
from stagesync.store import totals
from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import chunks, texts

CHANGES = "waits"
"""Total of changes of entries."""


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A saved plan.

    Attributes:
        kind: `run`, or `undo`, which was asked for by hand.
        run: that made it, or that it undoes.
        state: one of open, held, approved, dropped, done; `ended` when the approval is over,
            `replaced` when it was shown and a later plan took its values on.
        leaves: JSON; of an undo: how many values it leaves, why, and what lies beyond it; of others empty.
    """

    id: str
    run: str
    state: str
    policy: str
    made_at_s: float
    decided_by: str = ""
    decided_at_s: float | None = None
    kind: str = "run"
    leaves: str = ""


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
            "INSERT INTO plan (id, kind, run, state, policy, made_at_s, decided_by, decided_at_s, leaves)"
            " VALUES (:id, :kind, :run, :state, :policy, :made_at_s, :decided_by, :decided_at_s, :leaves)"
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
    ).bindparams(*texts("states"))
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
    """Remove plans that came to nothing, or whose entries were all planned anew by a later one.

    One that was shown stays as long as what it showed.
    """
    empty = "NOT EXISTS (SELECT 1 FROM plan_entry e WHERE e.plan = plan.id)"
    shown = "SELECT plan FROM saved_plan"
    for sql in (
        f"UPDATE plan SET state = 'replaced' WHERE state = 'open' AND id <> :but AND {empty}",  # noqa: S608  literals
        f"DELETE FROM plan WHERE state = 'replaced' AND id NOT IN ({shown})",  # noqa: S608  literals
    ):
        tx.execute(text(sql), {"but": but})


_TEXTS = ("before", "after", "because")
_WORDS = ("subject", "stage_from", "stage_to", "state", "cause", "approval", "way")
_KEYS = ("plan", "record_pk", "field")
_SAVE_ENTRY = Put("plan_entry", (*_KEYS, *_WORDS, *_TEXTS), _KEYS, (*_WORDS, *_TEXTS))


def save_entries(tx: Connection, entries: Iterable[StoredEntry]) -> None:
    """Keep entries of plans.

    A plan that is held for one connection takes in what later runs write to the others: an entry that
    was written meanwhile gives way to the new one. The audit has both.
    """
    found = iter(entries)
    first = next(found, None)
    if first is None:
        return
    rows = (
        (
            *(getattr(each, name) for name in (*_KEYS, *_WORDS)),
            *(orjson.dumps(getattr(each, name)).decode() for name in _TEXTS),
        )
        for each in chain((first,), found)
    )
    store_rows(tx, _SAVE_ENTRY, rows)
    note_change(tx)


def entries_of(tx: Connection, plan_id: str, *states: str) -> list[StoredEntry]:
    """The entries of a plan in these states (all states when none is named), by record and field."""
    if not states:
        return _entries(tx, "e.plan = :plan", plan=plan_id)
    where = "e.plan = :plan AND e.state IN :states"
    return _entries(tx, where, plan=plan_id, states=list(states))


def entries_unseen(tx: Connection, plan_id: str) -> list[StoredEntry]:
    """The planned entries of a plan that nobody approved, by record and field."""
    return _entries(tx, "e.plan = :plan AND e.state = 'planned' AND e.approval = ''", plan=plan_id)


def entries_in(tx: Connection, state: str) -> list[StoredEntry]:
    """The entries of all plans in this state, by record and field."""
    return _entries(tx, "e.state = :state", state=state)


def _entries(tx: Connection, where: str, **values: str | float | list[str]) -> list[StoredEntry]:
    """By record and field; a value that is a list belongs to an IN."""
    sql = text(
        "SELECT e.*, r.connection, r.object, r.id AS record_id FROM plan_entry e"  # noqa: S608  literals
        f" JOIN record r ON r.pk = e.record_pk WHERE {where}"
        " ORDER BY r.connection, r.object, r.id, e.field"
    )
    lists = [name for name, value in values.items() if isinstance(value, list)]
    sql = sql.bindparams(*(bindparam(name, expanding=True) for name in lists))
    return [_stored_entry(row) for row in tx.execute(sql, values)]


def entries_of_ended(tx: Connection, plan_id: str, *, before_s: float) -> list[StoredEntry]:
    """The planned entries of a plan whose approval was given at an instant or before it."""
    ended = "SELECT id FROM plan WHERE decided_at_s <= :before_s"
    return _entries(
        tx,
        f"e.plan = :plan AND e.state = 'planned' AND e.approval IN ({ended})",
        plan=plan_id,
        before_s=before_s,
    )


def end_approvals(tx: Connection, *, before_s: float) -> None:
    """Let nothing more pass by approvals given at an instant or before it."""
    sql = text(
        "UPDATE plan SET state = 'ended' WHERE state = 'approved' AND decided_at_s <= :before_s"
    )
    tx.execute(sql, {"before_s": before_s})


def count_approved(tx: Connection) -> dict[str, int]:
    """Approved plan -> values that wait to be written by it."""
    sql = text(
        "SELECT approval, COUNT(*) AS n FROM plan_entry WHERE state = 'planned' AND approval <> ''"
        " GROUP BY approval"
    )
    return {row.approval: row.n for row in tx.execute(sql)}


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
        note_change(tx)


def adopt(tx: Connection, plan_id: str, connections: Iterable[str]) -> None:
    """Take into a plan what earlier plans left to be written to these connections.

    A field that several of them want gets what the latest wants: people may undo a thing twice, or
    undo what something else waits for.
    """
    left = text(
        "SELECT id FROM plan WHERE id <> :plan AND id IN"
        " (SELECT plan FROM plan_entry WHERE state = 'planned') ORDER BY made_at_s, id"
    )
    make_room = text(
        "DELETE FROM plan_entry WHERE plan = :plan AND EXISTS (SELECT 1 FROM plan_entry o"
        " WHERE o.plan = :other AND o.state = 'planned' AND o.record_pk = plan_entry.record_pk"
        " AND o.field = plan_entry.field)"
        " AND record_pk IN (SELECT pk FROM record WHERE connection IN :names)"
    ).bindparams(*texts("names"))
    take = text(
        "UPDATE plan_entry SET plan = :plan WHERE plan = :other AND state = 'planned'"
        " AND record_pk IN (SELECT pk FROM record WHERE connection IN :names)"
    ).bindparams(*texts("names"))
    for row in tx.execute(left, {"plan": plan_id}).all():
        given = {"plan": plan_id, "other": row.id, "names": list(connections)}
        tx.execute(make_room, given)
        tx.execute(take, given)
        note_change(tx)


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
    where = "e.subject IN :keys AND e.state IN :states"
    return [
        entry
        for batch in chunks(subjects)
        for entry in _entries(tx, where, keys=batch, states=list(states))
    ]


def subjects_waiting(tx: Connection, *states: str) -> list[str]:
    """People and accounts that have an entry in one of these states."""
    sql = text(
        "SELECT DISTINCT subject FROM plan_entry WHERE state IN :states ORDER BY subject"
    ).bindparams(*texts("states"))
    return [row.subject for row in tx.execute(sql, {"states": list(states)})]


def drop_waiting(tx: Connection, subjects: Iterable[str], *states: str) -> None:
    """Remove entries that wait, for subjects that are planned anew; an undo waits on its own."""
    sql = text(
        "DELETE FROM plan_entry WHERE subject IN :keys AND state IN :states AND cause <> 'undo'"
    ).bindparams(bindparam("keys", expanding=True), bindparam("states", expanding=True))
    for batch in chunks(subjects):
        if tx.execute(sql, {"keys": batch, "states": list(states)}).rowcount:
            note_change(tx)


def note_change(tx: Connection) -> None:
    """Say that what was counted of entries is over."""
    totals.add(tx, {CHANGES: {totals.NOTHING: 1}})


def count_waiting(tx: Connection, *states: str) -> int:
    """How many people and accounts have an entry in one of these states."""
    sql = text("SELECT COUNT(DISTINCT subject) FROM plan_entry WHERE state IN :states")
    found = tx.execute(sql.bindparams(*texts("states")), {"states": list(states)})
    return int(found.scalar_one())


def count_entries(tx: Connection, plan_id: str) -> int:
    """How many entries a plan has."""
    sql = text("SELECT COUNT(*) FROM plan_entry WHERE plan = :plan")
    return int(tx.execute(sql, {"plan": plan_id}).scalar_one())

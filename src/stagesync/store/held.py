"""Queries about what a plan holds: counted and paged by an index that has held values alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text

from stagesync.domain.guard import Cause, Group
from stagesync.domain.plan import EMPTIES, GOES_BACK
from stagesync.store.people import PREFIXES

Key = tuple[str, int, str]
"""Subject, record, field: where a value stands within its group."""

START: Key = ("", 0, "")
"""Before every value."""


@dataclass(frozen=True, slots=True, order=True)
class HeldGroup:
    """What a plan holds of one group.

    Attributes:
        subjects: people and accounts.
        accounts: of them, accounts.
        back: values that move a vendor's field back.
        mark: another number when other records are concerned.
    """

    group: Group
    values: int
    subjects: int
    accounts: int
    back: int
    mark: int


def held_counts(tx: Connection, plan_id: str) -> list[HeldGroup]:
    """What a plan holds, by group."""
    rows = tx.execute(
        text(
            # Each in the order of the index: nothing is sorted.
            "SELECT cause, stage_from, stage_to, SUM(n) AS n, COUNT(*) AS subjects,"  # noqa: S608  literals
            f" SUM(CASE WHEN subject LIKE '{PREFIXES['account']}%' THEN 1 ELSE 0 END) AS accounts,"
            " SUM(back) AS back, SUM(mark) AS mark FROM (SELECT cause, stage_from, stage_to, subject,"
            f" COUNT(*) AS n, SUM(CASE WHEN way IN {_among(GOES_BACK)} THEN 1 ELSE 0 END) AS back,"
            " SUM(record_pk) AS mark FROM plan_entry WHERE plan = :plan AND state = 'held'"
            " GROUP BY cause, stage_from, stage_to, subject) AS own"
            " GROUP BY cause, stage_from, stage_to ORDER BY cause, stage_from, stage_to"
        ),
        {"plan": plan_id},
    )
    return [
        HeldGroup(
            group_of(row),
            values=int(row.n),
            subjects=row.subjects,
            accounts=row.accounts,
            back=int(row.back),
            mark=int(row.mark),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A value that waits for approval, with the record that it goes to.

    Attributes:
        name: e-mail of the person, or domain of the company, as this record tells it; may be empty.
        because: reason lines.
    """

    record_pk: int
    connection: str
    object: str
    id: str
    name: str
    field: str
    subject: str
    before: Any
    after: Any
    because: Any
    way: str

    @property
    def key(self) -> Key:
        """Where it stands within its group."""
        return self.subject, self.record_pk, self.field


def held_values(
    tx: Connection, plan_id: str, group: Group, *, after: Key = START, most: int
) -> list[HeldValue]:
    """The next values of a group, everybody's together, in the order of `HeldValue.key`."""
    rows = tx.execute(
        text(
            "SELECT e.*, r.connection, r.object, r.id AS record_id, r.email, r.domain FROM plan_entry e JOIN record r ON r.pk = e.record_pk"
            " WHERE e.plan = :plan AND e.state = 'held' AND e.cause = :cause"
            " AND e.stage_from = :stage_from AND e.stage_to = :stage_to"
            " AND (e.subject, e.record_pk, e.field) > (:subject, :pk, :field)"
            " ORDER BY e.subject, e.record_pk, e.field LIMIT :most"
        ),
        {
            "plan": plan_id,
            "cause": str(group.cause),
            "stage_from": group.stage_from,
            "stage_to": group.stage_to,
            **dict(zip(("subject", "pk", "field"), after, strict=True)),
            "most": most,
        },
    )
    return [
        HeldValue(
            record_pk=row.record_pk,
            connection=row.connection,
            object=row.object,
            id=row.record_id,
            name=row.email or row.domain,
            field=row.field,
            subject=row.subject,
            before=orjson.loads(row.before),
            after=orjson.loads(row.after),
            because=orjson.loads(row.because),
            way=row.way,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class HeldCost:
    """How much of one object a plan holds.

    Attributes:
        values, records: fields, and records with such a field.
        clears: values that go back by way of the empty field.
    """

    connection: str
    object: str
    values: int
    records: int
    clears: int


def held_costs(tx: Connection, plan_id: str) -> list[HeldCost]:
    """What a plan holds, by connection and object."""
    rows = tx.execute(
        text(
            "SELECT r.connection, r.object, SUM(e.n) AS n, COUNT(DISTINCT e.record_pk) AS records,"  # noqa: S608  literals
            " SUM(e.clears) AS clears FROM (SELECT record_pk, COUNT(*) AS n,"
            f" SUM(CASE WHEN way IN {_among(EMPTIES)} THEN 1 ELSE 0 END) AS clears FROM plan_entry"
            " WHERE plan = :plan AND state = 'held'"
            " GROUP BY cause, stage_from, stage_to, subject, record_pk) AS e"
            " JOIN record r ON r.pk = e.record_pk"
            " GROUP BY r.connection, r.object ORDER BY r.connection, r.object"
        ),
        {"plan": plan_id},
    )
    return [
        HeldCost(row.connection, row.object, int(row.n), row.records, int(row.clears))
        for row in rows
    ]


def move_held(tx: Connection, groups: Iterable[Group], *, old: str, new: str) -> None:
    """Give one plan what another one holds of these groups, and why it is held; it is decided about then."""
    rows = [
        {
            "old": old,
            "new": new,
            "cause": str(each.cause),
            "stage_from": each.stage_from,
            "stage_to": each.stage_to,
        }
        for each in groups
    ]
    named = "cause = :cause AND stage_from = :stage_from AND stage_to = :stage_to"
    for table in ("plan_entry", "held_group"):
        held = " AND state = 'held'" if table == "plan_entry" else ""
        sql = f"UPDATE {table} SET plan = :new WHERE plan = :old{held} AND {named}"  # noqa: S608  literals
        tx.execute(text(sql), rows)


def group_of(row: Any) -> Group:
    """The group that a row's columns name."""
    return Group(Cause(row.cause), row.stage_from, row.stage_to)


def _among(ways: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{each}'" for each in sorted(ways)) + ")"

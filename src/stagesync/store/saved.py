"""Queries about plans as they were shown, held or decided.

What waits of a plan is dropped and planned anew by later runs. So what somebody saw of it is kept beside it:
one text per plan, its values a line each, compressed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection, CursorResult, bindparam, text

from stagesync.domain.guard import Cause, Group
from stagesync.domain.life import WAITING
from stagesync.domain.plan import GOES_BACK
from stagesync.store.held import START, HeldGroup, HeldValue, Key
from stagesync.store.people import kind_of
from stagesync.store.plans import StoredEntry, StoredPlan

MOST_PLANS = 30
"""Saved plans beyond the newest of these are forgotten."""

KEPT_S = 90 * 86_400.0
"""After which a saved plan is forgotten."""

MOST_VALUES = 200_000
"""Values of one plan that are kept; its counts are whole in any case."""

_FIELDS = (
    "record_pk",
    "connection",
    "object",
    "id",
    "field",
    "subject",
    "before",
    "after",
    "stage_from",
    "stage_to",
    "state",
    "cause",
    "way",
)


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan that was kept, without its values.

    Attributes:
        saved_at_s: when it stood so.
        values: all that waited.
        subjects: people and accounts.
        causes: cause -> people and accounts.
        is_whole: every value was kept.
    """

    plan: StoredPlan
    saved_at_s: float
    values: int
    subjects: int
    causes: Mapping[str, int]
    is_whole: bool


def save(tx: Connection, plan_id: str, *, now_s: float) -> None:
    """Keep what waits of a plan, in place of what was kept of it; one of which nothing waits is left."""
    causes, values, subjects = _count(tx, plan_id)
    body = _packed(_lines(tx, plan_id))
    if not values or body == _body(tx, plan_id):
        return
    tx.execute(
        text(
            "INSERT INTO saved_plan (plan, saved_at_s, entries, subjects, causes, body)"
            " VALUES (:plan, :now_s, :entries, :subjects, :causes, :body)"
            " ON CONFLICT (plan) DO UPDATE SET saved_at_s = excluded.saved_at_s,"
            " entries = excluded.entries, subjects = excluded.subjects, causes = excluded.causes,"
            " body = excluded.body"
        ),
        {
            "plan": plan_id,
            "now_s": now_s,
            "entries": values,
            "subjects": subjects,
            "causes": orjson.dumps(causes).decode(),
            "body": body,
        },
    )
    _forget_old(tx, now_s=now_s)


def is_saved(tx: Connection, plan_id: str) -> bool:
    """Whether anything of this plan was kept."""
    sql = text("SELECT 1 FROM saved_plan WHERE plan = :plan")
    return tx.execute(sql, {"plan": plan_id}).first() is not None


def saved_plans(tx: Connection, plan_id: str = "") -> list[SavedPlan]:
    """Plans that were kept, the newest first; or this one alone, if it was."""
    sql = text(
        "SELECT p.*, s.saved_at_s, s.entries, s.subjects, s.causes FROM saved_plan s"
        " JOIN plan p ON p.id = s.plan WHERE p.id = :plan OR :plan = ''"
        " ORDER BY p.made_at_s DESC, p.id"
    )
    return [
        SavedPlan(
            plan=StoredPlan(**{name: getattr(row, name) for name in StoredPlan.__slots__}),
            saved_at_s=row.saved_at_s,
            values=row.entries,
            subjects=row.subjects,
            causes=orjson.loads(row.causes),
            is_whole=row.entries <= MOST_VALUES,
        )
        for row in tx.execute(sql, {"plan": plan_id})
    ]


def entries_saved(tx: Connection, plan_id: str) -> list[StoredEntry]:
    """The values that were kept of a plan, by record and field, without their reasons."""
    found = []
    for line in _unpacked(_body(tx, plan_id)):
        told = dict(zip(_FIELDS, orjson.loads(line), strict=True))
        told["before"], told["after"] = orjson.loads(told["before"]), orjson.loads(told["after"])
        found.append(StoredEntry(**told, plan=plan_id, because=()))
    return found


def counts_saved(tx: Connection, plan_id: str) -> list[HeldGroup]:
    """What was kept of a plan, by group."""
    counts: dict[tuple[str, str, str], list[Any]] = {}
    for line in _unpacked(_body(tx, plan_id)):
        told = orjson.loads(line)
        counts.setdefault(_GROUP(told), []).append(_COUNTED(told))
    return sorted(_counted(key, found) for key, found in counts.items())


def values_saved(
    tx: Connection, plan_id: str, group: Group, *, after: Key = START, most: int
) -> list[HeldValue]:
    """The next kept values of a group, everybody's together, without names and reasons."""
    wanted = (str(group.cause), group.stage_from, group.stage_to)
    lines = map(orjson.loads, _unpacked(_body(tx, plan_id)))
    found = (told for told in lines if _GROUP(told) == wanted and _KEY(told) > after)
    return [_held_value(told) for told in nsmallest(most, found, key=_KEY)]


def _picked(*names: str) -> Callable[[Sequence[Any]], Any]:
    return itemgetter(*map(_FIELDS.index, names))


_GROUP = _picked("cause", "stage_from", "stage_to")
_KEY = _picked("subject", "record_pk", "field")
_COUNTED = _picked("subject", "record_pk", "way")


def _counted(key: tuple[str, str, str], found: Sequence[tuple[str, int, str]]) -> HeldGroup:
    subjects = {subject for subject, _, _ in found}
    return HeldGroup(
        Group(Cause(key[0]), *key[1:]),
        values=len(found),
        subjects=len(subjects),
        accounts=sum(kind_of(each) == "account" for each in subjects),
        back=sum(way in GOES_BACK for _, _, way in found),
        mark=sum(pk for _, pk, _ in found),
    )


def _held_value(told: Sequence[Any]) -> HeldValue:
    named = dict(zip(_FIELDS, told, strict=True))
    own = ("record_pk", "connection", "object", "id", "field", "subject", "way")
    return HeldValue(
        **{name: named[name] for name in own},
        name="",
        before=orjson.loads(named["before"]),
        after=orjson.loads(named["after"]),
        because=(),
    )


def forget_old_plans(tx: Connection, *, before_s: float) -> None:
    """Remove plans made before an instant of which nothing waits any more; the audit has what was written."""
    old = (
        "SELECT id FROM plan WHERE state IN ('done', 'dropped', 'ended') AND made_at_s < :before_s"
    )
    waits = "SELECT 1 FROM plan_entry e WHERE e.plan = plan.id AND e.state IN ('planned', 'held', 'sent')"
    found = [
        {"plan": row.id}
        for row in tx.execute(text(f"{old} AND NOT EXISTS ({waits})"), {"before_s": before_s})
    ]
    for table in ("plan_entry", "approval", "held_group", "saved_plan") if found else ():
        tx.execute(text(f"DELETE FROM {table} WHERE plan = :plan"), found)  # noqa: S608  literals
    if found:
        tx.execute(text("DELETE FROM plan WHERE id = :plan"), found)


def forget_people(tx: Connection, pks: Collection[int], people: Collection[str]) -> int:
    """Take every value of these records and people out of what was kept; how many plans that changed."""
    changed = 0
    for row in tx.execute(text("SELECT plan, body FROM saved_plan")).all():
        lines = _unpacked(row.body)
        theirs = set(_of(lines, pks, people))
        if theirs:
            changed += 1
            left = [line for place, line in enumerate(lines) if place not in theirs]
            sql = text("UPDATE saved_plan SET body = :body WHERE plan = :plan")
            tx.execute(sql, {"plan": row.plan, "body": _packed(left)})
    return changed


def values_of(
    tx: Connection, pks: Collection[int], people: Collection[str]
) -> list[dict[str, Any]]:
    """Every value of these records and people that was kept of any plan, with the plan's id."""
    found = []
    for row in tx.execute(text("SELECT plan, body FROM saved_plan ORDER BY plan")).all():
        lines = _unpacked(row.body)
        for place in _of(lines, pks, people):
            told = dict(zip(_FIELDS, orjson.loads(lines[place]), strict=True))
            found.append({"plan": row.plan, **told})
    return found


def _of(lines: Sequence[bytes], pks: Collection[int], people: Collection[str]) -> Iterator[int]:
    """The places of the lines that are of these records or people; reads no line whole that is not."""
    numbers = {b"[%d" % pk for pk in pks}
    names = [b'"%b"' % who.encode() for who in people]
    for place, line in enumerate(lines):
        if line[: line.index(b",")] in numbers or any(name in line for name in names):
            yield place


def _count(tx: Connection, plan_id: str) -> tuple[dict[str, int], int, int]:
    """Cause -> people and accounts; values; people and accounts."""
    waiting = "FROM plan_entry WHERE plan = :plan AND state IN :states"
    by_cause = f"SELECT cause, COUNT(DISTINCT subject) AS n {waiting} GROUP BY cause ORDER BY cause"
    in_all = f"SELECT COUNT(*) AS n, COUNT(DISTINCT subject) AS subjects {waiting}"
    causes = {row.cause: row.n for row in _waiting(tx, by_cause, plan_id)}
    row = _waiting(tx, in_all, plan_id).one()
    return causes, row.n, row.subjects


def _waiting(tx: Connection, sql: str, plan_id: str, **values: int) -> CursorResult[Any]:
    """Rows of a query about what waits of a plan."""
    statement = text(sql).bindparams(bindparam("states", expanding=True))
    return tx.execute(statement, {"plan": plan_id, "states": list(WAITING), **values})


def _lines(tx: Connection, plan_id: str) -> Iterable[bytes]:
    """A line per value; what it is stays the text that it is in the store."""
    sql = (
        "SELECT e.record_pk, r.connection, r.object, r.id, e.field, e.subject, e.before, e.after,"
        " e.stage_from, e.stage_to, e.state, e.cause, e.way FROM plan_entry e"
        " JOIN record r ON r.pk = e.record_pk WHERE e.plan = :plan AND e.state IN :states"
        " ORDER BY r.connection, r.object, r.id, e.field LIMIT :most"
    )
    for row in _waiting(tx, sql, plan_id, most=MOST_VALUES):
        yield orjson.dumps(tuple(row))


def _packed(lines: Iterable[bytes]) -> bytes:
    packing = zlib.compressobj()
    return b"".join([*(packing.compress(line + b"\n") for line in lines), packing.flush()])


def _unpacked(body: bytes | None) -> list[bytes]:
    return zlib.decompress(body).splitlines() if body else []


def _body(tx: Connection, plan_id: str) -> bytes | None:
    sql = text("SELECT body FROM saved_plan WHERE plan = :plan")
    found = tx.execute(sql, {"plan": plan_id}).scalar()
    return None if found is None else bytes(found)


def _forget_old(tx: Connection, *, now_s: float) -> None:
    newest = "SELECT plan FROM saved_plan ORDER BY saved_at_s DESC, plan LIMIT :most"
    sql = text(
        "DELETE FROM saved_plan WHERE saved_at_s < :before_s"  # noqa: S608  literals
        f" OR plan NOT IN ({newest})"
    )
    tx.execute(sql, {"before_s": now_s - KEPT_S, "most": MOST_PLANS})

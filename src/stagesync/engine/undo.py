"""Takes back what a run wrote: a plan of its own, seen before it acts, and itself undoable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.guard import Cause
from stagesync.domain.life import State
from stagesync.engine import audit
from stagesync.engine.compare import same_in
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions, stored_descriptions
from stagesync.engine.find import find
from stagesync.errors import ArgumentError
from stagesync.store import log, plans, records
from stagesync.store.plans import StoredEntry, StoredPlan
from stagesync.store.records import StoredRecord

Place = tuple[str, str, str, str]
"""Connection, object, record id, field."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A value that an undo leaves.

    Attributes:
        ours: what the run wrote.
        now: what stands there.
        why: for people.
    """

    connection: str
    object: str
    id: str
    field: str
    ours: Any
    now: Any
    why: str


@dataclass(slots=True)
class Undoing:
    """What an undo would do.

    Attributes:
        plan: id of the held plan; empty when there is nothing to restore.
    """

    plan: str = ""
    restored: list[StoredEntry] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(slots=True)
class _Change:
    """What a run did to one field, from its first write to its last."""

    before: Any
    after: Any
    person: str
    stage_from: str


def undo(
    deployment: Deployment,
    *,
    run: str = "",
    policy: str = "",
    who: str = "",
    by: str = "unknown",
    now_s: float,
) -> Undoing:
    """Plan to restore what a run wrote, or every run under a policy; the plan is held.

    Values that somebody changed since are left and listed. What ran in the CRM because of a value, such as a
    mail that a workflow sent, is not taken back.

    Args:
        policy: its label, as the log tells it.
        who: only this person.
        by: who asks for it.

    Raises:
        ArgumentError: nothing in the log fits, or `who` names nobody.
    """
    with deployment.store.begin() as tx:
        subject = find(tx, who)[1] if who else ""
        changes = _changes(tx, run=run, policy=policy, person=subject)
        if not changes:
            what = f"run `{run}`" if run else f"policy `{policy}`"
            raise ArgumentError(
                f"the log has no value written by {what}",
                hint="stagesync audit lists what was written; stagesync status the last runs",
            )
        found = Undoing()
        told = hashlib.blake2s(f"{run}/{policy}/{subject}/{now_s}".encode(), digest_size=4)
        plan_id = "pl_" + told.hexdigest()
        there = _look(tx, changes)
        for place, change in changes.items():
            _weigh(
                deployment,
                there,
                found,
                plan_id=plan_id,
                place=place,
                change=change,
                because=run or policy,
            )
        if found.restored:
            found.plan = plan_id
            label = deployment.policy.label
            plans.save_plan(
                tx, StoredPlan(plan_id, run or policy, "held", label, now_s, kind="undo")
            )
            plans.save_entries(tx, found.restored)
            asked = {"undo": plan_id, "of": run or policy, "values": len(found.restored)}
            audit.tell(tx, asked, actor=by, now_s=now_s, policy=label, person=subject or None)
    return found


def _changes(tx: Connection, *, run: str, policy: str, person: str) -> dict[Place, _Change]:
    """What stood before the first write and what the last one left, per field, newest place last."""
    found: dict[Place, _Change] = {}
    for entry in log.read(tx, run=run, person=person):
        if not (entry["result"] or {}).get("written") or (policy and entry["policy"] != policy):
            continue
        place = (entry["connection"], entry["object"], entry["id"], entry["field"])
        if place in found:
            found[place].after = entry["after"]
        else:
            found[place] = _Change(
                entry["before"], entry["after"], entry["person"], entry["stage_from"] or ""
            )
    return found


@dataclass(frozen=True, slots=True)
class _There:
    """What the store knows of the records that a run wrote.

    Attributes:
        records: by connection, object and id.
        described: connection -> its fields.
    """

    records: Mapping[tuple[str, ...], StoredRecord]
    described: Mapping[str, Descriptions]


def _look(tx: Connection, places: Iterable[Place]) -> _There:
    ids: dict[tuple[str, str], set[str]] = {}
    for connection, object_name, record_id, _ in places:
        ids.setdefault((connection, object_name), set()).add(record_id)
    held: dict[tuple[str, ...], StoredRecord] = {
        (*where, record_id): record
        for where, of_object in ids.items()
        for record_id, record in records.records_of(tx, *where, of_object).items()
    }
    return _There(held, {name: stored_descriptions(tx, name) for name in {name for name, _ in ids}})


def _weigh(
    deployment: Deployment,
    there: _There,
    found: Undoing,
    *,
    plan_id: str,
    place: Place,
    change: _Change,
    because: str,
) -> None:
    connection, object_name, record_id, name = place
    record = there.records.get(place[:3])
    now = record.fields.get(name) if record else None
    same = same_in(there.described[connection].get(object_name), name)
    if record is None or record.gone:
        why = "the record is gone"
    elif connection not in deployment.connections:
        why = "the connection is not configured any more"
    elif same(now, change.before):
        return
    elif not same(now, change.after):
        why = "it was changed since"
    else:
        found.restored.append(_entry(record, name, change, now, plan_id=plan_id, because=because))
        return
    found.skipped.append(Skipped(connection, object_name, record_id, name, change.after, now, why))


def _entry(
    record: StoredRecord, name: str, change: _Change, now: Any, *, plan_id: str, because: str
) -> StoredEntry:
    return StoredEntry(
        plan=plan_id,
        record_pk=record.pk,
        connection=record.connection,
        object=record.object,
        id=record.id,
        field=name,
        subject=record.person or record.account or change.person,
        before=now,
        after=change.before,
        stage_from="",
        stage_to=change.stage_from,
        because=[{"rule": f"undo of {because}", "points": 0}],
        state=str(State.HELD),
        cause=str(Cause.UNDO),
    )


def document(found: Undoing) -> dict[str, Any]:
    """What an undo skips, as commands print it."""
    return {
        "skipped": [
            {
                "connection": each.connection,
                "object": each.object,
                "id": each.id,
                "field": each.field,
                "ours": each.ours,
                "now": each.now,
                "why": each.why,
            }
            for each in found.skipped
        ]
    }

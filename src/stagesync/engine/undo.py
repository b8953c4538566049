"""Takes back what a run wrote: a plan of its own, seen before it acts, and itself undoable."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stagesync.connector import FieldDescription
from stagesync.domain.guard import Cause
from stagesync.domain.life import State
from stagesync.domain.mapping import is_frozen
from stagesync.domain.plan import Way
from stagesync.domain.said import Said
from stagesync.engine import audit
from stagesync.engine.compare import is_lower
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.find import find
from stagesync.engine.holds import held_by_hand
from stagesync.engine.leaves import Leaves
from stagesync.engine.progress import Progress, Quiet
from stagesync.engine.whose import ids_of
from stagesync.engine.written import Place, There, Written, look, read_now, written_by
from stagesync.errors import ArgumentError
from stagesync.store import plans, state
from stagesync.store.plans import StoredEntry, StoredPlan

GONE = Said("the record is gone")
CONVERTED = Said("the record was converted: the CRM closed it to writing")


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
        beyond: what it cannot take back, in sentences.
    """

    plan: str = ""
    restored: list[StoredEntry] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)


def undo(
    deployment: Deployment,
    *,
    run: str = "",
    policy: str = "",
    who: str = "",
    by: str = "unknown",
    now_s: float,
    progress: Progress | None = None,
) -> Undoing:
    """Plan to restore what a run wrote, or every run under a policy; the plan is held.

    The CRMs are asked what stands there now: values that somebody changed since are left and listed.

    Args:
        policy: its label, as the log tells it.
        who: only this person.
        by: who asks for it.

    Raises:
        ArgumentError: nothing in the log fits, or `who` names nobody.
        CrmError: a CRM does not say what stands there now.
    """
    with deployment.store.begin() as tx:
        subject = find(tx, who)[1] if who else ""
        changes = written_by(tx, run=run, policy=policy, person=subject)
        if not changes:
            what = f"run `{run}`" if run else f"policy `{policy}`"
            raise ArgumentError(
                f"the log has no value written by {what}",
                hint="stagesync audit lists what was written; stagesync status the last runs",
            )
        there = look(tx, changes)
        if subject:
            changes = _without_others(there, changes, ids_of(tx, subject))
        subjects = {_subject(there, place, change) for place, change in changes.items()}
        by_hand = held_by_hand(tx, subjects)
    read_now(deployment, there, changes, progress=progress or Quiet())
    told = hashlib.blake2s(f"{run}/{policy}/{subject}/{now_s}".encode(), digest_size=4)
    plan = StoredPlan(
        "pl_" + told.hexdigest(),
        run or policy,
        "held",
        deployment.policy.label,
        now_s,
        kind="undo",
    )
    found = Undoing()
    for place, change in changes.items():
        _weigh(deployment, there, found, plan=plan, place=place, change=change, by_hand=by_hand)
    found.beyond = _beyond(deployment, found)
    if found.restored:
        found.plan = plan.id
        plan = replace(plan, leaves=leaves_of(found).keep())
        _keep(deployment, found, plan, subject=subject, by=by)
    return found


def _keep(
    deployment: Deployment, found: Undoing, plan: StoredPlan, *, subject: str, by: str
) -> None:
    """Hold the plan, and have the log say who asked for it."""
    told = {"undo": plan.id, "of": plan.run, "values": len(found.restored)}
    with deployment.store.begin() as tx:
        plans.save_plan(tx, plan)
        plans.save_entries(tx, found.restored)
        # Whatever else waits for these people is planned anew, around the undo.
        state.mark_dirty(tx, "plan", {each.subject for each in found.restored})
        audit.tell(
            tx,
            told,
            actor=by,
            now_s=plan.made_at_s,
            policy=plan.policy,
            person=subject or None,
        )


def _without_others(
    there: There, changes: Mapping[Place, Written], ids: Container[str]
) -> dict[Place, Written]:
    """What was written to records that are not somebody else's by now."""
    return {place: each for place, each in changes.items() if _subject(there, place, each) in ids}


def _subject(there: There, place: Place, change: Written) -> str:
    record = there.records.get(place[:3])
    return (record and (record.person or record.account)) or change.person


def _weigh(
    deployment: Deployment,
    there: There,
    found: Undoing,
    *,
    plan: StoredPlan,
    place: Place,
    change: Written,
    by_hand: Container[str],
) -> None:
    """Restore the value of one field, or say why it stays."""
    connected, fields = deployment.connections.get(place[0]), there.fields(place)
    subject = _subject(there, place, change)
    now = fields.get(place[3]) if fields is not None else None
    same = there.same(place)
    before = change.before(same)
    way: Way | None = Way.PLAIN
    if fields is None:
        why = GONE
    elif connected is None:
        why = Said("the connection is not configured any more")
    elif same(now, before):
        return
    elif not same(now, change.after):
        why = Said("it was changed since")
    elif _is_closed(connected, place, fields):
        why = CONVERTED
    elif subject in by_hand:
        why = Said("somebody holds it; stagesync release ends that")
    elif (way := _way(connected, there.description(place), now, before)) is None:
        why = Said("the CRM lets it go forward only")
    else:
        entry = _entry(there.records[place[:3]].pk, place, change, plan=plan)
        found.restored.append(
            replace(entry, subject=subject, before=now, after=before, way=str(way))
        )
        return
    found.skipped.append(Skipped(*place, change.after, now, why))


def _is_closed(connected: Connected, place: Place, fields: Mapping[str, Any]) -> bool:
    mapped = connected.mapping.objects.get(place[1])
    return mapped is not None and is_frozen(mapped, fields)


def _way(
    connected: Connected, described: FieldDescription | None, now: Any, before: Any
) -> Way | None:
    """How the field gets back to what it held; None when the CRM does not let it."""
    is_empty = before in (None, "") or now in (None, "")
    if described is None or is_empty or not is_lower(described, before, now):
        return Way.PLAIN
    return Way.CLEAR if connected.connector.capabilities.clears_to_go_back else None


def _entry(record_pk: int, place: Place, change: Written, *, plan: StoredPlan) -> StoredEntry:
    connection, object_name, record_id, name = place
    return StoredEntry(
        plan=plan.id,
        record_pk=record_pk,
        connection=connection,
        object=object_name,
        id=record_id,
        field=name,
        subject=change.person,
        before=None,
        after=None,
        stage_from=change.stage_to,
        stage_to=change.stage_from,
        because=[{"rule": f"undo of {plan.run}", "points": 0}],
        state=str(State.HELD),
        cause=str(Cause.UNDO),
    )


def _beyond(deployment: Deployment, found: Undoing) -> list[str]:
    """What the CRMs did because of the values, or what people did to the records since."""
    sentences: list[str] = []
    names = {each.connection for each in found.restored}
    names |= {each.connection for each in found.skipped}
    for name in sorted(names):
        restored = [each for each in found.restored if each.connection == name]
        why = [each.why for each in found.skipped if each.connection == name]
        if restored:
            sentences.append(
                Said(
                    "{connection}: what its workflows did because of these values, such as a mail that was sent",
                    connection=name,
                )
            )
        if vendor := _vendor_fields(deployment, restored):
            sentences.append(
                Said(
                    "{connection}: the dates that it stamped when {fields} changed",
                    connection=name,
                    fields=sorted(vendor),
                )
            )
        if CONVERTED in why:
            sentences.append(
                Said(
                    "{connection}: the conversion of a record, which is closed since",
                    connection=name,
                )
            )
        if GONE in why:
            sentences.append(
                Said("{connection}: that a record was deleted or merged", connection=name)
            )
    return sentences


def _vendor_fields(deployment: Deployment, restored: Iterable[StoredEntry]) -> set[str]:
    """The CRM's own fields among them."""
    found = set()
    for each in restored:
        mapped = deployment.connections[each.connection].mapping.objects.get(each.object)
        found |= {
            rule.field
            for rule in (mapped.writes if mapped else ())
            if rule.vendor and rule.field == each.field
        }
    return found


def leaves_of(found: Undoing) -> Leaves:
    """How many values an undo leaves for which reason, and what lies beyond it."""
    skipped = Counter(each.why for each in found.skipped)
    return Leaves(dict(skipped.most_common()), found.beyond)


def document(found: Undoing) -> dict[str, Any]:
    """What an undo leaves, as commands print it."""
    return {
        "beyond": found.beyond,
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
        ],
    }

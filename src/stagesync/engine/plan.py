"""Computes the whole plan before the first write, and keeps it.

Planned are the people and accounts evaluated since their last plan, and those with a request that may or may
not have arrived. What waited for them is replaced; what waits for the others still holds, since nothing about
them changed, and goes on into this plan: so a plan is never stale. Somebody with a record in a connection that is down stays noted: they are planned again when it is back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from stagesync.connector import FieldType, ObjectDescription
from stagesync.domain.guard import Cause, Trip
from stagesync.domain.life import WAITING, State
from stagesync.domain.mapping import is_frozen
from stagesync.domain.plan import Choice, Entry, Reason, Target, Way, Wish, propose
from stagesync.engine import holds
from stagesync.engine.backward import resume, subjects_begun
from stagesync.engine.compare import same_value
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.guard import guard, tell
from stagesync.engine.progress import Progress
from stagesync.engine.scope import writable
from stagesync.engine.wishes import wishes_of
from stagesync.store import clearings, guards, people, plans, records, state
from stagesync.store.people import Kind, Placed
from stagesync.store.plans import StoredDifference, StoredEntry, StoredPlan
from stagesync.store.records import StoredRecord

BATCH = 1_000
"""People per transaction."""


@dataclass(slots=True)
class Planned:
    """A plan's outline.

    Attributes:
        go: entries to be written by this run.
        held: entries that wait for approval.
        trips: why each group of them waits.
        differences: fields that differ and stay.
    """

    id: str
    go: int = 0
    held: int = 0
    differences: int = 0
    held_connections: set[str] = field(default_factory=set)
    trips: list[Trip] = field(default_factory=list)


def plan_all(
    deployment: Deployment,
    *,
    run: str,
    now_s: float,
    descriptions: Mapping[str, Descriptions],
    progress: Progress,
    lost: bool = False,
) -> Planned:
    """Plan everybody concerned, as one plan, and hold what is too much.

    Args:
        descriptions: connections whose fields are known now; others are left out of the plan.
        lost: a source was found empty or shrunk.
    """
    with deployment.store.begin() as tx:
        causes = state.dirty_causes(tx, "plan")
        waiting = {*plans.subjects_waiting(tx, State.SENT), *causes}
        waiting |= subjects_begun(tx)
        plan_id = _open_plan(tx, deployment, run=run, now_s=now_s)
        modes = _modes(tx, deployment)
    wanted: dict[Kind, list[str]] = {
        "person": sorted(_of_kind(waiting, "p_")),
        "account": sorted(_of_kind(waiting, "a_")),
    }
    planned = Planned(plan_id)
    progress.phase("plan", sum(len(ids) for ids in wanted.values()))
    for kind, ids in wanted.items():
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            with deployment.store.begin() as tx:
                _plan_batch(
                    tx,
                    deployment,
                    kind,
                    ids=batch,
                    planned=planned,
                    descriptions=descriptions,
                    modes=modes,
                    causes=causes,
                    now_s=now_s,
                )
            progress.advance(len(batch))
    with deployment.store.begin() as tx:
        plans.adopt(tx, plan_id, descriptions)
        planned.trips = guard(tx, deployment, plan_id, lost=lost, now_s=now_s)
        _close_plan(tx, planned)
        tell(tx, plan_id, planned.trips, deployment.connections, now_s=now_s)
    return planned


def plan_nobody(deployment: Deployment, *, run: str, now_s: float) -> Planned:
    """The plan with what waited before, while nobody may be planned."""
    with deployment.store.begin() as tx:
        planned = Planned(_open_plan(tx, deployment, run=run, now_s=now_s))
        _close_plan(tx, planned)
    return planned


def _of_kind(ids: Iterable[str], prefix: str) -> list[str]:
    return [each for each in ids if each.startswith(prefix)]


def _open_plan(tx: Connection, deployment: Deployment, *, run: str, now_s: float) -> str:
    """The plan that is held already takes the newcomers; otherwise a new one."""
    held = [each for each in plans.plans_in(tx, "held") if each.kind == "run"]
    plan_id = (
        held[0].id if held else "pl_" + hashlib.blake2s(run.encode(), digest_size=4).hexdigest()
    )
    made = held[0].made_at_s if held else now_s
    label = deployment.policy.label
    plans.save_plan(tx, StoredPlan(plan_id, run, "open", label, made))
    return plan_id


def _close_plan(tx: Connection, planned: Planned) -> None:
    """Count what waits in it, newcomers and those of earlier runs alike."""
    held = plans.entries_of(tx, planned.id, State.HELD)
    planned.held = len(held)
    planned.go = len(plans.entries_of(tx, planned.id, State.PLANNED))
    planned.held_connections = {each.connection for each in held}
    plans.set_plan_state(tx, planned.id, "held" if held else "open")
    plans.forget_empty_plans(tx, but=planned.id)


def _modes(tx: Connection, deployment: Deployment) -> dict[str, str]:
    found = {name: state.connection_state(tx, name) for name in deployment.connections}
    return {name: each.mode for name, each in found.items() if each is not None}


def _plan_batch(
    tx: Connection,
    deployment: Deployment,
    kind: Kind,
    *,
    ids: Sequence[str],
    planned: Planned,
    descriptions: Mapping[str, Descriptions],
    modes: Mapping[str, str],
    causes: Mapping[str, Cause],
    now_s: float,
) -> None:
    earlier = {(e.record_pk, e.field): e for e in plans.waiting_of(tx, ids, *WAITING)}
    plans.drop_waiting(tx, ids, *WAITING)
    placed = people.placed(tx, kind, ids)
    wishes = wishes_of(tx, deployment, kind, placed)
    live = [
        each
        for each in records.records_where(tx, kind, list(placed))
        if each.held and not each.gone and each.connection in deployment.connections
    ]
    own = [each for each in live if each.connection in descriptions]
    told = guards.stages_told(tx, [each.pk for each in own])
    stays = holds.kept(tx, deployment, placed, now_s=now_s)
    for (pk, name), waiting in earlier.items():
        if waiting.cause == Cause.UNDO:
            stays.setdefault(pk, {})[name] = Reason.UNDONE
    held_by_hand = holds.held_by_hand(tx, placed)
    begun = clearings.clearings_of(tx, [each.pk for each in own])
    state.clean(tx, "plan", ids)
    left_out = [getattr(each, kind) for each in live if each.connection not in descriptions]
    state.mark_dirty(tx, "plan", left_out)
    entries: list[StoredEntry] = []
    differences: list[StoredDifference] = []
    in_scope = writable(tx, deployment, own)
    for each in own:
        subject = placed[str(getattr(each, kind))]
        described = descriptions[each.connection].get(each.object)
        if subject.id not in wishes or described is None:
            continue
        held = modes.get(each.connection) != "active"
        kept = stays.get(each.pk, {})
        if subject.id in held_by_hand:
            kept = dict.fromkeys(described.fields, Reason.BY_HAND)
        proposed, left = propose_for(
            deployment,
            each,
            wishes[subject.id],
            described,
            out_of_scope=each.pk not in in_scope,
            kept=kept,
        )
        found = resume(proposed, each, described, begun)
        left += _taken_back(each, proposed, found)
        entries += [
            _carry_on(
                _stored_entry(
                    deployment,
                    planned.id,
                    each,
                    subject,
                    one,
                    held=held,
                    told=told.get(each.pk),
                    cause=causes.get(subject.id),
                ),
                earlier.get((each.pk, one.field)),
            )
            for one in found
        ]
        differences += left
        if held and found:
            vendor = _vendor_fields(deployment, each)
            differences += [
                StoredDifference(each.pk, one.field, one.after, one.before, Reason.HELD)
                for one in found
                if one.field in vendor
            ]
    plans.save_entries(tx, _with_reasons(tx, entries))
    plans.save_differences(tx, [each.pk for each in own], differences, at_s=now_s)
    planned.differences += len(differences)


def _taken_back(
    each: StoredRecord, proposed: Sequence[Entry], found: Sequence[Entry]
) -> list[StoredDifference]:
    """What is wanted of a field that gets back what it held, because the CRM refused the value."""
    wanted = {one.field: one for one in proposed}
    return [
        StoredDifference(each.pk, one.field, wanted[one.field].after, one.after, Reason.REFUSED)
        for one in found
        if one.way is Way.RESTORE and one.field in wanted
    ]


def _vendor_fields(deployment: Deployment, each: StoredRecord) -> set[str]:
    mapping = deployment.connections[each.connection].object_mapping(each.object)
    return {rule.field for rule in mapping.writes if rule.vendor}


def propose_for(
    deployment: Deployment,
    each: StoredRecord,
    wish: Wish,
    described: ObjectDescription,
    *,
    out_of_scope: bool,
    kept: Mapping[str, Reason] | None = None,
) -> tuple[list[Entry], list[StoredDifference]]:
    """What one record of somebody should be written, and what differs and stays.

    Args:
        kept: field -> why it stays as it is for now.
    """
    connected = deployment.connections[each.connection]
    mapping = connected.object_mapping(each.object)
    clears = connected.connector.capabilities.clears_to_go_back
    entries, differences = propose(
        mapping.writes,
        {
            rule.field: _target(each, described, rule.field, clears=clears)
            for rule in mapping.writes
            if rule.field in described.fields and described.fields[rule.field].writable
        },
        wish,
        vocabularies=deployment.vocabularies,
        vendor_stage=connected.vendor_stage,
        frozen=is_frozen(mapping, each.fields),
        out_of_scope=out_of_scope,
        kept=kept,
    )
    left = [
        StoredDifference(each.pk, one.field, one.wanted, one.current, one.reason)
        for one in differences
    ]
    return entries, left


def _target(each: StoredRecord, described: ObjectDescription, name: str, *, clears: bool) -> Target:
    found = described.fields[name]
    choices = None
    if found.type is FieldType.CHOICE:
        choices = tuple(Choice(o.value, o.rank, o.terminal) for o in found.options)
    return Target(
        current=each.fields.get(name),
        same=same_value(found.type),
        choices=choices,
        forward_only=found.forward_only,
        clears=clears,
    )


def _stored_entry(
    deployment: Deployment,
    plan_id: str,
    each: StoredRecord,
    subject: Placed,
    entry: Entry,
    *,
    held: bool,
    told: str | None,
    cause: Cause | None,
) -> StoredEntry:
    """The entry as it is kept.

    Args:
        told: the stage that the record was last told; None when it never was.
        cause: why its subject is planned; None when it only waited.
    """
    return StoredEntry(
        plan=plan_id,
        record_pk=each.pk,
        connection=each.connection,
        object=each.object,
        id=each.id,
        field=entry.field,
        subject=subject.id,
        before=entry.before,
        after=entry.after,
        stage_from=told or "",
        stage_to=(subject.stages or {})[deployment.main_vocabulary],
        because=(),
        state=str(State.HELD if held else State.PLANNED),
        way=str(entry.way),
        cause=str(
            (cause or Cause.FACTS) if told is not None or cause is Cause.BY_HAND else Cause.NEW
        ),
    )


def _carry_on(entry: StoredEntry, earlier: StoredEntry | None) -> StoredEntry:
    """What is planned anew and comes out the same is the same move: of the same cause, and still approved."""
    if earlier is None or entry.after != earlier.after:
        return entry
    return replace(
        entry,
        cause=entry.cause if entry.cause == Cause.BY_HAND else earlier.cause,
        approval=earlier.approval if entry.before == earlier.before else "",
    )


def _with_reasons(tx: Connection, entries: Sequence[StoredEntry]) -> list[StoredEntry]:
    """Each entry with the lines that explained its person's last change."""
    last = people.last_transitions(tx, {each.subject for each in entries})
    return [
        replace(each, because=found.reasons) if (found := last.get(each.subject)) else each
        for each in entries
    ]

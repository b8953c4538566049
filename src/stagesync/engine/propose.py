"""What one record should be written, as the plan keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from stagesync.connector import FieldType, ObjectDescription
from stagesync.domain.falls import Return
from stagesync.domain.guard import Cause
from stagesync.domain.life import State
from stagesync.domain.mapping import is_frozen
from stagesync.domain.plan import (
    GOES_BACK,
    NOT_OURS,
    Choice,
    Entry,
    Reason,
    Target,
    Way,
    Wish,
)
from stagesync.domain.propose import propose
from stagesync.engine.backward import resume
from stagesync.engine.compare import same_value
from stagesync.engine.deployment import Deployment
from stagesync.engine.known import Known, Planning
from stagesync.engine.overwritten import give_back
from stagesync.store.differences import StoredDifference
from stagesync.store.holds import Hold
from stagesync.store.people import Placed, kind_of
from stagesync.store.plans import StoredEntry
from stagesync.store.records import StoredRecord

UNMOVED = (None, Cause.TIME)
"""Causes with which a value that was given up stays so: nobody's facts changed, and nobody asked."""


def plan_record(
    planning: Planning, known: Known, each: StoredRecord, subject: Placed
) -> tuple[list[StoredEntry], list[StoredDifference]]:
    """What one of the records should be written, and what differs and stays."""
    described = planning.descriptions[each.connection].get(each.object)
    if subject.id not in known.wishes or described is None:
        return [], []
    kept = known.stays.get(each.pk, {})
    if subject.id in known.held_by_hand:
        kept = dict.fromkeys(described.fields, Reason.BY_HAND)
    proposed, left = propose_for(
        planning.deployment,
        each,
        known.wishes[subject.id],
        described,
        out_of_scope=each.pk not in known.in_scope,
        kept=kept,
        returns={name: back.from_s for name, back in known.returns.get(each.pk, {}).items()},
        now_s=planning.now_s,
    )
    given = proposed
    if subject.id not in known.held_by_hand and each.pk in known.in_scope:
        clears = planning.deployment.connections[
            each.connection
        ].connector.capabilities.clears_to_go_back
        owed = known.owed.get(each.pk, {})
        given = give_back(proposed, each, described, owed=owed, clears=clears)
    found = resume(given, each, described, known.begun)
    left += _taken_back(each, proposed, found)
    if planning.modes.get(each.connection) != "active":
        left += _vendor_fields_held(planning.deployment, each, found)
    left += _still_refused(known, each, described)
    is_unmoved = planning.causes.get(subject.id) in UNMOVED
    given_up = [one for one in found if is_unmoved and _is_dropped(known, each, described, one)]
    left += [
        StoredDifference(each.pk, one.field, one.after, one.before, Reason.DROPPED)
        for one in given_up
    ]
    return [
        _stored_entry(planning, known, each, subject, one) for one in found if one not in given_up
    ], left


def _is_dropped(
    known: Known, each: StoredRecord, described: ObjectDescription, entry: Entry
) -> bool:
    """Whether this is the very value that somebody gave up."""
    parked = known.parked.get((each.pk, entry.field))
    if parked is None or parked.reason != Reason.DROPPED:
        return False
    return same_value(described.fields[entry.field].type)(parked.wanted, entry.after)


def _still_refused(
    known: Known, each: StoredRecord, described: ObjectDescription
) -> list[StoredDifference]:
    """What was refused in fields that cannot be written now: it waits until they can."""
    return [
        one
        for (pk, name), one in known.parked.items()
        if pk == each.pk
        and one.reason == Reason.REFUSED
        and not (name in described.fields and described.fields[name].writable)
    ]


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


def _vendor_fields_held(
    deployment: Deployment, each: StoredRecord, found: Sequence[Entry]
) -> list[StoredDifference]:
    """What a connection that is only observed would have in the vendor's own fields."""
    mapping = deployment.connections[each.connection].object_mapping(each.object)
    vendor = {rule.field for rule in mapping.writes if rule.vendor}
    return [
        StoredDifference(each.pk, one.field, one.after, one.before, Reason.HELD)
        for one in found
        if one.field in vendor
    ]


def propose_for(
    deployment: Deployment,
    each: StoredRecord,
    wish: Wish,
    described: ObjectDescription,
    *,
    out_of_scope: bool,
    kept: Mapping[str, Reason] | None = None,
    returns: Mapping[str, float] | None = None,
    now_s: float = 0.0,
) -> tuple[list[Entry], list[StoredDifference]]:
    """What one record of somebody should be written, and what differs and stays.

    Args:
        kept: field -> why it stays as it is for now.
        returns: field -> the instant from which it may go back.
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
        returns=returns,
        now_s=now_s,
    )
    left = [
        StoredDifference(
            each.pk, one.field, one.wanted, one.current, one.reason, until_s=one.until_s
        )
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
    planning: Planning, known: Known, each: StoredRecord, subject: Placed, entry: Entry
) -> StoredEntry:
    """The entry as it is kept."""
    is_held = planning.modes.get(each.connection) != "active"
    stage = (subject.stages or {})[planning.deployment.main_vocabulary]
    told = known.told.get(each.pk)
    is_remade = told is None and stage == known.lost.get((subject.id, each.connection, each.object))
    told = stage if is_remade else told
    back = known.returns.get(each.pk, {}).get(entry.field)
    if back is not None and entry.way in GOES_BACK:
        told = _stage_before(planning.deployment, back, subject)
    made = StoredEntry(
        plan=planning.plan_id,
        record_pk=each.pk,
        connection=each.connection,
        object=each.object,
        id=each.id,
        field=entry.field,
        subject=subject.id,
        before=entry.before,
        after=entry.after,
        stage_from=told or "",
        stage_to=stage,
        because=_because(known.owed.get(each.pk, {}).get(entry.field), entry),
        state=str(State.HELD if is_held else State.PLANNED),
        way=str(entry.way),
        cause=str(_cause(planning.causes.get(subject.id), told, is_remade=is_remade)),
    )
    return _carry_on(made, known.earlier.get((each.pk, entry.field)))


def _because(owed: Hold | None, entry: Entry) -> Sequence[Mapping[str, Any]]:
    """What is given back has a reason of its own; all else that of its subject's last change."""
    return ({"rule": owed.why, "points": 0},) if owed and entry.way in NOT_OURS else ()


def _stage_before(deployment: Deployment, back: Return, subject: Placed) -> str:
    """The stage from which somebody fell: the record may have been told of the fall long ago."""
    return deployment.classifier.stage(
        deployment.main_vocabulary, back.fell_from, account=kind_of(subject.id) == "account"
    )


def _cause(cause: Cause | None, told: str | None, *, is_remade: bool) -> Cause:
    """Why a value is planned: as its subject is, unless the record never held a value of ours."""
    if told is None and cause is not Cause.BY_HAND:
        return Cause.NEW
    cause = cause or Cause.FACTS
    return Cause.REPAIR if is_remade and cause in (Cause.FACTS, Cause.TIME) else cause


def _carry_on(entry: StoredEntry, earlier: StoredEntry | None) -> StoredEntry:
    """What is planned anew and comes out the same is the same move: of the same cause, and still approved."""
    if earlier is None or entry.after != earlier.after:
        return entry
    return replace(
        entry,
        cause=entry.cause if entry.cause == Cause.BY_HAND else earlier.cause,
        approval=earlier.approval if entry.before == earlier.before else "",
    )

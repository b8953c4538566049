"""Answers edits that others made in fields that we write: respected, adopted or written over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from stagesync.connector import (
    Actor,
    Change,
    CredentialsRefused,
    CrmError,
    ObjectDescription,
    Record,
    TellsHistory,
)
from stagesync.domain.adopt import overrides_for
from stagesync.domain.edits import Answer, Origin, Rule
from stagesync.domain.guard import Cause
from stagesync.domain.life import State
from stagesync.domain.mapping import WriteRule
from stagesync.engine import audit
from stagesync.engine.compare import same_in
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.holds import hold_id
from stagesync.engine.instants import iso
from stagesync.store import edits, guards, holds, people, plans, records, state
from stagesync.store.edits import Edit
from stagesync.store.holds import Hold
from stagesync.store.records import StoredRecord

log = structlog.get_logger()

ORIGINS = {
    Actor.PERSON: Origin.PERSON,
    Actor.BULK: Origin.BULK,
    Actor.AUTOMATION: Origin.AUTOMATION,
    Actor.INTEGRATION: Origin.INTEGRATION,
    Actor.UNKNOWN: Origin.PERSON,
}
"""Who is not known counts as a person: their word is the one that must not be lost."""


def note_edits(
    tx: Connection,
    connected: Connected,
    changed: Mapping[int, Record],
    stored: Mapping[int, StoredRecord],
    *,
    described: ObjectDescription,
) -> None:
    """Keep what others put into stage fields that we wrote before; call it before the records are stored.

    An older value of our own that comes late, out of an index that lags, is nobody's edit.
    """
    rules = [rule for rule in connected.object_mapping(described.object).writes if rule.vocabulary]
    ours = guards.values_written(tx, changed) if rules else {}
    found = []
    for pk, written in ours.items():
        for rule in rules:
            if rule.field not in written or rule.field not in changed[pk].fields:
                continue
            same = same_in(described, rule.field)
            value, told = changed[pk].fields[rule.field], written[rule.field]
            before = stored[pk].fields.get(rule.field) if pk in stored else None
            is_late = changed[pk].changed_at_s < told[0][0] and any(same(value, v) for _, v in told)
            if not same(value, before) and not same(value, told[0][1]) and not is_late:
                found.append(Edit(pk, rule.field, value, told[0][1], changed[pk].changed_at_s))
    edits.note(tx, _not_ours(tx, found, described))


def _not_ours(tx: Connection, found: Sequence[Edit], described: ObjectDescription) -> list[Edit]:
    """Those that are not the arrival of what was sent and never answered; see `settle_sent`."""
    if not found:
        return []
    sent = {(e.record_pk, e.field): e.after for e in plans.entries_in(tx, State.SENT)}
    return [
        each
        for each in found
        if (each.record_pk, each.field) not in sent
        or not same_in(described, each.field)(each.value, sent[each.record_pk, each.field])
    ]


@dataclass(frozen=True, slots=True)
class _Seen:
    """An edit with the record it is in, whose it is, and what is done about it."""

    edit: Edit
    record: StoredRecord
    change: Change
    answer: Answer


def answer_edits(deployment: Deployment, *, run: str, now_s: float) -> dict[str, CrmError]:
    """Answer what was noted, by whose edit it is.

    Returns:
        Connections that could not say now whose theirs are, with why: these edits wait, and nothing
        may be written there meanwhile, or it would be over somebody's word.
    """
    with deployment.store.begin() as tx:
        waiting = edits.waiting(tx)
        held = {r.pk: r for r in records.records_where(tx, "pk", {e.record_pk for e in waiting})}
    changes, silent = _changes(deployment, waiting, held)
    waiting = [each for each in waiting if held[each.record_pk].connection not in silent]
    seen = [_seen(deployment, each, held[each.record_pk], changes) for each in waiting]
    with deployment.store.begin() as tx:
        theirs = [each for each in seen if each.change.actor is not Actor.OURS]
        for each in theirs:
            _answer(tx, deployment, each, now_s=now_s, run=run)
        edits.strike(tx, waiting)
    return silent


def _seen(
    deployment: Deployment,
    edit: Edit,
    record: StoredRecord,
    changes: Mapping[tuple[int, str], Change],
) -> _Seen:
    unknown = Change(edit.value, edit.at_s, Actor.UNKNOWN)
    change = changes.get((edit.record_pk, edit.field), unknown)
    connected = deployment.connections.get(record.connection)
    origin = ORIGINS.get(change.actor, Origin.PERSON)
    if connected and change.by in connected.automation_users:
        origin = Origin.AUTOMATION
    return _Seen(edit, record, change, deployment.edits.answers[origin])


def _changes(
    deployment: Deployment, waiting: Sequence[Edit], held: Mapping[int, StoredRecord]
) -> tuple[dict[tuple[int, str], Change], dict[str, CrmError]]:
    """(record, field) -> its newest change, where the CRM tells; and who could tell, but not now."""
    found: dict[tuple[int, str], Change] = {}
    silent: dict[str, CrmError] = {}
    places = {(held[e.record_pk].connection, held[e.record_pk].object) for e in waiting}
    for name, object_name in sorted(places):
        connected = deployment.connections.get(name)
        if connected is None or not isinstance(connected.connector, TellsHistory):
            continue
        own = [
            e
            for e in waiting
            if (held[e.record_pk].connection, held[e.record_pk].object) == (name, object_name)
        ]
        ids = sorted({held[each.record_pk].id for each in own})
        try:
            told = connected.connector.history(object_name, ids, sorted({e.field for e in own}))
        except CrmError as error:
            log.warning("history not told", connection=name, error=str(error))
            if error.retry_after_s is not None or isinstance(error, CredentialsRefused):
                silent[name] = error
            continue
        for each in own:
            newest = told.get(held[each.record_pk].id, {}).get(each.field, ())
            if newest:
                found[each.record_pk, each.field] = newest[0]
    return found, silent


def _answer(tx: Connection, deployment: Deployment, each: _Seen, *, now_s: float, run: str) -> None:
    subject = each.record.person or each.record.account or ""
    rule, made = each.answer.rule, None
    if rule is Rule.ADOPT:
        made = _adopted(tx, deployment, each, subject, now_s=now_s)
        rule = Rule.ADOPT if made else Rule.RESPECT
    if rule is Rule.RESPECT and subject:
        made = _hold(deployment, each, subject, "edit", each.edit.value, now_s=now_s)
    if made:
        holds.save(tx, [made])
    kind = "person" if subject.startswith("p_") else "account"
    if subject:
        state.mark_dirty(tx, kind, [subject], cause=Cause.BY_HAND)
    audit.append(tx, [_audited(deployment, each, subject, rule, made, run=run, now_s=now_s)])


def _adopted(
    tx: Connection, deployment: Deployment, each: _Seen, subject: str, *, now_s: float
) -> Hold | None:
    """The override that makes the value true; None when the named axes cannot."""
    placed = people.placed(tx, "person", [subject]).get(subject)
    rule = _rule_of(deployment, each.record, each.edit.field)
    stage = _stage_meant(rule, each.edit.value) if rule else None
    if placed is None or not placed.position or rule is None or stage is None:
        return None
    by_name = {axis.name: axis for axis in deployment.policy.axes}
    axes = [by_name[name] for name in deployment.edits.adopt_axes if name in by_name]
    found = overrides_for(
        stage,
        placed.position,
        axes,
        stage_of=lambda position: deployment.classifier.stage(rule.vocabulary, position),
    )
    if found is None:
        return None
    return _hold(deployment, each, subject, "adopt", dict(found), now_s=now_s)


def _rule_of(deployment: Deployment, record: StoredRecord, name: str) -> WriteRule | None:
    connected = deployment.connections.get(record.connection)
    rules = connected.object_mapping(record.object).writes if connected else ()
    return next((rule for rule in rules if rule.field == name), None)


def _stage_meant(rule: WriteRule, value: Any) -> str | None:
    if rule.values is None:
        return None if value is None else str(value)
    return next((stage for stage, words in rule.values.items() if value in words), None)


def _hold(
    deployment: Deployment, each: _Seen, subject: str, kind: str, value: Any, *, now_s: float
) -> Hold:
    about = subject if kind == "adopt" else f"{each.edit.record_pk}/{each.edit.field}"
    return Hold(
        id=hold_id(kind, about),
        kind=kind,
        subject=subject,
        record_pk=each.edit.record_pk,
        field=each.edit.field,
        value=value,
        stage="",
        policy=deployment.policy.label,
        until_s=now_s + each.answer.for_s,
        made_by=_who(each.change),
        why=f"{each.edit.field} was set by {_who(each.change)}",
        made_at_s=now_s,
    )


def _who(change: Change) -> str:
    return f"{change.actor} {change.by}".strip()


def _audited(
    deployment: Deployment,
    each: _Seen,
    subject: str,
    rule: Rule,
    made: Hold | None,
    *,
    run: str,
    now_s: float,
) -> dict[str, Any]:
    return {
        "at": iso(now_s),
        "run": run,
        "actor": _who(each.change),
        "person": subject,
        "connection": each.record.connection,
        "object": each.record.object,
        "id": each.record.id,
        "field": each.edit.field,
        "before": each.edit.ours,
        "after": each.edit.value,
        "policy": deployment.policy.label,
        "reasons": [],
        "result": {
            "edit": str(rule),
            "at": iso(each.change.at_s),
            "hold": made.id if made else None,
            "until": iso(made.until_s) if made and made.until_s is not None else None,
        },
    }

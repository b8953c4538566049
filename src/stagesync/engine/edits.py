"""Finds the edits that others made in fields that we write, and has each answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from stagesync.connector import Actor, Change, CrmError, ObjectDescription, Record
from stagesync.domain.edits import Origin
from stagesync.domain.life import State
from stagesync.engine.answers import Seen, answer
from stagesync.engine.compare import same_in
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.histories import changes_of
from stagesync.store import edits, guards, plans, records
from stagesync.store.edits import Edit
from stagesync.store.records import StoredRecord

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


def answer_edits(deployment: Deployment, *, run: str, now_s: float) -> dict[str, CrmError]:
    """Answer what was noted, by whose edit it is.

    Returns:
        Connections that could not say now whose theirs are, with why: these edits wait, and nothing
        may be written there meanwhile, or it would be over somebody's word.
    """
    with deployment.store.begin() as tx:
        waiting = edits.waiting(tx)
        held = {r.pk: r for r in records.records_where(tx, "pk", {e.record_pk for e in waiting})}
    changes, silent = changes_of(deployment, waiting, held)
    waiting = [each for each in waiting if held[each.record_pk].connection not in silent]
    seen = [_seen(deployment, each, held[each.record_pk], changes) for each in waiting]
    with deployment.store.begin() as tx:
        theirs = [each for each in seen if each.change.actor is not Actor.OURS]
        for each in theirs:
            answer(tx, deployment, each, now_s=now_s, run=run)
        edits.strike(tx, waiting)
    return silent


def _seen(
    deployment: Deployment,
    edit: Edit,
    record: StoredRecord,
    changes: Mapping[tuple[int, str], Change],
) -> Seen:
    unknown = Change(edit.value, edit.at_s, Actor.UNKNOWN)
    change = changes.get((edit.record_pk, edit.field), unknown)
    connected = deployment.connections.get(record.connection)
    origin = ORIGINS.get(change.actor, Origin.PERSON)
    if connected and change.by in connected.automation_users:
        origin = Origin.AUTOMATION
    return Seen(edit, record, change, deployment.edits.answers[origin])

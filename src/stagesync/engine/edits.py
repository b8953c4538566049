"""Finds the edits that others made in fields that we write, and has each answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from stagesync.connector import Actor, Change, CrmError, ObjectDescription, Record
from stagesync.domain.edits import Origin
from stagesync.domain.life import State
from stagesync.engine.answers import Seen, answer, owner
from stagesync.engine.compare import same_in
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.histories import Place, Told, ask
from stagesync.engine.overwritten import is_told, replaced, say_unseen
from stagesync.engine.recovered import is_restored
from stagesync.store import edits, guards, plans, records, watches
from stagesync.store.edits import Edit
from stagesync.store.records import StoredRecord
from stagesync.store.watches import Watch

All = Mapping[str, Descriptions]
"""Connection -> its fields."""

PART = 2_000
"""Edits and watched writes that are asked about together: what was answered is not asked again."""

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


@dataclass(slots=True)
class Answered:
    """What came of asking whose edits are.

    Attributes:
        silent: connections that could not say now, with why: their edits wait, and nothing may be
            written there meanwhile, or it would be over somebody's word.
        overwritten: connection -> edits that our writes had replaced while they were under way.
    """

    silent: dict[str, CrmError] = field(default_factory=dict)
    overwritten: Counter[str] = field(default_factory=Counter)


def answer_edits(deployment: Deployment, *, run: str, now_s: float, descriptions: All) -> Answered:
    """Answer what was noted, by whose edit it is; and find what our last writes replaced unseen.

    An edit in a record that belongs to nobody yet waits, unasked, until it does. After a restore a value of
    which no CRM says whose it is may be one that we wrote ourselves and forgot: it is nobody's edit, and what
    would replace it is held.

    Args:
        descriptions: connections that could be read, with their fields.
    """
    answered = Answered()
    with deployment.store.begin() as tx:
        may_be_ours = is_restored(tx)
        # Watches first: what our write replaced came before what was done to it since.
        due: list[Edit | Watch] = [*watches.due(tx), *edits.waiting(tx)]
        held = {r.pk: r for r in records.records_where(tx, "pk", {e.record_pk for e in due})}
    due = [each for each in due if _is_ripe(each, held[each.record_pk], descriptions)]
    for start in range(0, len(due), PART):
        if deployment.stopping.is_set():
            break
        part = [
            each
            for each in due[start : start + PART]
            if held[each.record_pk].connection not in answered.silent
        ]
        told = ask(deployment, _places(part, held, descriptions), held)
        answered.silent |= told.silent
        heard = [each for each in part if held[each.record_pk].connection not in told.silent]
        seen = [
            _seen(deployment, each, held[each.record_pk], told, descriptions=descriptions)
            for each in heard
        ]
        if may_be_ours:
            seen = [each for each in seen if each and each.change.actor is not Actor.UNKNOWN]
        with deployment.store.begin() as tx:
            for found in sorted(filter(None, seen), key=lambda each: each.change.at_s):
                if found.over is not None and is_told(
                    tx, found.record, found.edit.field, found.change
                ):
                    continue
                answer(tx, deployment, found, now_s=now_s, run=run)
                answered.overwritten[found.record.connection] += found.over is not None
            edits.strike(tx, [each for each in heard if isinstance(each, Edit)])
            watches.strike(tx, [each for each in heard if isinstance(each, Watch)])
            for name, kept in told.kept.items():
                say_unseen(tx, name, kept, now_s=now_s)
    return answered


def _is_ripe(due: Edit | Watch, record: StoredRecord, descriptions: All) -> bool:
    """Whether somebody is there whom it concerns; a watch has time until the CRM can be read."""
    if isinstance(due, Watch) and record.connection not in descriptions:
        return False
    return bool(owner(record)) or record.gone


def _places(
    part: Sequence[Edit | Watch], held: Mapping[int, StoredRecord], descriptions: All
) -> set[Place]:
    """What to ask about: fields that are not there any more have no history."""
    found = set()
    for each in part:
        record = held[each.record_pk]
        of_object = descriptions.get(record.connection, {}).get(record.object)
        if of_object is None or each.field in of_object.fields:
            found.add((each.record_pk, each.field))
    return found


def _seen(
    deployment: Deployment,
    due: Edit | Watch,
    record: StoredRecord,
    told: Told,
    *,
    descriptions: All,
) -> Seen | None:
    """The edit with what is done about it; None when it was ours, or nothing was replaced."""
    changes = told.changes.get((due.record_pk, due.field), ())
    if isinstance(due, Watch):
        described = descriptions[record.connection].get(record.object)
        change = replaced(due, changes, described)
        if change is None:
            return None
        edit = Edit(due.record_pk, due.field, change.value, due.before, change.at_s)
    else:
        unknown = Change(due.value, due.at_s, Actor.UNKNOWN)
        change, edit = changes[0] if changes else unknown, due
        if change.actor is Actor.OURS:
            return None
    connected = deployment.connections.get(record.connection)
    origin = ORIGINS.get(change.actor, Origin.PERSON)
    if connected and change.by in connected.automation_users:
        origin = Origin.AUTOMATION
    over = due.after if isinstance(due, Watch) else None
    return Seen(edit, record, change, deployment.edits.answers[origin], over)

"""Finds the edits that a write of ours replaced while it was under way, and gives them back.

A record is read anew just before it is written. Whoever edits it between this and the moment at which the
CRM carries our request out is written over, and no CRM offers a way to prevent it. Its history tells: there
somebody's value stands between the one that we had read and ours. So every stage that goes out is watched,
in the store, until a history was asked once. A CRM that keeps none shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import orjson
from sqlalchemy import Connection

from stagesync.connector import Actor, Change, FieldValue, ObjectDescription, TellsHistory
from stagesync.domain.chain import entry_of
from stagesync.domain.plan import Entry, Way
from stagesync.domain.said import Said, template
from stagesync.engine.alerts import Kind, settle
from stagesync.engine.compare import is_lower, same_in
from stagesync.engine.deployment import Connected
from stagesync.engine.instants import iso
from stagesync.store import log, state, watches
from stagesync.store.holds import Hold
from stagesync.store.plans import StoredEntry
from stagesync.store.records import StoredRecord
from stagesync.store.watches import Watch

UNDER_WAY_S = 3_600.0
"""No request takes longer, a job of many thousand records included: an older change is another story."""

UNSEEN = template(
    "the CRM keeps no history of {fields}: whose an edit there is stays unknown, and one that lands while"
    " stagesync writes the record is not seen"
)
KEEP_IT = Said(
    "have the CRM keep the history of these fields, if it can; nothing else waits for it"
)


def note_sent(tx: Connection, connected: Connected, entries: Iterable[StoredEntry]) -> None:
    """Watch the stages among these entries; call it before they go out."""
    if not isinstance(connected.connector, TellsHistory):
        return
    stages = {
        (name, rule.field)
        for name in connected.roles
        for rule in connected.object_mapping(name).writes
        if rule.vocabulary
    }
    watches.save(
        tx,
        [
            Watch(each.record_pk, each.field, each.before, each.after)
            for each in entries
            if (each.object, each.field) in stages and each.after not in (None, "")
        ],
    )


def replaced(
    watch: Watch, changes: Sequence[Change], described: ObjectDescription | None
) -> Change | None:
    """The edit that our value replaced; None when it replaced what we had read.

    Args:
        changes: of the field, newest first.
    """
    same = same_in(described, watch.field)
    told = [(each, _as_option(each.value, described, watch.field)) for each in changes]
    ours = (
        place
        for place, (each, value) in enumerate(told)
        if each.actor is Actor.OURS and same(value, watch.after)
    )
    own = next(ours, None)
    if own is None:
        return None
    for each, value in told[own + 1 :]:
        if same(value, watch.before) or told[own][0].at_s - each.at_s > UNDER_WAY_S:
            return None
        if each.actor is not Actor.OURS:
            return Change(value, each.at_s, each.actor, each.by)
    return None


def is_told(tx: Connection, record: StoredRecord, name: str, change: Change) -> bool:
    """Whether the log tells already that we replaced this edit: a value that stands may be sent again."""
    found = (
        entry_of(each.sealed)
        for each in log.about(tx, ids=[record.id])
        if each.connection == record.connection
    )
    at = iso(change.at_s)
    return any(
        (each["object"], each["field"], each["after"]) == (record.object, name, change.value)
        and "replaced_by" in (each["result"] or {})
        and each["result"]["at"] == at
        for each in found
    )


def _as_option(value: FieldValue, described: ObjectDescription | None, name: str) -> FieldValue:
    """The value that the field takes: some histories tell the label of a choice instead."""
    known = described.fields.get(name) if described else None
    options = known.options if known else ()
    if any(each.value == value for each in options):
        return value
    return next((each.value for each in options if each.label == value), value)


def give_back(
    proposed: Sequence[Entry],
    each: StoredRecord,
    described: ObjectDescription,
    *,
    owed: Mapping[str, Hold],
    clears: bool,
) -> list[Entry]:
    """A record's entries, with those that give back what we replaced unseen.

    Args:
        owed: field -> the hold that tells what stood there, and what we replaced it with.
        clears: the connector can empty a field first, where the CRM lets it go back only so.
    """
    entries = list(proposed)
    for name, hold in owed.items():
        known = described.fields.get(name)
        if known is None or not known.writable:
            continue
        # Somebody else's word has come since, and is the one to go by.
        if not same_in(described, name)(each.fields.get(name), hold.over):
            continue
        lower = is_lower(known, hold.value, hold.over)
        if lower and not clears:
            continue
        way = Way.RETURN if lower and hold.value not in (None, "") else Way.RESTORE
        entries.append(Entry(name, hold.over, hold.value, way))
    return entries


def say_unseen(tx: Connection, name: str, kept: Mapping[str, bool], *, now_s: float) -> None:
    """Raise an alert while a CRM keeps no history of fields that we write.

    Args:
        kept: `object.field` -> whether it does, of those that were asked for now.
    """
    before = orjson.loads(state.get_meta(tx, f"unseen/{name}") or "[]")
    unseen = sorted(
        {each for each in before if each not in kept}
        | {each for each, is_kept in kept.items() if not is_kept}
    )
    if unseen != before:
        state.set_meta(tx, f"unseen/{name}", orjson.dumps(unseen).decode())
        found = {"fields": (Said(UNSEEN, fields=unseen), KEEP_IT)} if unseen else {}
        settle(tx, name, Kind.HISTORY, found, now_s=now_s)

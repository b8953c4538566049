"""Backward moves by way of the empty field: what was begun is finished or taken back.

Some CRMs let a field go back only once it is empty, so such a move takes two requests. Before the first
one goes out the move is noted (`store.clearings`). The note stays until the CRM took the value, or
another one is seen in the field; however a run ends in between, the next one finds it:

    the field is empty       that is our doing and nobody's word: it counts as holding what it held before,
                             so that no fact, no baseline and no rule reads anything into it. The move
                             is then planned again from there; if nothing wants it any more, or the CRM
                             refused the value, what the field held before is written back.
    it holds our value       the answer was lost: confirmed and audited, once
    it holds another value   somebody was quicker: theirs stands, and is planned like any other
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from stagesync.connector import ObjectDescription, Record, Refusal, WriteResult
from stagesync.domain.plan import EMPTIES, Entry, Way
from stagesync.engine.compare import same_value
from stagesync.engine.describe import Descriptions
from stagesync.store import clearings, records
from stagesync.store.clearings import Clearing
from stagesync.store.plans import StoredEntry
from stagesync.store.records import StoredRecord

Begun = Mapping[tuple[int, str], Clearing]
"""(record, field) -> the move that was begun there."""


def as_before(
    tx: Connection, newest: Mapping[str, Record], stored: Mapping[str, StoredRecord]
) -> dict[str, Record]:
    """Pulled records by id, fields that we emptied holding what they held before."""
    begun = clearings.clearings_of(tx, [each.pk for each in stored.values()])
    if not begun:
        return dict(newest)
    found = {}
    for record_id, record in newest.items():
        pk = stored[record_id].pk if record_id in stored else None
        fields = {
            name: begun[pk, name].entry.before
            if pk is not None and (pk, name) in begun and value in (None, "")
            else value
            for name, value in record.fields.items()
        }
        found[record_id] = replace(record, fields=fields)
    return found


def settle_begun(tx: Connection, descriptions: Mapping[str, Descriptions]) -> list[StoredEntry]:
    """Strike the moves of which the CRM shows the end.

    Returns:
        Those whose value was seen to stand there.
    """
    begun = clearings.all_clearings(tx)
    held = {each.pk: each for each in records.records_where(tx, "pk", {b.key[0] for b in begun})}
    arrived, ended = [], []
    for each in begun:
        record = held.get(each.key[0])
        if record is None or record.gone:
            ended.append(each)
            continue
        described = descriptions.get(each.entry.connection, {}).get(each.entry.object)
        if described is None or each.entry.field not in described.fields:
            continue
        if each.entry.field not in record.fields:
            # The mapping does not name it any more, so it was not pulled: nothing is known of it.
            continue
        same = same_value(described.fields[each.entry.field].type)
        now = record.fields.get(each.entry.field)
        if same(now, each.entry.after):
            arrived.append(each.entry)
            ended.append(each)
        elif not same(now, each.entry.before):
            ended.append(each)
    clearings.drop_clearings(tx, [each.key for each in ended])
    return arrived


def subjects_begun(tx: Connection) -> set[str]:
    """The people and accounts whose records have a move that is not finished."""
    begun = clearings.all_clearings(tx)
    held = records.records_where(tx, "pk", {each.key[0] for each in begun})
    return {who for each in held for who in (each.person, each.account) if who}


def resume(
    found: Sequence[Entry], each: StoredRecord, described: ObjectDescription, begun: Begun
) -> list[Entry]:
    """A record's entries, with those that take back what was begun and may not go on."""
    entries = {entry.field: entry for entry in found}
    for (pk, name), clearing in begun.items():
        if pk != each.pk or (name in entries and not clearing.is_refused):
            continue
        if name in described.fields and described.fields[name].writable:
            entries[name] = Entry(name, None, clearing.entry.before, Way.RESTORE)
    return list(entries.values())


def note_begun(tx: Connection, entries: Iterable[StoredEntry]) -> None:
    """Before they go out: the moves that leave a field empty if they are broken off."""
    begun = [Clearing(each) for each in entries if each.way in EMPTIES]
    clearings.save_clearings(tx, begun)


def note_refused(tx: Connection, refused: Iterable[tuple[StoredEntry, WriteResult]]) -> None:
    """Keep the moves of which the CRM took the first half alone, and strike the others.

    A record that somebody else was writing is tried again as it is; any other refusal would come again.
    """
    kept, ended = [], []
    for entry, result in refused:
        is_emptied = entry.way in EMPTIES and result.now.get(entry.field, "?") in (None, "")
        if is_emptied or result.refusal is Refusal.LOCKED:
            kept += [Clearing(entry, is_refused=True)] * (result.refusal is not Refusal.LOCKED)
        else:
            ended.append((entry.record_pk, entry.field))
    clearings.save_clearings(tx, kept)
    clearings.drop_clearings(tx, ended)

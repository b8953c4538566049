"""Stores one page of records, and notes what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from stagesync.connector import (
    Link,
    ObjectDescription,
    Page,
    Record,
    Role,
)
from stagesync.domain.mapping import Reading, read_record
from stagesync.engine.backward import as_before
from stagesync.engine.compare import same_in
from stagesync.engine.deployment import Connected
from stagesync.engine.edits import note_edits
from stagesync.engine.evidence import activities_told, keep_activities
from stagesync.engine.since import told_flags
from stagesync.engine.unmapped import note_unmapped
from stagesync.store import aliases, baselines, deals, records, state
from stagesync.store.links import links_from, save_links
from stagesync.store.records import StoredRecord


@dataclass(frozen=True, slots=True)
class Sorted:
    """A page's records by what must be done with them.

    Attributes:
        changed: to be stored and looked at again.
        stamped: only the CRM's stamp moved (an echo of our own write, a field we do not map).
        unlinked: changed ones whose links the CRM did not tell.
        restamped: those of `unlinked` of which nothing but the stamp moved, as far as is known: their
            links tell whether they changed at all.
    """

    changed: tuple[Record, ...]
    stamped: tuple[Record, ...]
    unlinked: tuple[str, ...]
    restamped: frozenset[str] = frozenset()


def sort_page(
    tx: Connection,
    connected: Connected,
    page: Page,
    described: ObjectDescription,
    *,
    relink: bool = False,
) -> Sorted:
    """Hold a page against what is stored.

    Args:
        described: tells how values compare: what we wrote as `12.5` may come back as `12.50`.
        relink: what a record names may have changed, even where its stamp did not move.
    """
    newest: dict[str, Record] = {}
    for record in page.records:
        if record.id not in newest or record.changed_at_s >= newest[record.id].changed_at_s:
            newest[record.id] = record
    stored = records.records_of(tx, connected.name, page.object, newest)
    newest = as_before(tx, newest, stored)
    linked = _stored_links(
        tx, {each: stored[each] for each in stored if newest[each].links is not None}
    )
    changed: list[Record] = []
    stamped: list[Record] = []
    restamped: set[str] = set()
    for record in newest.values():
        before = stored.get(record.id)
        if before is None and record.gone and not record.merged_into:
            # Of what is gone before we ever knew it, nothing is kept.
            continue
        if (
            before is None
            or not before.held
            or record.gone != before.gone
            or (record.merged_into and record.merged_into != before.merged_into)
            or _fields_differ(record, before, described)
            or (record.links is not None and _pairs(record.links) != linked.get(record.id, set()))
        ):
            changed.append(record)
        elif before.changed_at_s != record.changed_at_s or (relink and record.links is None):
            (stamped if record.links is not None else changed).append(record)
            if record.links is None:
                restamped.add(record.id)
    unlinked = tuple(record.id for record in changed if record.links is None)
    return Sorted(tuple(changed), tuple(stamped), unlinked, frozenset(restamped))


def sort_links(
    tx: Connection, connected: Connected, page: Page, found: Sorted, *, links: Mapping[str, Link]
) -> Sorted:
    """The same, now that the CRM has told the links of `found.unlinked`: an echo names what it named."""
    if not found.restamped:
        return found
    stored = records.records_of(tx, connected.name, page.object, found.restamped)
    linked = _stored_links(tx, stored)
    same = {
        each for each in found.restamped if _pairs(links.get(each, {})) == linked.get(each, set())
    }
    return replace(
        found,
        changed=tuple(record for record in found.changed if record.id not in same),
        stamped=(*found.stamped, *(record for record in found.changed if record.id in same)),
    )


def _fields_differ(record: Record, before: StoredRecord, described: ObjectDescription) -> bool:
    if record.fields == before.fields:
        return False
    if record.fields.keys() != before.fields.keys():
        return True
    for name, value in record.fields.items():
        if not same_in(described, name)(value, before.fields[name]):
            return True
    return False


def _pairs(links: Link) -> set[tuple[str, str]]:
    return {(name, each) for name, ids in links.items() for each in ids}


def _stored_links(
    tx: Connection, stored: Mapping[str, StoredRecord]
) -> dict[str, set[tuple[str, str]]]:
    """Record id -> the (object, id) it named before; absent when it named nothing."""
    ids = {each.pk: record_id for record_id, each in stored.items()}
    found = links_from(tx, ids)
    named = {to_pk for targets in found.values() for to_pk in targets}
    far = {each.pk: (each.object, each.id) for each in records.records_where(tx, "pk", named)}
    return {ids[pk]: {far[to_pk] for to_pk in targets} for pk, targets in found.items()}


def store_page(
    tx: Connection,
    connected: Connected,
    page: Page,
    found: Sorted,
    *,
    links: Mapping[str, Link],
    described: ObjectDescription,
) -> None:
    """Store what changed, and note it as dirty; the cursor is the caller's.

    Args:
        found: when the links are known, see `sort_links`.
        links: for the records of `found.unlinked`; one that is absent names nothing.
    """
    name = connected.name
    named = {
        record.id: record.links if record.links is not None else links.get(record.id, {})
        for record in found.changed
    }
    refs = [(name, page.object, record.id) for record in (*found.changed, *found.stamped)]
    refs += [(name, kind, each) for link in named.values() for kind, each in _pairs(link)]
    pks = records.name_records(tx, refs)
    keyed = {pks[name, page.object, record.id]: record for record in found.changed}
    before = {each.pk: each for each in records.records_where(tx, "pk", keyed)}
    note_edits(tx, connected, keyed, before, described=described)
    _forget_overwritten(tx, keyed, before, described=described)
    readings = _save(tx, connected, page.object, keyed)
    note_unmapped(
        tx,
        connected,
        page.object,
        {pk: readings[record.id] for pk, record in keyed.items()},
        described=described,
        gone={pk for pk, record in keyed.items() if record.gone},
    )
    targets = {
        pks[name, page.object, each]: [pks[name, kind, far] for kind, far in _pairs(link)]
        for each, link in named.items()
    }
    if connected.roles[page.object] not in (Role.PERSON, Role.ACCOUNT):
        left = links_from(tx, targets)
        state.mark_dirty(tx, "record", sorted({far for pks_ in left.values() for far in pks_}))
    save_links(tx, targets)
    if connected.roles[page.object] is Role.DEAL:
        _save_deals(tx, connected, page.object, readings=readings, pks=pks)
    else:
        new = {pk for pk in keyed if not before[pk].held}
        told = activities_told(connected, page.object, readings=readings, named=named, pks=pks)
        keep_activities(tx, connected, page.object, told, new=new, told_by=keyed)
    _touch(tx, name, page.object, found.stamped, pks)
    state.mark_dirty(tx, "record", [pks[name, page.object, r.id] for r in found.changed])


Pks = Mapping[tuple[str, str, str], int]


def _forget_overwritten(
    tx: Connection,
    keyed: Mapping[int, Record],
    before: Mapping[int, StoredRecord],
    *,
    described: ObjectDescription,
) -> None:
    """Drop the baselines of fields that hold another value now.

    What we wrote there is history: when the same value comes again, somebody else set it. A record without a
    newer stamp may be shown as it was before we wrote, by an index that is behind: its baselines stay.
    """
    overwritten = [
        (pk, name)
        for pk, written in baselines.baselines_of(tx, keyed).items()
        for name, value in written.items()
        if name in keyed[pk].fields
        and keyed[pk].changed_at_s > before[pk].changed_at_s
        and not same_in(described, name)(keyed[pk].fields[name], value)
    ]
    baselines.drop_baselines(tx, overwritten)


def _save(
    tx: Connection, connected: Connected, object_name: str, keyed: Mapping[int, Record]
) -> dict[str, Reading]:
    mapping = connected.object_mapping(object_name)
    ours = baselines.baselines_of(tx, keyed)
    rows, readings = [], {}
    for pk, record in keyed.items():
        reading = readings[record.id] = read_record(mapping, record.fields, ours.get(pk, {}))
        rows.append(
            {
                "pk": pk,
                "fields": dict(record.fields),
                "changed_at_s": record.changed_at_s,
                "created_at_s": record.created_at_s,
                "gone": int(record.gone),
                "merged_into": record.merged_into,
                "email": reading.email,
                "mail_domain": reading.mail_domain,
                "first_name": reading.name[0],
                "last_name": reading.name[1],
                "domain": reading.domain,
            }
        )
    records.save_records(tx, rows)
    if mapping.identity.aliases:
        aliases.save_aliases(tx, {pk: readings[one.id].aliases for pk, one in keyed.items()})
    records.save_since(
        tx,
        {pk: told_flags(readings[record.id]) for pk, record in keyed.items()},
        {pk: record.changed_at_s for pk, record in keyed.items()},
    )
    return readings


def _touch(
    tx: Connection, name: str, object_name: str, stamped: Sequence[Record], pks: Pks
) -> None:
    """Keep the new stamp, so that an overlapping pull finds nothing new."""
    records.set_stamps(tx, [(pks[name, object_name, r.id], r.changed_at_s) for r in stamped])


def _save_deals(
    tx: Connection,
    connected: Connected,
    object_name: str,
    *,
    readings: Mapping[str, Reading],
    pks: Pks,
) -> None:
    rows = [
        {
            "pk": pks[connected.name, object_name, each],
            "status": reading.deal.status,
            "at_s": reading.deal.at_s,
            "amount": reading.deal.amount,
        }
        for each, reading in readings.items()
        if reading.deal is not None
    ]
    deals.save_deals(tx, rows)

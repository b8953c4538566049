"""How records go away and come back: archived, restored, merged into a new one, or erased."""

from stagesync.sandbox.hubspot.automation import counters, link, recount
from stagesync.sandbox.hubspot.changes import Change, What
from stagesync.sandbox.hubspot.model import Kind, Record, Source, Version
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.store import doc_of

# Values a merged record does not simply take over.
RESTORABLE_MS = 90 * 86_400_000
MAX_MERGES = 250
WHEN_ERASED: tuple[What, ...] = ("privacyDeletion", "deletion")
_OWN_VALUES = frozenset({"hs_merged_object_ids", "hs_calculated_merged_vids"})


def archive(portal: Portal, kind: Kind, record: Record, *, source: Source) -> None:
    """Archives a record; its own modified date stays. What it was linked to is kept for `restore`."""
    record.parted = list(portal.links.around(kind.name, record.id))
    _part(portal, kind, record)
    now_ms = portal.now_ms()
    portal.stores[kind.name].archive(record, now_ms)
    portal.changes.record("deletion", kind.name, record=record, at_ms=now_ms, source=source)


def restore(portal: Portal, kind: Kind, record: Record, *, source: Source) -> None:
    """Brings an archived record back under its id, with those associations that still can be."""
    now_ms = portal.now_ms()
    portal.stores[kind.name].restore(record)
    if portal.switches.restore_moves_stamp:
        record.updated_ms = now_ms
    for linked, linked_id, first in record.parted:
        if portal.stores[linked].find(linked_id) is not None:
            portal.links.add((kind.name, record.id), (linked, linked_id), primary=first)
            recount(portal, linked, linked_id)
    record.parted = []
    record.searchable_ms = now_ms + int(portal.switches.index_lag_create_s * 1000)
    portal.stores[kind.name].index.submit(doc_of(record), record.searchable_ms)
    portal.changes.record("restore", kind.name, record=record, at_ms=now_ms, source=source)


def expire(portal: Portal, kind: Kind) -> None:
    """Drops what was archived so long ago that nobody can bring it back."""
    store, until_ms = portal.stores[kind.name], portal.now_ms() - RESTORABLE_MS
    old = [store.records[i] for i in store.archived_ids]
    for record in old:
        if record.archived_ms is not None and record.archived_ms < until_ms:
            store.purge(record)


def erase(portal: Portal, kind: Kind, record: Record, *, source: Source) -> None:
    """Forgets a person for good: the record, its history, its associations, its traces in feeds."""
    now_ms = portal.now_ms()
    _forget(portal, kind, record)
    portal.stores[kind.name].forget_aliases(record.id)
    portal.feeds.forget(record.id, emails=emails_of(record))
    for what in WHEN_ERASED:
        portal.changes.record(what, kind.name, record=record, at_ms=now_ms, source=source)


def _forget(portal: Portal, kind: Kind, record: Record) -> None:
    _part(portal, kind, record)
    portal.stores[kind.name].purge(record)


def _part(portal: Portal, kind: Kind, record: Record) -> None:
    """Takes a record's associations away; only the other sides' counters move."""
    for other, other_id, _ in list(portal.links.around(kind.name, record.id)):
        portal.links.remove((kind.name, record.id), (other, other_id))
        recount(portal, other, other_id)


def emails_of(record: Record) -> set[str]:
    """Every address of a contact, the further ones included."""
    more = record.values.get("hs_additional_emails", "").split(";")
    return {address for address in (record.values.get("email", ""), *more) if address}


def merge(portal: Portal, kind: Kind, *, primary: Record, other: Record, source: Source) -> Record:
    """Makes a new record out of two; both old ids lead to it from then on.

    The primary record's values win, the other one fills its blanks.

    Raises:
        ValueError: when the record would hold more merges than HubSpot allows.

    Source: https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies (seen 2026-11).
    """
    store, now_ms = portal.stores[kind.name], portal.now_ms()
    values = {
        **other.values,
        **primary.values,
        **_merged_values(kind, primary, other, now_ms=now_ms),
    }
    if len(values["hs_merged_object_ids"].split(";")) > MAX_MERGES:
        raise ValueError(f"a record takes at most {MAX_MERGES} merges")
    created_ms = min(primary.created_ms, other.created_ms)
    record = Record(portal.new_id(), created_ms, now_ms, {}, source)
    record.history = _history(primary, other, now_ms=now_ms, values=values)
    record.searchable_ms = now_ms + int(portal.switches.index_lag_create_s * 1000)
    around = [
        (linked, linked_id, first and old is primary)
        for old in (primary, other)
        for linked, linked_id, first in portal.links.around(kind.name, old.id)
    ]
    for old in (primary, other):
        _forget(portal, kind, old)
        store.aliases[old.id] = record.id
        portal.feeds.follow(old.id, record.id)
    record.values = values
    store.add(record)
    for linked, linked_id, first in around:
        ends = (kind.name, record.id)
        link(portal, ends, (linked, linked_id), source=source, primary=first)
    counted = {n: text for n, text in counters(portal, kind.name, record.id).items() if text}
    store.replace_values(record, {**record.values, **counted})
    store.index.submit(doc_of(record), record.searchable_ms)
    moved = sum(1 for name in other.values if name not in primary.values)
    ids = (primary.id, other.id)
    portal.changes.tell(
        Change("merge", kind.name, record.id, now_ms, source, merged=ids, moved=moved)
    )
    return record


def _merged_values(kind: Kind, primary: Record, other: Record, *, now_ms: int) -> dict[str, str]:
    old_ids = [str(primary.id), str(other.id)]
    for record in (primary, other):
        old_ids += [i for i in record.values.get("hs_merged_object_ids", "").split(";") if i]
    merged = {"hs_merged_object_ids": ";".join(dict.fromkeys(old_ids))}
    if kind.name == "contacts":
        vids = [r.values.get("hs_calculated_merged_vids", "") for r in (primary, other)]
        vids += [f"{record.id}:{now_ms}" for record in (primary, other)]
        merged["hs_calculated_merged_vids"] = ";".join(vid for vid in vids if vid)
        merged |= _emails(primary, other)
    return merged


def _emails(primary: Record, other: Record) -> dict[str, str]:
    kept = primary.values.get("email") or other.values.get("email", "")
    more = [
        address
        for record in (primary, other)
        for address in (
            record.values.get("email", ""),
            *record.values.get("hs_additional_emails", "").split(";"),
        )
        if address and address != kept
    ]
    return {"hs_additional_emails": ";".join(dict.fromkeys(more))} if more else {}


def _history(
    primary: Record, other: Record, *, now_ms: int, values: dict[str, str]
) -> dict[str, list[Version]]:
    past = {name: list(versions) for name, versions in primary.history.items()}
    by = Source("MERGE_OBJECTS", f"{primary.id}:{other.id}")
    for name, text in values.items():
        if primary.values.get(name, "") != text and name not in _OWN_VALUES:
            past[name] = [Version(text, now_ms, by), *past.get(name, [])]
    return past

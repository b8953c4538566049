"""What CRMs name by webhook: kept until it is pulled, then read straight from the CRM.

Webhooks shorten the wait and decide nothing: they come twice, late, in disorder or never. So the named records
are read as they are now, no cursor is moved by it, and the ordinary pull goes on as if nobody had called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from stagesync.connector import Link, Named, Page, Record
from stagesync.engine.admit import admitted, admitted_links
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.describe import Descriptions, fields_to_ask
from stagesync.engine.forget import forget_records
from stagesync.engine.ingest import sort_links, sort_page, store_page
from stagesync.store import connections, inbox, records
from stagesync.store.forgotten import forgotten_among
from stagesync.store.inbox import Entry

log = structlog.get_logger()

LARGEST_READ = 1_000
"""Records that are read and stored at once; the connector cuts them into its vendor's batches."""


def note_heard(
    deployment: Deployment, connected: Connected, named: Sequence[Named], *, now_s: float
) -> int:
    """Keep the records that were named, as far as they are mapped; durable when it returns.

    Returns:
        How many were kept.
    """
    mapped = [each for each in named if each.object in connected.roles]
    with deployment.store.begin(fenced=False) as tx:
        out = forgotten_among(tx, {(connected.name, each.object, each.id) for each in mapped})
        kept = [
            (each.object, each.id, each.erased)
            for each in mapped
            if (connected.name, each.object, each.id) not in out
        ]
        inbox.note(tx, connected.name, kept, at_s=now_s)
    return len(kept)


def may_be_taken(deployment: Deployment) -> bool:
    """Whether anything waits that a run could do something about: whoever is in trouble is left alone."""
    with deployment.store.begin() as tx:
        for name in inbox.count_waiting(tx).keys() & deployment.connections.keys():
            known = connections.connection_state(tx, name)
            if known is None or not known.trouble or inbox.is_any_erased(tx, name):
                return True
    return False


def forget_erased(deployment: Deployment, connected: Connected) -> int:
    """Blank what is stored of the people whom the CRM said it erased. Asks no CRM.

    Returns:
        How many were named.
    """
    with deployment.store.begin() as tx:
        found = [each for each in inbox.waiting(tx, connected.name) if each.erased]
        if not found:
            return 0
        erased = forget_records(
            tx,
            deployment,
            [(connected.name, each.object, each.id) for each in found],
            actor=connected.name,
            why="erased in the CRM",
            now_s=deployment.clock.now_s(),
        )
        inbox.strike(tx, connected.name, found)
    deployment.store.forget_traces()
    log.info("people erased", connection=connected.name, records=sum(erased.records.values()))
    return len(found)


def take_inbox(
    deployment: Deployment, connected: Connected, described: Descriptions
) -> tuple[int, int]:
    """Read every record that waits, and store it.

    Returns:
        How many records came, and how many of them changed.

    Raises:
        CrmError: what was not stored yet stays in the inbox.
    """
    with deployment.store.begin() as tx:
        waiting = [each for each in inbox.waiting(tx, connected.name) if not each.erased]
        inbox.strike(tx, connected.name, [e for e in waiting if e.object not in connected.roles])
    came = changed = 0
    # In the connector's order: what is named by others comes before them.
    for name in connected.roles:
        entries = [each for each in waiting if each.object == name]
        for start in range(0, len(entries), LARGEST_READ):
            if deployment.stopping.is_set():
                return came, changed
            part = entries[start : start + LARGEST_READ]
            taken = _take(deployment, connected, name, part, described=described)
            came, changed = came + taken[0], changed + taken[1]
    return came, changed


def _take(
    deployment: Deployment,
    connected: Connected,
    object_name: str,
    entries: Sequence[Entry],
    *,
    described: Descriptions,
) -> tuple[int, int]:
    fields = fields_to_ask(connected, described, object_name)
    ids = [each.id for each in entries]
    read = connected.connector.read(object_name, ids, fields)
    with deployment.store.begin() as tx:
        before = records.records_of(tx, connected.name, object_name, ids)
        told = Page(object_name, _told(object_name, ids, read, before=before), "", last=False)
        page = admitted(tx, connected, told)
        found = sort_page(tx, connected, page, described[object_name], relink=True)
    links: Mapping[str, Link] = (
        connected.connector.links(object_name, found.unlinked) if found.unlinked else {}
    )
    with deployment.store.begin() as tx:
        found, links = admitted_links(tx, connected, object_name, found, links)
        found = sort_links(tx, connected, page, found, links=links)
        store_page(tx, connected, page, found, links=links, described=described[object_name])
        inbox.strike(tx, connected.name, entries)
    return len(page.records), len(found.changed)


def _told(
    object_name: str,
    ids: Sequence[str],
    read: Sequence[Record],
    *,
    before: Mapping[str, records.StoredRecord],
) -> tuple[Record, ...]:
    """The records as a pull would have brought them.

    A read leaves out what is gone: of a record that we hold, that is what it tells. One that became part of
    another has nothing to say but that.
    """
    there = {each.id for each in read}
    merged = [
        replace(each, fields={}, links={}, gone=True) if each.merged_into else each for each in read
    ]
    gone = [
        Record(
            object=object_name,
            id=each,
            fields=known.fields,
            changed_at_s=known.changed_at_s,
            created_at_s=known.created_at_s,
            links={},
            gone=True,
            merged_into=known.merged_into,
        )
        for each in ids
        if each not in there and (known := before.get(each)) is not None and known.held
    ]
    return (*merged, *gone)

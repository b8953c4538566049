"""Keeps whoever was forgotten out of what a CRM tells: their records, and what other records name of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from stagesync.connector import Link, Page, Role
from stagesync.engine.deployment import Connected
from stagesync.engine.ingest import Sorted
from stagesync.store.forgotten import forgotten_among, is_any


def admitted(tx: Connection, connected: Connected, page: Page) -> Page:
    """The page without those who were forgotten."""
    if not is_any(tx):
        return page
    name = connected.name
    out = forgotten_among(tx, {(name, page.object, each.id) for each in page.records})
    links = {each.id: each.links for each in page.records if each.links is not None}
    kept, alone = _without(tx, connected, page.object, links)
    records = tuple(
        replace(each, links=kept[each.id]) if each.id in kept else each
        for each in page.records
        if (name, page.object, each.id) not in out and each.id not in alone
    )
    return replace(page, records=records)


def admitted_links(
    tx: Connection, connected: Connected, object_name: str, found: Sorted, links: Mapping[str, Link]
) -> tuple[Sorted, Mapping[str, Link]]:
    """The same of links that were asked for: what is left to store, and what it names."""
    if not (links and is_any(tx)):
        return found, links
    kept, alone = _without(tx, connected, object_name, links)
    return replace(found, changed=tuple(e for e in found.changed if e.id not in alone)), kept


def _without(
    tx: Connection, connected: Connected, object_name: str, links: Mapping[str, Link]
) -> tuple[dict[str, Link], set[str]]:
    """The links that are left; and activities and joins that named nobody but those who were forgotten."""
    refs = {
        (connected.name, kind, each)
        for link in links.values()
        for kind, ids in link.items()
        for each in ids
    }
    out = forgotten_among(tx, refs)
    kept: dict[str, Link] = {
        near: {
            kind: tuple(each for each in ids if (connected.name, kind, each) not in out)
            for kind, ids in link.items()
        }
        for near, link in links.items()
    }
    if connected.roles[object_name] not in (Role.ACTIVITY, Role.LINK):
        return kept, set()
    persons = connected.objects(Role.PERSON)
    alone = {
        near
        for near, link in kept.items()
        if link != links[near] and not any(link.get(kind) for kind in persons)
    }
    return kept, alone

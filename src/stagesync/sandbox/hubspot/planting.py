"""Filling an account from a seed: no lag, no automation, no default stage.

A generated world says its company's custom fields as plain data; any other unknown property of a
seed is taken for a custom text field.
"""

from collections.abc import Iterable

from stagesync.sandbox.hubspot.automation import counters, derived
from stagesync.sandbox.hubspot.model import IMPORTED, Kind, Option, Property, Record, kind_named
from stagesync.sandbox.hubspot.portal import HUMAN_USER_ID, Owner, Portal
from stagesync.sandbox.seeds import HubSpotRecord, HubSpotSeed
from stagesync.sandbox.world import HUBSPOT_FIELDS

_WORLD_FIELDS = {(field.object, field.name): field for field in HUBSPOT_FIELDS}


def plant(portal: Portal, seed: HubSpotSeed) -> None:
    """Puts a seed into an account that has none of its ids yet.

    Raises:
        ValueError: for an object type HubSpot does not have.
    """
    for name, rows in seed.objects.items():
        kind = _kind(name)
        _define(portal, kind, rows)
        records = [_record(portal, kind, row) for row in rows]
        portal.last_id = max([portal.last_id, *(record.id for record in records)])
        portal.stores[kind.name].fill(records)
    _know_owners(portal, seed)
    for from_name, from_id, to_name, to_id in seed.associations:
        ends = (_kind(from_name).name, int(from_id))
        portal.links.add(ends, (_kind(to_name).name, int(to_id)))
    for name in seed.objects:
        _count(portal, _kind(name))


def _kind(name: str) -> Kind:
    kind = kind_named(name)
    if kind is None:
        raise ValueError(f"a seed names the unknown object {name!r}")
    return kind


def _record(portal: Portal, kind: Kind, row: HubSpotRecord) -> Record:
    created, updated = int(row.created_at * 1000), int(row.updated_at * 1000)
    own = {kind.created, kind.modified, "hs_object_id"}
    values = {name: text for name, text in row.properties.items() if text and name not in own}
    return Record(
        int(row.id), created, updated, {**derived(portal, kind, values), **values}, IMPORTED
    )


def _define(portal: Portal, kind: Kind, rows: Iterable[HubSpotRecord]) -> None:
    schema = portal.schemas[kind.name]
    for name in sorted({name for row in rows for name in row.properties}):
        if name not in schema.properties:
            schema.put(_custom(kind, name))


def _custom(kind: Kind, name: str) -> Property:
    group = f"{kind.one}information"
    field = _WORLD_FIELDS.get((kind.name, name))
    if field is None:
        label = name.replace("_", " ").capitalize()
        return Property(name, label, "string", "text", group)
    options = tuple(Option(value, text, n) for n, (value, text) in enumerate(field.options))
    return Property(name, field.label, field.type, field.field_type, group, options)


def _know_owners(portal: Portal, seed: HubSpotSeed) -> None:
    """Owners that the seed's records name become users of the account."""
    known = {owner.id for owner in portal.owners}
    named = {
        row.properties["hubspot_owner_id"]
        for rows in seed.objects.values()
        for row in rows
        if row.properties.get("hubspot_owner_id")
    }
    new = tuple(
        Owner(found, HUMAN_USER_ID + 100 + n, f"user.{found}@vendeur.example", "User", found)
        for n, found in enumerate(sorted(named - known))
    )
    portal.name_owners((*portal.owners, *new))


def _count(portal: Portal, kind: Kind) -> None:
    """Gives each record the counters that its associations make, without moving its date."""
    store = portal.stores[kind.name]
    for record in store.live():
        found = counters(portal, kind.name, record.id)
        record.values.update({name: text for name, text in found.items() if text})

"""What HubSpot says about its properties now.

Source: https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stagesync.connector import (
    FieldDescription,
    FieldType,
    ObjectDescription,
    Option,
    PermissionMissing,
)
from stagesync_hubspot import api, failures
from stagesync_hubspot.transport import Transport

_TYPES = {
    "string": FieldType.TEXT,
    "phone_number": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "bool": FieldType.FLAG,
    "date": FieldType.DATE,
    "datetime": FieldType.INSTANT,
    "enumeration": FieldType.CHOICE,
}


def describe(
    transport: Transport, item: api.HubSpotObject
) -> tuple[ObjectDescription, frozenset[str]]:
    """The live properties of one object, hidden ones included, at the cost of one call.

    A deal also has the flags of `api.DEAL_FLAGS`.

    Returns:
        The description, and the names of the properties that HubSpot works out by itself.
    """
    if item.is_feed:
        return _known(item), frozenset()
    try:
        answer = transport.call(transport.properties.get_all, item.plural)
    except PermissionMissing:
        if not item.is_optional:
            raise
        return _known(item), frozenset()
    with failures.readable("a property"):
        found = answer.get("results") or ()
        fields = {one["name"]: field_of(one) for one in found if one["name"] not in api.PRIVATE}
        calculated = frozenset(one["name"] for one in found if one.get("calculated"))
    if item.kind.name == "deal":
        fields |= {name: FieldDescription(name, FieldType.FLAG, False) for name in api.DEAL_FLAGS}
    return ObjectDescription(item.kind.name, fields), calculated


def _known(item: api.HubSpotObject) -> ObjectDescription:
    """Without asking: the fields that never differ between accounts."""
    fields = {name: FieldDescription(name, kind, writable=False) for name, kind in item.known}
    return ObjectDescription(item.kind.name, fields)


def field_of(raw: Mapping[str, Any]) -> FieldDescription:
    """One property as HubSpot describes it."""
    kind = type_of(raw)
    is_choice = kind in {FieldType.CHOICE, FieldType.CHOICES}
    read_only = (raw.get("modificationMetadata") or {}).get("readOnlyValue")
    return FieldDescription(
        name=raw["name"],
        type=kind,
        writable=not (read_only or raw.get("calculated")),
        forward_only=raw["name"] in api.FORWARD_ONLY,
        options=_options(raw.get("options") or ()) if is_choice else (),
    )


def type_of(raw: Mapping[str, Any]) -> FieldType:
    """What a property holds; its widget (`fieldType`) tells what `type` leaves open."""
    if raw.get("fieldType") == "booleancheckbox":
        return FieldType.FLAG
    if raw.get("referencedObjectType"):
        return FieldType.REFERENCE
    if raw.get("type") == "enumeration" and raw.get("fieldType") == "checkbox":
        return FieldType.CHOICES
    return _TYPES.get(str(raw.get("type")), FieldType.OTHER)


def _options(raw: Any) -> tuple[Option, ...]:
    """In the order of the account; -1 means after all that have a place."""
    placed = sorted(raw, key=lambda one: (_order(one) < 0, _order(one)))
    return tuple(
        Option(str(one["value"]), str(one.get("label") or one["value"]), rank)
        for rank, one in enumerate(placed)
    )


def _order(option: Mapping[str, Any]) -> int:
    return int(option.get("displayOrder") or 0)

"""Live field descriptions: read at start and daily, kept in the store, held against the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stagesync.connector import FieldDescription, FieldMissing, FieldType, ObjectDescription, Option
from stagesync.engine.deployment import Connected, Deployment
from stagesync.store import state

Descriptions = Mapping[str, ObjectDescription]
"""Object -> its fields."""


def describe(deployment: Deployment, connected: Connected, *, now_s: float) -> Descriptions:
    """The fields of every mapped object, from the store while fresh, else from the CRM.

    Raises:
        FieldMissing: the mapping names a field that the CRM does not have.
    """
    with deployment.store.begin() as tx:
        known = state.connection_state(tx, connected.name)
    if known is not None and known.described_at_s is not None:
        fresh = now_s - known.described_at_s < deployment.describe_every_s
        kept = _decode(known.description)
        if fresh and set(connected.roles) <= set(kept) and not missing_fields(connected, kept):
            return kept
    found = connected.connector.describe(list(connected.roles))
    _demand_fields(connected, found)
    with deployment.store.begin() as tx:
        state.save_description(tx, connected.name, _encode(found), at_s=now_s)
    return found


def missing_fields(connected: Connected, found: Descriptions) -> list[tuple[str, str]]:
    """Mapped, not optional, and not there: (object, field)."""
    missing = []
    for name in connected.roles:
        mapping = connected.object_mapping(name)
        there = found[name].fields if name in found else {}
        missing += [
            (name, field)
            for field in mapping.fields
            if field not in there and field not in mapping.optional_fields and "." not in field
        ]
    return missing


def fields_to_ask(connected: Connected, found: Descriptions, object_name: str) -> tuple[str, ...]:
    """The mapped fields that exist."""
    there = found[object_name].fields
    mapping = connected.object_mapping(object_name)
    return tuple(field for field in mapping.fields if field in there or "." in field)


def _demand_fields(connected: Connected, found: Descriptions) -> None:
    missing = missing_fields(connected, found)
    if not missing:
        return
    names = ", ".join(f"{name}.{field}" for name, field in missing)
    raise FieldMissing(
        f"{connected.name}: the mapping names fields that the CRM does not have: {names}",
        hint=f"stagesync setup {connected.name} makes our own fields; correct the mapping for others",
        connection=connected.name,
    )


def _encode(found: Descriptions) -> dict[str, Any]:
    return {
        name: [
            [
                each.name,
                each.type.value,
                each.writable,
                each.forward_only,
                [[o.value, o.label, o.rank, o.terminal] for o in each.options],
            ]
            for each in described.fields.values()
        ]
        for name, described in found.items()
    }


def _decode(stored: Mapping[str, Any]) -> dict[str, ObjectDescription]:
    return {
        name: ObjectDescription(
            name,
            {
                row[0]: FieldDescription(
                    row[0], FieldType(row[1]), row[2], row[3], tuple(Option(*o) for o in row[4])
                )
                for row in rows
            },
        )
        for name, rows in stored.items()
    }

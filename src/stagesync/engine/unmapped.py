"""Keeps the values that a mapping does not understand, as the records come that hold them.

Only of fields with a closed list of values, or for which the mapping has a table: what people type freely
may name somebody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from stagesync.connector import FieldType, ObjectDescription, Role
from stagesync.domain.mapping import ObjectMapping, Reading
from stagesync.engine.deployment import Connected
from stagesync.store import unmapped

ENUMERATIONS = frozenset({FieldType.CHOICE, FieldType.CHOICES})
_READ = (Role.PERSON, Role.ACCOUNT)


def note_unmapped(
    tx: Connection,
    connected: Connected,
    object_name: str,
    readings: Mapping[int, Reading],
    *,
    described: ObjectDescription | None,
    gone: Collection[int],
) -> None:
    """Keep what these records say that the mapping does not understand.

    Args:
        readings: record -> what it says.
        gone: those of them that count no more.
    """
    if connected.roles[object_name] not in _READ:
        return
    closed = closed_fields(connected.object_mapping(object_name), described)
    found = {
        pk: []
        if pk in gone
        else [(field, value) for field, value in reading.unmapped if field in closed]
        for pk, reading in readings.items()
    }
    unmapped.replace_unmapped(tx, connected.name, object_name, found)


def closed_fields(mapping: ObjectMapping, described: ObjectDescription | None) -> frozenset[str]:
    """Fields of facts whose values come from a list, in the CRM or in the mapping."""
    known = described.fields if described else {}
    personal = set(mapping.identity.fields)
    return frozenset(
        rule.field
        for rule in (*mapping.facts, *mapping.people)
        if rule.field not in personal
        and (
            rule.values is not None
            or (rule.field in known and known[rule.field].type in ENUMERATIONS)
        )
    )

"""Keeps the values that a mapping does not understand, as the records come that hold them.

Only of fields with a closed list of values, or for which the mapping has a table: what people type freely
may name somebody.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.connector import FieldType, ObjectDescription, Role
from stagesync.domain.mapping import ObjectMapping, Reading
from stagesync.engine.deployment import Connected, Deployment
from stagesync.store import unmapped
from stagesync.store.unmapped import Unmapped

ENUMERATIONS = frozenset({FieldType.CHOICE, FieldType.CHOICES})
_READ = (Role.PERSON, Role.ACCOUNT)

FEW = 3
"""Records that are shown of a value."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A value that a mapping does not understand, and how to have it understood.

    Attributes:
        fact: what the field tells, such as `account.industry`.
        line: what to add to the mapping, ready but for the meaning; without one the value means nothing.
        is_in_table: the line goes into the table `values` that is there; otherwise it is the table.
        examples: ids of records, and their addresses in the CRM.
    """

    connection: str
    object: str
    field: str
    value: str
    records: int
    fact: str
    line: str
    is_in_table: bool
    examples: Sequence[tuple[str, str]]


def gaps(tx: Connection, deployment: Deployment, *, most: int) -> list[Gap]:
    """The values that nobody understands, those of most records first."""
    return [
        _gap(tx, deployment.connections[each.connection], each)
        for each in unmapped.ranked(tx, list(deployment.connections), most=most)
        if each.object in deployment.connections[each.connection].roles
    ]


def _gap(tx: Connection, connected: Connected, each: Unmapped) -> Gap:
    mapping = connected.object_mapping(each.object)
    rules = [rule for rule in (*mapping.facts, *mapping.people) if rule.field == each.field]
    is_in_table = any(rule.values is not None for rule in rules)
    entry = f"{json.dumps(each.value, ensure_ascii=False)}: "
    ids = unmapped.examples(tx, each, most=FEW)
    return Gap(
        connection=each.connection,
        object=each.object,
        field=each.field,
        value=each.value,
        records=each.records,
        fact=rules[0].fact if rules else each.field,
        line=entry.rstrip() if is_in_table else f"values: {{{entry}}}",
        is_in_table=is_in_table,
        examples=[(one, connected.connector.record_url(each.object, one)) for one in ids],
    )


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

"""From rows to records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from stagesync.connector import FieldValue, Link, Record
from stagesync_sql.shape import Shape
from stagesync_sql.values import stored, told, unix_s

_GONE = "stagesync is gone"


def select(shape: Shape, fields: Iterable[str]) -> sa.Select[Any]:
    """A query for what we always need, what says links, and the fields asked for.

    Raises:
        FieldMissing: a field is no column.
    """
    columns = {name: shape.table.columns[name] for name in shape.options.own_columns}
    columns |= {name: shape.field(name) for name in fields}
    labelled = [column.label(name) for name, column in columns.items()]
    return sa.select(*labelled, shape.is_gone().label(_GONE)).select_from(shape.source())


def record_of(
    shape: Shape, row: Mapping[str, Any], fields: Sequence[str], *, zone: ZoneInfo
) -> Record:
    """The record in a row of `select(shape, fields)`."""
    options = shape.options
    created = row[options.created] if options.created else None
    created_s = None if created is None else unix_s(created, unit=options.unit, zone=zone)
    changed_s = unix_s(row[options.changed], unit=options.unit, zone=zone)
    merged_into = row[options.merged_into] if options.merged_into else None
    values: dict[str, FieldValue] = {name: told(row[name], zone) for name in fields}
    return Record(
        object=shape.name,
        id=str(row[options.key]),
        fields=values,
        # A row without a stamp has not been changed since it was made.
        changed_at_s=max(changed_s, created_s or 0.0),
        created_at_s=created_s,
        links=links_of(shape, row),
        gone=bool(row[_GONE]) or merged_into is not None,
        merged_into="" if merged_into is None else str(merged_into),
    )


def links_of(shape: Shape, row: Mapping[str, Any]) -> Link:
    """The records that a row names."""
    found = {
        name: tuple(dict.fromkeys(str(row[each]) for each in columns if row[each] is not None))
        for name, columns in shape.options.links.items()
    }
    return {name: ids for name, ids in found.items() if ids}


def keys_of(shape: Shape, ids: Iterable[str], *, zone: ZoneInfo) -> dict[str, Any]:
    """Record id -> the key as its column holds it; an id that can be no key is left out."""
    found = {}
    for each in ids:
        try:
            found[each] = stored(each, shape.key, zone=zone)
        except ValueError:
            continue
    return found

"""Turns rows into the JSON records of an answer: attributes first, parents nested."""

from collections.abc import Callable, Sequence
from typing import Any

from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.soql.columns import (
    NAME_OBJECT,
    Column,
    Source,
    parent_object,
    reader_in,
)
from stagesync.sandbox.salesforce.values import show_datetime

Render = Callable[[Row], dict[str, Any]]
_REAL = frozenset({"double", "currency", "percent"})


def show(field: FieldDef, value: Any) -> Any:
    """One stored value as JSON carries it."""
    if value is None:
        return None
    if field.type == "datetime":
        return show_datetime(value)
    if field.type in _REAL:
        return float(value)
    return value


def make_renderer(
    source: Source, *, entity: ObjectDef, columns: Sequence[Column], root: str
) -> Render:
    """The function that renders a row of an object.

    Args:
        root: what stands before ``/sobjects`` in the url of a record.
    """
    return _record(source, entity=entity, paths=[(c.steps, c.field) for c in columns], root=root)


_Paths = list[tuple[tuple[FieldDef, ...], FieldDef]]


def _record(source: Source, *, entity: ObjectDef, paths: _Paths, root: str) -> Render:
    parts: dict[str, Callable[[Row], Any]] = {}
    for steps, field in paths:
        if not steps:
            parts[field.name] = _plain(source, entity, field)
        elif str(steps[0].relationship) not in parts:
            below = [(s[1:], f) for s, f in paths if s and s[0] is steps[0]]
            parts[str(steps[0].relationship)] = _parent(source, steps[0], paths=below, root=root)

    def render(row: Row) -> dict[str, Any]:
        name = row.get("", entity.name)
        attributes = {"type": entity.name, "url": f"{root}/sobjects/{name}/{row['Id']}"}
        record: dict[str, Any] = {"attributes": attributes}
        for key, read in parts.items():
            record[key] = read(row)
        return record

    return render


def _plain(source: Source, entity: ObjectDef, field: FieldDef) -> Callable[[Row], Any]:
    read = reader_in(source, entity, field)
    if field.type == "datetime" or field.type in _REAL:
        return lambda row: show(field, read(row))
    return read


def _parent(source: Source, key: FieldDef, *, paths: _Paths, root: str) -> Callable[[Row], Any]:
    target = parent_object(source, key)
    render = _record(source, entity=target, paths=paths, root=root)

    def read(row: Row) -> dict[str, Any] | None:
        record_id = row.get(key.name)
        found = source.row(record_id) if record_id else None
        if found is None:
            return None
        name, parent = found
        return render({**parent, "": name} if target is NAME_OBJECT else parent)

    return read

"""Finds the column that a path in a query means, and how to read it from a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stagesync.sandbox.salesforce.errors import bad_request, no_such_column, no_such_relationship
from stagesync.sandbox.salesforce.rows import Row, Table
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef, read_object
from stagesync.sandbox.salesforce.soql.lexer import pointed
from stagesync.sandbox.salesforce.soql.tree import Path

Getter = Callable[[Row], Any]

# Through a reference that may point at several objects only these fields can be read.
NAME_OBJECT = read_object(
    "Name",
    """
    Id id
    Name string(255)
    FirstName string(40)
    LastName string(80)
    Type string(40)
    Title string(128)
    Email email(80)
    Phone phone(40)
    Username string(80)
    Alias string(8)
    IsActive boolean
    """,
    common="",
)


class Source(Protocol):
    """What the evaluation of a query needs of the org."""

    def definition(self, name: str, *, tooling: bool = False) -> ObjectDef | None:
        """The object of that name, whatever its case."""

    def readable(self, definition: ObjectDef) -> Mapping[str, FieldDef]:
        """The fields the running user may see, by lower-case name."""

    def row(self, record_id: str) -> tuple[str, Row] | None:
        """The object and the committed row of an id."""

    def child(self, parent: ObjectDef, relationship: str) -> tuple[str, str] | None:
        """The object and the key behind the name of a child relationship."""

    def table(self, name: str) -> Table:
        """The rows of an object."""


@dataclass(frozen=True, slots=True)
class Column:
    """A resolved path: the steps over relationships, the field at the end, and its reader."""

    steps: tuple[FieldDef, ...]
    field: FieldDef
    read: Getter


def resolve(source: Source, text: str, *, entity: ObjectDef, path: Path) -> Column:
    """The column of a path.

    Raises:
        ApiError: INVALID_FIELD for an unknown or hidden field or relationship.
    """
    parts = path.parts
    own_name = parts[0].lower() == entity.name.lower()
    if len(parts) > 1 and own_name and parts[0].lower() not in entity.relationships:
        parts = parts[1:]
    return _walk(source, text, entity=entity, path=path, parts=parts)


def _walk(source: Source, text: str, *, entity: ObjectDef, path: Path, parts: list[str]) -> Column:
    if len(parts) == 1:
        field = source.readable(entity).get(parts[0].lower())
        if field is None:
            raise _invalid(text, path, message=no_such_column(parts[0], entity.name))
        return Column((), field, reader_in(source, entity, field))
    key_name = entity.relationships.get(parts[0].lower())
    if key_name is None:
        raise _invalid(text, path, message=no_such_relationship(parts[0]))
    key = entity.fields[key_name]
    target = parent_object(source, key)
    inner = _walk(source, text, entity=target, path=path, parts=parts[1:])
    return Column((key, *inner.steps), inner.field, _through(source, key, inner.read))


def parent_object(source: Source, key: FieldDef) -> ObjectDef:
    """The object whose fields can be read through a reference."""
    if len(key.refers_to) > 1:
        return NAME_OBJECT
    return source.definition(key.refers_to[0]) or NAME_OBJECT


def _through(source: Source, key: FieldDef, inner: Getter) -> Getter:
    named = len(key.refers_to) > 1

    def read(row: Row) -> Any:
        target = row.get(key.name)
        found = source.row(target) if target else None
        if found is None:
            return None
        name, parent = found
        return inner({**parent, "": name} if named else parent)

    return read


def reader_in(source: Source, entity: ObjectDef, field: FieldDef) -> Getter:
    """Reads one field of a row, a formula by what it stands for at this moment."""
    if not field.formula:
        return reader(entity, field)
    parts = field.formula.split(".")
    path = Path(field.formula, 0)
    return _walk(source, field.formula, entity=entity, path=path, parts=parts).read


def reader(entity: ObjectDef, field: FieldDef) -> Getter:
    """Reads one field of a row as the query language sees it."""
    name = field.name
    if entity is NAME_OBJECT and name == "Type":
        # `_through` puts the object's name beside the parent's own fields.
        return lambda row: row[""]
    if field.type == "boolean":
        return lambda row: bool(row.get(name))
    if field.type == "address":
        return _address(name.removesuffix("Address"))
    return lambda row: row.get(name)


def _address(prefix: str) -> Getter:
    parts = ("City", "Country", "PostalCode", "State", "Street")

    def read(row: Row) -> dict[str, Any] | None:
        found = {part[0].lower() + part[1:]: row.get(prefix + part) for part in parts}
        if not any(found.values()):
            return None
        return found | {"geocodeAccuracy": None, "latitude": None, "longitude": None}

    return read


def _invalid(text: str, path: Path, *, message: str) -> Exception:
    return bad_request("INVALID_FIELD", pointed(text, path.at, message=message))

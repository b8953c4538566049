"""What the tables look like now, as fields."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from stagesync.connector import FieldDescription, FieldType, ObjectDescription, Option
from stagesync_sql.shape import Shape
from stagesync_sql.values import type_of


def describe(shape: Shape) -> ObjectDescription:
    """The columns of one object's table, and of the table beside it."""
    fields = {name: _field(shape, column) for name, column in shape.columns.items()}
    return ObjectDescription(shape.name, fields)


def _field(shape: Shape, column: sa.Column[Any]) -> FieldDescription:
    values = choices_of(shape, column)
    kind = FieldType.CHOICE if values else type_of(column)
    if column.name in {name for names in shape.options.links.values() for name in names}:
        kind = FieldType.REFERENCE
    return FieldDescription(
        name=column.name,
        type=kind,
        writable=shape.is_writable(column.name),
        options=tuple(Option(value, value, rank) for rank, value in enumerate(values)),
    )


def choices_of(shape: Shape, column: sa.Column[Any]) -> tuple[str, ...]:
    """The values that a column takes: by the options, else by the database's own type; empty for any."""
    if column.name in shape.options.choices:
        return shape.options.choices[column.name]
    return tuple(column.type.enums) if isinstance(column.type, sa.Enum) else ()

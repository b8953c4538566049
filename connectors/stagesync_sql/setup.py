"""Our own columns, in the table itself or in a table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.schema import CreateColumn, CreateTable

from stagesync.connector import FieldType, OwnField, RequestRefused, SetupStep
from stagesync_sql.describe import describe
from stagesync_sql.options import WriteBack
from stagesync_sql.shape import Shape, Shapes
from stagesync_sql.transport import Transport

log = structlog.get_logger()

_TYPES: dict[FieldType, sa.types.TypeEngine[Any]] = {
    FieldType.TEXT: sa.Text(),
    FieldType.CHOICE: sa.Text(),
    FieldType.NUMBER: sa.Double(),
    FieldType.INSTANT: sa.DateTime(timezone=True),
}


class Setup:
    """Finds what is missing of the fields last asked for, and makes it."""

    def __init__(self, transport: Transport, shapes: Shapes) -> None:
        self._transport, self._shapes = transport, shapes
        self._wanted: dict[tuple[str, str], OwnField] = {}

    def missing(self, fields: Sequence[OwnField]) -> list[SetupStep]:
        """The steps to take, tables first."""
        self._wanted = {(each.object, each.name): each for each in fields}
        steps: list[SetupStep] = []
        for name in dict.fromkeys(each.object for each in fields):
            self._shapes.forget(name)
            shape = self._shapes.of(name)
            own = [each for each in fields if each.object == name]
            if shape.options.write is None:
                raise RequestRefused(f"stagesync writes nothing to {name}", hint="see `write`")
            if isinstance(shape.options.write, WriteBack) and shape.beside is None:
                table = shape.options.write.table
                steps.append(SetupStep(f"table:{name}", f"table {table} for {name}"))
            steps += [step for each in own if (step := _step(shape, each))]
        return sorted(steps, key=lambda step: not step.key.startswith("table:"))

    def make(self, step: SetupStep) -> None:
        """Take one step; what is there already stays as it is."""
        what, name, *rest = step.key.split(":")
        self._shapes.forget(name)
        shape = self._shapes.of(name)
        if what == "table":
            self._make_table(shape)
        else:
            self._make_column(shape, self._wanted[name, rest[0]])
        self._shapes.forget(name)
        log.info("sql_setup_made", step=step.key)

    def _make_table(self, shape: Shape) -> None:
        write = shape.options.write
        assert isinstance(write, WriteBack)
        schema, _, bare = write.table.rpartition(".")
        key = sa.Column(write.key, shape.key.type, primary_key=True, autoincrement=False)
        table = sa.Table(bare, sa.MetaData(), key, schema=schema or None)
        self._transport.run(lambda each: each.execute(CreateTable(table, if_not_exists=True)))

    def _make_column(self, shape: Shape, field: OwnField) -> None:
        target = shape.target
        if target is None:
            raise RequestRefused(f"the table to write {shape.name} to is missing")
        if field.name in target.columns:
            return
        engine = self._transport.engine
        column = sa.Column(field.name, _TYPES[field.type])
        text = CreateColumn(column).compile(dialect=engine.dialect)
        place = engine.dialect.identifier_preparer.format_table(target)
        statement = sa.text(f"ALTER TABLE {place} ADD COLUMN {text}")
        self._transport.run(lambda each: each.execute(statement))


def _step(shape: Shape, field: OwnField) -> SetupStep | None:
    """The step that makes a column; None when it is there."""
    if field.type not in _TYPES:
        raise RequestRefused(f"column {field.name}: no own field can be of type {field.type}")
    target = shape.target
    if target is None or field.name not in target.columns:
        if not shape.can_grow:
            raise RequestRefused(
                f"{shape.options.table} is a view, which takes no column {field.name}",
                hint=f"give `tables.{shape.name}.write` a table of its own",
            )
        place = target.name if target is not None else "it"
        return SetupStep(
            f"column:{shape.name}:{field.name}",
            f"column {field.name} of {place} ({field.type}, for {shape.name})",
        )
    described = describe(shape).fields[field.name]
    # A choice is a text here, unless the options of the connection name its values.
    fits = {field.type, FieldType.TEXT} if field.type is FieldType.CHOICE else {field.type}
    if described.type not in fits:
        raise RequestRefused(
            f"column {field.name} of {target.name} holds {described.type}, not {field.type}",
            hint="name our field otherwise in the mapping",
        )
    offered = {each.value for each in described.options}
    if lacking := [value for value, _ in field.options if offered and value not in offered]:
        raise RequestRefused(
            f"column {field.name} of {target.name} does not offer {', '.join(lacking)}",
            hint=f"add them to `tables.{shape.name}.choices`, or to the column's own type",
        )
    return None

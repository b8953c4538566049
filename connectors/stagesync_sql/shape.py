"""A table as it is now, beside the options that say what it means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from stagesync.connector import FieldMissing, RequestRefused, Role
from stagesync_sql.options import Options, TableOptions, WriteBack
from stagesync_sql.transport import Transport


@dataclass(frozen=True)
class Shape:
    """One object: its table, and the table that takes what stagesync writes.

    Attributes:
        beside: the write-back table; None where values go into the table itself, where nothing is
            written, and where `setup` has yet to make it.
        can_grow: whether columns can be added to what is written to.
    """

    name: str
    options: TableOptions
    table: sa.Table
    beside: sa.Table | None = None
    can_grow: bool = True

    @cached_property
    def columns(self) -> dict[str, sa.Column[Any]]:
        """Every field that a record can have; a written one hides one of the same name."""
        found = {column.name: column for column in self.table.columns}
        if self.beside is not None and isinstance(self.options.write, WriteBack):
            found |= {c.name: c for c in self.beside.columns if c.name != self.options.write.key}
        return found

    @property
    def key(self) -> sa.Column[Any]:
        """What tells the rows apart."""
        return self.table.columns[self.options.key]

    @property
    def changed(self) -> sa.Column[Any]:
        """When a row was last changed."""
        return self.table.columns[self.options.changed]

    @property
    def target(self) -> sa.Table | None:
        """The table that values are written to; None when there is none yet, or never."""
        return self.table if self.options.write == "columns" else self.beside

    @property
    def target_key(self) -> str:
        """The column of `target` that holds the record's key."""
        write = self.options.write
        return write.key if isinstance(write, WriteBack) else self.options.key

    def is_writable(self, name: str) -> bool:
        """Whether this field may be set."""
        if self.target is None or name not in self.target.columns or name == self.target_key:
            return False
        if self.options.write == "columns" and name in self.options.own_columns:
            return False
        return self.target.columns[name].computed is None

    def field(self, name: str) -> sa.Column[Any]:
        """The column of a field.

        Raises:
            FieldMissing: there is none.
        """
        if name not in self.columns:
            raise FieldMissing(
                f"table {self.options.table} ({self.name}) has no column {name}",
                hint="correct the mapping, or make the column",
            )
        return self.columns[name]

    def source(self) -> sa.FromClause:
        """The table, with what was written beside it."""
        if self.beside is None:
            return self.table
        same = self.key == self.beside.columns[self.target_key]
        return self.table.outerjoin(self.beside, same)

    def is_gone(self) -> sa.ColumnElement[bool]:
        """The condition of rows that count as deleted."""
        if self.options.gone is None:
            return sa.false()
        column = self.table.columns[self.options.gone]
        match column.type:
            case sa.Boolean():
                return column.is_(sa.true())
            case sa.Integer() | sa.Float() | sa.Numeric():
                return sa.and_(column.is_not(None), column != 0)
            case _:
                return column.is_not(None)


class Shapes:
    """Reads tables when first needed, and remembers them."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self._transport, self._options = transport, options
        self._known: dict[str, Shape] = {}

    def of(self, name: str) -> Shape:
        """The shape of one object.

        Raises:
            RequestRefused: there is no such object or table, or a column named in the options is missing.
        """
        if name not in self._options.tables:
            raise RequestRefused(
                f"no object {name!r} in this database; known: {', '.join(self._options.tables)}"
            )
        if name not in self._known:
            self._known[name] = self._read(name, self._options.tables[name])
        return self._known[name]

    def forget(self, name: str) -> None:
        """Read it anew when it is needed again."""
        self._known.pop(name, None)

    def _read(self, name: str, options: TableOptions) -> Shape:
        table = self._transport.reflect(options.table)
        lacking = sorted(options.own_columns - {column.name for column in table.columns})
        if lacking:
            raise RequestRefused(
                f"table {options.table} has no column {', '.join(lacking)}",
                hint=f"correct `tables.{name}` of the connection",
            )
        beside = None
        if isinstance(options.write, WriteBack) and self._transport.has_table(options.write.table):
            beside = self._transport.reflect(options.write.table)
        can_grow = options.write != "columns" or not self._transport.is_view(options.table)
        return Shape(name, options, table, beside, can_grow)


ORDER = (Role.ACCOUNT, Role.PERSON, Role.DEAL, Role.LINK, Role.ACTIVITY)
"""The order in which objects are pulled: who is named comes before who names."""

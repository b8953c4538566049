"""Many rows at once, by the shortest way of each driver.

On SQLite the driver's own `executemany`, past SQLAlchemy, which takes longer to prepare a row than the
database to keep it. On Postgres `COPY`: straight into a table whose rows are all new, otherwise into one of
the transaction's own, from which one statement takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from stagesync.store.engines import is_sqlite

FEW = 100
"""So many rows go by themselves to Postgres: a table for them would cost as much."""

AT_ONCE = 20_000
"""Rows that are held in memory at a time."""

Row = Sequence[Any]
"""Values in the order of the columns."""


@dataclass(frozen=True, slots=True)
class Put:
    """Rows that are added.

    Attributes:
        keys: columns by which a row is known; empty when every row is new.
        update: columns that a row that is there takes over; empty to leave it as it is.
    """

    table: str
    columns: tuple[str, ...]
    keys: tuple[str, ...] = ()
    update: tuple[str, ...] = ()

    def one(self, mark: str) -> str:
        """The statement for one row."""
        marks = ", ".join([mark] * len(self.columns))
        return f"{self._into} VALUES ({marks}){self._conflict}"

    @property
    def merge(self) -> str:
        """The statement that takes every row of the table `incoming`."""
        return f"{self._into} SELECT {', '.join(self.columns)} FROM incoming{self._conflict}"  # noqa: S608  names of our schema

    @property
    def _into(self) -> str:
        return f"INSERT INTO {self.table} ({', '.join(self.columns)})"

    @property
    def _conflict(self) -> str:
        if not self.keys:
            return ""
        taken = ", ".join(f"{name} = excluded.{name}" for name in self.update)
        act = f"UPDATE SET {taken}" if taken else "NOTHING"
        return f" ON CONFLICT ({', '.join(self.keys)}) DO {act}"


@dataclass(frozen=True, slots=True)
class Change:
    """Rows that are there, and change: the values of `update`, then those of `keys`; others are left out."""

    table: str
    update: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The order of a row's values."""
        return (*self.update, *self.keys)

    def one(self, mark: str) -> str:
        """The statement for one row."""
        values = ", ".join(f"{name} = {mark}" for name in self.update)
        known = " AND ".join(f"{name} = {mark}" for name in self.keys)
        return f"UPDATE {self.table} SET {values} WHERE {known}"  # noqa: S608  names of our schema

    @property
    def merge(self) -> str:
        """The statement that takes every row of the table `incoming`."""
        values = ", ".join(f"{name} = incoming.{name}" for name in self.update)
        known = " AND ".join(f"{self.table}.{name} = incoming.{name}" for name in self.keys)
        return f"UPDATE {self.table} SET {values} FROM incoming WHERE {known}"  # noqa: S608  names of our schema


def store_rows(tx: Connection, work: Put | Change, rows: Iterable[Row]) -> None:
    """Carry rows into the store; of several with the same keys the last one counts."""
    left = iter(rows)
    while batch := list(islice(left, AT_ONCE)):
        if is_sqlite(tx):
            tx.exec_driver_sql(work.one("?"), [tuple(row) for row in batch])
        elif not work.keys:
            _copy(tx, work.table, work.columns, batch)
        elif len(batch) <= FEW:
            tx.exec_driver_sql(work.one("%s"), [tuple(row) for row in batch])
        else:
            _merge(tx, work, batch)


def _merge(tx: Connection, work: Put | Change, batch: Sequence[Row]) -> None:
    places = [work.columns.index(name) for name in work.keys]
    last = {tuple(row[place] for place in places): row for row in batch}
    columns = ", ".join(work.columns)
    # Its columns are those of the table without their constraints: what is not given has none to break.
    tx.exec_driver_sql(
        f"CREATE TEMPORARY TABLE incoming AS SELECT {columns} FROM {work.table} WITH NO DATA"  # noqa: S608  names of our schema
    )
    _copy(tx, "incoming", work.columns, last.values())
    tx.exec_driver_sql(work.merge)
    tx.exec_driver_sql("DROP TABLE incoming")


def _copy(tx: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    driver: Any = tx.dialect.dbapi
    raw: Any = tx.connection.driver_connection
    sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    try:
        with raw.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance(sql, None, error, driver.Error, dialect=tx.dialect) from error

"""What a store holds, table by table, in values that SQLite and Postgres share; copied, counted and compared.

Two stores hold the same when each table has as many rows and the same sum of the rows' hashes. A sum asks for
no order, so that both kinds are read the way they lie on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Integer, MetaData, Table, text

from stagesync.domain.text import held
from stagesync.errors import StoreError
from stagesync.store.bulk import Put, store_rows
from stagesync.store.engines import is_sqlite

AT_ONCE = 5_000
"""Rows that are read at a time."""

_WRAP = 2**128
BACKUP = "backup"
"""The table of a backup's file that says what the file is; no store has it."""

_NO_CONTENT = {"alembic_version", "lease", BACKUP}
"""Who works on a store just now is no part of what it holds."""


Told = Callable[[str, int], None]
"""Called with a table and how many more rows of it are done."""


def tell_nobody(_table: str, _rows: int) -> None:
    """Nothing to do."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table comes to.

    Attributes:
        hash: hexadecimal.
    """

    rows: int
    hash: str


Sums = Mapping[str, Sum]
"""Table -> what it comes to."""


class _Adding:
    """Sums up rows as they go by."""

    def __init__(self) -> None:
        self._rows = 0
        self._total = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            # A zero below nothing is kept by Postgres alone.
            told = repr(tuple(row)).replace("-0.0", "0.0").encode()
            self._total += int.from_bytes(blake2b(told, digest_size=16).digest())
            self._rows += 1

    @property
    def sum(self) -> Sum:
        return Sum(self._rows, f"{self._total % _WRAP:032x}")


def tables_of(connection: Connection) -> list[Table]:
    """The tables that the database has, by name, as they are there: an older store has other ones."""
    found = MetaData()
    found.reflect(connection)
    return [each for name, each in sorted(found.tables.items()) if name not in _NO_CONTENT]


def is_empty(connection: Connection) -> bool:
    """Whether no table holds a row."""
    return not any(
        connection.execute(each.select().limit(1)).first() for each in tables_of(connection)
    )


def count_rows(connection: Connection) -> int:
    """How many rows all tables hold."""
    return sum(
        int(connection.execute(text(f'SELECT COUNT(*) FROM "{each.name}"')).scalar_one())  # noqa: S608  names that the database told
        for each in tables_of(connection)
    )


def sums_of(connection: Connection, told: Told = tell_nobody) -> dict[str, Sum]:
    """What each table comes to."""
    found = {}
    for table in tables_of(connection):
        adding = _Adding()
        for batch in _read(connection, table):
            adding.add(batch)
            told(table.name, len(batch))
        found[str(table.name)] = adding.sum
    return found


def copy_rows(source: Connection, target: Connection, told: Told = tell_nobody) -> dict[str, Sum]:
    """Fill the empty tables of a store of the same schema; what each table of the source comes to."""
    found = {}
    for table in tables_of(source):
        adding = _Adding()
        put = Put(table.name, tuple(column.name for column in table.columns))
        for batch in _read(source, table):
            adding.add(batch)
            store_rows(target, put, batch)
            told(table.name, len(batch))
        _go_on_counting(target, table)
        found[str(table.name)] = adding.sum
    return found


def compare(one: Sums, other: Sums) -> None:
    """Stop where two stores hold something else.

    Raises:
        StoreError: naming the tables.
    """
    names = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    if names:
        raise StoreError(
            f"the content is not what it was: {', '.join(names)}",
            hint="nothing was kept of it; check the disk, and take another copy",
        )


def _read(connection: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    sql = text(f'SELECT {names} FROM "{table.name}"').execution_options(yield_per=AT_ONCE)  # noqa: S608  names that the database told
    with connection.execute(sql) as found:
        for batch in found.partitions():
            # A store of an earlier version may hold on SQLite what Postgres refuses.
            yield [tuple(_held(value) for value in row) for row in batch]


def _held(value: Any) -> Any:
    return held(value) if isinstance(value, str) else value


def _go_on_counting(target: Connection, table: Table) -> None:
    """Let numbers that Postgres gives go on after the highest that was copied; SQLite looks itself."""
    if is_sqlite(target):
        return
    for column in table.primary_key.columns if len(table.primary_key.columns) == 1 else ():
        if not isinstance(column.type, Integer):
            continue
        named = {"table": table.name, "column": column.name}
        sequence = target.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), named)
        if name := sequence.scalar():
            highest = f'SELECT MAX("{column.name}") FROM "{table.name}"'  # noqa: S608  names that the database told
            target.execute(
                text(f"SELECT setval('{name}', COALESCE(({highest}), 1), ({highest}) IS NOT NULL)")
            )

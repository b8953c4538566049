"""A store with a row or more in every table, made through its own queries' tables."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from stagesync.store import Store
from stagesync.store.schema import metadata

ROWS = 3
WORDS = ("", "Zoë \U0001f600 \\ \t\n'\"", '{"a":[1,2.5,null]}')


def fill(tx: Connection, rows: int = ROWS) -> None:
    """So many rows in each table; every kind of value, the awkward ones among them."""
    for number in range(1, rows + 1):
        for table in metadata.sorted_tables:
            values = {column.name: _value(column, number) for column in table.columns}
            tx.execute(table.insert().values(values))


def _value(column: sa.Column[object], number: int) -> object:
    if column.nullable and number % 2:
        return None
    if isinstance(column.type, sa.LargeBinary):
        return bytes([0, number, 255])
    if isinstance(column.type, sa.Integer):
        return number
    if isinstance(column.type, sa.Float):
        return (1e15 + 0.25, -0.0, 0.1)[number % 3] + (number if column.primary_key else 0)
    word = WORDS[number % 3]
    return f"{number}"[:8] if column.primary_key or column.name == "id" else word


def total(store: Store) -> int:
    """Rows of all tables."""
    with store.begin() as tx:
        return sum(
            int(tx.execute(sa.select(sa.func.count()).select_from(each)).scalar_one())
            for each in metadata.sorted_tables
        )

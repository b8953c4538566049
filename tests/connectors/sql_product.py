"""A small product database, and connectors to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from stagesync.connector import Page, Pull, Record
from stagesync_sql import connect
from stagesync_sql.connector import SqlConnector
from still_clock import StillClock

NOON_S = 1_795_000_000.0  # 2026-11-18T11:06:40Z
PEOPLE = {"table": "people", "role": "person", "key": "id", "changed": "updated_at"}


class Product:
    """A database in which a test makes what it wants by SQL."""

    def __init__(self, url: str) -> None:
        self.url, self.clock = url, StillClock(NOON_S)
        self.engine = sa.create_engine(url)
        self.made: list[SqlConnector] = []

    def sql(self, *statements: str, **values: Any) -> list[Any]:
        """Run statements; the rows of the last one."""
        with self.engine.begin() as connection:
            for each in statements:
                ran = connection.execute(sa.text(each), values)
            return list(ran.all()) if ran.returns_rows else []

    def connect(self, contact: dict[str, Any] | None = None, **options: Any) -> SqlConnector:
        """A connector whose object `contact` is the table `people`, with these keys changed."""
        tables = {"contact": {**PEOPLE, **(contact or {})}}
        made = connect("db", {"url": self.url, "tables": tables, **options}, clock=self.clock)
        assert isinstance(made, SqlConnector)
        self.made.append(made)
        return made


@contextmanager
def product(url: str) -> Iterator[Product]:
    """The database, and every connector to it closed at the end."""
    opened = Product(url)
    try:
        yield opened
    finally:
        for each in opened.made:
            each.close()
        opened.engine.dispose()


@contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """A new database of a PostgreSQL server; its URL."""
    name = f"test_{uuid.uuid4().hex}"
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    server.dispose()
    yield sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)


def pulled(
    connector: SqlConnector, *fields: str, cursor: str | None = None
) -> tuple[dict[str, Record], str]:
    """The contacts that a pull brings, and the cursor at its end."""
    pages: list[Page] = list(connector.pull([Pull("contact", fields, cursor)]))
    return {each.id: each for page in pages for each in page.records}, pages[-1].cursor

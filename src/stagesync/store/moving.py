"""A whole store goes to another database: all of it or nothing, and compared before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from stagesync.errors import StoreError
from stagesync.store.content import (
    Sum,
    Told,
    compare,
    copy_rows,
    is_empty,
    sums_of,
    tell_nobody,
)
from stagesync.store.engines import is_sqlite, make_engine, store_error
from stagesync.store.migrating import check_schema, migrate, upgrade


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees the store as it is now, whatever others write meanwhile; it writes nothing."""
    with engine.connect() as connection:
        if is_sqlite(connection):
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # The first look fixes what is seen.
        check_schema(connection)
        yield connection
        connection.rollback()


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """A door to a database, closed at the end; its refusals are told as a store's."""
    engine = make_engine(url)
    try:
        yield engine
    except DBAPIError as error:
        raise store_error(error) from error
    finally:
        engine.dispose()


def schema_to_copy(source: Connection) -> str:
    """The schema of a store that has one.

    Raises:
        StoreError: there is no store.
    """
    here = check_schema(source)
    if here is None:
        raise StoreError("there is no store to copy", hint="check the URL, or store.url")
    return here


def copy_store(from_url: str, to_url: str, told: Told = tell_nobody) -> dict[str, Sum]:
    """Copy a store into an empty database, as it stands at this instant; what each table comes to.

    An older store stays as it is, and is brought forward where it goes to.

    Raises:
        StoreError: there is nothing to copy, the target holds something, or does not hold the same
            afterwards; then it holds nothing.
    """
    with opened(from_url) as source_engine, opened(to_url) as target_engine:
        with snapshot(source_engine) as source:
            schema = schema_to_copy(source)
            with target_engine.connect() as target:
                refuse_filled(target)
            migrate(target_engine, to=schema)
            with target_engine.begin() as target:
                refuse_filled(target)
                found = copy_rows(source, target, told)
                compare(found, sums_of(target))
                upgrade(target)
        return found


def refuse_filled(target: Connection) -> None:
    """Stop where something would be written over.

    Raises:
        StoreError: the database holds rows, or tables that are not a store's.
    """
    if check_schema(target) is None and not is_empty(target):
        raise StoreError("the target holds tables that are no store's; nothing was copied")
    if not is_empty(target):
        raise StoreError(
            "the target holds a store already; nothing was copied",
            hint="name an empty database, or a file that does not exist",
        )

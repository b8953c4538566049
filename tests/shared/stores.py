"""Fresh stores for tests, of the kind that the running test is for, copied from one that was migrated."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from stagesync.store import Store, open_store
from stagesync.store.append_only import keep_log
from stagesync.store.engines import is_sqlite, make_engine
from stagesync.store.schema import metadata

KINDS = ("sqlite", "postgres")
TEMPLATE = "stagesync_template"

_now: list[Pool] = []


def new_store() -> Store:
    """A fresh store of the running test's kind: in memory where it says nothing of kinds."""
    return (_now[-1] if _now else MEMORY).new_store()


def is_postgres() -> bool:
    """Whether the running test is for Postgres."""
    return bool(_now) and _now[-1] is not MEMORY


def examples(number: int) -> int:
    """How many examples a property takes: a few on Postgres, where only the statements are other ones."""
    return max(3, number // 10) if is_postgres() else number


@contextmanager
def from_pool(pool: Pool) -> Iterator[None]:
    """Let `new_store` take stores from here."""
    _now.append(pool)
    yield
    _now.pop()
    pool.close_all()


@cache
def _migrated() -> sqlite3.Connection:
    raw = open_store("sqlite://")._engine.raw_connection().driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


class Lent(Store):
    """A store whose door goes back to where it came from when it is closed."""

    def __init__(self, engine: sa.Engine, pool: Pool) -> None:
        super().__init__(engine)
        self._pool = pool

    def close(self) -> None:
        super().close()
        self._pool.take_back(self, self._engine)


class Pool:
    """Stores, each empty; a store that is closed leaves its door, which knows the statements, to the next."""

    def __init__(self, make: Callable[[], sa.Engine], refresh: Callable[[sa.Engine], None]) -> None:
        self._make = make
        self._refresh = refresh
        self._free: list[sa.Engine] = []
        self._lent: list[Store] = []

    def new_store(self) -> Store:
        """An empty store."""
        engine = self._free.pop() if self._free else self._make()
        self._refresh(engine)
        store = Lent(engine, self)
        self._lent.append(store)
        return store

    def close_all(self) -> None:
        """Take back what a test did not close."""
        for store in [*self._lent]:
            store.close()

    def take_back(self, store: Store, engine: sa.Engine) -> None:
        """Let the next one have its door."""
        if store in self._lent:
            self._lent.remove(store)
            self._free.append(engine)


def _copy_migrated(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        _migrated().backup(connection.connection.driver_connection)


MEMORY = Pool(lambda: make_engine("sqlite://"), _copy_migrated)


def in_file(path: Path) -> str:
    """The URL of a fresh store in a file."""
    url = f"sqlite:///{path}"
    engine = make_engine(url)
    _copy_migrated(engine)
    engine.dispose()
    return url


class Server:
    """Databases on a server that outlives no test."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url)
        self._admin = sa.create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._made = 0
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            self._ask(f"ALTER SYSTEM SET {name} = off")
        self._ask("SELECT pg_reload_conf()")
        self._ask(f'CREATE DATABASE "{TEMPLATE}"')
        open_store(self._named(TEMPLATE)).close()
        self.pool = Pool(lambda: make_engine(self.new_url()), _empty)

    def close(self) -> None:
        """Let go of the server."""
        self.pool.close_all()
        self._admin.dispose()

    def new_url(self) -> str:
        """A database for one test alone, with the newest schema."""
        self._made += 1
        name = f"stagesync_{self._made}"
        self._ask(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        return self._named(name)

    def bare_url(self) -> str:
        """A database for one test alone, without a table."""
        self._made += 1
        self._ask(f'CREATE DATABASE "bare_{self._made}"')
        return self._named(f"bare_{self._made}")

    def _ask(self, sql: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(sql)

    def _named(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)


def unguard(tx: sa.Connection) -> None:
    """Let the log be changed, as whoever owns the database can."""
    if is_sqlite(tx):
        for name in ("audit_keeps", "audit_stays", "audit_grows"):
            tx.execute(sa.text(f"DROP TRIGGER {name}"))
    else:
        tx.execute(sa.text("DROP FUNCTION audit_refuses CASCADE"))


def _empty(engine: sa.Engine) -> None:
    """As it was made: past the triggers that keep the log."""
    tables = "; ".join(f'DELETE FROM "{name}"' for name in metadata.tables)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '5s'; {tables};"
            " ALTER SEQUENCE record_pk_seq RESTART"
        )
        keep_log(connection)

"""Opening a store, bringing its schema up to date, and the transactions everything else runs in."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from stagesync.errors import StoreError, StoreTooNew
from stagesync.store.append_only import keep_log
from stagesync.store.refusals import hint_of, not_opened

MIGRATIONS = Path(__file__).parent / "migrations"

LONG_S = 1.0
"""A transaction beyond this renews its lease at the end as well."""

IDLE_LIMIT = "-c idle_in_transaction_session_timeout=5min"
"""Postgres ends a session of a process that was paused inside a transaction: others wait for its locks."""


class Store:
    """The state of one deployment. Every method that touches data takes a transaction of `begin`.

    Attributes:
        fence: what each transaction does first while this process works under a lease; raises when the
            lease is lost. None: nothing.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.RLock()
        self._is_open = False
        self.fence: Callable[[Connection], None] | None = None

    @contextmanager
    def begin(self, *, fenced: bool = True) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back by an exception.

        One at a time in this process: SQLite has one writer, and taking turns here is cheaper than
        running into its lock. Never ask a CRM anything while holding one: a connector keeps what it
        must know again in transactions of its own, and would wait for ever.

        Args:
            fenced: it belongs to the work under the lease; false for what must be kept whoever works.

        Raises:
            StoreError: the database refuses, or the lease is lost; nothing of the transaction stays.
            RuntimeError: this thread is inside another one; SQLite would lock itself.
        """
        with self._turn:
            if self._is_open:
                raise RuntimeError("a transaction of this store is open in this thread")
            self._is_open = True
            try:
                fence = self.fence if fenced else None
                with self._engine.begin() as transaction:
                    began = time.monotonic()
                    if fence:
                        fence(transaction)
                    yield transaction
                    if fence and time.monotonic() - began > LONG_S:
                        # Nobody could take the lease over meanwhile, and nobody shall right after.
                        fence(transaction)
            except DBAPIError as error:
                raise _store_error(error) from error
            finally:
                self._is_open = False

    def forget_traces(self) -> None:
        """Empty SQLite's write-ahead log, in which pages stand as they were before they were blanked.

        Where another process reads just now it is emptied by a later checkpoint.
        """
        if self._engine.dialect.name != "sqlite":
            return
        with self._turn, self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def open_store(url: str) -> Store:
    """The store at this URL, made or migrated when needed.

    Args:
        url: an SQLAlchemy URL such as `sqlite:///stagesync.db`; `sqlite://` lives in memory.

    Raises:
        StoreTooNew: it was made by a later version; nothing was touched.
        StoreError: it cannot be opened.
    """
    try:
        engine = _engine(url)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            "store.url is not a database URL that can be opened here",
            hint="use the form sqlite:///stagesync.db",
        ) from error
    try:
        with engine.connect() as connection:
            _migrate(connection)
    except DBAPIError as error:
        engine.dispose()
        raise _store_error(error) from error
    except StoreError:
        engine.dispose()
        raise
    return Store(engine)


def _engine(url: str) -> Engine:
    """Statements in errors go without their values, which may be personal data or a secret."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, hide_parameters=True, connect_args={"options": IDLE_LIMIT})
    in_memory = parsed.database in (None, "", ":memory:")
    if parsed.database and not in_memory:
        _make_private(Path(parsed.database))
    engine = create_engine(
        parsed,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 30},
        **({"poolclass": StaticPool} if in_memory else {}),
    )
    event.listen(engine, "connect", _tune_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Create the file readable by its owner alone: it holds personal data."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise not_opened(path, error) from error


def _tune_sqlite(connection: object, _record: object) -> None:
    # secure_delete: what is deleted is overwritten, so that the erased leave nothing in free pages.
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DBAPI connection has no type
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "cache_size=-65536",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    here = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if here is not None and here not in known:
        raise StoreTooNew(
            f"the store has schema {here}, which this version of stagesync does not know",
            hint="install the stagesync that made it, or a later one; nothing was changed",
        )
    command.upgrade(config, "head")
    if MigrationContext.configure(connection).get_current_revision() != here:
        keep_log(connection)
    connection.commit()


def _store_error(error: DBAPIError) -> StoreError:
    """The driver's words without the statement: its values may be personal data."""
    words = f"the database refused: {type(error.orig).__name__}: {error.orig}"
    return StoreError(words, hint=hint_of(words))

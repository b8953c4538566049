"""Opening a store, bringing its schema up to date, and the transactions everything else runs in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from stagesync.errors import StoreError
from stagesync.store.checkpoints import Checkpoints
from stagesync.store.engines import (
    file_of,
    forget_statistics,
    is_sqlite,
    make_engine,
    make_reader,
    store_error,
)
from stagesync.store.file import StoreFile, trouble_of
from stagesync.store.migrating import check_schema, migrate, newest
from stagesync.store.refusals import BRING_BACK
from stagesync.store.state import get_meta

LONG_S = 1.0
"""A transaction beyond this renews its lease at the end as well."""


class Store:
    """The state of one deployment. Every method that touches data takes a transaction of `begin`.

    Attributes:
        fence: what each transaction does first while this process works under a lease; raises when the
            lease is lost. None: nothing.
        passing: held by the pass of this process that works on it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.RLock()
        self._inside: Connection | None = None
        url = engine.url.render_as_string(hide_password=False)
        self._path = path = file_of(url)
        self._checkpoints = Checkpoints(path) if path else None
        self._file = StoreFile(path, forget=self._forget, check=self._check) if path else None
        self._reader = make_reader(url)
        self.fence: Callable[[Connection], None] | None = None
        self.passing = threading.Lock()

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
            if self._inside:
                raise RuntimeError("a transaction of this store is open in this thread")
            try:
                if self._file:
                    self._file.demand()
                fence = self.fence if fenced else None
                with _connected(self._engine) as transaction, transaction.begin():
                    self._inside = transaction
                    began = time.monotonic()
                    if fence:
                        fence(transaction)
                    yield transaction
                    if fence and time.monotonic() - began > LONG_S:
                        # Nobody could take the lease over meanwhile, and nobody shall right after.
                        fence(transaction)
                if self._checkpoints:
                    self._checkpoints.committed()
            except DBAPIError as error:
                raise self._refused(error) from error
            except (ValueError, TypeError):
                if self._file:
                    # What was read made no sense; so it is where the file is damaged.
                    self._file.look()
                raise
            finally:
                self._inside = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, of one instant; it neither waits for those of `begin` nor holds them up.

        Raises:
            StoreError: the database refuses, as it does whatever would change something.
        """
        if self._reader is None:
            with self._read_in_memory() as transaction:
                yield transaction
            return
        if self._file:
            self._file.demand_to_read()
        try:
            with _connected(self._reader) as connection, connection.begin() as transaction:
                yield connection
                transaction.rollback()
        except DBAPIError as error:
            raise self._refused(error) from error

    @contextmanager
    def _read_in_memory(self) -> Iterator[Connection]:
        """There is one door alone: whoever is inside already reads on there."""
        with self._turn:
            if self._inside:
                yield self._inside
                return
            with self.begin(fenced=False) as transaction:
                yield transaction

    def _refused(self, error: DBAPIError) -> StoreError:
        """Begins anew with other doors: those of a server that only lets read, say, would go on so."""
        told = store_error(error)
        if self._file or not is_sqlite(self._engine):
            self._forget()
        return self._file.refused(told) if self._file else told

    def _forget(self) -> None:
        self._engine.dispose()
        if self._reader:
            self._reader.dispose()

    def _check(self) -> None:
        """Whether the file that lies there now may take the place of the one that was opened."""
        with self._engine.connect() as connection:
            if check_schema(connection) != newest():
                raise StoreError(
                    "another store, of another version, lies where the store lay",
                    hint="start stagesync again: it brings the store forward",
                )
            if get_meta(connection, "runs") is None:
                raise StoreError("an empty store lies where the store lay", hint=BRING_BACK)

    def forget_traces(self) -> None:
        """Empty SQLite's write-ahead log, in which pages stand as they were before they were blanked.

        Where another process reads just now it is emptied after a later commit.
        """
        if self._checkpoints:
            with self._turn:
                self._checkpoints.empty()

    def trouble(self) -> tuple[str, str] | None:
        """What keeps the store from being written, and what helps; None when nothing is known to."""
        return trouble_of(self._path) if self._path else None

    def close(self) -> None:
        """Let go of the database."""
        if self._checkpoints:
            self._checkpoints.close()
        if self._file:
            self._file.close()
        if self._reader:
            self._reader.dispose()
        self._engine.dispose()


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    """A connection, which is closed afterwards where its engine let go of all doors meanwhile: nobody else would."""
    pool = engine.pool
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        if engine.pool is not pool:
            pool.dispose()


def open_store(url: str, *, before: Callable[[Engine, str], None] | None = None) -> Store:
    """The store at this URL, made or migrated when needed.

    Args:
        url: an SQLAlchemy URL such as `sqlite:///stagesync.db`; `sqlite://` lives in memory.
        before: called with an older store and its schema before it is migrated.

    Raises:
        StoreTooNew: it was made by a later version; nothing was touched.
        StoreError: it cannot be opened, or refuses to be migrated; then it is as it was.
    """
    engine = make_engine(url)
    try:
        migrate(engine, before=before)
        forget_statistics(engine)
    except DBAPIError as error:
        engine.dispose()
        raise store_error(error) from error
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)

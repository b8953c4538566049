"""Opening a store, bringing its schema up to date, and the transactions everything else runs in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from stagesync.store.checkpoints import Checkpoints
from stagesync.store.engines import file_of, make_engine, store_error
from stagesync.store.migrating import migrate


class Store:
    """The state of one deployment. Every method that touches data takes a transaction of `begin`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.RLock()
        self._is_open = False
        path = file_of(engine.url.render_as_string(hide_password=False))
        self._checkpoints = Checkpoints(path) if path else None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back by an exception.

        One at a time in this process: SQLite has one writer, and taking turns here is cheaper than
        running into its lock. Never ask a CRM anything while holding one: a connector keeps what it
        must know again in transactions of its own, and would wait for ever.

        Raises:
            StoreError: the database refuses; nothing of the transaction stays.
            RuntimeError: this thread is inside another one; SQLite would lock itself.
        """
        with self._turn:
            if self._is_open:
                raise RuntimeError("a transaction of this store is open in this thread")
            self._is_open = True
            try:
                with self._engine.begin() as transaction:
                    yield transaction
                if self._checkpoints:
                    self._checkpoints.committed()
            except DBAPIError as error:
                raise store_error(error) from error
            finally:
                self._is_open = False

    def forget_traces(self) -> None:
        """Empty SQLite's write-ahead log, in which pages stand as they were before they were blanked.

        Where another process reads just now it is emptied after a later commit.
        """
        if self._checkpoints:
            with self._turn:
                self._checkpoints.empty()

    def close(self) -> None:
        """Let go of the database."""
        if self._checkpoints:
            self._checkpoints.close()
        self._engine.dispose()


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
    except DBAPIError as error:
        engine.dispose()
        raise store_error(error) from error
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)

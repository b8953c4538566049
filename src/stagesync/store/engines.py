"""Doors to a database: how SQLite and Postgres are set up before anything is asked of them."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from stagesync.errors import StoreError
from stagesync.store.refusals import hint_of, not_opened

LOCK_S = 30.0
"""How long a process waits for another one that writes."""

LIMITS = f"-c idle_in_transaction_session_timeout=5min -c lock_timeout={LOCK_S:.0f}s"
"""Postgres ends a session of a process that was paused inside a transaction: others wait for its locks, and not
for longer than they would for SQLite's. What the URL itself sets in `options` wins."""

KEPT_LOG = 2 * 2**20
"""Bytes that the file of SQLite's write-ahead log keeps once it was written back."""

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "cache_size=-65536",
    # What is deleted is overwritten, so that the erased leave nothing in free pages.
    "secure_delete=ON",
    # A checkpoint is no part of a commit: see `store.checkpoints`.
    "wal_autocheckpoint=0",
    f"journal_size_limit={KEPT_LOG}",
)


def make_engine(url: str, *, tuned: bool = True) -> Engine:
    """A door to the database at this URL; a file is made, readable by its owner alone.

    Statements in errors go without their values, which may be personal data or a secret.

    Args:
        tuned: whether a SQLite file is made and set up to be written to.

    Raises:
        StoreError: it is no URL of a database that can be opened here.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(
                parsed, hide_parameters=True, connect_args={"options": _options(parsed)}
            )
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            "store.url is not a database URL that can be opened here",
            hint="use the form sqlite:///stagesync.db",
        ) from error
    path = file_of(url)
    if path and tuned:
        _make_private(path)
    engine = create_engine(
        parsed,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": LOCK_S},
        **({} if path else {"poolclass": StaticPool}),
    )
    if tuned:
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def make_reader(url: str) -> Engine | None:
    """A further door to the same database that lets nothing be changed; None of a store in memory, which has one.

    What is read in one transaction is of one instant, and waits for nobody who writes.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed,
            hide_parameters=True,
            connect_args={"options": _options(parsed)},
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
        )
    if file_of(url) is None:
        return None
    engine = create_engine(
        parsed,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": LOCK_S},
    )
    event.listen(engine, "connect", _let_read_only)
    event.listen(engine, "begin", _begin_reading)
    return engine


def _let_read_only(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DBAPI connection has no type
    for pragma in ("query_only=ON", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_reading(connection: Connection) -> None:
    # The driver itself begins nothing before something is changed, and each statement would see another instant.
    connection.exec_driver_sql("BEGIN")


def _options(url: URL) -> str:
    return f"{LIMITS} {url.query.get('options', '')}".rstrip()


def file_of(url: str) -> Path | None:
    """The file of a SQLite URL; None of a store in memory or on a server."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def is_sqlite(connection: Connection | Engine) -> bool:
    """Whether the database is a file, or in memory; else it is a server."""
    return connection.dialect.name == "sqlite"


def forget_statistics(engine: Engine) -> None:
    """Pin SQLite's planner: without statistics it goes by the schema, as its tests saw it.

    Whoever ran ANALYZE on the file while a queue was empty made it read everybody instead of the queue.
    """
    if not is_sqlite(engine):
        return
    with engine.begin() as connection:
        sql = "SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat_'"
        for name in connection.exec_driver_sql(sql).scalars().all():
            connection.exec_driver_sql(f"DROP TABLE {name}")


def store_error(error: DBAPIError) -> StoreError:
    """The driver's words without the statement and without values, which may be personal data."""
    words = f"the database refused: {type(error.orig).__name__}: {_words(error)}"
    return StoreError(words, hint=hint_of(words))


def _words(error: DBAPIError) -> str:
    """Postgres quotes the row in a detail, and what it cannot read in the message itself."""
    told = getattr(error.orig, "diag", None)
    if told is None or told.message_primary is None:
        return str(error.orig)
    return "a value that it cannot hold" if isinstance(error, DataError) else told.message_primary


def _make_private(path: Path) -> None:
    """Let its owner alone read the file, before anything stands in it: it holds personal data.

    SQLite gives its side files, `-wal` and `-shm`, the mode of the file itself. One that was made more open
    by somebody else is closed, too, where it is ours to close. One that may only be read is opened as it is: how
    things stand can be told all the same.

    A file that is there is never opened here. Closing a file lets go of all locks that this process has on it, those
    of SQLite among them: others would take the log away from under whoever has it open (sqlite.org,
    How To Corrupt, 2.2).
    """
    path = path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(path)
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        if os.access(path, os.R_OK) and not path.is_dir():
            return
        raise not_opened(path, error) from error
    if mode & 0o077:
        with suppress(OSError):
            path.chmod(mode & 0o700)


def _make(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


def _tune_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DBAPI connection has no type
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()

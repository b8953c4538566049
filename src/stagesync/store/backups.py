"""A backup: one file, from either kind of store, that goes back into either kind.

The file is a SQLite database with the store's tables, and one more that says what it is: when it was taken,
by which version, and what each table comes to. It is written beside its place, compared with that sum, and
only then given its name: a file of that name is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from stagesync import __version__
from stagesync.errors import StoreError
from stagesync.store.content import BACKUP, Sum, Told, compare, copy_rows, sums_of, tell_nobody
from stagesync.store.engines import file_of, make_engine
from stagesync.store.migrating import check_schema, migrate
from stagesync.store.moving import opened, schema_to_copy, snapshot

COMPANIONS = ("", "-wal", "-shm", "-journal")
"""What a SQLite database's files are called beyond its name."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself.

    Attributes:
        taken_at_s: Unix seconds; the store is as it was then.
        tables: table -> what it comes to.
    """

    taken_at_s: float
    version: str
    schema: str
    tables: Mapping[str, Sum]

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return sum(each.rows for each in self.tables.values())

    @property
    def taken_at(self) -> str:
        """As people read it: ISO, UTC, whole seconds."""
        told = datetime.fromtimestamp(self.taken_at_s, UTC)
        return told.isoformat(timespec="seconds").replace("+00:00", "Z")


def back_up(
    url: str, file: Path, *, now_s: float, force: bool = False, told: Told = tell_nobody
) -> Backup:
    """Write the store as it stands at this instant to a file; others may go on writing to it.

    Args:
        force: a file of that name is replaced, once the new one is whole.

    Raises:
        StoreError: the file exists, there is no store, or what was written is not what was read.
    """
    if file.exists() and not force:
        raise StoreError(f"{file} exists already", hint="name another file, or give --force")
    with opened(url) as engine:
        return back_up_engine(engine, file, now_s=now_s, told=told)


def back_up_engine(engine: Engine, file: Path, *, now_s: float, told: Told = tell_nobody) -> Backup:
    """The same through a door that is open; a file of that name is replaced."""
    with _beside(file) as partial:
        with snapshot(engine) as source:
            schema = schema_to_copy(source)
            with opened(f"sqlite:///{partial}") as made:
                migrate(made, to=schema)
                with made.begin() as target:
                    found = copy_rows(source, target, told)
                    backup = Backup(now_s, __version__, schema, found)
                    _describe(target, backup)
                close_file(made)
        check_backup(partial, told)
        return backup


def keep_older(folder: Path, *, now_s: float) -> Callable[[Engine, str], None]:
    """Backs an older store up before its schema is brought forward: beside its file, or in this folder."""

    def back_up_older(engine: Engine, schema: str) -> None:
        url = engine.url.render_as_string(hide_password=False)
        place = file_of(url) or folder / "stagesync.backup"
        back_up_engine(engine, place.with_name(f"{place.name}.schema-{schema}"), now_s=now_s)

    return back_up_older


def check_backup(file: Path, told: Told = tell_nobody) -> Backup:
    """What a backup says of itself, once its content was found to be that.

    Raises:
        StoreError: it is no backup, or is damaged.
    """
    with reading(file) as connection:
        backup = read_backup(connection, file)
        compare(backup.tables, sums_of(connection, told))
    return backup


@contextmanager
def reading(file: Path) -> Iterator[Connection]:
    """A backup, which stays as it is.

    Raises:
        StoreError: it cannot be read.
    """
    if not file.is_file():
        raise StoreError(f"there is no file {file}")
    engine = make_engine(
        f"sqlite:///file:{file.resolve()}?mode=ro&immutable=1&uri=true", tuned=False
    )
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise _no_backup(file, "it cannot be read") from error
    finally:
        engine.dispose()


def read_backup(connection: Connection, file: Path) -> Backup:
    """What a backup says of itself.

    Raises:
        StoreError: it is none.
        StoreTooNew: a later version made it.
    """
    if not inspect(connection).has_table(BACKUP):
        raise _no_backup(file, "it says nothing of itself")
    check_schema(connection)
    told = orjson.loads(connection.execute(text(f"SELECT told FROM {BACKUP}")).scalar_one())  # noqa: S608  a literal
    tables = {name: Sum(**each) for name, each in told.pop("tables").items()}
    return Backup(tables=tables, **told)


def close_file(engine: Engine) -> None:
    """Bring all of a SQLite database into its one file.

    Raises:
        DBAPIError: somebody else has it open.
    """
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    engine.dispose()


def keep(file: Path) -> None:
    """Have the disk hold a file, and its name, before anything builds on it."""
    for each in (file, file.parent):
        opened_ = os.open(each, os.O_RDONLY)
        try:
            os.fsync(opened_)
        finally:
            os.close(opened_)


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A place for a file that is not whole yet; it takes its name at the end, or is removed."""
    partial = file.with_name(f".{file.name}.partial")
    drop(partial)
    try:
        yield partial
        keep(partial)
        partial.replace(file)
        keep(file)
    finally:
        drop(partial)


def drop(database: Path) -> None:
    """Remove a SQLite database, if it is there."""
    for each in COMPANIONS:
        database.with_name(database.name + each).unlink(missing_ok=True)


def _describe(target: Connection, backup: Backup) -> None:
    target.execute(text(f"CREATE TABLE {BACKUP} (told TEXT NOT NULL)"))
    told = orjson.dumps(asdict(backup)).decode()
    target.execute(text(f"INSERT INTO {BACKUP} VALUES (:told)"), {"told": told})  # noqa: S608  a literal


def _no_backup(file: Path, why: str) -> StoreError:
    return StoreError(
        f"{file} is no backup of stagesync, or is damaged: {why}",
        hint="stagesync backup makes one",
    )

"""A backup goes back into a store: whole, compared, brought forward, or not at all.

What stood in the store before is kept aside: a file under another name, a database on a server as a backup.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from stagesync.errors import StoreError
from stagesync.store.backups import (
    Backup,
    back_up_engine,
    check_backup,
    close_file,
    drop,
    keep,
    read_backup,
    reading,
)
from stagesync.store.content import Told, compare, copy_rows, is_empty, sums_of, tell_nobody
from stagesync.store.engines import file_of, is_sqlite
from stagesync.store.file import damage_of
from stagesync.store.migrating import check_schema, take_turn, upgrade
from stagesync.store.moving import opened

Finish = Callable[[Connection, Backup], None]
"""Called in the transaction that restores, once the schema is that of this version."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it.

    Attributes:
        aside: the file in which the store that stood there before is kept; None where there was none.
    """

    backup: Backup
    aside: Path | None


def restore(
    file: Path,
    url: str,
    *,
    aside: Path,
    now_s: float,
    force: bool = False,
    finish: Finish = lambda _tx, _backup: None,
    told: Told = tell_nobody,
) -> Restored:
    """Put a backup into the place of a store.

    Args:
        aside: where the store that stands there goes to.
        force: one that holds something may be put aside.

    Raises:
        StoreTooNew: a later version made the backup, or the store that stands there.
        StoreError: it is no backup, or damaged; the store holds something, or is in use.
    """
    backup = check_backup(file, told)
    path = file_of(url)
    if path is None:
        is_kept = _into_server(
            file, url, aside=aside, now_s=now_s, force=force, work=(finish, told)
        )
    else:
        is_kept = _into_file(file, path, aside=aside, force=force, work=(finish, told))
    return Restored(backup, aside if is_kept else None)


_Work = tuple[Finish, Told]


def _into_file(file: Path, path: Path, *, aside: Path, force: bool, work: _Work) -> bool:
    """Made beside the place it takes; whether something stood there."""
    was_filled = path.is_file() and _make_room(path, force=force)
    made = path.with_name(f".{path.name}.restored")
    drop(made)
    try:
        with opened(f"sqlite:///{made}") as engine:
            with engine.connect() as target:
                take_turn(target)
                _fill(target, file, work)
                target.commit()
            close_file(engine)
        keep(made)
        if was_filled:
            _put_aside(path, aside)
        made.replace(path)
        keep(path)
    finally:
        drop(made)
    return was_filled


def _put_aside(path: Path, aside: Path) -> None:
    # A second name first: at no instant is there no store.
    os.link(path, aside)
    log, index = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    if log.exists():
        # That of a damaged one: SQLite would apply it to what comes into its place.
        log.replace(aside.with_name(f"{aside.name}-wal"))
    index.unlink(missing_ok=True)


def _make_room(path: Path, *, force: bool) -> bool:
    """Whether the file that is there holds something; all of it is in that one file then, unless it is damaged."""
    if damage_of(path):
        if not force:
            raise _filled()
        return True
    with opened(f"sqlite:///{path}") as engine:
        with engine.connect() as connection:
            is_filled = check_schema(connection) is not None and not is_empty(connection)
        if is_filled and not force:
            raise _filled()
        try:
            close_file(engine)
        except DBAPIError as error:
            raise _in_use() from error
    return is_filled


def _into_server(
    file: Path, url: str, *, aside: Path, now_s: float, force: bool, work: _Work
) -> bool:
    """In one transaction; whether something stood there."""
    with opened(url) as engine:
        with engine.connect() as connection:
            was_filled = check_schema(connection) is not None and not is_empty(connection)
            others = _sessions(connection)
        if was_filled and not force:
            raise _filled()
        if others:
            raise _in_use()
        if was_filled:
            back_up_engine(engine, aside, now_s=now_s)
        with engine.connect() as target:
            take_turn(target)
            _clear(target)
            _fill(target, file, work)
            target.commit()
    return was_filled


def _fill(target: Connection, file: Path, work: _Work) -> None:
    finish, told = work
    with reading(file) as source:
        backup = read_backup(source, file)
        upgrade(target, backup.schema)
        compare(backup.tables, copy_rows(source, target, told))
    compare(backup.tables, sums_of(target, told))
    upgrade(target)
    finish(target, backup)


def _clear(target: Connection) -> None:
    """Drop the tables: the log lets no row go."""
    found = MetaData()
    found.reflect(target)
    found.drop_all(target)


def _sessions(connection: Connection) -> int:
    """Others who have the database open."""
    sql = (
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return 0 if is_sqlite(connection) else int(connection.execute(text(sql)).scalar_one())


def _filled() -> StoreError:
    return StoreError(
        "the store holds something already; nothing was restored",
        hint="--force keeps it aside, under a name that is told, and restores",
    )


def _in_use() -> StoreError:
    return StoreError(
        "the store is in use; nothing was restored",
        hint="stop the daemon and every other command that has it open, and try again",
    )


def kept_aside(url: str, folder: Path, *, at_s: float) -> Path:
    """Where a store goes that a backup takes the place of.

    Args:
        folder: for a store on a server.
        at_s: now, part of the name.
    """
    at = datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    place = file_of(url) or folder / "stagesync.backup"
    return place.with_name(f"{place.name}.before-restore-{at}")

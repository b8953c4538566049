"""A backup is whole, is of one instant, and goes back into either kind of store."""

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from filled_store import ROWS, fill
from stagesync.errors import StoreError, StoreTooNew
from stagesync.store import open_store, state
from stagesync.store.backups import Backup, back_up, check_backup
from stagesync.store.content import sums_of
from stagesync.store.moving import opened
from stagesync.store.restoring import Restored, restore
from stagesync.store.schema import metadata

NOON_S = 1_795_262_400.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "stagesync.backup"


def put_back(file: Path, url: str, **how: object) -> Restored:
    return restore(file, url, aside=file.with_name("aside"), now_s=NOON_S, **how)


def content(url: str) -> object:
    with opened(url) as engine, engine.connect() as connection:
        return sums_of(connection)


def test_a_backup_goes_back_into_the_other_kind(
    filled_url: str, other_url: str, file: Path
) -> None:
    """What was backed up of one kind stands in the other afterwards, row for row."""
    made = back_up(filled_url, file, now_s=NOON_S)
    assert ({*metadata.tables} - {"lease"}, ROWS * (len(metadata.tables) - 1)) == (
        {*made.tables},
        made.rows,
    )
    found = put_back(file, other_url)
    assert (made, None) == (found.backup, found.aside)
    assert made.tables == content(filled_url) == content(other_url)


def test_a_backup_is_one_private_file(filled_url: str, file: Path) -> None:
    """Only its owner can read it, nothing lies beside it, and it is not replaced unasked."""
    back_up(filled_url, file, now_s=NOON_S)
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [] == [
        each.name for each in file.parent.iterdir() if each.name.startswith(f".{file.name}")
    ]
    with pytest.raises(StoreError, match="exists already"):
        back_up(filled_url, file, now_s=NOON_S)
    assert NOON_S + 1 == back_up(filled_url, file, now_s=NOON_S + 1, force=True).taken_at_s
    assert NOON_S + 1 == check_backup(file).taken_at_s


def test_a_backup_that_breaks_off_leaves_the_last_one(filled_url: str, file: Path) -> None:
    """An interrupted backup leaves no file of its own, and an older one as it was."""
    back_up(filled_url, file, now_s=NOON_S)
    before = file.read_bytes()

    def interrupt(_table: str, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(filled_url, file, now_s=NOON_S, force=True, told=interrupt)
    assert before == file.read_bytes()
    assert not [each for each in file.parent.iterdir() if each.name.startswith(f".{file.name}")]


def _move(tx: Connection, number: int) -> None:
    """Two tables that belong together are changed together."""
    state.set_meta(tx, "runs", str(number))
    tx.execute(text("UPDATE remembered SET text = :n"), {"n": str(number)})


def test_a_backup_is_of_one_instant(filled_url: str, file: Path) -> None:
    """While somebody writes, and is not kept from it, a backup holds one state and not two halves."""
    store = open_store(filled_url)
    with store.begin() as tx:
        _move(tx, 0)
    is_under_way, may_go_on = threading.Event(), threading.Event()

    def pause(_table: str, _rows: int) -> None:
        is_under_way.set()
        may_go_on.wait(30)

    made: list[Backup] = []
    work = threading.Thread(
        target=lambda: made.append(back_up(filled_url, file, now_s=NOON_S, told=pause))
    )
    work.start()
    assert is_under_way.wait(60)
    with store.begin() as tx:
        _move(tx, 1)
    may_go_on.set()
    work.join()
    store.close()
    with closing(sqlite3.connect(file)) as opened_:
        told = opened_.execute("SELECT value FROM meta WHERE name = 'runs'").fetchall()
        told += opened_.execute("SELECT DISTINCT text FROM remembered").fetchall()
    assert [("0",), ("0",)] == told
    assert made[0].tables == check_backup(file).tables


def test_a_store_that_holds_something_is_put_aside(filled_url: str, file: Path) -> None:
    """It is refused without force; with it the old store is kept, and is a store or a backup itself."""
    back_up(filled_url, file, now_s=NOON_S)
    store = open_store(filled_url)
    with store.begin() as tx:
        state.set_meta(tx, "runs", "later")
    store.close()
    later = content(filled_url)
    with pytest.raises(StoreError, match="holds something already"):
        put_back(file, filled_url)
    assert later == content(filled_url)
    found = put_back(file, filled_url, force=True)
    assert found.backup.tables == content(filled_url)
    assert found.aside
    assert later == content(f"sqlite:///{found.aside}")
    assert 0o600 == stat.S_IMODE(found.aside.stat().st_mode)


def test_a_store_in_use_is_left(filled_url: str, file: Path) -> None:
    """While anybody has it open nothing is restored, force or not."""
    back_up(filled_url, file, now_s=NOON_S)
    store = open_store(filled_url)
    with store.begin() as tx:
        state.set_meta(tx, "runs", "later")
    with pytest.raises(StoreError, match="in use"):
        put_back(file, filled_url, force=True)
    with store.begin() as tx:
        assert "later" == state.get_meta(tx, "runs")
    store.close()


def test_a_restore_that_breaks_off_changes_nothing(filled_url: str, file: Path) -> None:
    """When the last step fails the store is as it was, and the next try succeeds."""
    back_up(filled_url, file, now_s=NOON_S)
    before = content(filled_url)

    def fail(_tx: Connection, _backup: Backup) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put_back(file, filled_url, force=True, finish=fail)
    assert before == content(filled_url)
    put_back(file, filled_url, force=True)
    store = open_store(filled_url)
    with pytest.raises(StoreError, match="append-only"), store.begin() as tx:
        tx.execute(text("DELETE FROM audit"))
    store.close()


@pytest.fixture
def backup(tmp_path: Path, file: Path) -> Path:
    """One of a store in a file."""
    url = f"sqlite:///{tmp_path / 'small.db'}"
    store = open_store(url)
    with store.begin() as tx:
        fill(tx)
    store.close()
    back_up(url, file, now_s=NOON_S)
    return file


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE run SET summary = 'x' WHERE rowid = 1",
        "DELETE FROM person WHERE rowid = 1",
        "DROP TABLE backup",
        "DROP TABLE person",
    ],
)
def test_a_damaged_backup_is_refused(backup: Path, tmp_path: Path, change: str) -> None:
    """A value, a row, a table that is missing: nothing is restored from it."""
    with closing(sqlite3.connect(backup)) as opened_:
        opened_.execute(change)
        opened_.commit()
    target = tmp_path / "target.db"
    with pytest.raises(StoreError, match=r"no backup|not what it was"):
        put_back(backup, f"sqlite:///{target}")
    assert not target.exists()


def test_a_cut_file_is_refused(backup: Path, tmp_path: Path) -> None:
    """Half a file, and a file of something else, are no backup."""
    os.truncate(backup, backup.stat().st_size // 2)
    letter = tmp_path / "letter"
    letter.write_text("Dear Ann, " * 500)
    for each in (backup, letter, tmp_path / "none"):
        with pytest.raises(StoreError):
            put_back(each, f"sqlite:///{tmp_path / 'target.db'}")


def test_a_backup_of_a_later_version_is_refused(backup: Path, tmp_path: Path) -> None:
    """Its schema is unknown: nothing is restored, and it says so."""
    later = tmp_path / "later"
    shutil.copy(backup, later)
    with closing(sqlite3.connect(later)) as opened_:
        opened_.execute("UPDATE alembic_version SET version_num = '9999'")
        opened_.commit()
    with pytest.raises(StoreTooNew, match="9999"):
        put_back(later, f"sqlite:///{tmp_path / 'target.db'}")

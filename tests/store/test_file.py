"""The file of an open store: watched from outside, and refused while it is not there, not whole, or not the same."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagesync.errors import StoreError
from stagesync.store import Store, open_store, state
from stagesync.store.backups import back_up
from stagesync.store.file import LOOKED_THROUGH_PER_S, damage_of, trouble_of
from stagesync.store.restoring import restore

pytestmark = pytest.mark.one_kind


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a store in a folder of its own."""
    return tmp_path / "data" / "stagesync.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Store]:
    """A store that has seen a run."""
    found = open_store(f"sqlite:///{path}")
    note(found, "1")
    yield found
    found.close()


def note(store: Store, runs: str) -> None:
    with store.begin() as tx:
        state.set_meta(tx, "runs", runs)


def noted(store: Store) -> str | None:
    with store.begin() as tx:
        return state.get_meta(tx, "runs")


def spoil(path: Path) -> None:
    """Other bytes in every page but the first."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * (size - 4096))


def test_a_file_that_is_gone_takes_nothing_until_it_is_back(opened: Store, path: Path) -> None:
    """What is open would take it; nothing is lost, and no other file is made."""
    away = path.parent.with_name("away")
    path.parent.rename(away)
    with pytest.raises(StoreError, match="not there any more") as refused:
        note(opened, "2")
    with pytest.raises(StoreError, match="not there any more"), opened.read():
        pass
    assert "bring the file back" in str(refused.value.hint)
    assert not path.exists()
    away.rename(path.parent)
    assert "1" == noted(opened)
    note(opened, "2")
    assert "2" == noted(opened)


def test_another_store_in_its_place_is_gone_on_with(opened: Store, path: Path) -> None:
    """One that was put back is read, and not what is remembered of the one before."""
    other = path.with_name("other.db")
    made = open_store(f"sqlite:///{other}")
    note(made, "7")
    made.close()
    other.replace(path)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    assert "7" == noted(opened)
    with opened.read() as tx:
        assert "7" == state.get_meta(tx, "runs")


@pytest.mark.parametrize(
    ("what", "words"), [("empty", "an empty store"), ("other", "does not know")]
)
def test_no_store_to_go_on_with_is_refused(
    opened: Store, path: Path, what: str, words: str
) -> None:
    """A fresh one, made where a disk is not mounted, say, or one of another version."""
    path.parent.rename(path.parent.with_name("away"))
    made = open_store(f"sqlite:///{path}")
    with made.begin() as tx:
        if what == "other":
            state.set_meta(tx, "runs", "3")
            tx.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    made.close()
    with pytest.raises(StoreError, match=words):
        note(opened, "2")


def test_damage_is_found_though_the_cache_hides_it(opened: Store, path: Path) -> None:
    """Within the time in which its size is looked through; and not before it is whole again is anything done."""
    opened.forget_traces()
    whole = path.read_bytes()
    assert "1" == noted(opened)
    spoil(path)
    time.sleep(path.stat().st_size / LOOKED_THROUGH_PER_S + 0.1)
    assert "1" == noted(opened), "the look begins beside it"
    opened._file.close()
    for _ in range(2):
        with pytest.raises(StoreError, match="is damaged") as refused:
            note(opened, "2")
        assert "stagesync restore --force" in str(refused.value.hint)
    with pytest.raises(StoreError, match="is damaged"), opened.read():
        pass
    with path.open("r+b") as file:
        file.write(whole)
    assert "1" == noted(opened)


def test_what_makes_no_sense_is_told_as_damage_where_it_is(opened: Store, path: Path) -> None:
    """A value that nobody could have written: the file is looked through before anybody else is blamed."""
    opened.forget_traces()
    with pytest.raises(ValueError, match="no number"), opened.begin():
        raise ValueError("no number")
    spoil(path)
    with pytest.raises(StoreError, match="is damaged"), opened.begin():
        raise ValueError("no number")


def test_a_damaged_store_is_put_aside_by_a_restore(path: Path, tmp_path: Path) -> None:
    """With its log of writes, which would spoil what takes its place; without --force it stays."""
    url, file, aside = f"sqlite:///{path}", tmp_path / "good.backup", tmp_path / "aside.db"
    store = open_store(url)
    note(store, "1")
    back_up(url, file, now_s=1.0)
    store.forget_traces()
    note(store, "2")
    spoil(path)
    damaged, log = path.read_bytes(), path.with_name("stagesync.db-wal").read_bytes()
    with pytest.raises(StoreError, match="holds something"):
        restore(file, url, aside=aside, now_s=2.0)
    told = restore(file, url, aside=aside, now_s=2.0, force=True)
    assert aside == told.aside
    assert (damaged, log) == (aside.read_bytes(), aside.with_name("aside.db-wal").read_bytes())
    assert "1" == noted(store)
    store.close()


AS_NOBODY = """
import os, sys
from pathlib import Path
from stagesync.errors import StoreError
from stagesync.store import open_store, state
path = Path(sys.argv[1])
def note(store):
    with store.begin() as tx:
        state.set_meta(tx, "runs", "2")
open_store("sqlite://").close()
if os.getuid() == 0:
    os.chown(path, 65_534, 65_534)
    os.chown(path.parent, 65_534, 65_534)
    os.setuid(65_534)
store = open_store(f"sqlite:///{path}")
note(store)
store._engine.dispose()
path.chmod(0o444)
try:
    note(store)
except StoreError as error:
    print(error, error.hint)
print(store.trouble()[0])
path.chmod(0o644)
note(store)
print(store.trouble())
"""


def test_a_file_that_may_not_be_written_is_written_again_when_it_may() -> None:
    """A door that was opened to read alone is not kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stagesync.db"
        open_store(f"sqlite:///{path}").close()
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(path)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert 0 == done.returncode, done.stderr
    first, second, third = done.stdout.splitlines()
    assert "this user may not write it" in first
    assert "let this user write" in first
    assert ("this user may not write it", "None") == (second, third)


def test_whoever_has_a_store_open_keeps_its_locks(opened: Store, path: Path) -> None:
    """Opening it again in this process, backing it up, looking at it: no other process takes the log away from under it.

    A file that is opened and closed by anybody but SQLite loses all locks of the process, and the next process that
    closes the store believes to be the last one and removes the log, with what is written to it afterwards.
    """
    log = path.with_name(f"{path.name}-wal")
    born = log.stat().st_ino
    url = f"sqlite:///{path}"
    open_store(url).close()
    back_up(url, path.with_name("backup"), now_s=0.0)
    assert damage_of(path) == ""
    assert trouble_of(path) is None
    look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM meta').fetchall(); c.close()"
    subprocess.run([sys.executable, "-c", look, str(path)], check=True)
    assert log.exists()
    assert born == log.stat().st_ino
    note(opened, "2")
    assert "2" == noted(opened)

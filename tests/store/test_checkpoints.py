"""SQLite's log is written back beside the work, stays small, and keeps nothing that was to be forgotten."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from stagesync.store import Store, checkpoints, open_store, state
from stagesync.store.engines import KEPT_LOG

BYTES = 400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stagesync.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{path}")
    yield made
    made.close()


def write(store: Store, number: int) -> None:
    """A commit of some size."""
    with store.begin() as tx:
        state.set_meta(tx, f"n{number}", chr(97 + number % 26) * BYTES)


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it comes true while another thread works."""
    until = time.monotonic() + 30
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    return is_so()


def test_the_log_is_written_back_beside_the_work(store: Store, path: Path) -> None:
    """What was committed comes into the database file though nobody closes it, and the log is used anew."""
    for number in range(20):
        write(store, number)
    assert soon(lambda: path.stat().st_size > 10 * BYTES)
    for number in range(40):
        write(store, number)
        time.sleep(0.01)
    assert log_of(path).stat().st_size < 50 * BYTES


def test_no_commit_writes_a_small_log_back(store: Store, path: Path) -> None:
    """Below the size that is worth it the database file is not touched, and no thread is begun."""
    before = path.stat().st_size
    write(store, 1)
    assert (before, None) == (path.stat().st_size, store._checkpoints._thread)


def test_the_log_is_bounded(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the thread does not keep up a commit empties the log itself."""
    monkeypatch.setattr(checkpoints.Checkpoints, "_wake", lambda self: None)
    store._checkpoints._next = 2 * KEPT_LOG
    sizes = []
    for number in range(15):
        write(store, number)
        sizes.append(log_of(path).stat().st_size)
    assert 0 in sizes
    assert max(sizes) < 2 * KEPT_LOG + 2 * BYTES


def test_what_a_reader_kept_in_the_log_goes_with_a_later_commit(store: Store, path: Path) -> None:
    """While somebody reads, the log cannot be emptied; the first commit after them does it."""
    write(store, 1)
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM meta").fetchone()
        with store.begin() as tx:
            tx.execute(text("DELETE FROM meta"))
        store.forget_traces()
        assert log_of(path).stat().st_size > BYTES
    with store.begin() as tx:
        state.set_meta(tx, "runs", "1")
    assert not any(b"b" * 99 in each.read_bytes() for each in (path, log_of(path)))


def test_statistics_of_others_are_dropped(path: Path) -> None:
    """Whoever had SQLite analyse the file changes no plan beyond the next start."""
    url = f"sqlite:///{path}"
    open_store(url).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("INSERT INTO meta VALUES ('a', 'b')")
        other.execute("ANALYZE")
        other.commit()
        assert 1 == len(_statistics(other))
    open_store(url).close()
    with closing(sqlite3.connect(path)) as other:
        assert [] == _statistics(other)


def _statistics(door: sqlite3.Connection) -> list[object]:
    sql = "SELECT name FROM sqlite_master WHERE name = 'sqlite_stat1'"
    return door.execute(sql).fetchall()

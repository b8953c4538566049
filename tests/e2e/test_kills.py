"""`kill -9` at any instruction loses nothing: real processes on the simulators, killed and paused at random instants."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from .deployments import wait_until
from .kills import Kills, kill, killing

SOON_S = 40.0
LARGEST_BATCH = 100
"""Records: what HubSpot takes in one request. Of these small worlds Salesforce gets fewer, too."""


Tell = Callable[[str, str], None]


def _nothing_lost(
    folder: Path, tell: Tell, *, count: int, seed: int, every: int, contacts: int = 30
) -> None:
    with killing(folder, seed=seed, contacts=contacts) as kills:
        books = kill(kills, count, every=every)
    tell("kills", books.line())
    assert ([], 0, 0) == (books.lost, books.unlogged, books.doubled), books.line()
    assert books.greatest_repeat <= LARGEST_BATCH, books.line()
    assert books.written > count / 2, "the lives were too short to write"


def test_a_few_kills_lose_nothing(tmp_path: Path, record_property: Tell) -> None:
    """The same after a handful, for those who cannot wait."""
    _nothing_lost(tmp_path, record_property, count=6, seed=2, every=6, contacts=10)


@pytest.mark.gate
@pytest.mark.timeout(900)
def test_fifty_kills_lose_nothing(tmp_path: Path, record_property: Tell) -> None:
    """Store, log and CRMs agree after 50 lives that were cut short, paused past their lease, or stood by."""
    _nothing_lost(tmp_path, record_property, count=50, seed=1, every=25, contacts=15)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_thousands_of_kills_lose_nothing(tmp_path: Path, record_property: Tell) -> None:
    """The same with 3,000 kills, or STAGESYNC_SOAK_KILLS of them; the line it prints goes to `bench/soak.txt`."""
    count = int(os.environ.get("STAGESYNC_SOAK_KILLS", "3000"))
    _nothing_lost(tmp_path, record_property, count=count, seed=count, every=50)


@pytest.mark.gate
def test_a_paused_daemon_is_replaced_and_stands_by(tmp_path: Path) -> None:
    """Stopped for longer than its lease lasts it loses its place to another one; woken, it waits for its turn."""
    with killing(tmp_path, seed=1, contacts=5) as kills:
        first = kills.born("run")
        assert wait_until(lambda: at_work(kills) == (first.pid, []), seconds=SOON_S)
        pause_between_transactions(int(first.pid or 0), kills.world.place.folder / "stagesync.db")
        second = kills.born("run")
        try:
            assert wait_until(lambda: at_work(kills) == (second.pid, []), seconds=SOON_S)
            os.kill(int(first.pid or 0), signal.SIGCONT)
            assert wait_until(lambda: at_work(kills) == (second.pid, [first.pid]), seconds=SOON_S)
        finally:
            for each in (first, second):
                each.kill()
                each.join()
        kills.reckon()
    assert ([], 0, 0) == (kills.books.lost, kills.books.unlogged, kills.books.doubled)


def pause_between_transactions(pid: int, store: Path) -> None:
    """Stop a process where it does not hold SQLite's lock: with it, nobody could take its place."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        with closing(sqlite3.connect(store, timeout=0.2, isolation_level=None)) as door:
            try:
                door.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.05)
            else:
                door.execute("ROLLBACK")
                return


def at_work(kills: Kills) -> tuple[int | None, list[int]]:
    """Who is the daemon, and who stands by."""
    found = kills.world.place.run("status", "--json").json["lease"]
    daemon = found["daemon"]["pid"] if found["daemon"] else None
    return daemon, [each["pid"] for each in found["standby"]]

"""`kill -9` at any instruction loses nothing: real processes on the simulators, killed and paused at random instants."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import sqlalchemy as sa

from stagesync.store.engines import is_sqlite

from .deployments import wait_until
from .kills import Kills, kill, killing

SOON_S = 40.0
LARGEST_BATCH = 100
"""Records: what HubSpot takes in one request. Of these small worlds Salesforce gets fewer, too."""

LANES = 6
"""Worlds among which the many kills are shared, so that two cores have work: a life is mostly waiting."""

Tell = Callable[[str, str], None]


def _nothing_lost(
    folder: Path,
    tell: Tell,
    *,
    count: int,
    seed: int,
    every: int,
    contacts: int = 30,
    store_url: str | None = None,
) -> None:
    with killing(folder, seed=seed, contacts=contacts, store_url=store_url) as kills:
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


@pytest.mark.gate
@pytest.mark.timeout(900)
def test_kills_lose_nothing_on_a_server(
    tmp_path: Path, record_property: Tell, postgres_store_url: str
) -> None:
    """The same on PostgreSQL: what a killed process left open there is undone and keeps nobody from going on."""
    _nothing_lost(
        tmp_path,
        record_property,
        count=15,
        seed=3,
        every=15,
        contacts=12,
        store_url=postgres_store_url,
    )


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("lane", range(LANES))
def test_thousands_of_kills_lose_nothing(
    tmp_path: Path, record_property: Tell, request: pytest.FixtureRequest, lane: int
) -> None:
    """The same with 3,000 kills in all, or STAGESYNC_SOAK_KILLS of them, with STAGESYNC_SOAK_STORE=postgres on a server; the lines it prints go to `bench/kills.txt`."""
    count = int(os.environ.get("STAGESYNC_SOAK_KILLS", "3000")) // LANES
    is_server = os.environ.get("STAGESYNC_SOAK_STORE", "sqlite") == "postgres"
    url = request.getfixturevalue("postgres_store_url") if is_server else None
    _nothing_lost(
        tmp_path, record_property, count=count, seed=count + lane, every=50, store_url=url
    )


@pytest.mark.gate
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_paused_daemon_is_replaced_and_stands_by(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """Stopped for longer than its lease lasts it loses its place to another one; woken, it waits for its turn."""
    url = request.getfixturevalue("postgres_store_url") if kind == "postgres" else None
    with killing(tmp_path, seed=1, contacts=5, store_url=url) as kills:
        _is_replaced(kills, lambda: not is_amid_a_transaction(kills))
    assert ([], 0, 0) == (kills.books.lost, kills.books.unlogged, kills.books.doubled)


@pytest.mark.gate
def test_a_daemon_paused_amid_a_transaction_is_put_out_of_it(
    tmp_path: Path, postgres_store_url: str
) -> None:
    """PostgreSQL ends a session that stands still in a transaction, so that its locks hold up nobody for long."""
    brief = {"options": "-c idle_in_transaction_session_timeout=2s"}
    url = sa.make_url(postgres_store_url).update_query_dict(brief)
    shown = url.render_as_string(hide_password=False)
    with killing(tmp_path, seed=1, contacts=5, store_url=shown) as kills:
        _is_replaced(kills, lambda: is_amid_a_transaction(kills))
    assert ([], 0, 0) == (kills.books.lost, kills.books.unlogged, kills.books.doubled)


def _is_replaced(kills: Kills, at: Callable[[], bool]) -> None:
    """A daemon is stopped where that holds, another one takes its place, and the first one stands by when it wakes."""
    first = kills.born("run")
    assert wait_until(lambda: at_work(kills) == (first.pid, []), seconds=SOON_S)
    pause(first, at)
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


def pause(process: BaseProcess, at: Callable[[], bool]) -> None:
    """Stop a process where that holds."""
    pid, rng = int(process.pid or 0), random.Random(1)
    while True:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.02)
        if at():
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(rng.uniform(0.0, 0.05))


def is_amid_a_transaction(kills: Kills) -> bool:
    """Whether somebody else holds the store now; on SQLite nobody could take the place of who does."""
    with kills.store.connect() as door:
        if not is_sqlite(door):
            query = (
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
            )
            return bool(door.exec_driver_sql(query).scalar_one())
        door.exec_driver_sql("PRAGMA busy_timeout = 200")
        try:
            door.exec_driver_sql("BEGIN IMMEDIATE")
        except sa.exc.OperationalError:
            return True
        door.exec_driver_sql("ROLLBACK")
        return False


def at_work(kills: Kills) -> tuple[int | None, list[int]]:
    """Who is the daemon, and who stands by."""
    found = kills.world.place.run("status", "--json").json["lease"]
    daemon = found["daemon"]["pid"] if found["daemon"] else None
    return daemon, [each["pid"] for each in found["standby"]]

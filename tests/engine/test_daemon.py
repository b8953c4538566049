"""The daemon goes on when the store refuses, and waits longer while nothing can be worked with."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy import text
from structlog.testing import capture_logs

from stagesync.connector import Connector, Named, Page, Pull, Unavailable
from stagesync.engine import daemon
from stagesync.engine.daemon import run_daemon
from stagesync.engine.live import Live
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.store import connections, open_store, records

from .bench import Bench, BenchClock, make_bench
from .test_inbox import hear

DOWN = Unavailable("no answer", retry_after_s=None)


class Patience(threading.Event):
    """A stop that is asked for after so many waits, and notes how long each was; time passes in none but these."""

    def __init__(self, waits: int, bench: Bench) -> None:
        super().__init__()
        self.left = waits
        self.clock = bench.clock
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        self.clock.advance(seconds=timeout or 0.0)
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()


@pytest.fixture
def filed(store_url: str) -> Iterator[Bench]:
    """A deployment whose store others can open, too."""
    made = make_bench(store=open_store(store_url))
    yield made
    made.store.close()


def refuse_runs(bench: Bench, *, refused: bool) -> None:
    """The database takes no new run, as when it is locked, or takes them again."""
    with bench.store.begin() as tx:
        names = ("run", "away") if refused else ("away", "run")
        tx.execute(text("ALTER TABLE {} RENAME TO {}".format(*names)))


def test_a_store_that_refuses_does_not_end_the_daemon(filed: Bench) -> None:
    """It waits, longer each time, and works again as soon as the store does."""
    contact = filed.contact("ann@firm.example", last="Ng")
    refuse_runs(filed, refused=True)
    stop, seen = Patience(3, filed), []
    run_daemon(Live(filed.deployment), stop=stop, after_run=seen.append)
    assert ([120.0, 240.0, 480.0], []) == (stop.waited, seen)
    refuse_runs(filed, refused=False)
    run_daemon(Live(filed.deployment), stop=Patience(1, filed), after_run=seen.append)
    assert (1, "contact") == (len(seen), filed.stage(contact))


def test_a_store_that_refuses_a_call_does_not_end_the_daemon(
    filed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a CRM named waits for the next poll when the store takes no run for it."""
    # How long a burst of calls is gathered is real time, which a test does not have.
    monkeypatch.setattr(daemon, "GATHER_S", 0.0)
    contact = filed.contact("ann@firm.example", last="Ng")
    stop, called, runs = threading.Event(), threading.Event(), []

    def after(outcome: Outcome) -> None:
        runs.append(outcome)
        if len(runs) == 1:
            refuse_runs(filed, refused=True)
            hear(filed, Named("contact", contact))
            called.set()
            threading.Timer(0.2, lambda: refuse_runs(filed, refused=False)).start()
        else:
            stop.set()

    north = replace(filed.deployment.connections["north"], poll_s=0.3)
    filed.redeploy(connections={**filed.deployment.connections, "north": north})
    run_daemon(Live(filed.deployment), stop=stop, called=called, after_run=after)
    assert 2 == len(runs)


def test_it_waits_longer_while_all_that_is_not_paused_fails(bench: Bench) -> None:
    """A paused connection does not make a run a good one: the other one is not asked at every poll."""
    bench.sync()
    with bench.store.begin() as tx:
        connections.pause(tx, "south", by="ann")
    bench.north.fail(DOWN, times=99)
    stop = Patience(3, bench)
    run_daemon(Live(bench.deployment), stop=stop)
    assert [120.0, 240.0, 480.0] == stop.waited


def test_a_connection_that_fails_is_not_asked_at_every_poll(bench: Bench) -> None:
    """Beside a healthy one it rests for a time that doubles, and is asked at once again when it works."""
    bench.sync()
    bench.north.fail(DOWN, times=3)
    asked: list[bool] = []

    def after(outcome: Outcome) -> None:
        asked.append("north" in outcome.pulled)
        assert "south" in outcome.pulled

    stop = Patience(18, bench)
    run_daemon(Live(bench.deployment), stop=stop, after_run=after)
    at = [number for number, each in enumerate(asked) if each]
    assert ([60.0] * 18, [0, 2, 6, 14, 15, 16, 17]) == (stop.waited, at)


class Jumping(BenchClock):
    """A clock that somebody sets: by days back and forth, at every look."""

    def __init__(self) -> None:
        super().__init__()
        self.days = [0.0, -3.0, 5.0, -1.0]

    def now_s(self) -> float:
        self.days.append(self.days.pop(0))
        return super().now_s() + self.days[0] * 86_400.0


def test_a_clock_that_jumps_makes_no_run_more_or_less(bench: Bench) -> None:
    """The pace is that of a clock that only goes on; whoever fails rests as long as ever."""
    bench.clock = Jumping()
    bench.redeploy(clock=bench.clock)
    bench.north.fail(DOWN, times=1)
    asked: list[bool] = []
    stop = Patience(4, bench)
    run_daemon(
        Live(bench.deployment),
        stop=stop,
        after_run=lambda each: asked.append("north" in each.pulled),
    )
    assert ([60.0] * 4, [True, False, True, True]) == (stop.waited, asked)


class Slow:
    """A connection that is slower than the others: they have ended before its first page comes."""

    def __init__(self, bench: Bench) -> None:
        self.inner = bench.deployment.connections["north"].connector
        self.bench = bench

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        for page in self.inner.pull(wanted):
            while not self._is_south_done():
                time.sleep(0.01)
            time.sleep(0.1)
            yield page

    def _is_south_done(self) -> bool:
        with self.bench.store.begin() as tx:
            known = connections.connection_state(tx, "south")
        return bool(known and known.trouble)


def test_a_slow_connection_does_not_hold_the_others_up(bench: Bench) -> None:
    """After a while the run goes on with the pages that came; the next one pulls the others."""
    ids = [bench.contact(f"p{n}@firm.example", last="Ng") for n in range(9)]
    bench.sync()
    for each in ids:
        bench.north.edit("contact", each, {"title": "Director"})
    north = bench.deployment.connections["north"]
    slow = replace(north, connector=cast(Connector, Slow(bench)))
    bench.redeploy(connections={**bench.deployment.connections, "north": slow})
    came = []
    for _ in range(3):
        bench.clock.advance(seconds=120)
        bench.south.fail(DOWN, times=1)
        outcome = run_once(bench.deployment, most_wait_s=-1.0)
        came.append(outcome.pulled["north"].records)
    assert [0, 3, 0] == came, "companies, contacts, deals: a page, and no more"
    bench.redeploy(connections={**bench.deployment.connections, "north": north})
    bench.sync()
    with bench.store.begin() as tx:
        held = list(records.all_records(tx, [("north", "contact")]))
    assert {"Director"} == {each.fields["title"] for each in held}


@pytest.mark.one_kind
def test_a_full_disk_ends_no_daemon(filed: Bench) -> None:
    """SQLite's own word for it: the daemon tells what to do, waits, and goes on when there is room again."""
    contact = filed.contact("ann@firm.example", last="Ng")

    pages = 1  # as small as the file is now

    def bound(door: sqlite3.Connection, _record: object) -> None:
        door.execute(f"PRAGMA max_page_count = {pages}")

    sa.event.listen(filed.store._engine, "connect", bound)
    filed.store._engine.dispose()
    seen: list[Outcome] = []
    stop = Patience(3, filed)
    with capture_logs() as told:
        run_daemon(Live(filed.deployment), stop=stop, after_run=seen.append)
    assert ([120.0, 240.0, 480.0], []) == (stop.waited, seen)
    failed = [each for each in told if each["event"] == "store failed"]
    assert 3 == len(failed)
    assert "is full" in failed[0]["error"]
    assert "make room" in failed[0]["hint"]
    pages = 1_000_000
    filed.store._engine.dispose()
    run_daemon(Live(filed.deployment), stop=Patience(1, filed), after_run=seen.append)
    assert (1, "contact") == (len(seen), filed.stage(contact))

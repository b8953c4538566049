"""One pass at a time: what a process keeps whose lease went to another."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from stagesync.engine import lease
from stagesync.engine.daemon import run_daemon
from stagesync.engine.lease import DAEMON, RUN, is_gone, one_daemon, one_pass, standing
from stagesync.engine.live import Live
from stagesync.engine.run import run_once
from stagesync.engine.status import status
from stagesync.errors import LeaseHeld, LeaseLost, Stopped, StoreError
from stagesync.store import leases, open_store, state
from stagesync.store.leases import Holder

from .bench import Bench, make_bench
from .test_daemon import Patience

OTHER = Holder("elsewhere", 7, "")


@pytest.fixture
def filed(store_url: str) -> Iterator[Bench]:
    """A deployment whose store others can open, too."""
    made = make_bench(store=open_store(store_url))
    yield made
    made.store.close()


def rob(bench: Bench, name: str = RUN) -> None:
    """Somebody elsewhere takes a lease over."""
    with bench.store.begin(fenced=False) as tx:
        tx.execute(text("DELETE FROM lease WHERE name = :name"), {"name": name})
        leases.take(tx, name, OTHER, lasts_s=60.0, is_free=lambda _: False)


def give_back(bench: Bench) -> None:
    with bench.store.begin(fenced=False) as tx:
        tx.execute(text("DELETE FROM lease"))


def test_a_pass_that_was_taken_over_keeps_nothing(bench: Bench) -> None:
    """Its next transaction fails whole, and names who works now; the wait for another try ends as well."""

    def work() -> None:
        with one_pass(bench.deployment):
            rob(bench)
            with bench.store.begin() as tx:
                state.set_meta(tx, "kept", "no")

    with pytest.raises(LeaseLost, match="process 7 on elsewhere"):
        work()
    with bench.store.begin() as tx:
        assert None is state.get_meta(tx, "kept")
    assert bench.deployment.lost.is_set()


def test_a_paused_sender_records_nothing_as_its_own(bench: Bench) -> None:
    """What it sent while another process took over is neither confirmed nor in its log; the next run settles it."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.north.meanwhile(lambda: rob(bench))
    with pytest.raises(LeaseLost):
        bench.sync()
    assert [] == [each for each in bench.audit() if each.get("field")]
    assert "contact" == bench.stage(contact), "it was sent"
    give_back(bench)
    outcome = bench.sync()
    told = [each for each in bench.audit() if each["id"] == contact and each["field"] == "stage"]
    assert [outcome.run] == [each["run"] for each in told]


def test_a_pass_waits_for_another_and_then_says_whose(bench: Bench) -> None:
    """It ends as store trouble, exit code 5, with the process and its machine."""
    rob(bench)
    before = bench.clock.at_s
    with pytest.raises(LeaseHeld, match="process 7 on elsewhere, since") as refused:
        run_once(bench.deployment)
    assert (5, 30.0) == (refused.value.exit_code, bench.clock.at_s - before)


def test_a_run_that_was_broken_off_is_not_running(bench: Bench) -> None:
    """`status` says so while nobody works, and the next run writes it down."""
    with bench.store.begin() as tx:
        state.set_meta(tx, "runs", "1")
        state.start_run(tx, "r_dead", seq=1, at_s=bench.clock.at_s)
    shown = status(bench.deployment, now_s=bench.clock.at_s)
    assert ("r_dead", "broken off") == (shown["last_run"]["run"], shown["last_run"]["outcome"])
    bench.sync()
    with bench.store.begin() as tx:
        assert ["done", "broken off"] == [each["outcome"] for each in state.last_runs(tx, 5)]


def test_the_last_run_is_the_last_though_the_clock_went_back(bench: Bench) -> None:
    """Runs are told apart by their number, not by a clock that may be set."""
    bench.sync()
    bench.clock.advance(days=-3)
    outcome = bench.sync()
    assert outcome.run == status(bench.deployment, now_s=bench.clock.at_s)["last_run"]["run"]


def test_a_second_daemon_stands_by(filed: Bench) -> None:
    """It pulls nothing while the first one serves, is listed by `status`, and goes on when that one ends."""
    first, second = threading.Event(), threading.Event()
    ran: list[str] = []
    with one_daemon(filed.deployment, first) as mine:
        assert mine is not None
        waiting = threading.Thread(
            target=run_daemon,
            args=(Live(filed.deployment),),
            kwargs={"stop": second, "after_run": lambda outcome: ran.append(outcome.run)},
        )
        waiting.start()
        give_up = time.monotonic() + 20
        found: dict[str, object] = {}
        while not found.get("standby") and time.monotonic() < give_up:
            found = status(filed.deployment, now_s=filed.clock.at_s)["lease"]
        assert found["standby"]
        assert [] == ran
    give_up = time.monotonic() + 20
    while not ran and time.monotonic() < give_up:
        time.sleep(0.02)
    second.set()
    waiting.join()
    assert ran
    with filed.store.begin() as tx:
        assert {"run": None, "daemon": None, "standby": []} == standing(tx)


def test_a_daemon_that_lost_its_place_stands_by_again(bench: Bench) -> None:
    """Woken up after another daemon took over, it runs nothing more."""
    ran = []

    def after(outcome: object) -> None:
        ran.append(outcome)
        rob(bench, DAEMON)

    run_daemon(Live(bench.deployment), stop=Patience(4, bench), after_run=after)
    assert 1 == len(ran)


def test_a_command_finds_its_turn_between_two_runs_of_a_daemon(bench: Bench) -> None:
    """The daemon's place is not the pass: another pass may work while the daemon waits."""
    with one_daemon(bench.deployment, threading.Event()):
        assert run_once(bench.deployment).run


def test_a_lease_is_renewed_while_a_crm_is_waited_for(filed: Bench) -> None:
    """A pass that asks the store nothing for longer than its lease lasts is still the one at work."""
    hasty = replace(filed.deployment, lease_s=1.0)
    with one_pass(hasty):
        time.sleep(1.6)
        with filed.store.begin(fenced=False) as tx:
            [held] = leases.all_held(tx)
    assert not held.is_abandoned


def test_whoever_waits_to_send_again_learns_that_the_lease_was_lost() -> None:
    """A wait of the real clock ends with `Stopped` then, so that a request is not sent again."""
    from stagesync.app import SystemClock

    clock = SystemClock()
    clock.sleep(0.0)
    clock.lost.set()
    with pytest.raises(Stopped):
        clock.sleep(0.0)


def test_a_process_is_known_to_be_gone_on_this_machine_alone() -> None:
    """A dead one is, a live one is not, nor one of another machine; a new life of the same pid is another process."""
    me = lease._myself()
    if not me.life:
        pytest.skip("this system does not tell processes apart by their start")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    machine = me.life.rpartition("/")[0]
    there = replace(me, pid=child.pid, life=f"{machine}/{lease._born(child.pid)}")
    assert (False, False) == (is_gone(me), is_gone(there))
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(there), "killed, and not yet reaped by whoever started it"
    child.communicate()
    assert (True, True) == (is_gone(there), is_gone(replace(me, life=f"{machine}/1")))
    assert (False, False) == (is_gone(replace(there, life="other/boot/1")), is_gone(OTHER))


def test_a_store_that_cannot_say_ends_no_pass(filed: Bench, tmp_path: Path) -> None:
    """While another program locks the store a renewal fails, and is tried again."""
    with filed.store.begin(fenced=False) as tx:
        token = leases.take(tx, RUN, OTHER, lasts_s=1.0, is_free=lambda _: False)
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    held = lease.Lease(other, RUN, str(token), 1.0)
    other.close()
    (tmp_path / "other.db").write_bytes(b"no database" * 500)
    over = threading.Event()
    threading.Timer(1.0, over.set).start()
    held.keep(over)
    with pytest.raises(StoreError):
        held.is_ours()
    assert not held.lost.is_set()


@pytest.mark.one_kind
def test_a_full_disk_keeps_nobody_from_their_own_lease(bench: Bench) -> None:
    """What the store did not take back is this process's to take again, as soon as the store writes."""
    with bench.store.begin() as tx:
        tx.execute(
            text(
                "CREATE TRIGGER full BEFORE DELETE ON lease"
                " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        )
    bench.sync()
    with bench.store.begin() as tx:
        assert [RUN] == [each.name for each in leases.all_held(tx)]
        assert None is standing(tx)["run"]
        tx.execute(text("DROP TRIGGER full"))
    bench.sync()
    with bench.store.begin() as tx:
        assert [] == leases.all_held(tx)

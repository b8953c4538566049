"""Repeats runs until told to stop; a stop waits for the batch in hand and for nothing more."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from stagesync.connector import Clock
from stagesync.engine.inbox import may_be_taken
from stagesync.engine.keeper import Keeper
from stagesync.engine.lease import Lease, one_daemon
from stagesync.engine.live import Live
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.errors import LeaseHeld, LeaseLost, StoreError

log = structlog.get_logger()

LONGEST_PAUSE_S = 900.0
"""A connection in trouble is tried again at least this often."""

MOST_WAIT_S = 300.0
"""So long the others wait for a slow connection."""

GATHER_S = 0.2
"""How long the daemon goes on listening once it was called: a burst of calls is one run."""

GLANCE_S = 0.5
"""How often a daemon that listens for calls looks whether it shall stop."""


@dataclass(slots=True)
class _Pace:
    """When whoever failed is tried again: after what it asked for, or twice as long from time to time.

    Attributes:
        failures: connection -> how often it failed in a row; under no name those of the store.
        rests_until_s: connection -> the instant before which it is not asked, by the monotonic clock.
    """

    clock: Clock
    poll_s: float
    failures: Counter[str] = field(default_factory=Counter)
    rests_until_s: dict[str, float] = field(default_factory=dict)

    def resting(self) -> set[str]:
        """The connections that are left alone for now."""
        now_s = self.clock.monotonic_s()
        return {name for name, until_s in self.rests_until_s.items() if until_s > now_s}

    def learn(self, outcome: Outcome) -> None:
        """Take note of who could be worked with."""
        del self.failures[""]
        for name in outcome.pulled:
            self.rests_until_s.pop(name, None)
            if error := outcome.troubles.get(name):
                pause_s = self._longer(name, error.retry_after_s or 0.0)
                self.rests_until_s[name] = self.clock.monotonic_s() + pause_s
            else:
                del self.failures[name]

    def pause_s(self, outcome: Outcome) -> float:
        """Until the next run: a poll interval, or until the first of all that rest may be asked."""
        if not outcome.pulled or outcome.pulled.keys() - outcome.troubles.keys():
            return self.poll_s
        return max(self.poll_s, min(self.rests_until_s.values()) - self.clock.monotonic_s())

    def store_pause_s(self) -> float:
        """How long the store is left alone that has refused."""
        return self._longer("", 0.0)

    def _longer(self, name: str, asked_s: float) -> float:
        self.failures[name] += 1
        return pause_after(self.failures[name], self.poll_s, asked_s=asked_s)


def pause_after(failures: int, poll_s: float, *, asked_s: float) -> float:
    """How long whoever failed so often in a row is left alone; seconds."""
    return min(LONGEST_PAUSE_S, max(poll_s * 2.0 ** min(failures, 8), asked_s))


def run_daemon(
    live: Live,
    *,
    stop: threading.Event,
    called: threading.Event | None = None,
    after_run: Callable[[Outcome], None] = lambda _outcome: None,
) -> None:
    """Run, wait for the shortest poll interval, and again; while another daemon does that, stand by.

    A connection that failed is left alone for as long as it asked, or for a time that doubles from failure to
    failure, up to `LONGEST_PAUSE_S`: nobody is hammered, and the others go on at their pace. So it is with the
    store when it refuses, locked or on a full disk: what a run had stored by then stays, and the next one goes
    on from there. Each run works with the definitions as they stand at its start.

    Args:
        called: set when a CRM named records by webhook. They are read in a run of their own, which moves the
            time of the next poll by nothing.
    """
    deployment = live.current()
    poll_s = min(connected.poll_s for connected in deployment.connections.values())
    pace = _Pace(deployment.clock, poll_s)
    with Keeper(live.current) as keeper:

        def ended(outcome: Outcome) -> None:
            keeper.wake()
            after_run(outcome)

        while not stop.is_set():
            try:
                with one_daemon(deployment, stop) as lease:
                    if lease:
                        _serve(live, lease, pace, stop=stop, called=called, after_run=ended)
            except (LeaseHeld, LeaseLost) as error:
                log.warning("lease not ours", error=str(error))
            except StoreError as error:
                _tell(error)
                stop.wait(pace.store_pause_s())
    log.info("daemon stopped")


def _serve(
    live: Live,
    lease: Lease,
    pace: _Pace,
    *,
    stop: threading.Event,
    called: threading.Event | None,
    after_run: Callable[[Outcome], None],
) -> None:
    """Run for as long as this is the daemon of the store.

    Raises:
        StoreError: the store broke a run off.
    """
    while not stop.is_set() and lease.is_ours():
        if called is not None:
            called.clear()
        outcome = run_once(live.take_over(), resting=pace.resting(), most_wait_s=MOST_WAIT_S)
        pace.learn(outcome)
        after_run(outcome)
        pause_s = pace.pause_s(outcome)
        if called is None:
            stop.wait(pause_s)
        else:
            _listen(live, pause_s, stop=stop, called=called, after_run=after_run)


def _tell(error: StoreError) -> None:
    log.error("store failed", error=str(error), hint=error.hint)


def _listen(
    live: Live,
    pause_s: float,
    *,
    stop: threading.Event,
    called: threading.Event,
    after_run: Callable[[Outcome], None],
) -> None:
    """Wait, and do what is asked for meanwhile: read what a CRM named, if that is of use, or follow a decision."""
    clock = live.current().clock
    until_s = clock.monotonic_s() + pause_s
    while not stop.is_set() and (left_s := until_s - clock.monotonic_s()) > 0:
        if not _is_called(left_s, stop=stop, called=called):
            return
        stop.wait(GATHER_S)
        called.clear()
        if not stop.is_set() and (live.is_stirred() or may_be_taken(live.current())):
            after_run(run_once(live.take_over(), only_heard=True))


def _is_called(within_s: float, *, stop: threading.Event, called: threading.Event) -> bool:
    """Whether a call came in time, and no stop before it."""
    while within_s > 0 and not stop.is_set():
        if called.wait(min(within_s, GLANCE_S)):
            return True
        within_s -= GLANCE_S
    return False

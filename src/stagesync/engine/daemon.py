"""Repeats runs until told to stop; a stop waits for the batch in hand and for nothing more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import structlog

from stagesync.engine.deployment import Deployment
from stagesync.engine.inbox import may_be_taken
from stagesync.engine.run import Outcome, run_once
from stagesync.errors import CrmError, StoreError

log = structlog.get_logger()

LONGEST_PAUSE_S = 900.0
"""A connection in trouble is tried again at least this often."""

GATHER_S = 0.2
"""How long the daemon goes on listening once it was called: a burst of calls is one run."""

GLANCE_S = 0.5
"""How often a daemon that listens for calls looks whether it shall stop."""


def run_daemon(
    deployment: Deployment,
    *,
    stop: threading.Event,
    called: threading.Event | None = None,
    after_run: Callable[[Outcome], None] = lambda _outcome: None,
) -> None:
    """Run, wait for the shortest poll interval, and again.

    After a run in which every connection failed that is not paused, the wait grows to what the CRM asked
    for, or doubles from run to run, up to `LONGEST_PAUSE_S`: nobody is hammered. So it does while the store
    refuses, locked or on a full disk: what a run had stored by then stays, and the next one goes on from there.

    Args:
        called: set when a CRM named records by webhook. They are read in a run of their own, which moves the
            time of the next poll by nothing.
    """
    poll_s = min(connected.poll_s for connected in deployment.connections.values())
    failures = 0
    while not stop.is_set():
        if called is not None:
            called.clear()
        outcome = _run(deployment, after_run)
        failures = failures + 1 if outcome is None or _failed(outcome) else 0
        troubles = outcome.troubles.values() if outcome else ()
        pause = poll_s if not failures else _pause_s(troubles, poll_s, failures)
        if called is None or outcome is None:
            stop.wait(pause)
        else:
            _listen(deployment, pause, stop=stop, called=called, after_run=after_run)
    log.info("daemon stopped")


def _run(deployment: Deployment, after_run: Callable[[Outcome], None]) -> Outcome | None:
    """One run; None when the store broke it off."""
    try:
        outcome = run_once(deployment)
        after_run(outcome)
    except StoreError as error:
        _tell(error)
        return None
    return outcome


def _hear(deployment: Deployment, after_run: Callable[[Outcome], None]) -> bool:
    """Read what was named, if that is of use; false when the store broke it off."""
    try:
        if may_be_taken(deployment):
            after_run(run_once(deployment, only_heard=True))
    except StoreError as error:
        _tell(error)
        return False
    return True


def _tell(error: StoreError) -> None:
    log.error("store failed", error=str(error), hint=error.hint)


def _failed(outcome: Outcome) -> bool:
    """Whether no connection could be worked with, but those that somebody paused."""
    return bool(outcome.pulled) and outcome.troubles.keys() >= outcome.pulled.keys()


def _listen(
    deployment: Deployment,
    pause_s: float,
    *,
    stop: threading.Event,
    called: threading.Event,
    after_run: Callable[[Outcome], None],
) -> None:
    """Wait, and read what is named meanwhile."""
    until_s = deployment.clock.monotonic_s() + pause_s
    while not stop.is_set() and (left_s := until_s - deployment.clock.monotonic_s()) > 0:
        if not _is_called(left_s, stop=stop, called=called):
            return
        stop.wait(GATHER_S)
        called.clear()
        if not stop.is_set() and not _hear(deployment, after_run):
            return


def _is_called(within_s: float, *, stop: threading.Event, called: threading.Event) -> bool:
    """Whether a call came in time, and no stop before it."""
    while within_s > 0 and not stop.is_set():
        if called.wait(min(within_s, GLANCE_S)):
            return True
        within_s -= GLANCE_S
    return False


def _pause_s(troubles: Iterable[CrmError], poll_s: float, failures: int) -> float:
    asked = [error.retry_after_s for error in troubles if error.retry_after_s]
    return min(LONGEST_PAUSE_S, max(poll_s * 2.0 ** min(failures, 8), *asked, 0.0))

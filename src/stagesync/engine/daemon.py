"""Repeats runs until told to stop; a stop waits for the batch in hand and for nothing more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import structlog

from stagesync.engine.deployment import Deployment
from stagesync.engine.run import Outcome, run_once
from stagesync.errors import CrmError

log = structlog.get_logger()

LONGEST_PAUSE_S = 900.0
"""A connection in trouble is tried again at least this often."""


def run_daemon(
    deployment: Deployment,
    *,
    stop: threading.Event,
    after_run: Callable[[Outcome], None] = lambda _outcome: None,
) -> None:
    """Run, wait for the shortest poll interval, and again.

    After a run in which connections failed the wait grows to what the CRM asked for, or doubles from
    run to run, up to `LONGEST_PAUSE_S`: nobody is hammered.
    """
    poll_s = min(connected.poll_s for connected in deployment.connections.values())
    failures = 0
    while not stop.is_set():
        outcome = run_once(deployment)
        after_run(outcome)
        every_one = len(outcome.troubles) == len(deployment.connections)
        failures = failures + 1 if every_one else 0
        pause = poll_s if not failures else _pause_s(outcome.troubles.values(), poll_s, failures)
        stop.wait(pause)
    log.info("daemon stopped")


def _pause_s(troubles: Iterable[CrmError], poll_s: float, failures: int) -> float:
    asked = [error.retry_after_s for error in troubles if error.retry_after_s]
    return min(LONGEST_PAUSE_S, max(poll_s * 2.0 ** min(failures, 8), *asked, 0.0))

"""Waiting and trying again, the same for every vendor.

The pacer is the one place that sleeps. It keeps calls below limits that are known beforehand;
what a vendor refuses all the same comes back as an error that says when to try again.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception

from stagesync.connector.contract import Clock
from stagesync.errors import CrmError

LONGEST_WAIT_S = 60.0
"""A wait beyond this is the engine's to plan, not a connector's to sleep through."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` within any `per_s` seconds."""

    calls: int
    per_s: float


class Pacer:
    """Lets calls of one CRM account through no faster than its limits allow; thread safe.

    Args:
        limits: bucket name -> limit. A call may name several buckets.
    """

    def __init__(self, clock: Clock, limits: dict[str, Limit]) -> None:
        self._clock = clock
        self._limits = dict(limits)
        self._sent: dict[str, deque[float]] = {name: deque() for name in limits}
        self._not_before_s = 0.0
        self._open = dict.fromkeys(limits, 0)
        self._lock = threading.Lock()
        self._answered = threading.Condition(self._lock)
        self.waited_s = 0.0

    def wait(self, *buckets: str) -> None:
        """Sleep until one more call fits each of these buckets, and count it."""
        with self._lock:
            while (pause := self._pause_s(buckets)) > 0:
                self._clock.sleep(pause)
                self.waited_s += pause
            now = self._clock.monotonic_s()
            for bucket in buckets:
                self._sent[bucket].append(now)

    @contextmanager
    def turn(self, *buckets: str) -> Iterator[None]:
        """The time of one call, for which it holds a place in each of these buckets.

        The vendor counts a call when it arrives, which is somewhere between sending and answer.
        So its place is taken until a whole window has passed after the answer: however unevenly
        calls travel, no window of the vendor's holds more than the limit.
        """
        self._enter(buckets)
        try:
            yield
        finally:
            with self._answered:
                now = self._clock.monotonic_s()
                for bucket in buckets:
                    self._open[bucket] -= 1
                    self._sent[bucket].append(now)
                self._answered.notify_all()

    def _enter(self, buckets: tuple[str, ...]) -> None:
        while True:
            with self._answered:
                pause = self._pause_s(buckets)
                if pause == math.inf:
                    # Only an answer that is still on its way can free a place.
                    self._answered.wait()
                    continue
                if pause <= 0:
                    for bucket in buckets:
                        self._open[bucket] += 1
                    return
                self.waited_s += pause
            # Without the lock: an answer that comes meanwhile is stamped when it comes.
            self._clock.sleep(pause)

    def set_limit(self, bucket: str, limit: Limit) -> None:
        """Take a limit that the vendor has just told."""
        with self._lock:
            self._limits[bucket] = limit
            self._sent.setdefault(bucket, deque())
            self._open.setdefault(bucket, 0)

    def hold_off(self, seconds: float) -> None:
        """Send nothing for so long: the vendor said so."""
        with self._lock:
            self._not_before_s = max(self._not_before_s, self._clock.monotonic_s() + seconds)

    def _pause_s(self, buckets: tuple[str, ...]) -> float:
        now = self._clock.monotonic_s()
        pause = self._not_before_s - now
        for bucket in buckets:
            limit, sent = self._limits[bucket], self._sent[bucket]
            while sent and sent[0] <= now - limit.per_s:
                sent.popleft()
            room = limit.calls - self._open[bucket]
            if room <= 0:
                return math.inf
            if len(sent) >= room:
                pause = max(pause, sent[len(sent) - room] + limit.per_s - now)
        return pause


def call_with_retry(call: Callable[[], T], *, clock: Clock, attempts: int = 5) -> T:
    """Run `call`, again after the error's own delay while it names one.

    Args:
        call: raises `CrmError` on failure; `retry_after_s` None ends it at once.
        attempts: at most so many tries; waits grow with the tries, doubled from the second on.

    Raises:
        CrmError: the last one, when tries are used up or its delay is above `LONGEST_WAIT_S`.
    """
    return Retrying(
        retry=retry_if_exception(_worth_waiting_for),
        wait=_wait_s,
        stop=lambda state: state.attempt_number >= attempts,
        sleep=clock.sleep,
        reraise=True,
    )(call)


def _worth_waiting_for(error: BaseException) -> bool:
    return (
        isinstance(error, CrmError)
        and error.retry_after_s is not None
        and error.retry_after_s <= LONGEST_WAIT_S
    )


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    delay = error.retry_after_s if isinstance(error, CrmError) and error.retry_after_s else 0.0
    return min(delay * 2.0 ** (state.attempt_number - 1), LONGEST_WAIT_S)

"""How long connections that are done wait for those that are not: one run serves them all."""

from __future__ import annotations

import threading

from stagesync.connector import Clock


class Company:
    """Connections that work side by side; thread safe.

    Args:
        most_s: so long the first that is done waits for the last; seconds.
    """

    def __init__(self, clock: Clock, most_s: float) -> None:
        self._clock = clock
        self._most_s = most_s
        self._first_done_s: float | None = None
        self._lock = threading.Lock()

    def done(self) -> None:
        """One of them is done, or has failed."""
        with self._lock:
            if self._first_done_s is None:
                self._first_done_s = self._clock.monotonic_s()

    def is_over(self) -> bool:
        """Whether somebody has waited long enough."""
        first_s = self._first_done_s
        return first_s is not None and self._clock.monotonic_s() - first_s > self._most_s

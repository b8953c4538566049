"""The simulators' time: the machine's own, moved forward on request."""

import threading
import time
from collections.abc import Callable


class SimClock:
    """Gives the simulated time in Unix seconds; each simulator has its own.

    Args:
        source: where real time comes from; another callable makes a clock that stands still.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset_s = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """The simulated instant, Unix seconds."""
        with self._lock:
            return self._source() + self._offset_s

    def advance(self, seconds: float) -> float:
        """Moves the time forward and returns the new instant.

        Raises:
            ValueError: for a negative or an endless number of seconds.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"advance_s must be zero or more seconds, given {seconds}")
        with self._lock:
            self._offset_s += seconds
        return self.now()

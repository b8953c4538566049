"""A clock for tests that need no simulator."""

from __future__ import annotations


class StillClock:
    """Time that stands still; a sleep moves it.

    Attributes:
        at_s: the present, Unix seconds; a test may set it.
    """

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def now_s(self) -> float:
        return self.at_s

    def monotonic_s(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.at_s += seconds

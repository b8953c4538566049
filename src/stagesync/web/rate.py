"""How often somebody may call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Rate:
    """A bucket that fills evenly. Use from one thread.

    Attributes:
        per_s: calls a second in the long run.
        burst: calls at once.
    """

    per_s: float
    burst: float
    _left: float | None = None
    _at_s: float = 0.0

    def takes(self, now_s: float) -> bool:
        """Whether one more call is in order now; counts it if so. Seconds of any clock that never goes back."""
        left = self.burst if self._left is None else self._left
        left = min(self.burst, left + (now_s - self._at_s) * self.per_s)
        self._at_s = now_s
        self._left = left - 1 if left >= 1 else left
        return left >= 1

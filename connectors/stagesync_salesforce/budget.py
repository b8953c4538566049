"""How much of the org's daily API requests we may use.

The vendor counts the requests of the last 24 hours, everybody's together, and tells the sum with
each answer. We stay below a share of the allowance, and stop when all together have used most of it:
the more the others need, the less we take. The window rolls, so nothing resets at midnight.

Our own requests are counted here, and those of the connection's earlier lives and of processes beside
this one are heard of: see `stagesync.connector.Remembered`. Where the vendor counts those of our app,
the larger figure holds.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
(seen 2026-11)
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass

from stagesync.connector import Calls, Quota, QuotaExhausted

DAY_S = 86_400.0
_STEP_S = 60.0
# While we hold back, one request goes out so often, to hear where the org stands.
PROBE_S = 900.0

# `api-usage=10018/100000; api-bursts=1/750`, or with `per-app-api-usage=17/250(appName=x)`.
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")
_OF_APP = re.compile(r"(?<![\w-])per-app-api-usage=(\d+)/")


@dataclass(frozen=True, slots=True)
class Usage:
    """How many of the org's API requests of the last 24 hours are used.

    Attributes:
        used: by everybody.
        of_app: by our app; None where the org does not count by app.
    """

    used: int
    max: int
    of_app: int | None = None


class BudgetSpent(QuotaExhausted):
    """We hold back by ourselves; nothing was sent."""


class Budget:
    """Lets requests through while there is room for them; thread safe.

    Args:
        daily_share: of the org's allowance that is ours.
        stop_at: share of the allowance, used by all together, from which on we send nothing.
    """

    def __init__(self, *, daily_share: float, stop_at: float) -> None:
        self.usage: Usage | None = None
        self._share, self._stop_at = daily_share, stop_at
        self._minutes: deque[tuple[float, int]] = deque()
        self._ours = 0
        self._elsewhere: Calls = {}
        self._parked_until_s = 0.0
        self._heard_s = 0.0
        self._lock = threading.Lock()

    def take(self, now_s: float) -> None:
        """Counts one request that is about to be sent.

        Raises:
            BudgetSpent: there is no room for it.
        """
        with self._lock:
            self._check(now_s)
            minute = now_s // _STEP_S * _STEP_S
            before = self._minutes.pop()[1] if self._is_last(minute) else 0
            self._minutes.append((minute, before + 1))
            self._ours += 1

    def give_back(self, now_s: float) -> None:
        """Takes back one request that the org did not count."""
        with self._lock:
            minute = now_s // _STEP_S * _STEP_S
            if self._is_last(minute) and self._minutes[-1][1] > 0:
                self._minutes[-1] = (minute, self._minutes[-1][1] - 1)
                self._ours -= 1

    def learn(self, elsewhere: Calls) -> None:
        """Takes in what this connection sent in other lives, in place of what was told before."""
        with self._lock:
            self._elsewhere = elsewhere

    def hear(self, header: str, now_s: float) -> None:
        """Takes in what an answer tells."""
        usage = read_usage(header)
        if usage:
            with self._lock:
                self.usage, self._heard_s = usage, now_s

    def park(self, now_s: float) -> None:
        """The org itself says that nothing is left."""
        with self._lock:
            self._parked_until_s = now_s + PROBE_S

    def quota(self, now_s: float) -> Quota | None:
        """Where we stand; None before the first answer."""
        with self._lock:
            if self.usage is None:
                return None
            budget = int(self.usage.max * self._share)
            return Quota(self.usage.used, self.usage.max, self._used_by_us(now_s), budget, None)

    def _is_last(self, minute: float) -> bool:
        return bool(self._minutes) and self._minutes[-1][0] == minute

    def _check(self, now_s: float) -> None:
        if now_s < self._parked_until_s:
            raise BudgetSpent(
                "the org's API requests of the last 24 hours are used up",
                retry_after_s=self._parked_until_s - now_s,
            )
        if self.usage is None:
            return
        ours, most = self._used_by_us(now_s), int(self.usage.max * self._share)
        quiet_s = now_s - self._heard_s
        if self.usage.used >= self.usage.max * self._stop_at and quiet_s < PROBE_S:
            raise BudgetSpent(
                f"{self.usage.used} of the org's {self.usage.max} API requests of the last 24 hours"
                " are used, ours and others'",
                hint="raise stop_at, or see Setup > System Overview for who uses them",
                retry_after_s=PROBE_S - quiet_s,
            )
        if ours >= most:
            raise BudgetSpent(
                f"stagesync has used its share of {most} API requests of the last 24 hours",
                hint="raise daily_share, or pull less often",
                retry_after_s=self._free_in_s(now_s),
            )

    def _used_by_us(self, now_s: float) -> int:
        while self._minutes and self._minutes[0][0] <= now_s - DAY_S:
            self._ours -= self._minutes.popleft()[1]
        of_app = self.usage.of_app if self.usage and now_s - self._heard_s < PROBE_S else None
        counted = self._ours + sum(count for _, count in self._counted_elsewhere(now_s))
        return max(counted, of_app or 0)

    def _counted_elsewhere(self, now_s: float) -> list[tuple[float, int]]:
        told = ((minute * _STEP_S, count) for minute, count in self._elsewhere.items())
        return [(at_s, count) for at_s, count in told if at_s > now_s - DAY_S]

    def _free_in_s(self, now_s: float) -> float:
        """When the oldest of our requests stops to count; by the app's count we can only ask anew."""
        minutes = [at_s for at_s, _ in (*self._minutes, *self._counted_elsewhere(now_s))]
        return max(PROBE_S, min(minutes) + DAY_S - now_s) if minutes else PROBE_S


def read_usage(header: str) -> Usage | None:
    """The figures of a `Sforce-Limit-Info` header, None when the org-wide one is not there."""
    found, of_app = _USAGE.search(header), _OF_APP.search(header)
    if not found:
        return None
    return Usage(int(found[1]), int(found[2]), int(of_app[1]) if of_app else None)

"""How much of the account's calls of a day this deployment takes.

HubSpot counts the calls of all programs of an account together and tells in a header how many are
left until the account's midnight. Two rules keep room for others: within any 24 hours we send no
more than a share of the day's limit, and we stop where all together have used so much that others
could run dry. Slow work yields earlier. What is not told (OAuth apps hear nothing of the day) is
not limited here.

Our own calls are counted here, and those of the connections' earlier lives and of processes beside
this one are heard of: see `stagesync.connector.Remembered`.

Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (seen 2026-11)
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

from stagesync.connector import Calls, Quota, QuotaExhausted

_DAY_MIN = 24 * 60
_TOLD_FOR_S = 3_600.0
"""What was told is believed for so long; then one call asks anew."""

_SPARE = 0.5
"""Slow work waits when all together have used this share, or we this share of our own."""


@dataclass(frozen=True, slots=True)
class Told:
    """What HubSpot said about the day.

    Attributes:
        at_s: when.
        resets_at_s: the account's next midnight.
    """

    limit: int
    remaining: int
    at_s: float
    resets_at_s: float


class Budget:
    """The calls of one account within the last 24 hours; thread safe.

    Args:
        share: of the day's limit, for us.
        stop_at: of the day's limit, for all.
    """

    def __init__(self, *, share: float, stop_at: float) -> None:
        self._share = share
        self._stop_at = stop_at
        self._sent: deque[tuple[int, int]] = deque()
        self._elsewhere: dict[object, Calls] = {}
        self._told: Told | None = None
        self._lock = threading.Lock()

    def spend(self, now_s: float) -> None:
        """Count one call."""
        minute = int(now_s // 60)
        with self._lock:
            if self._sent and self._sent[-1][0] == minute:
                self._sent[-1] = (minute, self._sent[-1][1] + 1)
            else:
                self._sent.append((minute, 1))

    def absorb(self, other: Budget) -> None:
        """Take over what another one counted: both turned out to be of one account."""
        with other._lock:
            moved, told = list(other._sent), other._told
            heard = dict(other._elsewhere)
            other._sent.clear()
            other._elsewhere.clear()
        with self._lock:
            self._sent = deque(sorted([*self._sent, *moved]))
            self._elsewhere |= heard
            self._told = self._told or told

    def hear(self, connection: object, calls: Calls) -> None:
        """Take what a connection sent in other lives; it takes the place of what it told before."""
        with self._lock:
            self._elsewhere[connection] = calls

    def learn(self, told: Told) -> None:
        """Take what an answer said."""
        with self._lock:
            self._told = told

    def check(self, now_s: float) -> None:
        """Let one more call through.

        Raises:
            QuotaExhausted: it would be one too many; says when it will not.
        """
        with self._lock:
            told = self._told
            if told is None:
                return
            allowed = int(self._share * told.limit)
            if self._used(now_s) >= allowed:
                raise _exhausted(
                    "this deployment's share of the day's calls",
                    self._free_at_s(allowed, now_s) - now_s,
                )
            used = told.limit - told.remaining
            if self._is_current(told, now_s) and used >= self._stop_at * told.limit:
                raise _exhausted("the account's calls of the day", told.resets_at_s - now_s)

    def has_spare(self, now_s: float) -> bool:
        """Whether there is room for what can wait."""
        with self._lock:
            told = self._told
            if told is None:
                return True
            if self._used(now_s) >= _SPARE * self._share * told.limit:
                return False
            used = told.limit - told.remaining
            return not self._is_current(told, now_s) or used < _SPARE * told.limit

    def quota(self, now_s: float) -> Quota:
        """Where it stands; what HubSpot did not say is None."""
        with self._lock:
            used, told = self._used(now_s), self._told
            if told is None:
                return Quota(None, None, used, None, None)
            is_today = now_s < told.resets_at_s
            by_all = told.limit - told.remaining if is_today else None
            resets_at_s = told.resets_at_s if is_today else None
            return Quota(by_all, told.limit, used, int(self._share * told.limit), resets_at_s)

    def _used(self, now_s: float) -> int:
        oldest = _oldest(now_s)
        while self._sent and self._sent[0][0] <= oldest:
            self._sent.popleft()
        return sum(self._minutes(now_s).values())

    def _minutes(self, now_s: float) -> Calls:
        """Every call of the last 24 hours, whoever of us sent it."""
        found: Counter[int] = Counter()
        for minute, count in self._sent:
            found[minute] += count
        for calls in self._elsewhere.values():
            found.update(calls)
        oldest = _oldest(now_s)
        return {minute: count for minute, count in found.items() if minute > oldest}

    def _free_at_s(self, allowed: int, now_s: float) -> float:
        """When enough of our calls are a day old."""
        minutes = self._minutes(now_s)
        used, freed = sum(minutes.values()), 0
        for minute in sorted(minutes):
            used, freed = used - minutes[minute], minute
            if used < allowed:
                break
        return float((freed + _DAY_MIN) * 60)

    def _is_current(self, told: Told, now_s: float) -> bool:
        return now_s < min(told.at_s + _TOLD_FOR_S, told.resets_at_s)


def _oldest(now_s: float) -> int:
    return int(now_s // 60) - _DAY_MIN


def _exhausted(what: str, after_s: float) -> QuotaExhausted:
    return QuotaExhausted(
        f"HubSpot: {what} are used up",
        retry_after_s=max(1.0, after_s),
        hint="wait, pull less often, or raise `daily_share` or `stop_at` of the connection",
    )

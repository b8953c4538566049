"""Rate limits: ten seconds per static token or OAuth app, one second of searches per account, one day per account.

Every call costs one of the day, refused ones too. A refused call does not fill its short bucket.
Search answers carry no ten-second headers, OAuth answers no daily ones.
Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (seen 2026-11).
"""

from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stagesync.sandbox.hubspot.auth import Access
from stagesync.sandbox.hubspot.errors import Refusal
from stagesync.sandbox.hubspot.switches import HubSpotSwitches

BURST_S = 10.0
_SAID = {
    "DAILY": "You have reached your daily limit.",
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
}


class Rolling:
    """How many calls a rolling span of time has seen."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._at: deque[float] = deque()

    def used(self, now: float) -> int:
        """Calls within the span that ends now."""
        while self._at and self._at[0] <= now - self._span_s:
            self._at.popleft()
        return len(self._at)

    def add(self, now: float) -> None:
        """Counts one call."""
        self._at.append(now)


@dataclass(frozen=True, slots=True)
class Toll:
    """What one call has met at the door: headers for its answer, and the limit it hit, if any."""

    headers: dict[str, str]
    policy: str | None


class Limits:
    """The account's counters."""

    def __init__(self, switches: HubSpotSwitches, zone: ZoneInfo) -> None:
        self._switches = switches
        self._zone = zone
        self._burst: dict[str, Rolling] = {}
        self._search = Rolling(1.0)
        self._day: date | None = None
        self._day_used = 0

    def charge(self, access: Access, *, search: bool, now: float) -> Toll:
        """Counts one call and says what its answer's headers are."""
        # The day is that of private apps and service keys; OAuth apps have no share in it.
        self._roll_day(now)
        self._day_used += not access.is_oauth
        # An OAuth app has one bucket for all the tokens it is given one after another.
        owner = f"app {access.app_id}" if access.is_oauth else access.token
        burst = self._burst.setdefault(owner, Rolling(BURST_S))
        bucket, most = (
            (self._search, self._switches.search_limit)
            if search
            else (burst, self._burst_limit(access))
        )
        policy = None
        if self._switches.limits_on:
            if not access.is_oauth and self._day_used > self._switches.daily_limit:
                policy = "DAILY"
            elif bucket.used(now) >= most:
                policy = "SECONDLY" if search else "TEN_SECONDLY_ROLLING"
        if policy is None:
            bucket.add(now)
        return Toll(self._headers(access, burst, search=search, now=now), policy)

    def spend(self, *, calls: int, searches: int, now: float) -> None:
        """Counts what others use: of the day, and searches of this second and of the day."""
        self._roll_day(now)
        self._day_used += calls + searches
        for _ in range(searches):
            self._search.add(now)

    def refusal(self, policy: str, *, request_id: str) -> Refusal:
        """The 429 of a limit."""
        body = {
            "message": _SAID[policy],
            "errorType": "RATE_LIMIT",
            "policyName": policy,
            "requestId": request_id,
        }
        waits = {"DAILY": 3600, "TEN_SECONDLY_ROLLING": 10, "SECONDLY": 1}
        asked = {"Retry-After": str(waits[policy])} if self._switches.retry_after else {}
        return Refusal(429, body, headers=asked)

    def state(self, now: float) -> dict[str, object]:
        """Limits and how much of them is used."""
        most = max((bucket.used(now) for bucket in self._burst.values()), default=0)
        self._roll_day(now)
        return {
            "burst": {"limit": self._switches.burst_limit, "used": most},
            "search": {"limit": self._switches.search_limit, "used": self._search.used(now)},
            "daily": {"limit": self._switches.daily_limit, "used": self._day_used},
        }

    def day_used(self, now: float) -> int:
        """Calls since the account's midnight."""
        self._roll_day(now)
        return self._day_used

    def day_ends(self, now: float) -> float:
        """The account's next midnight, Unix seconds."""
        tomorrow = datetime.fromtimestamp(now, self._zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time.min, self._zone).timestamp()

    def _burst_limit(self, access: Access) -> int:
        if access.is_oauth:
            return min(self._switches.burst_limit, self._switches.oauth_burst_limit)
        return self._switches.burst_limit

    def _roll_day(self, now: float) -> None:
        today = datetime.fromtimestamp(now, self._zone).date()
        if today != self._day:
            self._day, self._day_used = today, 0

    def _headers(
        self, access: Access, burst: Rolling, *, search: bool, now: float
    ) -> dict[str, str]:
        headers: dict[str, str] = {}
        most = self._burst_limit(access)
        left = max(0, most - burst.used(now))
        if not search:
            headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = str(int(BURST_S * 1000))
            headers["X-HubSpot-RateLimit-Max"] = str(most)
            headers["X-HubSpot-RateLimit-Remaining"] = str(left)
            headers["X-HubSpot-RateLimit-Secondly"] = str(most // 10)
            headers["X-HubSpot-RateLimit-Secondly-Remaining"] = str(min(left, most // 10))
        if not access.is_oauth:
            daily = self._switches.daily_limit
            headers["X-HubSpot-RateLimit-Daily"] = str(daily)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, daily - self._day_used))
        return headers

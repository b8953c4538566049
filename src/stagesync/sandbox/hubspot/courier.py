"""Carries webhook events to their address, from a thread of its own, again and again if need be.

Events wait in `Webhooks.fresh`, then in a parcel of up to 100. A parcel that no 2xx answers in
time is carried again, at most ten times over about a day of the simulator's clock.
"""

import threading
from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
import urllib3

from stagesync.sandbox.hubspot.hooks import MAX_EVENTS, Event, Webhooks
from stagesync.sandbox.hubspot.signing import signed_headers

MAX_RETRIES = 10
# Doubled with each retry: the last of ten ends within the day.
FIRST_RETRY_S = 60.0
_POLL_S = 0.02
_KEPT = 1_000
_AGENT = "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)"


@dataclass(frozen=True, slots=True)
class Parcel:
    """The events of one request, and when it is to be made."""

    number: int
    events: tuple[Event, ...]
    attempt: int
    due: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt.

    Attributes:
        parcel: the same for every attempt at the same events.
        status: the answer's; 0 when none came in time.
        outcome: "delivered", "again" or "given up".
        next_at: when the next attempt is due, Unix seconds; None when there is none.
    """

    at: float
    parcel: int
    attempt: int
    status: int
    outcome: str
    next_at: float | None
    events: tuple[Event, ...]


class Courier:
    """Delivers the events of one app. `start` is harmless when it runs already."""

    def __init__(self, hooks: Webhooks, *, lock: threading.RLock) -> None:
        self._hooks = hooks
        self._lock = lock
        self._waiting: list[Parcel] = []
        self._done: deque[Delivery] = deque(maxlen=_KEPT)
        self._number = 0
        self._in_flight = 0
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._pool = urllib3.PoolManager(maxsize=16, retries=False)

    def start(self) -> None:
        """Starts to carry, if it does not yet."""
        if self._thread is None or not self._thread.is_alive():
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Carries nothing more; what waits stays."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def state(self) -> dict[str, Any]:
        """What waits, what is on its way, and the last attempts with their outcomes."""
        with self._lock:
            return {
                "waiting": len(self._hooks.fresh) + sum(len(p.events) for p in self._waiting),
                "in_flight": self._in_flight,
                "deliveries": [asdict(delivery) for delivery in self._done],
            }

    def _run(self) -> None:
        while not self._stopped.wait(_POLL_S):
            with self._lock:
                due = self._due()
            for parcel in due:
                threading.Thread(target=self._carry, args=(parcel,), daemon=True).start()

    def _due(self) -> list[Parcel]:
        """Takes the parcels whose time has come, as many as may be on their way at once."""
        now = self._hooks.portal.clock.now()
        self._pack(now)
        free = max(0, self._hooks.in_force().concurrency - self._in_flight)
        due = [parcel for parcel in self._waiting if parcel.due <= now][:free]
        taken = {parcel.number for parcel in due}
        self._waiting = [parcel for parcel in self._waiting if parcel.number not in taken]
        self._in_flight += len(due)
        return due

    def _pack(self, now: float) -> None:
        """Puts new events into parcels: some twice, in no order."""
        hooks, switches = self._hooks, self._hooks.portal.switches
        latest_ms = (now - switches.webhook_delay_s) * 1000
        old = [event for event in hooks.fresh if event["occurredAt"] <= latest_ms]
        if not old:
            return
        hooks.fresh = [event for event in hooks.fresh if event["occurredAt"] > latest_ms]
        events = [*old, *(e for e in old if hooks.random.random() < switches.webhook_duplicates)]
        if switches.webhook_disorder:
            hooks.random.shuffle(events)
        for start in range(0, len(events), MAX_EVENTS):
            self._number += 1
            packed = tuple(events[start : start + MAX_EVENTS])
            self._waiting.append(Parcel(self._number, packed, 0, now))

    def _carry(self, parcel: Parcel) -> None:
        hooks = self._hooks
        with self._lock:
            terms, now = hooks.in_force(), hooks.portal.clock.now()
            switches = hooks.portal.switches
            events = tuple({**event, "attemptNumber": parcel.attempt} for event in parcel.events)
            body = orjson.dumps(events)
            headers = signed_headers(
                hooks.secret,
                method="POST",
                uri=terms.url,
                body=body.decode(),
                timestamp_ms=int(now * 1000),
                old_version=switches.webhook_old_signature,
            )
            limit_s = switches.webhook_timeout_s
        status = self._posted(terms.url, body, headers=headers, limit_s=limit_s)
        with self._lock:
            self._in_flight -= 1
            self._note(replace(parcel, events=events), at=now, status=status)

    def _posted(self, url: str, body: bytes, *, headers: dict[str, str], limit_s: float) -> int:
        sent = {**headers, "Content-Type": "application/json", "User-Agent": _AGENT}
        try:
            limit = urllib3.Timeout(total=limit_s)
            answer = self._pool.request(
                "POST", url, body=body, headers=sent, timeout=limit, redirect=False
            )
        except (urllib3.exceptions.HTTPError, OSError):
            return 0
        return answer.status

    def _note(self, parcel: Parcel, *, at: float, status: int) -> None:
        outcome, next_at = "delivered", None
        if not 200 <= status < 300:
            outcome = "given up"
            if parcel.attempt < MAX_RETRIES:
                outcome = "again"
                next_at = at + self._pause(parcel.attempt)
                self._waiting.append(replace(parcel, attempt=parcel.attempt + 1, due=next_at))
        self._done.append(
            Delivery(at, parcel.number, parcel.attempt, status, outcome, next_at, parcel.events)
        )

    def _pause(self, attempt: int) -> float:
        spread = self._hooks.random.uniform(0.6, 1.2)
        pace = self._hooks.portal.switches.webhook_retry_pace
        return FIRST_RETRY_S * float(2**attempt) * spread * pace

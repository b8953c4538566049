"""What a connector usually has to know again: the refresh token in force, and its calls of the last 24 hours.

A connector that offers `Remembers` may leave it to `Remembered`. The text that it keeps is JSON:

    token    the refresh token that took the configured one's place, with a fingerprint of that one:
             when somebody configures another, the old line of tokens is forgotten
    calls    life -> how many calls in which minute. A life is one `Remembered`: two processes that
             serve a connection at once (the daemon, and a command beside it) strike none of each
             other's calls, and each goes on with the token that the other one was given

A known weakness: two processes that renew a rotating token in the same instant both show the old one,
and only one of them is let in. Nothing but a lock over processes could keep them apart.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
import structlog

from stagesync.connector.contract import Clock
from stagesync.connector.secret import Secret

MINUTES = 24 * 60
EVERY_S = 60.0
"""Calls are kept at most so often, and when the connector is closed."""

_VERSION = 1

Calls = Mapping[int, int]
"""Minute since the epoch -> calls."""

log = structlog.get_logger()


class Remembered:
    """The memory of one connector; thread safe. Until `attach` it ends with the process.

    Args:
        configured: the refresh token of the options; None where there is none.
        heard: told the calls of other lives whenever they were looked up.
    """

    def __init__(
        self, clock: Clock, *, configured: Secret | None, heard: Callable[[Calls], None]
    ) -> None:
        self._clock, self._heard = clock, heard
        self._configured = configured
        self._of = _fingerprint(configured) if configured else ""
        self._life = secrets.token_hex(4)
        self._renewed: Secret | None = None
        self._spent: set[str] = set()
        self._unkept = False
        self._calls: Counter[int] = Counter()
        self._kept_at_s: float | None = None
        self._counted = False
        self._recall: Callable[[], Secret | None] = lambda: None
        self._keep: Callable[[Secret], None] | None = None
        self._lock = threading.RLock()

    def attach(self, recall: Callable[[], Secret | None], keep: Callable[[Secret], None]) -> None:
        """See `Remembers.remember`."""
        with self._lock:
            self._recall, self._keep = recall, keep
            self._heard(self._elsewhere(self._told()))

    def token(self) -> Secret | None:
        """The refresh token in force, as another process may just have been given it."""
        with self._lock:
            self._renewed = self._newest(self._told())
            return self._renewed or self._configured

    def replace_token(self, text: str) -> None:
        """Take the refresh token that an answer bore, if it is a new one; kept when this returns.

        What `keep` raises goes up: to use the login that gave the token would lose the way back in.
        The token itself is not forgotten, and kept with the next one that asks.
        """
        with self._lock:
            current = self._renewed or self._configured
            if text and current is not None and text != current.reveal():
                self._spent.add(_fingerprint(current))
                self._renewed, self._unkept = Secret(text), True
            if self._unkept:
                self._write()

    def count(self, calls: int = 1) -> None:
        """Count what was sent just now."""
        with self._lock:
            now_s = self._clock.now_s()
            self._calls[int(now_s // 60)] += calls
            self._counted = True
            if self._kept_at_s is None:
                self._kept_at_s = now_s
            elif now_s - self._kept_at_s >= EVERY_S:
                self._write()

    def close(self) -> None:
        """Keep what was counted since; may be called again."""
        with self._lock:
            if self._counted:
                self._write()

    def _write(self) -> None:
        if self._keep is None:
            return
        told, now_s = self._told(), self._clock.now_s()
        oldest = int(now_s // 60) - MINUTES
        lives = {**told.get("calls", {}), self._life: sorted(self._calls.items())}
        recent = {life: _since(oldest, calls) for life, calls in lives.items()}
        token = self._newest(told)
        told = {
            "v": _VERSION,
            "token": {"of": self._of, "text": token.reveal()} if token else None,
            "calls": {life: calls for life, calls in recent.items() if calls},
        }
        self._keep(Secret(orjson.dumps(told).decode()))
        self._unkept = self._counted = False
        self._kept_at_s = now_s
        self._heard(self._elsewhere(told))

    def _newest(self, told: Mapping[str, Any]) -> Secret | None:
        """The token kept last, by whomever, unless it comes of another line or we know it as spent."""
        token: Mapping[str, str] = told.get("token") or {}
        if not self._of or token.get("of") != self._of:
            return self._renewed
        theirs = Secret(token["text"])
        return self._renewed if _fingerprint(theirs) in self._spent else theirs

    def _elsewhere(self, told: Mapping[str, Any]) -> Calls:
        found: Counter[int] = Counter()
        for life, calls in told.get("calls", {}).items():
            if life != self._life:
                found.update(dict(calls))
        return found

    def _told(self) -> dict[str, Any]:
        """What was kept last, by whomever; empty when nothing, or nothing that can be read."""
        text = self._recall()
        if text is None:
            return {}
        try:
            told = dict(orjson.loads(text.reveal()))
        except (ValueError, TypeError):
            told = {}
        if told.get("v") == _VERSION:
            return told
        log.warning("remembered_unreadable")
        return {}


def _since(oldest: int, calls: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(minute, count) for minute, count in calls if minute > oldest]


def _fingerprint(secret: Secret) -> str:
    return hashlib.sha256(secret.reveal().encode()).hexdigest()

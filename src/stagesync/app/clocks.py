"""The only clock: this machine's, or that of the simulators."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stagesync.app.connections import refused
from stagesync.errors import Stopped

if TYPE_CHECKING:
    from stagesync.settings import Settings

FRESH_S = 0.5
"""How long the sandbox's time is believed before it is asked again."""


def now_s() -> float:
    """The present instant; Unix seconds."""
    return datetime.now(UTC).timestamp()


class SystemClock:
    """This machine's time. A stop ends every wait; a lease that was lost, whatever was waited for."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.lost = threading.Event()

    def now_s(self) -> float:
        """Unix seconds, UTC."""
        return now_s()

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: the daemon was told to stop meanwhile, or its work was taken over.
        """
        if self.stop.wait(seconds) or self.lost.is_set():
            raise Stopped


class SandboxClock(SystemClock):
    """The time of the simulators: real time, moved on by what was asked of them."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        import requests

        super().__init__()
        self._http = requests.Session()
        # No proxy of the environment stands between us and this machine.
        self._http.trust_env = False
        self._urls = tuple(urls.values())
        self._ahead_s = 0.0
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def now_s(self) -> float:
        """The furthest simulator's time."""
        return now_s() + self._ahead()

    def monotonic_s(self) -> float:
        """Real seconds and simulated ones together."""
        return time.monotonic() + self._ahead()

    def _ahead(self) -> float:
        import requests

        with self._lock:
            if time.monotonic() - self._asked_at < FRESH_S:
                return self._ahead_s
            found = []
            for url in self._urls:
                try:
                    asked = f"{url}/_sandbox/clock"
                    told = self._http.get(asked, timeout=5, allow_redirects=False).json()["now"]
                except (requests.RequestException, ValueError, KeyError):
                    continue
                found.append(float(told) - now_s())
            self._ahead_s = max([self._ahead_s, *found])
            self._asked_at = time.monotonic()
            return self._ahead_s


def clock_of(settings: Settings, config: Path) -> SystemClock:
    """The clock that the settings ask for.

    Raises:
        DefinitionError: the simulators' clock, and a connection that is none on this machine.
    """
    if settings.clock == "real":
        return SystemClock()
    urls = {name: str(each.options.get("url", "")) for name, each in settings.connections.items()}
    for name, url in urls.items():
        if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
            message = "`clock: sandbox` works only with simulators on this machine"
            raise refused(config, f"connections.{name}", [("url", message)])
    return SandboxClock(urls)

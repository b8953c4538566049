"""Failures on demand: a queue of ordered faults, and profiles that strike at random.

A fault is taken by the first request whose "METHOD /path?query" contains its `match` and whose body
contains its `body` (case does not count; neither means any request): many calls share one path, and
only what they ask for tells them apart. Ordered faults go before random ones.
"""

import random
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass

CONNECTION_KINDS = frozenset({"timeout", "cut_before", "cut_after", "slow"})
ANSWER_KINDS = frozenset({"429", "429_daily", "500_html", "502", "503", "expired_token"})

# Share of requests that fail, by kind. A profile is a climate, not a plan: it never uses up.
PROFILES: dict[str, dict[str, float]] = {
    "none": {},
    "light": {"429": 0.01, "502": 0.005, "slow": 0.01},
    "heavy": {
        "429": 0.04,
        "500_html": 0.01,
        "502": 0.02,
        "503": 0.02,
        "cut_before": 0.01,
        "cut_after": 0.01,
        "slow": 0.02,
        "expired_token": 0.005,
    },
}


@dataclass(slots=True)
class Fault:
    """An ordered fault, how often it is still to strike, and how many requests it lets pass before."""

    kind: str
    times: int
    match: str
    after: int = 0
    body: str = ""


class Faults:
    """The failures that wait for requests.

    Args:
        vendor_kinds: kinds beyond the common ones that this simulator can answer with.
        seed: of the random profiles.
    """

    def __init__(self, vendor_kinds: Iterable[str] = (), *, seed: int = 1) -> None:
        self.kinds = CONNECTION_KINDS | ANSWER_KINDS | frozenset(vendor_kinds)
        self._waiting: list[Fault] = []
        self._climate: dict[str, float] = {}
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def add(
        self, kind: str, times: int = 1, match: str = "", *, after: int = 0, body: str = ""
    ) -> None:
        """Orders that the next `times` matching requests fail in this way.

        Args:
            after: matching requests that pass unharmed before.

        Raises:
            ValueError: for an unknown kind (naming the known ones), fewer than one time, or a
                negative number of requests to let pass.
        """
        if kind not in self.kinds:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(self.kinds))}")
        if times < 1:
            raise ValueError(f"times must be at least 1, given {times}")
        if after < 0:
            raise ValueError(f"after must be at least 0, given {after}")
        with self._lock:
            waiting = Fault(kind, times, match.casefold(), after, body.casefold())
            self._waiting.append(waiting)

    def use_profile(self, name: str) -> None:
        """Lets requests fail at random, as the profile says, until another one is chosen.

        Raises:
            ValueError: for an unknown profile, naming the known ones.
        """
        if name not in PROFILES:
            raise ValueError(f"unknown fault profile {name!r}; known: {', '.join(PROFILES)}")
        with self._lock:
            self._climate = PROFILES[name]

    def ask_for_bodies(self) -> bool:
        """Whether `take` must be told what a request carries."""
        with self._lock:
            return any(fault.body for fault in self._waiting)

    def take(self, method: str, path: str, body: str = "") -> str | None:
        """Uses up and returns the kind of fault that this request meets, None for none.

        Args:
            body: as text without percent escapes; empty unless `ask_for_bodies`.
        """
        asked, carried = f"{method} {path}".casefold(), body.casefold()
        with self._lock:
            for fault in self._waiting:
                meant = fault.match in asked and fault.body in carried
                if meant and fault.after:
                    fault.after -= 1
                elif meant:
                    fault.times -= 1
                    if not fault.times:
                        self._waiting.remove(fault)
                    return fault.kind
            return self._draw()

    def waiting(self) -> list[dict[str, object]]:
        """The ordered faults that have not struck yet."""
        with self._lock:
            return [asdict(fault) for fault in self._waiting]

    def clear(self) -> None:
        """Drops ordered faults and the profile."""
        with self._lock:
            self._waiting.clear()
            self._climate = {}

    def _draw(self) -> str | None:
        if not self._climate:
            return None
        point = self._random.random()
        for kind, share in self._climate.items():
            if point < share:
                return kind
            point -= share
        return None

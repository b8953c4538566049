"""Counts who tries to sign in, so that passwords cannot be guessed by trying many."""

from __future__ import annotations

import threading
from collections import OrderedDict

from stagesync.web.rate import Rate

PER_LOGIN = (0.1, 8.0)
PER_ADDRESS = (0.5, 40.0)
"""Tries a second in the long run, and at once."""

MOST_KNOWN = 10_000
"""Logins and addresses whose tries are remembered."""


class Door:
    """Who has tried how often of late. Used from several threads."""

    def __init__(self) -> None:
        self._rates: OrderedDict[tuple[str, str], Rate] = OrderedDict()
        self._turn = threading.Lock()

    def lets_try(self, login: str, address: str, *, now_s: float) -> bool:
        """Whether one more try is in order; counts it. Seconds of a clock that never goes back."""
        with self._turn:
            by_address = self._of("address", address, *PER_ADDRESS).takes(now_s)
            # Asked in any case: a try that one of them refuses counts at the other as well.
            by_login = self._of("login", login, *PER_LOGIN).takes(now_s)
        return by_address and by_login

    def _of(self, kind: str, name: str, per_s: float, burst: float) -> Rate:
        rate = self._rates.setdefault((kind, name), Rate(per_s, burst))
        self._rates.move_to_end((kind, name))
        while len(self._rates) > MOST_KNOWN:
            self._rates.popitem(last=False)
        return rate

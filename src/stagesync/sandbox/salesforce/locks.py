"""Which records another transaction is taken to hold."""

from collections.abc import Callable
from contextvars import ContextVar
from itertools import count

from stagesync.sandbox.faults import Faults
from stagesync.sandbox.salesforce.org import Org

# Set by the fault queue for the one request that is being served.
_LOCKED: ContextVar[bool] = ContextVar("locked", default=False)


class SalesforceFaults(Faults):
    """The fault queue of this simulator.

    ``lock_row`` is no answer of its own: it makes some records of the request fail, so the request
    goes on to the application, which asks `make_lock`.
    """

    def take(self, method: str, path: str, body: str = "") -> str | None:
        """Uses up and returns the fault of this request; None for none and for ``lock_row``."""
        kind = super().take(method, path, body)
        _LOCKED.set(kind == "lock_row")
        return None if kind == "lock_row" else kind


def make_lock(org: Org) -> Callable[[str], bool]:
    """The lock of one request: by fault every second record from the first, else by chance."""
    if _LOCKED.get():
        turns = count()
        return lambda _: next(turns) % 2 == 0
    chance = org.switches.lock_row_chance
    return lambda _: bool(chance) and org.random.random() < chance

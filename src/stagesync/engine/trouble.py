"""What a connection's failure means for a user: whose it is, when it goes on, and what to do."""

from __future__ import annotations

from stagesync.domain.text import held
from stagesync.engine.instants import iso
from stagesync.errors import CrmError, QuotaExhausted, Stopped

GOES_ON = "nothing is lost: the next run goes on where this one stopped"
LOOK = "stagesync doctor looks at the connection; the next run tries again where this one stopped"

LONG_S = 60.0
"""A wait beyond this is worth an instant."""


def advise(error: CrmError, connection: str, *, now_s: float) -> CrmError:
    """The error with what it leaves unsaid; what it says itself stands."""
    error.connection = connection
    wait_s = error.retry_after_s
    if wait_s is not None and (isinstance(error, QuotaExhausted) or wait_s > LONG_S):
        error.resumes_at = iso(now_s + wait_s)
    mends_itself = wait_s is not None or isinstance(error, Stopped)
    error.hint = error.hint or (GOES_ON if mends_itself else LOOK)
    return error


def to_keep(error: CrmError) -> str:
    """The error as the store keeps it: what happened, and in a line of its own what to do."""
    return held(f"{error}\n{error.hint or ''}")


def kept(text: str) -> tuple[str, str]:
    """What happened and what to do, of what the store kept; both empty when nothing did."""
    what, _, fix = text.partition("\n")
    return what, fix

"""What a connection's failure means for a user: whose it is, when it goes on, and what to do."""

from __future__ import annotations

from stagesync.domain.said import Said
from stagesync.engine.instants import iso
from stagesync.errors import (
    AnswerUnreadable,
    CredentialsRefused,
    CrmError,
    FieldMissing,
    PermissionMissing,
    QuotaExhausted,
    RequestRefused,
    Stopped,
    Throttled,
    Unavailable,
)
from stagesync.store import words

GOES_ON = Said("nothing is lost: the next run goes on where this one stopped")
LOOK = Said(
    "stagesync doctor looks at the connection; the next run tries again where this one stopped"
)

_KINDS = {
    CredentialsRefused: Said("the CRM refuses the credentials"),
    PermissionMissing: Said("the CRM forbids a call to these credentials"),
    FieldMissing: Said("a mapped field does not exist in the CRM"),
    Throttled: Said("the CRM asks to slow down"),
    QuotaExhausted: Said("the day's calls to the CRM are used up"),
    Unavailable: Said("the CRM cannot be reached or answers with a fault"),
    AnswerUnreadable: Said("the CRM answered something that is not what it documents"),
    RequestRefused: Said("the CRM refused a whole request"),
}
_ANY = Said("the CRM could not be worked with")

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
    return f"{words.keep(str(error))}\n{words.keep(error.hint or '')}"


def kept(text: str) -> tuple[str, str]:
    """What happened and what to do, of what the store kept; both empty when nothing did."""
    if not text:
        return "", ""
    what, _, fix = text.partition("\n")
    return words.kept(what), words.kept(fix)


def kind_of(error: CrmError) -> str:
    """What kind of failure it is, in our own words alone: what goes out to others repeats no word of a CRM."""
    return next((said for kind, said in _KINDS.items() if isinstance(error, kind)), _ANY)

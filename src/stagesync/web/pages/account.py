"""Everything about an account: where it stands, its people, its deals."""

from __future__ import annotations

from starlette.responses import Response

from stagesync.engine.logins import Role
from stagesync.web.ask import Ask
from stagesync.web.pages.person import about, hold, release, retry
from stagesync.web.rooms import act, page


def account(ask: Ask) -> Response:
    """One account."""
    return about(ask, "account")


ROOMS = (
    page("/accounts/{id}", account),
    act("/accounts/{id}/hold", hold, role=Role.EDITOR),
    act("/accounts/{id}/release", release, role=Role.EDITOR),
    act("/accounts/{id}/retry", retry, role=Role.EDITOR),
)

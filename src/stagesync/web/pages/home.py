"""What is answered at an address where there is no page."""

from __future__ import annotations

from starlette.responses import Response

from stagesync.web.ask import Ask
from stagesync.web.rooms import page


def nowhere(ask: Ask) -> Response:
    """Every other address."""
    return ask.missing(ask.say("There is no page at this address."))


NOWHERE = page("", nowhere, role=None)

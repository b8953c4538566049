"""The first page."""

from __future__ import annotations

from starlette.responses import Response

from stagesync.web.ask import Ask
from stagesync.web.rooms import page


def home(ask: Ask) -> Response:
    """How things stand."""
    return ask.page("home.html")


def nowhere(ask: Ask) -> Response:
    """Every other address."""
    return ask.missing(ask.say("There is no page at this address."))


ROOMS = (page("/", home),)
NOWHERE = page("", nowhere, role=None)

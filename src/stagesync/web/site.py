"""The console's addresses, put together from its pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from stagesync.engine.deployment import Deployment
from stagesync.engine.logins import Role
from stagesync.store import alerts as raised
from stagesync.store import plans as stored
from stagesync.web.ask import House, Link
from stagesync.web.guard import HEADERS, Guard
from stagesync.web.pages import (
    account,
    alerts,
    audit,
    definitions,
    doctor,
    home,
    jobs,
    overview,
    parked,
    people,
    person,
    plans,
    preview,
    runs,
    signin,
    undo,
    unmapped,
    users,
    vocabularies,
)
from stagesync.web.rooms import Room
from stagesync.web.words import _

MODULES = (
    overview,
    people,
    person,
    account,
    plans,
    runs,
    undo,
    audit,
    alerts,
    parked,
    doctor,
    unmapped,
    jobs,
    definitions,
    preview,
    vocabularies,
    signin,
    users,
)

NAV: tuple[tuple[Link, ...], ...] = (
    (Link("/", _("Overview")), Link("/people", _("People")), Link("/accounts", _("Accounts"))),
    (Link("/plans", _("Plans")), Link("/runs", _("Runs")), Link("/audit", _("Audit log"))),
    (Link("/vocabularies", _("Vocabularies")), Link("/definitions", _("Definitions"))),
    (
        Link("/alerts", _("Alerts")),
        Link("/parked", _("Refused values")),
        Link("/unmapped", _("Unmapped values")),
        Link("/doctor", _("Doctor")),
    ),
    (Link("/users", _("Users"), Role.ADMIN),),
)
"""The menu, in groups."""


def rooms() -> tuple[Room, ...]:
    """Every address, with who may ask for it."""
    return tuple(each for module in MODULES for each in module.ROOMS)


def routes(house: House) -> list[Route | Mount]:
    """What the server has for the console."""
    files = Mount("/static", _Static(packages=[(__package__, "static")]))
    return [
        files,
        *(Route(each.path, Guard(house, each).take, methods=[each.method]) for each in rooms()),
    ]


def nowhere(house: House) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What is answered to whoever asks for anything else: a page to readers, a number to others."""
    guard = Guard(house, home.NOWHERE)

    async def answer(request: Request, _why: Exception) -> Response:
        reads = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        return await guard.take(request) if reads else Response(status_code=404)

    return answer


def badges(tx: Connection, _deployment: Deployment) -> Mapping[str, int]:
    """Path -> what waits there for somebody."""
    return {
        "/plans": len(stored.plans_in(tx, "held")),
        "/alerts": raised.count_standing(tx),
    }


class _Static(StaticFiles):
    """Files that browsers keep for ever: their address changes with what is in them."""

    def file_response(self, *args: object, **named: object) -> Response:
        """The file."""
        answer = super().file_response(*args, **named)  # type: ignore[arg-type]  # passed on as it came
        answer.headers.update(HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"})
        return answer

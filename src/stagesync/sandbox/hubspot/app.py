"""The HubSpot simulator as an ASGI application: door, table of calls, answers."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from stagesync.sandbox.control import control_routes
from stagesync.sandbox.hubspot.auth import Access, demand_scope
from stagesync.sandbox.hubspot.call import Answer, Call
from stagesync.sandbox.hubspot.controls import hubspot_control_routes
from stagesync.sandbox.hubspot.errors import Refusal, html_404
from stagesync.sandbox.hubspot.open_calls import open_routes
from stagesync.sandbox.hubspot.routes import Spot, canonical, spots
from stagesync.sandbox.hubspot.sim import HubSpotSim
from stagesync.sandbox.middleware import CONTROL, SandboxMiddleware, note_records

Handler = Callable[[Request], Awaitable[Response]]


def create_app(state: HubSpotSim) -> Starlette:
    """The application that serves one simulated account, control calls included."""
    calls = [Route(spot.path, _handler(state, spot), methods=[spot.method]) for spot in spots()]
    controls = [*hubspot_control_routes(state), *control_routes(state)]
    return Starlette(
        routes=[*controls, *open_routes(state), *calls],
        middleware=[
            Middleware(SandboxMiddleware, simulator=state),
            Middleware(_OneAddress),
        ],
        exception_handlers={404: _no_such_page, 405: _no_such_page},
    )


class _OneAddress:
    """Brings every version's address to the one form the table of calls knows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        found = canonical(scope["path"])
        if found is None:
            await html_404()(scope, receive, send)
            return
        version, path = found
        scope["state"]["version"] = version
        await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)


def _handler(sim: HubSpotSim, spot: Spot) -> Handler:
    async def handle(request: Request) -> Response:
        raw = await request.body()
        correlation = str(uuid.uuid4())
        headers = {"X-HubSpot-Correlation-Id": correlation}
        try:
            with sim.lock:
                answer = _served(sim, spot, request, raw=raw, headers=headers)
        except Refusal as refusal:
            return _refused(refusal, correlation=correlation, headers=headers)
        note_records(request, answer.records)
        return _sent(answer.body, answer.status, {**headers, **answer.headers})

    return handle


def _served(
    sim: HubSpotSim, spot: Spot, request: Request, *, raw: bytes, headers: dict[str, str]
) -> Answer:
    """Passes a request through the door in HubSpot's order: token, limits, scope, call."""
    now = sim.clock.now()
    access = _entered(sim, spot, request, now=now)
    toll = None if spot.exempt else sim.limits.charge(access, search=spot.search, now=now)
    headers.update(toll.headers if toll else {})
    if toll is not None and toll.policy is not None:
        raise sim.limits.refusal(toll.policy, request_id=str(uuid.uuid4()))
    query = request.scope["query_string"].decode("latin-1")
    if len(request.url.path) + len(query) > sim.switches.url_limit:
        raise Refusal(414, "<html><body><h1>414 Request-URI Too Large</h1></body></html>")
    path = {name: str(value) for name, value in request.path_params.items()}
    type_name = path.get("type", "")
    for needed in (spot.needs(type_name), spot.needs_also(type_name)):
        if needed:
            demand_scope(access, needed, schema_area=spot.schema_area)
    version = request.scope["state"]["version"]
    asked = parse_qs(query, keep_blank_values=True)
    here = str(request.base_url).rstrip("/")
    call = Call(sim.portal, path, asked, raw, version, access.app_id, here, sim.hooks, sim.journal)
    return spot.endpoint(call)


def _entered(sim: HubSpotSim, spot: Spot, request: Request, *, now: float) -> Access:
    """The access a request has; webhook settings also take a developer's key in the address."""
    key = request.query_params.get("hapikey")
    if spot.for_apps and key is not None:
        return sim.tokens.enter(f"Bearer {key}", now=now)
    access = sim.tokens.enter(request.headers.get("authorization"), now=now)
    if spot.for_apps and access.kind == "service_key":
        message = "Service keys cannot be used for this request."
        raise Refusal(403, {"message": message, "category": "FORBIDDEN"})
    return access


def _refused(refusal: Refusal, *, correlation: str, headers: Mapping[str, str]) -> Response:
    sent = {**headers, **refusal.headers}
    if isinstance(refusal.body, str):
        return HTMLResponse(refusal.body, refusal.status, sent)
    body = {"status": "error", **refusal.body, "correlationId": correlation}
    return _sent(body, refusal.status, sent)


def _sent(body: Any, status: int, headers: Mapping[str, str]) -> Response:
    if status == 204:
        return Response(status_code=204, headers=headers)
    return Response(orjson.dumps(body), status, headers, "application/json;charset=utf-8")


async def _no_such_page(_: Request, __: Exception) -> Response:
    return html_404()

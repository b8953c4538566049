"""The calls that are about tokens: OAuth itself, what a private app's token is, and the files of the journal."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from stagesync.sandbox.hubspot.errors import Refusal, invalid
from stagesync.sandbox.hubspot.journal_calls import file_body
from stagesync.sandbox.hubspot.sim import HubSpotSim

Form = Mapping[str, str]
_JSON = "application/json;charset=utf-8"


def open_routes(sim: HubSpotSim) -> list[Route]:
    """Every one of them, by the addresses without version."""
    oauth = sim.oauth
    of_token = {
        "/oauth/token": lambda form, version: oauth.token(form, version=version),
        "/oauth/token/introspect": lambda form, _: oauth.introspect(form),
        "/oauth/token/revoke": lambda form, _: oauth.revoke(form),
    }
    return [
        Route("/oauth/authorize", _authorize(sim), methods=["GET"]),
        *(Route(path, _posted(sim, act), methods=["POST"]) for path, act in of_token.items()),
        Route("/oauth/access-tokens/{token}", _told(sim, oauth.access_told), methods=["GET"]),
        Route("/oauth/refresh-tokens/{token}", _told(sim, oauth.refresh_told), methods=["GET"]),
        Route("/oauth/refresh-tokens/{token}", _told(sim, oauth.end), methods=["DELETE"]),
        Route("/oauth/private-apps/get/access-token-info", _of_private_app(sim), methods=["POST"]),
        Route("/webhooks-journal-files/{offset}", _file(sim), methods=["GET"]),
    ]


def _answered(sim: HubSpotSim, act: Callable[[], Any], *, gone: int = 200) -> Response:
    try:
        with sim.lock:
            body = act()
    except Refusal as refusal:
        return _refused(refusal)
    if body is None:
        return Response(status_code=gone)
    return Response(orjson.dumps(body), media_type=_JSON)


def _refused(refusal: Refusal) -> Response:
    """OAuth's own errors as they are, others in the usual envelope."""
    body = refusal.body
    if isinstance(body, Mapping) and "error" not in body:
        body = {"status": "error", **body, "correlationId": str(uuid.uuid4())}
    return Response(orjson.dumps(body), refusal.status, media_type=_JSON)


def _posted(
    sim: HubSpotSim, act: Callable[[Form, str], Any]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        version = request.scope["state"]["version"]
        return _answered(sim, lambda: act(form, version))

    return endpoint


def _told(sim: HubSpotSim, act: Callable[[str], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return _answered(sim, lambda: act(str(request.path_params["token"])), gone=204)

    return endpoint


def _of_private_app(sim: HubSpotSim) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw, bearer = await request.body(), request.headers.get("authorization")

        def told() -> dict[str, Any]:
            sim.tokens.enter(bearer, now=sim.clock.now())
            return sim.oauth.private_app_told(_token_key(raw))

        return _answered(sim, told)

    return endpoint


def _token_key(raw: bytes) -> str:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise invalid("Invalid input JSON on line 1, column 1: Unable to parse body") from error
    key = body.get("tokenKey") if isinstance(body, dict) else None
    if not isinstance(key, str):
        raise invalid("Invalid input JSON: Some required fields were not set: [tokenKey]")
    return key


def _authorize(sim: HubSpotSim) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            with sim.lock:
                where = sim.oauth.authorize(dict(request.query_params))
        except Refusal as refusal:
            return _refused(refusal)
        return RedirectResponse(where, 302)

    return endpoint


def _file(sim: HubSpotSim) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        query, offset = request.query_params, str(request.path_params["offset"])
        given = (query.get("expires", ""), query.get("signature", ""))
        with sim.lock:
            body = file_body(sim.journal, offset, expires=given[0], signature=given[1])
        if body is None:
            return HTMLResponse("<html><body><h1>403 Forbidden</h1></body></html>", 403)
        return Response(orjson.dumps(body), media_type=_JSON)

    return endpoint

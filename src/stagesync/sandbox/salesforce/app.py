"""The HTTP face of the simulated org."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from stagesync.sandbox.control import control_routes
from stagesync.sandbox.middleware import SandboxMiddleware, note_records
from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest, refusal
from stagesync.sandbox.salesforce.auth import grant_token, hand_out_code, identity
from stagesync.sandbox.salesforce.controls import own_control_routes
from stagesync.sandbox.salesforce.errors import ApiError, Problem
from stagesync.sandbox.salesforce.grants import TokenRefusedError, TokenRequest
from stagesync.sandbox.salesforce.routes import list_versions
from stagesync.sandbox.salesforce.simulation import SalesforceSim
from stagesync.sandbox.salesforce.soap import answer_soap

MOST_BYTES = 16_384
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
_DATA = "/services/data"


def create_app(simulator: SalesforceSim) -> ASGIApp:
    """The application of one simulated org."""
    face = _Face(simulator)
    routes = [
        *control_routes(simulator),
        *own_control_routes(simulator),
        Route("/services/oauth2/authorize", face.authorize, methods=["GET"]),
        Route("/services/Soap/u/{version:float}", face.soap, methods=["POST"]),
        Route("/services/oauth2/token", face.token, methods=["POST"]),
        Route("/services/oauth2/revoke", face.revoke, methods=["POST"]),
        Route("/services/oauth2/userinfo", face.identity, methods=["GET", "POST"]),
        Route("/id/{org}/{user}", face.identity, methods=["GET"]),
        Route(_DATA, face.versions, methods=["GET"]),
        Route(f"{_DATA}/", face.versions, methods=["GET"]),
        Route(_DATA + "/v{version:float}", face.rest, methods=_METHODS),
        Route(_DATA + "/v{version:float}/{path:path}", face.rest, methods=_METHODS),
    ]
    return Starlette(routes=routes, middleware=[Middleware(SandboxMiddleware, simulator=simulator)])


class _Face:
    """The endpoints of one simulator."""

    def __init__(self, simulator: SalesforceSim) -> None:
        self._simulator = simulator

    async def token(self, request: Request) -> Response:
        form = await _form(request)
        authorization = request.headers.get("authorization", "")
        asked = TokenRequest(form, authorization, _base_url(request))
        try:
            body = grant_token(self._simulator.door, asked)
        except TokenRefusedError as error:
            return JSONResponse(error.body, error.status)
        return JSONResponse(body, headers={"Cache-Control": "no-cache, no-store"})

    async def authorize(self, request: Request) -> Response:
        try:
            target = hand_out_code(self._simulator.door, request.query_params)
        except TokenRefusedError as error:
            return JSONResponse(error.body, error.status)
        return RedirectResponse(target, 302)

    async def soap(self, request: Request) -> Response:
        status, envelope = answer_soap(
            self._simulator.door,
            (await request.body()).decode("utf-8", "replace"),
            version=request.path_params["version"],
            base_url=_base_url(request),
        )
        return Response(envelope, status, media_type="text/xml")

    async def revoke(self, request: Request) -> Response:
        form = await _form(request)
        token, sessions = form.get("token", ""), self._simulator.sessions
        line = self._simulator.door.refresh_tokens.revoke(token)
        if line is not None:
            # With a refresh token go the sessions that it opened.
            sessions.end_line(line)
        elif not sessions.end(token):
            body = {"error": "unsupported_token_type", "error_description": "invalid token"}
            return JSONResponse(body, 400)
        return Response(status_code=200)

    async def identity(self, request: Request) -> Response:
        try:
            session = self._simulator.sessions.use(_token(request.headers), host=request.url.netloc)
        except ApiError:
            return Response("Bad_OAuth_Token", 403)
        base_url = _base_url(request)
        return JSONResponse(identity(self._simulator.org, session.user_id, base_url=base_url))

    async def versions(self, _: Request) -> Response:
        return JSONResponse(list_versions())

    async def rest(self, request: Request) -> Response:
        raw = await request.body()
        try:
            _check_size(request)
            answer, usage = self._simulator.serve(
                self._api_request(request, raw),
                token=_token(request.headers),
                host=request.url.netloc,
            )
        except ApiError as error:
            return _respond(request, refusal(error), {})
        return _respond(request, answer, {"Sforce-Limit-Info": usage})

    def _api_request(self, request: Request, raw: bytes) -> ApiRequest:
        _, _, rest = request.scope["path"].partition(f"{_DATA}/v")
        version, _, path = rest.partition("/")
        # Clients without PATCH may put the method they mean into the query.
        method = request.query_params.get("_HttpMethod", request.method).upper()
        return ApiRequest(
            method="GET" if method == "HEAD" else method,
            version=version,
            path=path.strip("/"),
            query=dict(request.query_params),
            headers=dict(request.headers),
            raw=raw,
            user_id=self._simulator.org.user_id,
        )


def _base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _token(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


def _check_size(request: Request) -> None:
    uri = len(request.scope["raw_path"]) + 1 + len(request.scope["query_string"])
    headers = sum(len(name) + len(value) + 4 for name, value in request.scope["headers"])
    if uri > MOST_BYTES:
        raise ApiError(414, [Problem("URI_TOO_LONG", "URI Too Long")])
    if uri + headers > MOST_BYTES:
        raise ApiError(
            431, [Problem("REQUEST_HEADER_TOO_LARGE", "Request Header Fields Too Large")]
        )


def _respond(request: Request, answer: ApiAnswer, headers: Mapping[str, str]) -> Response:
    note_records(request, answer.records)
    merged = {**headers, **answer.headers}
    if answer.text is not None:
        return Response(answer.text, answer.status, merged, media_type="text/csv")
    if answer.body is None:
        return Response(status_code=answer.status, headers=merged)
    pretty = request.headers.get("x-prettyprint") == "1"
    content = orjson.dumps(answer.body, option=orjson.OPT_INDENT_2 if pretty else 0)
    media = "application/json;charset=UTF-8"
    return Response(content, answer.status, merged, media_type=media)


async def _form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded body."""
    return dict(parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True))

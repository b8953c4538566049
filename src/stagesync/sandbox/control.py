"""The `/_sandbox/*` calls, the same on every simulator.

They stand beside the vendor's own API and do what its users or its people do, not its API.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stagesync.sandbox.simulator import ACTORS, Simulator

_TYPE_NAMES = {str: "text", dict: "an object", int: "a whole number", float: "a number"}
Call = Callable[[Mapping[str, Any]], Any]


class BadCall(ValueError):
    """A control call that makes no sense as it stands."""


def control_routes(simulator: Simulator) -> list[Route]:
    """Every control call of one simulator. The middleware refuses callers from elsewhere."""
    calls: list[tuple[str, str, Call]] = [
        ("GET", "log", lambda _: simulator.log.entries()),
        ("DELETE", "log", lambda _: simulator.log.clear()),
        ("GET", "faults", lambda _: simulator.faults.waiting()),
        ("POST", "faults", lambda body: _fault(simulator, body)),
        ("DELETE", "faults", lambda _: simulator.faults.clear()),
        ("POST", "edit", lambda body: _edit(simulator, body)),
        ("GET", "clock", lambda _: {"now": simulator.clock.now()}),
        ("POST", "clock", lambda body: {"now": simulator.clock.advance(_number(body))}),
        ("GET", "settings", lambda _: simulator.switches.as_dict()),
        ("PUT", "settings", lambda body: _settings(simulator, body)),
        ("GET", "settings/described", lambda _: simulator.switches.describe()),
        ("POST", "convert", simulator.convert),
        ("POST", "merge", simulator.merge),
        ("POST", "delete", simulator.delete),
        ("GET", "state", lambda _: simulator.state()),
    ]
    return [control_route(method, name, call) for method, name, call in calls]


def control_route(method: str, name: str, call: Call) -> Route:
    """One control call; ValueError of `call` answers 400, LookupError 404, None 204."""
    return Route(f"/_sandbox/{name}", _endpoint(call), methods=[method])


def _endpoint(call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            answer = call(await _body(request))
        except LookupError as error:
            return JSONResponse({"error": str(error.args[0])}, 404)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        if answer is None:
            return Response(status_code=204)
        return Response(orjson.dumps(answer), media_type="application/json")

    return endpoint


async def _body(request: Request) -> Mapping[str, Any]:
    raw = await request.body()
    if not raw:
        return {}
    body = orjson.loads(raw)
    if not isinstance(body, dict):
        raise BadCall("the body must be a JSON object")
    return body


def want(body: Mapping[str, Any], key: str, kind: type) -> Any:
    """A value of a control call, of the kind it must have.

    Raises:
        BadCall: when it is missing or of another kind.
    """
    value = body.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadCall(f"{key} must be {_TYPE_NAMES[kind]}, given {value!r}")
    return value


def _number(body: Mapping[str, Any]) -> float:
    value = body.get("advance_s")
    return float(value) if type(value) is int else float(want(body, "advance_s", float))


def _fault(simulator: Simulator, body: Mapping[str, Any]) -> None:
    if "profile" in body:
        try:
            simulator.faults.use_profile(want(body, "profile", str))
        except ValueError as error:
            raise BadCall(str(error)) from None
        return
    times = want(body, "times", int) if "times" in body else 1
    match, carried = (
        want(body, key, str) if body.get(key) is not None else "" for key in ("match", "body")
    )
    after = want(body, "after", int) if "after" in body else 0
    simulator.faults.add(want(body, "kind", str), times, match, after=after, body=carried)


def _edit(simulator: Simulator, body: Mapping[str, Any]) -> None:
    actor = body.get("actor", "human")
    # A simulator may know more kinds than every one does.
    known: tuple[str, ...] = getattr(simulator, "actors", ACTORS)
    if actor not in known:
        raise BadCall(f"actor must be one of {', '.join(known)}, given {actor!r}")
    simulator.edit(
        want(body, "object", str),
        want(body, "id", str),
        properties=want(body, "properties", dict),
        actor=actor,
    )


def _settings(simulator: Simulator, body: Mapping[str, Any]) -> dict[str, Any]:
    simulator.switches.update(dict(body))
    return simulator.switches.as_dict()

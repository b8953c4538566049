"""The control calls that only this simulator has, beside those of every simulator."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stagesync.sandbox.salesforce.errors import ApiError, RowRefusedError
from stagesync.sandbox.salesforce.simulation import SalesforceSim

Call = Callable[[Mapping[str, Any]], Any]


def own_control_routes(simulator: SalesforceSim) -> list[Route]:
    """Undelete, import, schema and option edits, the change log, and how to log in."""
    calls: list[tuple[str, str, Call]] = [
        ("POST", "undelete", simulator.undelete),
        ("POST", "import", simulator.import_rows),
        ("POST", "options", simulator.edit_options),
        ("POST", "schema", simulator.edit_schema),
        ("GET", "changes", lambda _: simulator.changes()),
        ("DELETE", "changes", lambda _: simulator.org.changes.clear()),
        ("GET", "logins", lambda _: simulator.logins()),
        ("POST", "refresh_token", lambda _: simulator.make_refresh_token()),
    ]
    return [
        Route(f"/_sandbox/{name}", _endpoint(call), methods=[method])
        for method, name, call in calls
    ]


def _endpoint(call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            answer = call(orjson.loads(raw) if raw else {})
        except LookupError as error:
            return JSONResponse({"error": str(error.args[0])}, 404)
        except (ValueError, ApiError, RowRefusedError) as error:
            return JSONResponse({"error": str(error)}, 400)
        if answer is None:
            return Response(status_code=204)
        return Response(orjson.dumps(answer), media_type="application/json")

    return endpoint

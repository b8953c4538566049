"""`POST /webhooks/{connection}`: a CRM says that something changed.

The connector proves the request and says what it names; that is written down, the daemon is called, and the
answer goes out. Nothing is read from the CRM here. Whatever cannot be written down in time is answered 503,
and the CRM calls again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from stagesync.connector import CrmError, Heard, Hears
from stagesync.engine.deployment import Connected
from stagesync.engine.inbox import note_heard
from stagesync.engine.live import Live
from stagesync.web.rate import Rate

log = structlog.get_logger()

LARGEST_BODY = 1024 * 1024
LARGEST_HEAD = 16 * 1024
"""Of names and values; a CRM sends a tenth of it."""

MOST_IN_HAND = 16 * 1024 * 1024
"""Bytes of all bodies that are being read or proven; beyond it callers are put off."""

BODY_LIMIT_S = 10.0
"""How long a request may take to arrive."""

ANSWER_LIMIT_S = 4.0
"""How long writing down may take while a run holds the store: CRMs wait five seconds."""

CALLS_PER_S, CALLS_AT_ONCE = 50.0, 100.0
"""Of one connection; HubSpot calls ten times at once at most, with a hundred events each."""

IN_HAND = 8
"""Requests that are proven and written down at a time; they take turns at the store."""


class _TooLarge(Exception):
    """The body is larger than any CRM sends."""


class _Full(Exception):
    """So many bodies are in hand that one more has to wait."""


class Webhooks:
    """Takes the webhooks of a deployment's connections.

    Args:
        public_url: how the CRMs call this server, without a slash at the end: they sign the whole address.
        call: wakes the daemon.
    """

    def __init__(self, live: Live, *, public_url: str, call: Callable[[], None]) -> None:
        self._live = live
        self._public_url = public_url
        self._call = call
        self._rates: dict[str, Rate] = {}
        self._in_hand = 0
        self._threads = ThreadPoolExecutor(IN_HAND, thread_name_prefix="webhook")

    async def take(self, request: Request) -> Response:
        """204 once everything is written down."""
        connected = self._live.current().connections.get(request.path_params["connection"])
        if connected is None or not _listens(connected):
            return Response(status_code=404)
        if sum(len(name) + len(value) for name, value in request.headers.raw) > LARGEST_HEAD:
            return Response(status_code=431)
        rate = self._rates.setdefault(connected.name, Rate(CALLS_PER_S, CALLS_AT_ONCE))
        if not rate.takes(asyncio.get_running_loop().time()):
            return Response(status_code=429, headers={"Retry-After": "1"})
        body = bytearray()
        try:
            return await self._read_and_answer(connected, request, body)
        finally:
            self._in_hand -= len(body)

    async def _read_and_answer(
        self, connected: Connected, request: Request, body: bytearray
    ) -> Response:
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                await self._read(request, body)
        except _TooLarge:
            return Response(status_code=413)
        except _Full:
            return Response(status_code=503, headers={"Retry-After": "60"})
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=408)
        heard = Heard("POST", self._address(request.scope), _headers(request), bytes(body))
        return await self._answer(connected, heard)

    async def _read(self, request: Request, body: bytearray) -> None:
        """Read the body as it was sent: nothing is unpacked, whatever it says of its encoding."""
        declared = request.headers.get("content-length", "")
        if len(declared) > 9 or (declared.isdigit() and int(declared) > LARGEST_BODY):
            raise _TooLarge
        async for part in request.stream():
            body += part
            self._in_hand += len(part)
            if len(body) > LARGEST_BODY:
                raise _TooLarge
            if self._in_hand > MOST_IN_HAND:
                raise _Full

    async def _answer(self, connected: Connected, heard: Heard) -> Response:
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                # Left to itself when the time is up: what it still writes down is no loss.
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._threads, self._note, connected, heard)
        except CrmError as refused:
            code = getattr(refused, "code", "").lower() or "refused"
            log.warning("webhook refused", connection=connected.name, code=code)
            return PlainTextResponse(code, status_code=401)
        except Exception as error:  # noqa: BLE001  a caller learns nothing of what broke, nor does uvicorn's log
            log.warning("webhook put off", connection=connected.name, why=type(error).__name__)
            return Response(status_code=503, headers={"Retry-After": "60"})
        return Response(status_code=204)

    def _note(self, connected: Connected, heard: Heard) -> None:
        assert isinstance(connected.connector, Hears)
        named = connected.connector.hear(heard)
        deployment = self._live.current()
        now_s = deployment.clock.now_s()
        kept = note_heard(deployment, connected, named, now_s=now_s)
        log.debug("webhook heard", connection=connected.name, named=len(named), kept=kept)
        if kept:
            self._call()

    def _address(self, scope: Mapping[str, object]) -> str:
        """The whole address as the CRM called it, escapes untouched."""
        path, query = scope["raw_path"], scope["query_string"]
        assert isinstance(path, bytes)
        assert isinstance(query, bytes)
        asked = path + (b"?" + query if query else b"")
        return self._public_url + asked.decode("latin-1")


def _listens(connected: Connected) -> bool:
    return isinstance(connected.connector, Hears) and connected.connector.listens


def _headers(request: Request) -> dict[str, str]:
    return {name.casefold(): value for name, value in request.headers.items()}

"""The one ASGI layer around a simulator: loopback check, request log, faults."""

import asyncio
import ipaddress
from email.utils import formatdate
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stagesync.sandbox.journal import LogEntry, RequestLog
from stagesync.sandbox.simulator import Simulator

CONTROL = "/_sandbox"
# Where the server puts the connection itself, so that a fault can cut it.
TRANSPORT = "stagesync.transport"


def note_records(request: Request, count: int) -> None:
    """Tells the request log how many records this answer carries or has written."""
    request.scope["state"]["records"] = count


class SandboxMiddleware:
    """Wraps a simulator's application. Must be the outermost layer."""

    def __init__(self, app: ASGIApp, *, simulator: Simulator) -> None:
        self._app = app
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, in the way its fault asks for if it meets one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(CONTROL):
            await self._control(scope, receive, send)
        else:
            await self._vendor(scope, receive, send)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_loopback(scope):
            refusal = JSONResponse({"error": "control calls come from this machine only"}, 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _vendor(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {**scope.get("state", {}), "records": 0}
        visit = _Visit(scope, send, log=self._simulator.log, at=self._simulator.clock.now())
        await self._answer(scope, receive, visit)

    async def _answer(self, scope: Scope, receive: Receive, visit: "_Visit") -> None:
        query = unquote_plus(scope["query_string"].decode("latin-1"))
        asked = f"{scope['path']}?{query}" if query else scope["path"]
        carried = ""
        if self._simulator.faults.ask_for_bodies():
            body, receive = await _whole(receive)
            carried = unquote_plus(body.decode("utf-8", "replace"))
        kind = self._simulator.faults.take(scope["method"], asked, carried)
        match kind:
            case None:
                await self._app(scope, receive, visit)
            case "slow":
                # What has arrived is worked on, also for a caller who gives up meanwhile.
                _, receive = await _whole(receive)
                await asyncio.sleep(self._simulator.switches.slow_s)
                await self._app(scope, receive, visit)
            case "cut_before":
                await visit.cut(receive)
            case "cut_after":
                visit.deaf = True
                await self._app(scope, receive, visit)
                await visit.cut(receive)
            case "timeout":
                await _hold(receive, self._simulator.switches.timeout_s)
                await visit.cut(receive)
            case _:
                answer, delay_s = self._simulator.fault_answer(
                    kind, method=scope["method"], path=scope["path"]
                )
                await asyncio.sleep(delay_s)
                await answer(scope, receive, visit)


class _Visit:
    """One request: logs it before its answer leaves; when deaf, no answer leaves at all."""

    def __init__(self, scope: Scope, send: Send, *, log: RequestLog, at: float) -> None:
        self._scope = scope
        self._send = send
        self._log = log
        self._at = at
        self._noted = False
        self.deaf = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._note(message["status"])
            # The vendor's clock is the simulated one, in its answers' headers too.
            date = formatdate(self._at, usegmt=True).encode()
            message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
        if not self.deaf:
            await self._send(message)

    async def cut(self, receive: Receive) -> None:
        """Hangs up without an answer, and lets the server notice before the request ends."""
        self._note(0)
        self._scope[TRANSPORT].abort()
        await _gone(receive)

    def _note(self, status: int) -> None:
        if not self._noted:
            self._noted = True
            method, path = self._scope["method"], self._scope["path"]
            records = self._scope["state"]["records"]
            self._log.add(LogEntry(self._at, method, path, status, records))


async def _whole(receive: Receive) -> tuple[bytes, Receive]:
    """The body of a request, and what gives it to the application again."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return whole.pop() if whole else await receive()

    return bytes(body), again


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hold(receive: Receive, seconds: float) -> None:
    """Stays silent until the time is over, the client hangs up or the server stops."""
    try:
        await asyncio.wait_for(_gone(receive), seconds)
    except (TimeoutError, asyncio.CancelledError):
        return


def is_loopback(scope: Scope) -> bool:
    """True when the caller sits on this machine and called it by a name of this machine.

    The second half stops a web page whose host name was made to point at 127.0.0.1.
    """
    client = scope.get("client")
    host = Request(scope).url.hostname or ""
    return client is not None and _local(client[0]) and _local(host)


def _local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

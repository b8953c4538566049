"""A layer around the HubSpot simulator that keeps what passes, and judges it afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.openapi.judging import Departure, Exchange, departures

from stagesync.sandbox.hubspot import HubSpotSim, create_app
from stagesync.sandbox.server import serve

_OURS = "/_sandbox/"


class Recorder:
    """An ASGI layer that keeps every exchange but control calls.

    Attributes:
        kept: in the order in which they ended.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.kept: list[Exchange] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on and keeps what went in and out."""
        if scope["type"] != "http" or scope["path"].startswith(_OURS):
            await self._app(scope, receive, send)
            return
        sent, got = bytearray(), bytearray()
        head: MutableMapping[str, Any] = {"status": 0, "headers": []}

        async def listen() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def speak(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.update(message)
            got.extend(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, listen, speak)
        finally:
            self.kept.append(_exchange(scope, head, sent=bytes(sent), got=bytes(got)))

    def departures(self) -> Counter[Departure]:
        """Where what was kept so far leaves the documents, with how often."""
        return Counter(each for exchange in self.kept for each in departures(exchange))


@contextmanager
def recorded(simulator: HubSpotSim) -> Iterator[str]:
    """The same account under another address, at which what passes is judged in the end.

    Raises:
        AssertionError: at the end, when something left the documents.
    """
    recorder = Recorder(create_app(simulator))
    with serve(recorder) as server:
        yield server.url
    lines = [f"{count} x {each}" for each, count in recorder.departures().items()]
    assert not lines, "HubSpot's descriptions are not met:\n" + "\n".join(sorted(lines))


def _exchange(scope: Scope, head: MutableMapping[str, Any], *, sent: bytes, got: bytes) -> Exchange:
    return Exchange(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        sent=sent,
        sent_type=_header(scope["headers"], b"content-type"),
        status=head["status"],
        got=got,
        got_type=_header(head["headers"], b"content-type"),
    )


def _header(headers: Any, name: bytes) -> str:
    return next((value.decode() for key, value in headers if key.lower() == name), "")

"""What machines ask of this process: whether it lives, whether it is ready, and how it fares."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from stagesync.connector import Secret
from stagesync.engine.lease import part_of_this_process
from stagesync.engine.live import Live
from stagesync.errors import StoreError
from stagesync.web.metrics import metrics_text

PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers by which a proxy says that it speaks for somebody else."""


class Health:
    """Answers them.

    Args:
        token: lets whoever bears it read the metrics from anywhere; None: this machine alone.
    """

    def __init__(self, live: Live, *, token: Secret | None) -> None:
        self._live = live
        self._token = token

    @property
    def routes(self) -> list[Route]:
        """Where."""
        return [
            Route("/healthz", self.live, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def live(self, _request: Request) -> Response:
        """200 while the process lives."""
        return PlainTextResponse("ok")

    async def ready(self, _request: Request) -> Response:
        """200 when the store answers and this process works on it or stands by."""
        return await run_in_threadpool(self._ready)

    async def metrics(self, request: Request) -> Response:
        """Numbers for Prometheus, for those who may have them."""
        if not (is_of_this_machine(request) or self._bears_token(request)):
            words = "metrics are for this machine, or for who bears web.metrics_token"
            return PlainTextResponse(words, status_code=403)
        return await run_in_threadpool(self._metrics)

    def _ready(self) -> Response:
        try:
            with self._live.current().store.read() as tx:
                part = part_of_this_process(tx)
        except StoreError:
            return PlainTextResponse("not ready: the store does not answer", status_code=503)
        if part is None:
            words = "not ready: this process neither works on the store nor stands by"
            return PlainTextResponse(words, status_code=503)
        return PlainTextResponse(f"ready: {part}")

    def _metrics(self) -> Response:
        deployment = self._live.current()
        try:
            with deployment.store.read() as tx:
                text = metrics_text(tx, deployment, now_s=deployment.clock.now_s())
        except StoreError:
            return PlainTextResponse("the store does not answer", status_code=503)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    def _bears_token(self, request: Request) -> bool:
        told = request.headers.get("authorization", "")
        if self._token is None:
            return False
        expected = f"Bearer {self._token.reveal()}"
        return hmac.compare_digest(told.encode(), expected.encode())


def is_of_this_machine(request: Request) -> bool:
    """Whether a program of this machine asks, for itself: not a proxy for somebody else, nor a page of another name."""
    peer = request.client.host if request.client else ""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if any(name in request.headers for name in PASSED_ON):
        return False
    return _is_loopback(peer) and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

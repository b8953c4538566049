"""The server: starlette on uvicorn, in a thread beside the daemon."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from stagesync.connector import Secret
from stagesync.engine.live import Live
from stagesync.errors import ArgumentError, StagesyncError
from stagesync.settings import WebSettings
from stagesync.web import site
from stagesync.web.ask import House
from stagesync.web.health import Health
from stagesync.web.jobs import Jobs
from stagesync.web.protocol import PromptProtocol
from stagesync.web.webhooks import Webhooks

log = structlog.get_logger()

START_LIMIT_S = 10.0
STOP_LIMIT_S = 5


@contextmanager
def serve(
    settings: WebSettings,
    live: Live,
    *,
    call: Callable[[], None],
    metrics_token: Secret | None = None,
) -> Iterator[str]:
    """Serve while the block lasts.

    Args:
        call: wakes the daemon; called from any thread.
        metrics_token: who bears it reads the metrics from elsewhere; None: only this machine does.

    Yields:
        The address that it listens on.

    Raises:
        ArgumentError: it cannot listen there.
    """
    sock = _bind(*settings.address)
    jobs = Jobs(live.current().clock)
    try:
        url = _url(sock)
        public_url = settings.public_url or url
        app = make_app(
            settings, live, public_url=public_url, call=call, jobs=jobs, metrics_token=metrics_token
        )
        server = _server(app)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[sock])), name="web", daemon=True
        )
        thread.start()
        _await_start(server, thread)
        log.info("web listens", url=url, public_url=public_url)
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(timeout=STOP_LIMIT_S + 1.0)
    finally:
        sock.close()
        jobs.close()


def make_app(
    settings: WebSettings,
    live: Live,
    *,
    public_url: str,
    call: Callable[[], None],
    jobs: Jobs,
    metrics_token: Secret | None = None,
) -> Starlette:
    """What the server answers."""
    webhooks = Webhooks(live, public_url=public_url, call=call)
    house = House(settings, live, public_url, call, site.badges, jobs=jobs, nav=site.NAV)
    return Starlette(
        routes=[
            *Health(live, token=metrics_token).routes,
            Route("/webhooks/{connection}", webhooks.take, methods=["POST"]),
            *(site.routes(house) if settings.console else ()),
        ],
        exception_handlers={404: site.nowhere(house)} if settings.console else {},
    )


def _server(app: Starlette) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        access_log=False,
        server_header=False,
        # What a proxy says of the caller decides nothing here.
        proxy_headers=False,
        log_config=None,
        log_level="warning",
        limit_concurrency=200,
        timeout_graceful_shutdown=STOP_LIMIT_S,
    )
    return uvicorn.Server(config)


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    give_up = time.monotonic() + START_LIMIT_S
    while not server.started:
        if time.monotonic() > give_up or not thread.is_alive():
            raise StagesyncError("the web server did not start")
        time.sleep(0.01)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio only then switches off Nagle's delay.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else "cannot be listened on"
        raise ArgumentError(
            f"web.listen: {host}:{port} {why}",
            hint="stop the program that listens there, or set another `web.listen`; port 0 takes a free one",
        ) from error
    return sock


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

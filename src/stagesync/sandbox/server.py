"""A real HTTP server in a thread of this process."""

import asyncio
import errno
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from stagesync.sandbox.middleware import TRANSPORT

START_LIMIT_S = 10.0


class PortInUse(OSError):
    """Another program already listens on the port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(errno.EADDRINUSE, f"port {port} is already in use")
        self.port = port


class _CuttableProtocol(H11Protocol):
    """uvicorn's protocol, which also shows the application the connection it talks over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = self.transport
            await inner(scope, receive, send)

        self.app = app


class Server:
    """A running server. Use as a context manager, or call `stop`."""

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        host, port = sock.getsockname()[:2]
        self.port = int(port)
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._sock = sock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=_CuttableProtocol,
                ws="none",
                lifespan="off",
                loop="asyncio",
                access_log=False,
                date_header=False,
                log_config=None,
                log_level="warning",
                timeout_graceful_shutdown=1,
                # Long addresses are a simulator's business to refuse, not the parser's.
                h11_max_incomplete_event_size=256 * 1024,
                # Clients with a pool must not meet a connection closed under their hands.
                timeout_keep_alive=60,
            )
        )
        self._thread = threading.Thread(target=self._run, name=f"sandbox-{port}", daemon=True)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._sock])

    def _hang_up(self) -> None:
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    def start(self) -> Self:
        """Waits until the server answers."""
        self._thread.start()
        give_up = time.monotonic() + START_LIMIT_S
        while not self._server.started:
            if time.monotonic() > give_up or not self._thread.is_alive():
                raise RuntimeError(f"the server at {self.url} did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Hangs up on everybody and frees the port; harmless when already stopped."""
        self._server.should_exit = True
        self._server.force_exit = True
        if self._thread.is_alive() and self._loop is not None:
            self._loop.call_soon_threadsafe(self._hang_up)
        self._thread.join(timeout=START_LIMIT_S)
        self._sock.close()

    def __enter__(self) -> Self:
        """The running server."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops it."""
        self.stop()


def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Starts a server and returns once it answers.

    Args:
        port: 0 takes a free one.

    Raises:
        PortInUse: when another program listens there.
    """
    return Server(app, _bind(host, port)).start()


def _bind(host: str, port: int) -> socket.socket:
    # The protocol is named because asyncio only then switches off Nagle's delay.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port) from error
        raise
    return sock

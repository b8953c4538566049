"""A mail server and a chat on this machine, which keep what they are told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = "stagesync", "a-secret-of-mails"


@dataclass
class Mailbox:
    """What came by mail.

    Attributes:
        refuses: everybody.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False

    async def handle_RCPT(  # noqa: N802  the hook's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.refuses:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  the hook's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 OK"


class _Port(Controller):
    """Takes a free port, and says which."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    def factory(self) -> SMTP:
        return SMTP(self.handler, **self.SMTP_kwargs)


def _authenticate(
    _server: Any, _session: Any, _envelope: Any, _mechanism: str, told: Any
) -> AuthResult:
    right = (told.login, told.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@contextmanager
def mailbox(certificate: Path | None = None, *, implicit: bool = False) -> Iterator[Mailbox]:
    """A mail server while the block lasts; with a certificate it asks for encryption and, with STARTTLS, a login.

    Args:
        implicit: encrypted from the first byte on.
    """
    found = Mailbox()
    how: dict[str, Any] = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        way = "ssl_context" if implicit else "tls_context"
        how = {way: context, "authenticator": _authenticate, "auth_required": not implicit}
        how |= {"auth_require_tls": not implicit, "require_starttls": not implicit}
    server = _Port(found, hostname="127.0.0.1", port=0, **how)
    server.start()
    found.port = server.port
    try:
        yield found
    finally:
        server.stop()


@dataclass
class Chat:
    """What was posted.

    Attributes:
        status: what is answered.
        texts: of the posts that were taken.
        asked: how often somebody came.
    """

    url: str = ""
    status: int = 200
    texts: list[str] = field(default_factory=list)
    asked: int = 0


@contextmanager
def chat() -> Iterator[Chat]:
    """A chat while the block lasts."""
    found = Chat()

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.asked += 1
            if found.status == 200:
                found.texts.append(json.loads(body)["text"])
            self.send_response(found.status)
            self.send_header("Location", f"{found.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/services/T1/B2/hush"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

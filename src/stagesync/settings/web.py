"""The keys of `web`."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from stagesync.settings.values import Duration, Strict


def _listen(value: object) -> object:
    host, colon, port = str(value).rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise ValueError("must be an address and a port, such as 127.0.0.1:8080")
    return str(value)


_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _public_url(value: object) -> object:
    try:
        parts = urlsplit(str(value))
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://stagesync.acme.example")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be a bare address: no user, query or fragment")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("may be http only on this machine: webhooks carry what people typed")
    return str(value).rstrip("/")


class WebSettings(Strict):
    """The web server of the daemon.

    Attributes:
        listen: address and port; port 0 takes a free one.
        public_url: how the CRMs and browsers reach it, without a slash at the end; None means just as it
            listens.
        console: whether people can sign in; without it only webhooks are taken.
        session: how long somebody stays signed in who does nothing.
        metrics_token: where the secret stands by which `/metrics` is read from other machines; None: it is
            read from this one alone.
    """

    listen: Annotated[str, BeforeValidator(_listen)]
    public_url: Annotated[str, BeforeValidator(_public_url)] | None = None
    console: bool = True
    session: Annotated[Duration, Field(ge=60)] = Field(default=8 * 3600.0, validate_default=False)
    metrics_token: dict[Literal["env", "file"], str] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)

"""The refresh token in force.

Where an app rotates its refresh tokens, each login answers the next one and ends the last; showing
an ended one again ends them all. So the next one is kept before the login that gave it is used.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_refresh_token_flow
(seen 2026-11)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import orjson
import structlog

from stagesync.connector import CredentialsRefused, Secret
from stagesync_salesforce.credentials import RefreshToken

Keep = Callable[[Secret], None]

log = structlog.get_logger()


class Renewal:
    """Holds the newest refresh token of one connection.

    Attributes:
        keep: told each new token before its login is used; what it raises ends the login.
        renewed: the newest token; None while the configured one is good.
    """

    def __init__(self, way: RefreshToken) -> None:
        self.keep: Keep | None = None
        self._way = way
        self._first = hashlib.sha256(way.refresh_token.reveal().encode()).hexdigest()
        self.renewed: Secret | None = self._kept() if way.keep_in else None

    def current(self) -> Secret:
        """The token to log in with."""
        return self.renewed or self._way.refresh_token

    def take(self, token: str) -> None:
        """Keeps the token of an answer, if it is a new one.

        Raises:
            CredentialsRefused: it cannot be kept: to go on would lose the way back in.
        """
        if token in {"", self.current().reveal()}:
            return
        self.renewed = Secret(token)
        if self._way.keep_in:
            self._write(self._way.keep_in, token)
        if self.keep:
            self.keep(self.renewed)
        log.info("salesforce_refresh_token_rotated", kept=bool(self._way.keep_in or self.keep))

    def _kept(self) -> Secret | None:
        """What an earlier process kept, as long as it came of the token that is configured now."""
        try:
            body = orjson.loads((self._way.keep_in or Path()).read_bytes())
            return Secret(str(body["token"])) if body["first"] == self._first else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _write(self, path: Path, token: str) -> None:
        """Replaces the file in one step, so that a crash leaves the old one or the new one."""
        made = path.with_name(f"{path.name}.new")
        body = orjson.dumps({"first": self._first, "token": token})
        try:
            handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            made.replace(path)
        except OSError as error:
            raise CredentialsRefused(
                "the new refresh token cannot be kept", hint=f"make {path} writable for us"
            ) from error

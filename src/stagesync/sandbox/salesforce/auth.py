"""Logging in: the token endpoint, and the sessions it hands out.

Token errors are one JSON object, unlike the list of the REST API. A grant is one entry of `GRANTS`.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
(seen 2026-11)
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stagesync.sandbox.salesforce.errors import invalid_session
from stagesync.sandbox.salesforce.org import Org

SCOPES = "api"


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """The one app that may log in."""

    client_id: str
    client_secret: str


def make_app(seed: int) -> ConnectedApp:
    """The app of an org; the same seed, the same secrets."""
    digest = hashlib.sha256(f"salesforce-app-{seed}".encode()).hexdigest()
    return ConnectedApp(f"3MVG9sandbox{digest[:32]}", digest[32:].upper())


@dataclass(slots=True)
class Session:
    """A live access token; using it makes it live longer."""

    user_id: str
    used_at: float


class Sessions:
    """Every access token that is still good."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._live: dict[str, Session] = {}

    def open(self, user_id: str) -> str:
        """An access token; the live one of the same user, where sessions are shared."""
        self._drop_expired()
        now = self._org.clock.now()
        if self._org.switches.shared_session:
            for token, session in self._live.items():
                if session.user_id == user_id:
                    session.used_at = now
                    return token
        token = f"{self._org.id[:15]}!AR{self._org.random.getrandbits(256):064x}"
        self._live[token] = Session(user_id, now)
        return token

    def use(self, token: str) -> Session:
        """The session of a token.

        Raises:
            ApiError: 401 INVALID_SESSION_ID.
        """
        self._drop_expired()
        session = self._live.get(token)
        if session is None:
            raise invalid_session()
        session.used_at = self._org.clock.now()
        return session

    def end(self, token: str) -> bool:
        return self._live.pop(token, None) is not None

    def end_all(self) -> None:
        self._live.clear()

    def __len__(self) -> int:
        self._drop_expired()
        return len(self._live)

    def _drop_expired(self) -> None:
        oldest = self._org.clock.now() - self._org.switches.session_ttl_s
        for token in [t for t, session in self._live.items() if session.used_at < oldest]:
            del self._live[token]


class TokenRefusedError(Exception):
    """The token endpoint says no."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The form of a token request and its Authorization header."""

    form: Mapping[str, str]
    authorization: str

    def client(self) -> tuple[str, str]:
        """The client's id and secret, from the header or the form."""
        scheme, _, value = self.authorization.partition(" ")
        if scheme.lower() != "basic":
            return self.form.get("client_id", ""), self.form.get("client_secret", "")
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        client_id, _, secret = text.partition(":")
        return client_id, secret


@dataclass(frozen=True, slots=True)
class Login:
    """What a grant needs: the app it must match and the user it may log in."""

    app: ConnectedApp
    user_id: str


Grant = Callable[[TokenRequest, Login], str]


def _client_credentials(request: TokenRequest, login: Login) -> str:
    client_id, secret = request.client()
    if client_id != login.app.client_id:
        raise TokenRefusedError("invalid_client_id", "client identifier invalid")
    if secret != login.app.client_secret:
        raise TokenRefusedError("invalid_client", "invalid client credentials")
    return login.user_id


GRANTS: dict[str, Grant] = {"client_credentials": _client_credentials}


def grant_token(
    org: Org, sessions: Sessions, request: TokenRequest, *, app: ConnectedApp, base_url: str
) -> dict[str, Any]:
    """The answer of the token endpoint.

    Raises:
        TokenRefusedError: with the vendor's error object.
    """
    grant = GRANTS.get(request.form.get("grant_type", ""))
    if grant is None:
        raise TokenRefusedError("unsupported_grant_type", "grant type not supported")
    user_id = grant(request, Login(app, org.user_id))
    token = sessions.open(user_id)
    identity = f"{base_url}/id/{org.id}/{user_id}"
    issued_at = str(int(org.clock.now() * 1000))
    signature = hashlib.sha256(f"{identity}{issued_at}{app.client_secret}".encode()).digest()
    return {
        "access_token": token,
        "signature": base64.b64encode(signature).decode(),
        "scope": SCOPES,
        "instance_url": base_url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


def identity(org: Org, user_id: str, *, base_url: str) -> dict[str, Any]:
    """Who a token belongs to."""
    user = org.table("User").rows[user_id]
    rest = f"{base_url}/services/data/v{{version}}/"
    return {
        "id": f"{base_url}/id/{org.id}/{user_id}",
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": org.id,
        "username": user["Username"],
        "nick_name": user["Alias"],
        "display_name": user["Name"],
        "email": user["Email"],
        "first_name": user["FirstName"],
        "last_name": user["LastName"],
        "timezone": "GMT",
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "urls": {
            "rest": rest,
            "sobjects": f"{rest}sobjects/",
            "query": f"{rest}query/",
            "custom_domain": base_url,
        },
    }

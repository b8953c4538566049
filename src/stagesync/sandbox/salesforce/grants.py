"""The ways to ask for an access token: one entry of `GRANTS` each.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flows.htm
(seen 2026-11). The exact words of the refusals of a JWT, but for the user who has not approved the
app, are an assumption.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import orjson
from cryptography.x509 import load_pem_x509_certificate

from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.sessions import RefreshTokens, Sessions

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LOGIN_HOSTS = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
_MY_DOMAIN = re.compile(r"https://[\w.-]+\.my\.salesforce\.com")


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """The one app that may log in, and the user's password with its security token."""

    client_id: str
    client_secret: str = field(repr=False)
    password: str = field(repr=False)
    security_token: str = field(repr=False)


def make_app(seed: int) -> ConnectedApp:
    """The app of an org; the same seed, the same secrets."""
    digest = hashlib.sha256(f"salesforce-app-{seed}".encode()).hexdigest()
    more = hashlib.sha256(f"salesforce-user-{seed}".encode()).hexdigest()
    return ConnectedApp(
        f"3MVG9sandbox{digest[:32]}", digest[32:].upper(), more[:16], more[16:40].upper()
    )


class TokenRefusedError(Exception):
    """The token endpoint says no."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The form of a token request, its Authorization header and the address it came to."""

    form: Mapping[str, str] = field(repr=False)
    authorization: str = field(repr=False)
    base_url: str

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


@dataclass(slots=True)
class Door:
    """What logging in works on: the org, its app, and what it has handed out.

    Attributes:
        codes: authorization codes that wait to be exchanged, with their PKCE challenge.
    """

    org: Org
    app: ConnectedApp
    sessions: Sessions
    refresh_tokens: RefreshTokens
    codes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Granted:
    """Who may come in: the user, the refresh token to answer with, and the line it belongs to."""

    user_id: str
    refresh_token: str = ""
    line: str = ""


Grant = Callable[[TokenRequest, Door], Granted]


def _check_client(request: TokenRequest, door: Door) -> None:
    client_id, secret = request.client()
    if client_id != door.app.client_id:
        raise TokenRefusedError("invalid_client_id", "client identifier invalid")
    if secret != door.app.client_secret:
        raise TokenRefusedError("invalid_client", "invalid client credentials")


def _client_credentials(request: TokenRequest, door: Door) -> Granted:
    _check_client(request, door)
    return Granted(door.org.user_id)


def find_user(door: Door, *, username: str, password: str) -> str | None:
    """The id of the active user with this name and password; all users share one password."""
    if password != door.app.password + door.app.security_token:
        return None
    for user_id, row in door.org.table("User").rows.items():
        if row["Username"].lower() == username.lower() and row.get("IsActive"):
            return user_id
    return None


def _password(request: TokenRequest, door: Door) -> Granted:
    _check_client(request, door)
    form = request.form
    user_id = find_user(door, username=form.get("username", ""), password=form.get("password", ""))
    if user_id is None:
        raise TokenRefusedError("invalid_grant", "authentication failure")
    return Granted(user_id)


def _refresh(request: TokenRequest, door: Door) -> Granted:
    _check_client(request, door)
    token = request.form.get("refresh_token", "")
    found = door.refresh_tokens.find(token)
    if found is None:
        raise TokenRefusedError("invalid_grant", "expired access/refresh token")
    if found.spent:
        # Whoever shows a token twice may have stolen it: nobody keeps anything of this line.
        door.refresh_tokens.end_line(found.line)
        door.sessions.end_line(found.line)
        raise TokenRefusedError("invalid_grant", "expired access/refresh token")
    if not door.org.switches.refresh_rotation:
        return Granted(found.user_id, line=found.line)
    return Granted(found.user_id, door.refresh_tokens.rotate(token), found.line)


def _authorization_code(request: TokenRequest, door: Door) -> Granted:
    challenge = door.codes.pop(request.form.get("code", ""), None)
    if challenge is None:
        raise TokenRefusedError("invalid_grant", "invalid authorization code")
    if not challenge or request.client()[1]:
        _check_client(request, door)
    if challenge and _challenge_of(request.form.get("code_verifier", "")) != challenge:
        raise TokenRefusedError("invalid_grant", "invalid code verifier")
    token, line = door.refresh_tokens.open(door.org.user_id)
    return Granted(door.org.user_id, token, line)


def _challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _jwt_bearer(request: TokenRequest, door: Door) -> Granted:
    claims = _verified(request.form.get("assertion", ""), door)
    if claims.get("iss") != door.app.client_id:
        raise TokenRefusedError("invalid_client_id", "client identifier invalid")
    if not _is_audience(claims.get("aud"), request, door):
        raise TokenRefusedError("invalid_grant", "audience is invalid")
    _check_expiry(claims.get("exp"), door)
    user = door.org.table("User").rows[door.org.user_id]
    known = str(claims.get("sub", "")).lower() == user["Username"].lower()
    if not known or not door.org.switches.jwt_approved:
        raise TokenRefusedError("invalid_grant", "user hasn't approved this consumer")
    return Granted(door.org.user_id)


def _verified(assertion: str, door: Door) -> dict[str, Any]:
    """The claims of a JWT whose signature holds."""
    pem = door.org.switches.jwt_public_key
    try:
        # Everything but the signature is looked at below, against the simulated clock.
        whole = jwt.PyJWS().decode_complete(assertion, _public_key(pem), algorithms=["RS256"])
        claims = orjson.loads(whole["payload"])
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TokenRefusedError("invalid_grant", "invalid assertion") from error
    if not isinstance(claims, dict):
        raise TokenRefusedError("invalid_grant", "invalid assertion")
    return claims


def _public_key(pem: str) -> Any:
    """The key itself, also out of a certificate, which is what an app really holds."""
    if "BEGIN CERTIFICATE" in pem:
        return load_pem_x509_certificate(pem.encode()).public_key()
    return pem


def _is_audience(audience: object, request: TokenRequest, door: Door) -> bool:
    text = str(audience).rstrip("/")
    own = {request.base_url, *map(str, door.org.switches.jwt_audiences)}
    return text in _LOGIN_HOSTS | own or _MY_DOMAIN.fullmatch(text) is not None


def _check_expiry(expiry: object, door: Door) -> None:
    """The expiry may be text, which clients in the field send."""
    try:
        left_s = float(str(expiry)) - door.org.clock.now()
    except ValueError as error:
        raise TokenRefusedError("invalid_grant", "invalid assertion") from error
    if left_s <= 0:
        raise TokenRefusedError("invalid_grant", "expired assertion")
    if left_s > door.org.switches.jwt_max_ahead_s:
        raise TokenRefusedError("invalid_grant", "assertion expiry is too far ahead")


GRANTS: dict[str, Grant] = {
    "authorization_code": _authorization_code,
    "client_credentials": _client_credentials,
    "password": _password,
    "refresh_token": _refresh,
    JWT_BEARER: _jwt_bearer,
}

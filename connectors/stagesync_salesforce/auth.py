"""Logging in.

A way of logging in is a generator: it yields the requests to send, is sent their answers, and
returns the session. So it is tested without a network, and a new way is one more function.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow
and ...id=xcloud.remoteaccess_oauth_jwt_flow (seen 2026-11)
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import urlencode

import jwt
import orjson
import structlog

from stagesync.connector import CredentialsRefused, Reach, Remembered, Secret
from stagesync_salesforce import api
from stagesync_salesforce.credentials import (
    ClientCredentials,
    JwtBearer,
    RefreshToken,
    SoapLogin,
    text_of,
)
from stagesync_salesforce.failures import failure_of, first_problem
from stagesync_salesforce.options import Options
from stagesync_salesforce.soap import soap_login
from stagesync_salesforce.steps import Login, LoginAnswer, LoginRequest, Session, instance_of

# How long an assertion lives; the vendor's own limit is not documented and lies near five minutes.
ASSERTION_S = 180.0
MOST_CLOCK_ERROR_S = 60.0

_HINTS = {
    "invalid_client": "the consumer secret is wrong",
    "invalid_client_id": "the consumer key is wrong, or the app is new: wait ten minutes",
    "inactive_user": "the run-as user is not active",
    "unsupported_grant_type": "enable this way of logging in in the app",
}
_CLIENT_HINTS = _HINTS | {
    "invalid_grant": "enable the client-credentials flow with a run-as user in the app, "
    "and log in at the org's own My Domain",
    "unsupported_grant_type": "enable the client-credentials flow in the app",
}
_JWT_HINTS = _HINTS | {
    "invalid_grant": "pre-authorise the user for the app, upload the certificate of this key, "
    "and check the audience and this machine's clock",
}
_REFRESH_HINTS = _HINTS | {
    "invalid_grant": "the refresh token is spent or revoked: let a person consent again",
}

log = structlog.get_logger()


def log_in(options: Options, *, now_s: float, remembered: Remembered) -> Login:
    """The way of logging in that the options choose.

    Args:
        now_s: our own time.
        remembered: holds the refresh token in force, where that is the way.
    """
    reach = options.reach
    match options.auth.way:
        case ClientCredentials() as way:
            return client_credentials(way, reach=reach)
        case JwtBearer() as way:
            return jwt_bearer(way, reach=reach, now_s=now_s)
        case RefreshToken() as way:
            return refresh_token(way, reach=reach, remembered=remembered)
        case SoapLogin() as way:
            return soap_login(way, reach=reach, version=options.api_version)


def client_credentials(way: ClientCredentials, *, reach: Reach) -> Login:
    """Asks for a token with the app's own key and secret."""
    basic = base64.b64encode(f"{text_of(way.id)}:{way.secret.reveal()}".encode()).decode()
    answer = yield _token_request(
        reach, {"grant_type": "client_credentials"}, authorization=f"Basic {basic}"
    )
    return read_session(answer, reach=reach, hints=_CLIENT_HINTS)


def jwt_bearer(way: JwtBearer, *, reach: Reach, now_s: float) -> Login:
    """Asks for a token with an assertion that the app's key signed.

    An assertion lives three minutes, so a clock that is wrong by more spoils it. If ours is, a
    second one is made by the vendor's.
    """
    assertion = _assertion(way, now_s=now_s)
    answer = yield _token_request(reach, _jwt_form(assertion))
    off_s = abs(answer.server_now_s - now_s) if answer.server_now_s else 0.0
    if answer.status == 400 and off_s > MOST_CLOCK_ERROR_S:
        log.warning("clock_differs_from_salesforce", by_s=round(off_s))
        assertion = _assertion(way, now_s=answer.server_now_s)
        answer = yield _token_request(reach, _jwt_form(assertion))
    return read_session(answer, reach=reach, hints=_JWT_HINTS)


def _jwt_form(assertion: Secret) -> dict[str, str]:
    return {"grant_type": api.JWT_GRANT, "assertion": assertion.reveal()}


def _assertion(way: JwtBearer, *, now_s: float) -> Secret:
    claims = {
        "iss": text_of(way.id),
        "sub": text_of(way.username),
        "aud": way.audience_or_default(),
        "exp": int(now_s + ASSERTION_S),
    }
    return Secret(jwt.encode(claims, way.key.reveal(), algorithm="RS256"))


def refresh_token(way: RefreshToken, *, reach: Reach, remembered: Remembered) -> Login:
    """Asks for a token with what a person's consent left behind.

    Where an app rotates its refresh tokens, each login answers the next one and ends the last; showing
    an ended one again ends them all. So the next one is kept before the login that gave it is used.
    """
    form = {
        "grant_type": "refresh_token",
        "client_id": text_of(way.id),
        "refresh_token": (remembered.token() or way.refresh_token).reveal(),
    }
    if way.secret:
        form["client_secret"] = way.secret.reveal()
    answer = yield _token_request(reach, form)
    session = read_session(answer, reach=reach, hints=_REFRESH_HINTS)
    remembered.replace_token(str(orjson.loads(answer.body).get("refresh_token") or ""))
    return session


def _token_request(
    reach: Reach, form: Mapping[str, str], *, authorization: str = ""
) -> LoginRequest:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if authorization:
        headers["Authorization"] = authorization
    return LoginRequest(
        reach.home.url + api.TOKEN_PATH, headers=headers, body=urlencode(form).encode()
    )


def read_session(
    answer: LoginAnswer, *, reach: Reach, hints: Mapping[str, str] | None = None
) -> Session:
    """The session in the answer of a token endpoint.

    Args:
        hints: what to do about the vendor's error codes.

    Raises:
        CredentialsRefused: with the vendor's error code.
        CrmError: another, when the endpoint is out of order.
    """
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        content = answer.body.decode("utf-8", "replace")
    if answer.status != 200:
        raise _refused(answer.status, content, hints=hints or _HINTS)
    if not isinstance(content, dict) or not content.get("access_token"):
        raise CredentialsRefused("the login at Salesforce answered no access token")
    return Session(
        Secret(str(content["access_token"])),
        instance_of(str(content.get("instance_url") or reach.home.url), reach=reach),
        str(content.get("id") or "").rpartition("/")[2],
    )


def _refused(status: int, content: object, *, hints: Mapping[str, str]) -> Exception:
    code, _ = first_problem(content)
    if status in api.BUSY_STATUSES or code == "REQUEST_LIMIT_EXCEEDED":
        return failure_of(status, content)
    return CredentialsRefused(
        f"Salesforce refuses the login ({code or f'HTTP {status}'})", hint=hints.get(code)
    )

"""Logging in.

A way of logging in is a generator: it yields the requests to send, is sent their answers, and
returns the session. So it is tested without a network, and a new way is one more function.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow
(seen 2026-11)
"""

from __future__ import annotations

import base64
from collections.abc import Generator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import orjson

from stagesync.connector import CredentialsRefused, Secret
from stagesync_salesforce import api
from stagesync_salesforce.failures import failure_of, first_problem
from stagesync_salesforce.options import ClientCredentials, Options, is_loopback


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A POST to send. Headers and body hold secrets and stay out of its `repr`."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """What came back."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """A session in an org.

    Attributes:
        instance_url: base address of every later call, without a slash at the end.
        user_id: who we are; empty when the answer did not tell.
    """

    token: Secret
    instance_url: str
    user_id: str


Login = Generator[LoginRequest, LoginAnswer, Session]

_HINTS = {
    "invalid_client": "the consumer secret is wrong",
    "invalid_client_id": "the consumer key is wrong, or the app is new: wait ten minutes",
    "invalid_grant": "enable the client-credentials flow with a run-as user in the app, "
    "and log in at the org's own My Domain",
    "unsupported_grant_type": "enable the client-credentials flow in the app",
    "inactive_user": "the run-as user is not active",
}


def log_in(options: Options) -> Login:
    """The way of logging in that the options choose."""
    return client_credentials(options.auth.client_credentials, base_url=options.login_url)


def client_credentials(credentials: ClientCredentials, *, base_url: str) -> Login:
    """Asks for a token with the app's own key and secret."""
    key, secret = _text(credentials.id), credentials.secret.reveal()
    basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
    answer = yield LoginRequest(
        base_url + api.TOKEN_PATH,
        headers={
            "Authorization": f"Basic {basic}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
        body=urlencode({"grant_type": "client_credentials"}).encode(),
    )
    return read_session(answer, base_url=base_url)


def read_session(answer: LoginAnswer, *, base_url: str) -> Session:
    """The session in the answer of a token endpoint.

    Raises:
        CredentialsRefused: with the vendor's error code.
        CrmError: another, when the endpoint is out of order.
    """
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        content = answer.body.decode("utf-8", "replace")
    if answer.status != 200:
        raise _refused(answer.status, content)
    if not isinstance(content, dict) or not content.get("access_token"):
        raise CredentialsRefused("the login at Salesforce answered no access token")
    return Session(
        Secret(str(content["access_token"])),
        _instance_url(str(content.get("instance_url") or base_url), base_url=base_url),
        str(content.get("id") or "").rpartition("/")[2],
    )


def _refused(status: int, content: object) -> Exception:
    code, _ = first_problem(content)
    if status in api.BUSY_STATUSES or code == "REQUEST_LIMIT_EXCEEDED":
        return failure_of(status, content)
    return CredentialsRefused(
        f"Salesforce refuses the login ({code or f'HTTP {status}'})", hint=_HINTS.get(code)
    )


def _instance_url(told: str, *, base_url: str) -> str:
    """A rehearsal on this machine never leaves it, and a real org is spoken to over https only."""
    if is_loopback(base_url) != is_loopback(told):
        return base_url
    if urlsplit(told).scheme != "https" and not is_loopback(told):
        return base_url
    return told.rstrip("/")


def _text(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else value

"""Logging in, without a network: the test answers what the generator asks."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from stagesync.connector import CredentialsRefused, Reach, Secret, Throttled, Unavailable
from stagesync_salesforce.api import DOMAINS
from stagesync_salesforce.auth import client_credentials
from stagesync_salesforce.credentials import ClientCredentials
from stagesync_salesforce.steps import LoginAnswer, LoginRequest, Session

KEY = ClientCredentials(id="key", secret=Secret("hush"))
BASE = "https://acme.my.salesforce.com"
GOOD = {
    "access_token": "00Dxx!AR",
    "instance_url": "https://acme2.my.salesforce.com",
    "id": "https://login.salesforce.com/id/00Dxx/005xx",
}


def login(status: int, body: bytes, *, base_url: str = BASE) -> tuple[LoginRequest, Session]:
    steps = client_credentials(KEY, reach=Reach.of(base_url, *DOMAINS))
    request = next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(LoginAnswer(status, body))
    return request, end.value.value


def test_request_carries_the_grant_and_basic_credentials() -> None:
    """The secret travels in the Authorization header and the grant in the form."""
    request, _ = login(200, orjson.dumps(GOOD))
    basic = base64.b64encode(b"key:hush").decode()
    assert (
        f"{BASE}/services/oauth2/token",
        f"Basic {basic}",
        b"grant_type=client_credentials",
    ) == (
        request.url,
        request.headers["Authorization"],
        request.body,
    )


def test_no_secret_shows_in_a_repr() -> None:
    """A request and a session can be printed."""
    request, session = login(200, orjson.dumps(GOOD))
    assert ["Basic" in repr(request), "00Dxx!AR" in repr(session)] == [False, False]


def test_session_names_instance_and_user() -> None:
    """Later calls go where the answer says, and the user is the last part of its identity."""
    _, session = login(200, orjson.dumps(GOOD))
    assert (session.instance_url, session.user_id) == ("https://acme2.my.salesforce.com", "005xx")


@pytest.mark.parametrize(
    ("base_url", "told", "used"),
    [
        ("http://127.0.0.1:9", "https://real.my.salesforce.com", "http://127.0.0.1:9"),
        ("http://127.0.0.1:9", "http://127.0.0.1:10/", "http://127.0.0.1:10"),
        (BASE, None, BASE),
    ],
)
def test_rehearsal_and_real_org_stay_apart(base_url: str, told: str | None, used: str) -> None:
    """A login never sends later calls from this machine to the world, nor back, nor unencrypted."""
    body = orjson.dumps(GOOD | {"instance_url": told})
    _, session = login(200, body, base_url=base_url)
    assert used == session.instance_url


@pytest.mark.parametrize(
    "told",
    [
        "http://127.0.0.1:10", "http://other.my.salesforce.com", "https://169.254.169.254", "https://intranet",
        "https://acme.my.salesforce.com.evil.example", "https://evilsalesforce.com", "https://evil.example",
        "https://acme.my.salesforce.com@evil.example", "https://evil.example\\@acme.my.salesforce.com",
        "https://acme.my.salesforce.com:8443", "https://[::1]", "https://2130706433", "//evil.example", "x",
        "https://evil.example/.salesforce.com", "https://evil.example?.salesforce.com",
    ],
)  # fmt: skip
def test_a_forged_login_leads_nowhere(told: str) -> None:
    """A session whose address is none of Salesforce's is refused, in words that do not name the token."""
    steps = client_credentials(KEY, reach=Reach.of(BASE, *DOMAINS))
    next(steps)
    with pytest.raises(CredentialsRefused, match="not Salesforce's") as refused:
        steps.send(LoginAnswer(200, orjson.dumps(GOOD | {"instance_url": told})))
    assert (
        str(GOOD["access_token"]) not in f"{refused.value!r} {refused.value} {refused.value.hint}"
    )


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": "invalid_client", "error_description": "x"}, CredentialsRefused),
        (401, [{"errorCode": "INVALID_LOGIN"}], CredentialsRefused),
        (404, "<html>no</html>", CredentialsRefused),
        (200, {}, CredentialsRefused),
        (200, "<html>hello</html>", CredentialsRefused),
        (503, "", Unavailable),
        (500, "<html>oops</html>", Unavailable),
        (429, "", Throttled),
    ],
)
def test_refusals_and_outages_differ(status: int, body: Any, expected: type[Exception]) -> None:
    """A refused key is permanent; an endpoint out of order is not."""
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    steps = client_credentials(KEY, reach=Reach.of(BASE, *DOMAINS))
    next(steps)
    with pytest.raises(expected) as failed:
        steps.send(LoginAnswer(status, raw))
    assert expected is type(failed.value)


def test_refusal_tells_the_code_and_not_the_description() -> None:
    """The description may speak of a person; the code does not."""
    steps = client_credentials(KEY, reach=Reach.of(BASE, *DOMAINS))
    next(steps)
    body = orjson.dumps({"error": "invalid_grant", "error_description": "user ann@example.com"})
    with pytest.raises(CredentialsRefused) as refused:
        steps.send(LoginAnswer(400, body))
    assert str(refused.value) == "Salesforce refuses the login (invalid_grant)"

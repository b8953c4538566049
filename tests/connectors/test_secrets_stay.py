"""No secret comes out of a connector, whatever the other side repeats and whatever breaks on the way."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import urllib3
from structlog.testing import capture_logs
from tests.fuzz import acts, feeding

from rsa_keys import pem_pair
from stagesync.connector import CrmError, Secret, without_secrets
from stagesync.connector.secret import HIDDEN, spellings
from stagesync_sql import connect as connect_sql

PEM = pem_pair()[0]
TOKEN, REFRESH, CLIENT, HOOK, PASSWORD, SOAP_TOKEN, SESSION = (
    "pat-eu1-t0ken/of+ours=", "refr3sh-t0ken&more", "cl1ent-s3cret?x", "h00k-s3cret", "p@ss w0rd<&>", "s0apT0ken",
    "00Dxx!AR.s3ssion.t0ken",
)  # fmt: skip
MINE = (TOKEN, REFRESH, CLIENT, HOOK, PASSWORD, SOAP_TOKEN, SESSION, PEM)

HUBSPOT: Mapping[str, Mapping[str, Any]] = {
    "token": {"token": Secret(TOKEN), "app_secret": Secret(HOOK)},
    "oauth": {
        "token": None,
        "auth": {
            "oauth": {
                "client_id": "c1",
                "client_secret": Secret(CLIENT),
                "refresh_token": Secret(REFRESH),
            }
        },
    },
}
SALESFORCE: Mapping[str, Mapping[str, Any]] = {
    "client_credentials": {"id": Secret("consumer-k3y"), "secret": Secret(CLIENT)},
    "jwt_bearer": {"id": "consumer-key", "username": "u@example.com", "key": Secret(PEM)},
    "refresh_token": {"id": "k", "secret": Secret(CLIENT), "refresh_token": Secret(REFRESH)},
    "soap_login": {
        "username": "u@example.com",
        "password": Secret(PASSWORD),
        "security_token": Secret(SOAP_TOKEN),
    },
}
HOST = {"host": "acme.my.salesforce.com"}


def _json(words: str) -> bytes:
    return json.dumps(
        {"message": words, "category": words, "error": words, "status": words}
    ).encode()


def _list(words: str) -> bytes:
    told = {"message": words, "errorCode": words, "fields": [words], "statusCode": words}
    return json.dumps([told]).encode()


def _session(_: str) -> bytes:
    return json.dumps(
        {
            "access_token": SESSION,
            "refresh_token": REFRESH,
            "expires_in": 1800,
            "token_type": "bearer",
        }
    ).encode()


def _soap(words: str) -> bytes:
    return f"<e><exceptionCode>{words}</exceptionCode><exceptionMessage>{words}</exceptionMessage></e>".encode()


BODIES: tuple[Callable[[str], bytes], ...] = (_json, _list, _soap, lambda words: words.encode())
STATUSES = (200, 207, 302, 400, 401, 403, 404, 429, 500)


def shown(error: BaseException) -> str:
    """Everything that a program may print of an error."""
    hint = getattr(error, "hint", "")
    return f"{error} {error!r} {hint} {vars(error)} {''.join(traceback.format_exception(error))}"


def assert_hidden(text: str, *more: str) -> None:
    """None of the secrets stands in it, in none of its spellings."""
    for secret in (*MINE, *more):
        for form in spellings(secret):
            assert form not in text, f"{form!r} in {text!r}"


@contextmanager
def heard() -> Iterator[list[str]]:
    """Everything that the block logs and raises."""
    told: list[str] = []
    with capture_logs() as logs:
        try:
            yield told
        except CrmError as error:
            told.append(shown(error))
    told.append(str(logs))


def play(connector: Any, act: acts.Act) -> str:
    """What is to be seen of one act: its result, its error, its events, and what the connector says of itself."""
    with heard() as told:
        told.append(repr(act(connector, lambda: None)))
    told.append(
        f"{connector!r} {connector._options!r} {connector._transport!r} {connector.quota()}"
    )
    connector.close()
    return " ".join(told)


def echoing(status: int, body: Callable[[str], bytes], *, login: bool) -> Callable[..., Any]:
    """A vendor that repeats all it is sent, in status, headers and body."""

    def answer(_: str, url: str) -> feeding.Answer:
        pool = answer.pool  # type: ignore[attr-defined]  # set once the pool is there
        if login and "/oauth" in url:
            return 200, {"Content-Type": "application/json"}, _session("")
        words = pool.sent
        flat = words.replace("\n", " ").encode("ascii", "replace").decode()
        return (
            status,
            {"X-HubSpot-Correlation-Id": flat, "Location": f"https://evil.example/?{flat}"},
            body(words),
        )

    return answer


@pytest.mark.parametrize("login", [True, False], ids=["let in", "refused"])
@pytest.mark.parametrize("way", HUBSPOT)
def test_what_hubspot_repeats_is_not_repeated(way: str, login: bool) -> None:
    """Token, client secret and refresh token stay hidden, with each status, body and kind of call."""
    for status in STATUSES:
        for body in BODIES:
            for name in ("check", "write", "describe"):
                answer = echoing(status, body, login=login)
                connector, pool = feeding.hubspot(answer, **HUBSPOT[way])
                answer.pool = pool  # type: ignore[attr-defined]
                assert_hidden(play(connector, acts.HUBSPOT[name]))
                assert pool.asked


@pytest.mark.parametrize("login", [True, False], ids=["let in", "refused"])
@pytest.mark.parametrize("way", SALESFORCE)
def test_what_salesforce_repeats_is_not_repeated(way: str, login: bool) -> None:
    """Secrets, keys, passwords and sessions stay hidden for every way of logging in, the assertion too."""
    # Signing an assertion takes its time: fewer of them.
    for status in STATUSES[:: 4 if way == "jwt_bearer" else 1]:
        for body in BODIES:
            answer = echoing(status, body, login=login)
            options = {"auth": {way: SALESFORCE[way] | HOST}}
            connector, pool = feeding.salesforce(answer, **options)
            answer.pool = pool  # type: ignore[attr-defined]
            told = play(connector, acts.SALESFORCE["write" if login else "check"])
            assert_hidden(told, "consumer-k3y")
            assert "assertion=eyJ" not in told
            assert pool.asked


class Broken(feeding.Pool):
    """A pool whose every request fails with the address and the headers in the error."""

    def _next(self, method: str, url: str, how: dict[str, Any], *, whole: bool) -> Any:
        raise urllib3.exceptions.MaxRetryError(
            None,  # type: ignore[arg-type]  # no pool is behind it
            f"{url}?access_token={TOKEN}",
            urllib3.exceptions.NewConnectionError(None, f"{how}"),  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("vendor", ["hubspot", "salesforce"])
def test_a_broken_connection_is_told_without_its_request(vendor: str) -> None:
    """Errors of urllib3 and requests hold addresses and headers: of them only the kind is told."""
    if vendor == "hubspot":
        connector, _ = feeding.hubspot(lambda *_: (200, {}, b""), **HUBSPOT["token"])
        connector._transport.client.rest_client.pool_manager = Broken(lambda *_: (200, {}, b""))
    else:
        options = {"auth": {"client_credentials": SALESFORCE["client_credentials"] | HOST}}
        connector, _ = feeding.salesforce(lambda *_: (200, {}, b""), **options)  # type: ignore[assignment]
        wire: Any = connector._transport._http.get_adapter("https://")  # type: ignore[attr-defined]
        wire.poolmanager = Broken(lambda *_: (200, {}, b""))
    with heard() as told:
        connector.check()
    error = told[0].split("Traceback")[0]
    assert_hidden(error)
    assert_hidden(without_secrets(" ".join(told)))


URLS = [
    "postgresql+psycopg://ann:{}@127.0.0.1:1/crm",
    "postgresql+psycopg://ann:{}@no.such.host.invalid/crm?connect_timeout=1",
    "sqlite:////nowhere/at/all/x{}.db",
    "nosuch://ann:{}@x/y",
    "postgresql+psycopg://ann:{}@127.0.0.1:1/crm?bad=1&password={}",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("apart", [True, False], ids=["apart", "inside"])
def test_a_password_of_a_database_is_not_told(url: str, apart: bool) -> None:
    """Neither where the password stands in the address nor where it stands apart does a driver's word show it."""
    secret = "v3ry-s3cret-passw0rd"
    given = Secret(url.replace("{}", "" if apart else secret))
    options: dict[str, Any] = {"url": given, "tables": {}}
    options["tables"] = {"contact": {"table": "p", "role": "person", "key": "id", "changed": "at"}}
    if apart:
        options["password"] = Secret(secret)
    with heard() as told:
        connector: Any = connect_sql("db", options, clock=feeding.Clock())
        told.append(repr(connector._options))
        connector.check()
    assert_hidden(" ".join(told), secret)


def test_secrets_are_left_out_in_every_spelling() -> None:
    """Percent escapes, JSON, HTML and base64 at each offset are known; what is no longer in use is let go."""
    held = Secret('p@ss/w0rd"<+>é long')
    for form in spellings(held.reveal()):
        assert f"a {HIDDEN} b" == without_secrets(f"a {form} b")
    import base64

    for before in ("", "x", "xy", "user:"):
        told = base64.b64encode(f"{before}{held.reveal()}!".encode()).decode()
        assert HIDDEN in without_secrets(told)
    text = held.reveal()
    del held
    assert text == without_secrets(text)

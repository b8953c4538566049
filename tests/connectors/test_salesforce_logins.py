"""Each way of logging in, against the simulated org over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rsa_keys import pem_pair
from stagesync.connector import CredentialsRefused, OptionsRefused, Pull, Secret
from stagesync.sandbox.server import serve
from stagesync_salesforce.connector import SalesforceConnector
from stagesync_salesforce.credentials import JwtBearer
from stagesync_salesforce.options import read_options


@pytest.fixture(scope="session")
def key_pair() -> tuple[str, str]:
    """A private and a public key, PEM."""
    return pem_pair()


def jwt_auth(bench: Any, private: str, **more: Any) -> dict[str, Any]:
    told = bench.sim.logins()
    way = {"id": told["client_id"], "username": told["username"], "key": Secret(private)}
    return {"jwt_bearer": way | more}


def soap_auth(bench: Any, **more: Any) -> dict[str, Any]:
    told = bench.sim.logins()
    way = {
        "username": told["username"],
        "password": Secret(told["password"]),
        "security_token": Secret(told["security_token"]),
    }
    return {"soap_login": way | more}


def refresh_auth(bench: Any, token: str, **more: Any) -> dict[str, Any]:
    told = bench.sim.logins()
    way = {
        "id": told["client_id"],
        "secret": Secret(told["client_secret"]),
        "refresh_token": Secret(token),
    }
    return {"refresh_token": way | more}


def logins(bench: Any) -> list[tuple[str, int]]:
    return [
        (entry["path"].rpartition("/")[2], entry["status"])
        for entry in bench.log()
        if "oauth2" in entry["path"] or "/Soap/" in entry["path"]
    ]


def test_jwt_bearer_logs_in(empty_bench: Any, key_pair: tuple[str, str]) -> None:
    """An assertion signed by the app's key opens a session that knows its user."""
    private, public = key_pair
    empty_bench.sim.switches.update({"jwt_public_key": public})
    connector = empty_bench.connect(auth=jwt_auth(empty_bench, private))
    connector.check()
    user = connector._transport.user_id()
    connector.close()
    assert empty_bench.sim.org.user_id == user


def test_wrong_clock_is_corrected_by_the_vendors(
    empty_bench: Any, key_pair: tuple[str, str]
) -> None:
    """With our clock an hour behind, a second assertion by the time of the answer is taken."""
    private, public = key_pair
    empty_bench.sim.switches.update({"jwt_public_key": public})

    class Late(type(empty_bench.clock)):  # type: ignore[misc]  # the class of a fixture's clock
        def now_s(self) -> float:
            return float(super().now_s()) - 3_600.0

    options = read_options(empty_bench.options | {"auth": jwt_auth(empty_bench, private)})
    connector = SalesforceConnector("sf", options, clock=Late(empty_bench.sim.clock))
    connector.check()
    connector.close()
    assert [("token", 400), ("token", 200)] == logins(empty_bench)


@pytest.mark.parametrize(
    ("switch", "more"),
    [({"jwt_approved": False}, {}), ({}, {"username": "nobody@example.com"})],
)
def test_refused_assertion_is_permanent(
    empty_bench: Any, key_pair: tuple[str, str], switch: dict[str, Any], more: dict[str, Any]
) -> None:
    """A user who is not pre-authorised gets one refusal and no second try."""
    private, public = key_pair
    empty_bench.sim.switches.update({"jwt_public_key": public, **switch})
    connector = empty_bench.connect(auth=jwt_auth(empty_bench, private, **more))
    with pytest.raises(CredentialsRefused) as refused:
        connector.check()
    connector.close()
    assert "pre-authorise" in (refused.value.hint or "")
    assert [("token", 400)] == logins(empty_bench)


@pytest.mark.parametrize(
    ("host", "audience"),
    [
        (None, "https://login.salesforce.com"),
        ("acme.my.salesforce.com", "https://login.salesforce.com"),
        ("acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("test.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_audience_follows_the_host(
    host: str | None, audience: str, key_pair: tuple[str, str]
) -> None:
    """Sandboxes are vouched for by the test host, all others by the login host."""
    way = JwtBearer(host=host, id="key", username="u@example.com", key=Secret(key_pair[0]))
    assert audience == way.audience_or_default()


def test_soap_login_opens_a_session(empty_bench: Any) -> None:
    """A password with its security token logs in below API 65.0."""
    connector = empty_bench.connect(auth=soap_auth(empty_bench))
    connector.check()
    user = connector._transport.user_id()
    connector.close()
    assert (empty_bench.sim.org.user_id, [("64.0", 200)]) == (user, logins(empty_bench))


@pytest.mark.parametrize(
    ("more", "switch", "code"),
    [
        ({"password": Secret('<wrong> & "quoted"')}, {}, "INVALID_LOGIN"),
        ({}, {"soap_login": False}, "INVALID_OPERATION"),
    ],
)
def test_soap_refusal_is_permanent(
    empty_bench: Any, more: dict[str, Any], switch: dict[str, Any], code: str
) -> None:
    """A fault with a code is final, though it comes as HTTP 500."""
    empty_bench.sim.switches.update(switch)
    connector = empty_bench.connect(auth=soap_auth(empty_bench, **more))
    with pytest.raises(CredentialsRefused) as refused:
        connector.check()
    connector.close()
    assert f"Salesforce refuses the login ({code})" == str(refused.value)
    assert [("64.0", 500)] == logins(empty_bench)


def test_soap_is_refused_from_api_65_on(empty_bench: Any) -> None:
    """An API version that no longer knows SOAP login is refused before any request."""
    options = empty_bench.options | {"auth": soap_auth(empty_bench), "api_version": "65.0"}
    with pytest.raises(OptionsRefused, match=r"ends with api_version 64\.0"):
        read_options(options)


def test_each_login_uses_the_newest_token(empty_bench: Any) -> None:
    """Three sessions in a row come of three refresh tokens, none shown twice."""
    first = empty_bench.sim.make_refresh_token()["refresh_token"]
    connector = empty_bench.connect(auth=refresh_auth(empty_bench, first))
    for _ in range(3):
        connector.check()
        empty_bench.sim.clock.advance(3 * 3_600)
    connector.close()
    assert [("token", 200)] * 3 == logins(empty_bench)


def test_without_rotation_nothing_is_renewed(empty_bench: Any) -> None:
    """An app that does not rotate leaves the configured token in force."""
    empty_bench.sim.switches.update({"refresh_rotation": False})
    token = empty_bench.sim.make_refresh_token()["refresh_token"]
    connector = empty_bench.connect(auth=refresh_auth(empty_bench, token))
    for _ in range(2):
        connector.check()
        empty_bench.sim.clock.advance(3 * 3_600)
    connector.close()
    assert [("token", 200)] * 2 == logins(empty_bench)


@pytest.mark.parametrize("kind", ["401_not_for_rest", "401_agent"])
def test_no_new_login_where_it_cannot_help(empty_bench: Any, kind: str) -> None:
    """A session refused for who we are ends at once, with one login and one call."""
    empty_bench.sim.faults.add(kind, 9, "query")
    with pytest.raises(CredentialsRefused, match="does not let this session"):
        empty_bench.connector.check()
    assert [("token", 200)] == logins(empty_bench)


def test_session_that_a_new_login_does_not_mend_is_given_up(empty_bench: Any) -> None:
    """An XML answer about the token brings one new login, not an endless row of them."""
    empty_bench.sim.faults.add("401_oauth_xml", 9, "query")
    with pytest.raises(CredentialsRefused):
        empty_bench.connector.check()
    assert 2 == len(logins(empty_bench))


@pytest.fixture
def elsewhere(empty_bench: Any) -> Iterator[str]:
    """A second address of the same org."""
    from stagesync.sandbox.salesforce import create_app

    with serve(create_app(empty_bench.sim)) as server:
        yield str(server.url)


def test_moved_org_is_followed(empty_bench: Any, elsewhere: str) -> None:
    """After the org has moved, the next login's instance_url is where calls go."""
    connector = empty_bench.connector
    connector.check()
    empty_bench.sim.switches.update({"instance_url": elsewhere})
    pages = list(connector.pull([Pull("lead", ())]))
    assert (1, True) == (len(pages), pages[0].last)
    assert (elsewhere, f"{elsewhere}/00Q") == (
        connector._transport.instance_url,
        connector.record_url("lead", "00Q"),
    )


@pytest.mark.parametrize(
    ("auth", "key"),
    [
        ({"jwt_bearer": {"id": "k", "username": "u", "key": Secret("no pem")}}, "jwt_bearer.key"),
        ({"jwt_bearer": {"id": "k", "key": Secret("x")}}, "jwt_bearer.username"),
        ({"refresh_token": {"id": "k", "refresh_token": "plain"}}, "refresh_token.refresh_token"),
        ({"soap_login": {"username": "u"}}, "soap_login.password"),
        ({"soap_login": {"username": "u", "password": "plain"}}, "soap_login.password"),
        ({"password": {}}, "password"),
    ],
)
def test_incomplete_ways_are_refused(auth: dict[str, Any], key: str) -> None:
    """What a way to log in lacks is told by its key."""
    with pytest.raises(OptionsRefused) as refused:
        read_options({"auth": auth, "url": "http://127.0.0.1:1"})
    assert f"auth.{key}" in [name for name, _ in refused.value.problems]


def test_two_ways_at_once_are_refused(empty_bench: Any) -> None:
    """A connection logs in one way."""
    both = empty_bench.options["auth"] | soap_auth(empty_bench)
    with pytest.raises(OptionsRefused, match="needs exactly one of client_credentials"):
        read_options({"auth": both, "url": "http://127.0.0.1:1"})


def test_closing_leaves_the_session_to_others(bench: Any) -> None:
    """A connector that ends takes no session from another one of the same user and app."""
    other = bench.connect()
    other.check()
    bench.connector.check()
    bench.connector.close()
    other.check()
    other.close()
    assert 2 == sum(entry["path"].endswith("/token") for entry in bench.sim.log.entries())

"""Logging in, sessions, versions."""

import base64

import pytest
import requests


def test_login_returns_the_simulators_own_address(open_org):
    """The token answer names the simulator as the instance and has no expiry."""
    api = open_org()
    body = api.login().json()
    assert api.url == body["instance_url"]
    assert f"{api.url}/id/{api.sim.org.id}/{api.sim.org.user_id}" == body["id"]
    assert {
        "access_token",
        "id",
        "instance_url",
        "issued_at",
        "scope",
        "signature",
        "token_type",
    } == body.keys()
    assert body["access_token"].startswith(api.sim.org.id[:15] + "!")


def test_login_by_basic_header(open_org):
    """The client's id and secret may stand in a Basic header instead of the form."""
    api = open_org()
    app = api.sim.credentials()
    pair = base64.b64encode(f"{app['client_id']}:{app['client_secret']}".encode()).decode()
    answer = requests.post(
        f"{api.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {pair}"},
        timeout=10,
    )
    assert 200 == answer.status_code


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, ("invalid_client", "invalid client credentials")),
        ({"client_id": "other"}, ("invalid_client_id", "client identifier invalid")),
        ({"grant_type": "magic"}, ("unsupported_grant_type", "grant type not supported")),
    ],
)
def test_refused_login_is_one_object(open_org, form, error):
    """A refused login is 400 with one error object, not the list of the REST API."""
    api = open_org()
    sent = {"grant_type": "client_credentials", **api.sim.credentials(), **form}
    answer = requests.post(f"{api.url}/services/oauth2/token", data=sent, timeout=10)
    assert 400 == answer.status_code
    assert {"error": error[0], "error_description": error[1]} == answer.json()


def test_an_unknown_token_is_refused(open_org):
    """A request with a wrong token gets 401 and INVALID_SESSION_ID in a list."""
    api = open_org()
    api.http.headers["Authorization"] = "Bearer nonsense"
    answer = api.call("GET", "limits")
    assert 401 == answer.status_code
    expected = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert expected == answer.json()


def test_a_session_dies_of_disuse_and_lives_by_use(open_org):
    """A session ends two hours after its last use, however old it is."""
    api = open_org()
    api.advance(7000)
    assert 200 == api.call("GET", "limits").status_code
    api.advance(7000)
    assert 200 == api.call("GET", "limits").status_code
    api.advance(7201)
    assert 401 == api.call("GET", "limits").status_code


def test_logins_share_a_session_until_it_ends(open_org):
    """A second login returns the live token; after revocation it returns another."""
    api = open_org()
    first = api.login().json()["access_token"]
    assert first == api.login().json()["access_token"]
    revoked = api.http.post(f"{api.url}/services/oauth2/revoke", data={"token": first}, timeout=10)
    assert 200 == revoked.status_code
    assert first != api.login().json()["access_token"]
    assert 401 == api.call("GET", "limits").status_code


def test_expired_token_fault_ends_the_session(open_org):
    """The fault expired_token kills the token for good; a new login gets on."""
    api = open_org()
    api.fault("expired_token")
    assert [401, 401] == [api.call("GET", "limits").status_code for _ in range(2)]
    api.http.headers["Authorization"] = f"Bearer {api.login().json()['access_token']}"
    assert 200 == api.call("GET", "limits").status_code


def test_identity_tells_the_user(open_org):
    """The id address of the token answer names the user and the org."""
    api = open_org()
    body = api.call("GET", api.login().json()["id"]).json()
    assert (api.sim.org.user_id, api.sim.org.id) == (body["user_id"], body["organization_id"])


def test_versions_need_no_token(open_org):
    """The list of versions is open to everybody, ascending, and not counted."""
    api = open_org()
    answer = requests.get(f"{api.url}/services/data/", timeout=10)
    versions = [entry["version"] for entry in answer.json()]
    assert [f"{number}.0" for number in range(59, 68)] == versions
    assert {
        "label": "Winter '26",
        "url": "/services/data/v65.0",
        "version": "65.0",
    } in answer.json()
    assert "Sforce-Limit-Info" not in answer.headers


@pytest.mark.parametrize(
    ("version", "status"), [("59.0", 200), ("67.0", 200), ("30.0", 410), ("99.0", 404)]
)
def test_served_and_retired_versions(open_org, version, status):
    """Current versions are served alike, retired ones are gone, others not found."""
    api = open_org()
    answer = api.call("GET", f"{api.url}/services/data/v{version}/limits")
    assert status == answer.status_code

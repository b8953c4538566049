"""Every way to log in but client credentials: JWT, refresh token, code, password, SOAP."""

import re
import time
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from rsa_keys import pem_pair
from tls import certificate_of

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def keys():
    return pem_pair()


@pytest.fixture
def api(open_org):
    return open_org()


@pytest.fixture
def told(api):
    return api.http.get(f"{api.url}/_sandbox/logins", timeout=10).json()


@pytest.fixture
def post(api):
    """Asks the token endpoint, outside the session of `api`."""

    def send(**form):
        return requests.post(f"{api.url}/services/oauth2/token", data=form, timeout=10)

    return send


@pytest.fixture
def client_of(told):
    return {"client_id": told["client_id"], "client_secret": told["client_secret"]}


def works(api, token):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{api.url}/services/data/v64.0/limits", headers=headers, timeout=10).ok


def refused(answer):
    assert 400 == answer.status_code
    body = answer.json()
    return body["error"], body["error_description"]


@pytest.fixture
def assertion(told, keys, now):
    """A signed JWT with the right claims, but for those given."""

    def sign(key=None, **changes):
        claims = {
            "iss": told["client_id"],
            "sub": told["username"],
            "aud": "https://login.salesforce.com",
            "exp": str(int(now) + 180),
        } | changes
        return jwt.encode(claims, key or keys[0], algorithm="RS256")

    return sign


@pytest.fixture
def trusting(api, keys):
    """The org once it has the app's public key."""
    api.switch(jwt_public_key=keys[1])
    return api


def test_jwt_opens_a_session_without_a_refresh_token(api, post, keys, assertion):
    """A JWT signed with the app's key gives an access token and nothing to refresh it with."""
    api.switch(jwt_public_key=keys[1])
    answer = post(grant_type=JWT_BEARER, assertion=assertion())
    assert 200 == answer.status_code, answer.text
    assert "refresh_token" not in answer.json()
    assert works(api, answer.json()["access_token"])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"iss": "other"}, ("invalid_client_id", "client identifier invalid")),
        ({"aud": "https://evil.example"}, ("invalid_grant", "audience is invalid")),
        ({"exp": 1_795_000_000}, ("invalid_grant", "expired assertion")),
        ({"exp": 1_795_000_302}, ("invalid_grant", "assertion expiry is too far ahead")),
        ({"exp": "soon"}, ("invalid_grant", "invalid assertion")),
        ({"sub": "a@b.example"}, ("invalid_grant", "user hasn't approved this consumer")),
    ],
)
def test_jwt_with_a_wrong_claim(trusting, post, assertion, changes, error):
    """Issuer, audience, expiry and user of a JWT are each looked at."""
    assert trusting.sim.switches.jwt_public_key
    assert error == refused(post(grant_type=JWT_BEARER, assertion=assertion(**changes)))


@pytest.mark.parametrize(
    "audience", ["https://test.salesforce.com", "https://acme.my.salesforce.com"]
)
def test_jwt_audiences(api, post, keys, assertion, audience):
    """The sandbox login host and a My Domain are audiences too."""
    api.switch(jwt_public_key=keys[1])
    assert 200 == post(grant_type=JWT_BEARER, assertion=assertion(aud=audience)).status_code


def test_jwt_of_another_key_or_another_algorithm(api, post, keys, told, assertion):
    """A JWT signed with another key, or by HMAC with the public key as its secret, is refused."""
    api.switch(jwt_public_key=keys[1])
    forged = jwt.encode({"iss": told["client_id"]}, "x" * 64, algorithm="HS256")
    for wrong in (assertion(key=pem_pair()[0]), forged, "nonsense"):
        assert ("invalid_grant", "invalid assertion") == refused(
            post(grant_type=JWT_BEARER, assertion=wrong)
        )


def test_jwt_by_certificate(api, post, keys, assertion):
    """The app may hold the certificate instead of the bare key."""
    key = serialization.load_pem_private_key(keys[0].encode(), password=None)
    api.switch(jwt_public_key=certificate_of(key, "app").decode())
    assert 200 == post(grant_type=JWT_BEARER, assertion=assertion()).status_code


def test_jwt_without_a_key(post, assertion):
    """An org that holds no key accepts no JWT."""
    answer = post(grant_type=JWT_BEARER, assertion=assertion())
    assert ("invalid_grant", "invalid assertion") == refused(answer)


def test_jwt_of_a_user_who_has_not_approved(api, post, keys, assertion):
    """Without approval the answer is the vendor's sentence about the consumer."""
    api.switch(jwt_public_key=keys[1], jwt_approved=False)
    expected = ("invalid_grant", "user hasn't approved this consumer")
    assert expected == refused(post(grant_type=JWT_BEARER, assertion=assertion()))


def refresh_token(api):
    return api.control("refresh_token", {}).json()["refresh_token"]


def test_rotation_kills_the_spent_token_and_its_line(api, post, client_of):
    """A refresh gives a new token; using the old one again kills the new one and its session."""
    first = refresh_token(api)
    answer = post(grant_type="refresh_token", refresh_token=first, **client_of).json()
    second = answer["refresh_token"]
    assert second != first
    assert works(api, answer["access_token"])
    expired = ("invalid_grant", "expired access/refresh token")
    again = {"grant_type": "refresh_token", **client_of}
    assert expired == refused(post(refresh_token=first, **again))
    assert expired == refused(post(refresh_token=second, **again))
    assert not works(api, answer["access_token"])


def test_revoking_a_refresh_token_ends_its_sessions(api, post, client_of):
    """A revoked refresh token opens nothing more, and what it has opened ends."""
    api.switch(refresh_rotation=False)
    token = refresh_token(api)
    form = {"grant_type": "refresh_token", "refresh_token": token, **client_of}
    session = post(**form).json()["access_token"]
    url = f"{api.url}/services/oauth2/revoke"
    statuses = [requests.post(url, data={"token": token}, timeout=10).status_code for _ in "12"]
    assert [200, 400] == statuses
    assert not works(api, session)
    assert 400 == post(**form).status_code


def test_without_rotation_a_refresh_token_lasts(api, post, client_of):
    """With rotation off the same token works again and no other one is handed out."""
    api.switch(refresh_rotation=False)
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token(api), **client_of}
    answers = [post(**form) for _ in range(2)]
    assert [200, 200] == [answer.status_code for answer in answers]
    assert "refresh_token" not in answers[0].json()


def test_the_sixth_refresh_token_revokes_the_first(api, post, client_of):
    """Only five refresh tokens of a user live; the oldest dies silently."""
    api.switch(refresh_rotation=False)
    tokens = [refresh_token(api) for _ in range(6)]
    form = {"grant_type": "refresh_token", **client_of}
    statuses = [post(refresh_token=token, **form).status_code for token in tokens]
    assert [400, 200, 200, 200, 200, 200] == statuses


def test_authorization_code_is_exchanged_once(api, post, client_of):
    """The browser comes back with a code and the state; the code gives tokens one time."""
    query = {
        "response_type": "code",
        "client_id": client_of["client_id"],
        "redirect_uri": "http://127.0.0.1/back",
        "state": "s 1",
    }
    answer = requests.get(
        f"{api.url}/services/oauth2/authorize", params=query, timeout=10, allow_redirects=False
    )
    back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (302, "s 1") == (answer.status_code, back["state"])
    form = {"grant_type": "authorization_code", "code": back["code"], **client_of}
    tokens = post(**form).json()
    assert works(api, tokens["access_token"])
    assert post(grant_type="refresh_token", refresh_token=tokens["refresh_token"], **client_of).ok
    assert ("invalid_grant", "invalid authorization code") == refused(post(**form))


def test_password_grant(api, post, told, client_of):
    """The password with the security token behind it logs in, without it not."""
    form = {"grant_type": "password", "username": told["username"], **client_of}
    right = post(password=told["password"] + told["security_token"], **form)
    assert works(api, right.json()["access_token"])
    assert ("invalid_grant", "authentication failure") == refused(
        post(password=told["password"], **form)
    )


def test_a_write_bears_the_name_of_who_logged_in(api, post, told, client_of, make_lead):
    """A person who logs in by password writes in their own name, not the integration's."""
    secret = told["password"] + told["security_token"]
    person = "camille.rousseau@sandbox.example"
    token = post(grant_type="password", username=person, password=secret, **client_of).json()
    api.http.headers["Authorization"] = f"Bearer {token['access_token']}"
    made = api.call("POST", "sobjects/Contact", json={"LastName": "Kay"}).json()
    soql = f"SELECT CreatedById FROM Contact WHERE Id = '{made['id']}'"
    assert [api.sim.org.human_id] == api.values(soql)


def envelope(name, secret, prefix="n1:"):
    return (
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
        f'<{prefix}login xmlns:n1="urn:partner.soap.sforce.com" xmlns="urn:partner.soap.sforce.com">'
        f"<{prefix}username>{name}</{prefix}username><{prefix}password>{secret}</{prefix}password>"
        f"</{prefix}login></env:Body></env:Envelope>"
    )


def soap(api, body, version="64.0"):
    headers = {"Content-Type": "text/xml", "SOAPAction": "login"}
    url = f"{api.url}/services/Soap/u/{version}"
    return requests.post(url, data=body, headers=headers, timeout=10)


@pytest.mark.parametrize("prefix", ["n1:", ""])
def test_soap_login_whatever_the_prefix(api, told, prefix):
    """login() answers a session that REST accepts, however the elements are prefixed."""
    body = envelope(told["username"], told["password"] + told["security_token"], prefix)
    answer = soap(api, body)
    assert 200 == answer.status_code
    assert works(api, re.search("<sessionId>(.*?)</sessionId>", answer.text)[1])
    server = re.search("<serverUrl>(.*?)</serverUrl>", answer.text)[1]
    assert f"{api.url}/services/Soap/u/64.0/{api.sim.org.id[:15]}" == server
    assert "<sessionSecondsValid>7200</sessionSecondsValid>" in answer.text


@pytest.mark.parametrize(
    ("version", "switches", "code"),
    [
        ("64.0", {}, "INVALID_LOGIN"),
        ("65.0", {}, "UNKNOWN_EXCEPTION"),
        ("30.0", {}, "UNSUPPORTED_API_VERSION"),
        ("64.0", {"soap_login": False}, "INVALID_OPERATION"),
    ],
)
def test_soap_faults(api, version, switches, code):
    """A wrong password, a version without login(), a retired one, and an org without it: faults."""
    api.switch(**switches)
    answer = soap(api, envelope("nobody", "wrong"), version)
    assert 500 == answer.status_code
    assert f"<sf:exceptionCode>{code}</sf:exceptionCode>" in answer.text


def test_the_org_moves(api, post, client_of):
    """After a move old sessions end, and a new login works at the address that it names, only."""
    elsewhere = api.url.replace("127.0.0.1", "localhost")
    old = api.http.headers["Authorization"]
    api.switch(instance_url=elsewhere)
    assert 401 == api.call("GET", "limits").status_code
    body = post(grant_type="client_credentials", **client_of).json()
    assert elsewhere == body["instance_url"]
    api.http.headers["Authorization"] = f"Bearer {body['access_token']}"
    assert 401 == api.call("GET", "limits").status_code
    there = f"{elsewhere}/services/data/v64.0/limits"
    assert 200 == api.call("GET", there).status_code
    api.http.headers["Authorization"] = old
    assert 401 == api.call("GET", there).status_code


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("401_agent", "Connected app is not attached to Agent"),
        ("401_not_for_rest", "This session is not valid for use with the REST API"),
    ],
)
def test_refusals_that_no_login_cures(api, fault, message):
    """Two kinds of 401 leave the session as it is: it works as before afterwards."""
    api.fault(fault)
    answer = api.call("GET", "limits")
    expected = [{"message": message, "errorCode": "INVALID_SESSION_ID"}]
    assert (401, expected) == (answer.status_code, answer.json())
    assert 200 == api.call("GET", "limits").status_code


@pytest.fixture
def session(api, rewired):
    return rewired(api.url)


def test_simple_salesforce_logs_in_over_soap(told, session):
    """The client's SOAP login leads to a session that reads, and its refusal to its own error."""
    who = {"username": told["username"], "password": told["password"]}
    client = Salesforce(**who, security_token=told["security_token"], session=session)
    assert client.limits()["DailyApiRequests"]["Remaining"] > 0
    with pytest.raises(SalesforceAuthenticationFailed) as caught:
        Salesforce(**who, security_token="wrong", session=session)
    assert "INVALID_LOGIN" == caught.value.code


def test_simple_salesforce_logs_in_by_jwt(api, told, session, keys):
    """The client's JWT, whose expiry is text, is accepted."""
    # The client dates its JWT by the machine's clock.
    api.sim.clock._source = time.time
    api.switch(jwt_public_key=keys[1])
    client = Salesforce(
        username=told["username"],
        consumer_key=told["client_id"],
        privatekey=keys[0],
        session=session,
    )
    assert client.limits()["DailyApiRequests"]["Remaining"] > 0


def test_simple_salesforce_logs_in_by_password_and_by_app(told, session):
    """The OAuth password grant and client credentials of the client work."""
    app = {"consumer_key": told["client_id"], "consumer_secret": told["client_secret"]}
    secret = told["password"] + told["security_token"]
    by_name = Salesforce(username=told["username"], password=secret, session=session, **app)
    by_app = Salesforce(domain="acme.my", session=session, **app)
    assert by_name.session_id == by_app.session_id

"""HubSpot: installing an app, its tokens, and what other tokens may do."""

from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

LIST = "/crm/v3/objects/contacts?limit=5"
BACK = "https://app.example/back"
TOKEN = "/oauth/2026-03/token"


def _app(hs, **more):
    tokens = hs.sim.tokens
    return {"client_id": tokens.client_id, "client_secret": tokens.client_secret, **more}


def _exchange(hs, code, **more):
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code": code, **more}
    return hs.form(TOKEN, **_app(hs, **form))


def _refresh(hs, token):
    return hs.form(TOKEN, **_app(hs, grant_type="refresh_token", refresh_token=token))


def test_install_page_sends_back_with_code_and_state(hs):
    """The page sends the person back with a code, which buys tokens of just the scopes asked for."""
    scopes = "crm.objects.contacts.read oauth"
    query = {"client_id": hs.sim.tokens.client_id, "redirect_uri": BACK, "scope": scopes}
    answer = urllib3.request(
        "GET", hs.url + "/oauth/authorize", fields={**query, "state": "s1"}, redirect=False
    )
    back = urlsplit(answer.headers["Location"])
    given = parse_qs(back.query)
    assert (answer.status, back.netloc, given["state"]) == (302, "app.example", ["s1"])
    got = _exchange(hs, given["code"][0]).body
    assert (got["scopes"], got["hub_id"]) == (scopes.split(), hs.sim.portal.portal_id)
    token = got["access_token"]
    assert hs.get(LIST, token=token).status == 200
    assert hs.post("/crm/v3/objects/contacts", {"properties": {}}, token=token).status == 403


def test_code_works_once_in_time_and_for_its_address(hs):
    """A used code, an old one and one for another address are all BAD_AUTH_CODE."""
    code = hs.control("install", redirect_uri=BACK)["code"]
    assert [_exchange(hs, code).status for _ in range(2)] == [200, 400]
    old = hs.control("install", redirect_uri=BACK)["code"]
    other = hs.control("install", redirect_uri="https://else.example/")["code"]
    hs.sim.clock.advance(600)
    for wrong in (code, old, other, "nothing"):
        got = _exchange(hs, wrong)
        assert (got.status, got.body["status"]) == (400, "BAD_AUTH_CODE")


def test_refresh_gives_the_same_refresh_token(hs):
    """By default the refresh token stays, and the scopes with it."""
    code = hs.control("install", redirect_uri=BACK, scopes=["oauth"])["code"]
    first = _exchange(hs, code).body
    second = _refresh(hs, first["refresh_token"]).body
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert second["scopes"] == ["oauth"]


def test_refresh_token_may_rotate(hs):
    """With the switch on, a refresh token works once and its successor after it."""
    hs.switch(rotate_refresh_token=True)
    old = hs.sim.tokens.refresh_token
    new = _refresh(hs, old).body["refresh_token"]
    assert new != old
    got = _refresh(hs, old)
    assert (got.status, got.body["status"]) == (400, "BAD_REFRESH_TOKEN")
    assert [_refresh(hs, new).status for _ in range(2)] == [200, 400]


def test_version_one_answers_less(hs):
    """The old address answers the four fields it always had."""
    form = _app(hs, grant_type="refresh_token", refresh_token=hs.sim.tokens.refresh_token)
    got = hs.form("/oauth/v1/token", **form)
    assert sorted(got.body) == ["access_token", "expires_in", "refresh_token", "token_type"]


def test_introspection_names_app_and_account(hs):
    """Introspection tells the app's id and how long a token still lives; a revoked one is not active."""
    token = _refresh(hs, hs.sim.tokens.refresh_token).body["access_token"]
    hs.sim.clock.advance(100)
    got = hs.form(TOKEN + "/introspect", **_app(hs, token=token)).body
    assert (got["active"], got["expires_in"], got["app_id"]) == (True, 1700, hs.sim.portal.app_id)
    assert hs.form(TOKEN + "/revoke", **_app(hs, token=token)).status == 200
    assert hs.form(TOKEN + "/introspect", **_app(hs, token=token)).body["active"] is False
    assert hs.get(LIST, token=token).body["category"] == "INVALID_AUTHENTICATION"


INFO = "/oauth/v2/private-apps/get/access-token-info"


def test_private_app_is_named_by_its_token(hs):
    """A private app's token is told with its app, account and scopes; a service key is not known there."""
    got = hs.call("POST", INFO, {"tokenKey": hs.sim.tokens.static}).body
    assert ["appId", "hubId", "scopes", "userId"] == sorted(got)
    assert (hs.sim.portal.app_id, hs.sim.portal.portal_id) == (got["appId"], got["hubId"])
    for unknown in (hs.sim.tokens.service_key, "pat-eu1-nobody"):
        assert 404 == hs.call("POST", INFO, {"tokenKey": unknown}).status
    assert 400 == hs.call("POST", INFO, {"token": hs.sim.tokens.static}).status
    assert (
        401 == hs.call("POST", INFO, {"tokenKey": hs.sim.tokens.static}, token="pat-eu1-x").status
    )
    hs.switch(private_app_info=False)
    assert 404 == hs.call("POST", INFO, {"tokenKey": hs.sim.tokens.static}).status


def test_revoked_refresh_token_is_bad(hs):
    """After a revocation nothing can be refreshed; that takes a new installation."""
    token = hs.sim.tokens.refresh_token
    assert hs.get(f"/oauth/v1/refresh-tokens/{token}").body["hub_id"] == 24_000_001
    assert hs.call("DELETE", f"/oauth/v1/refresh-tokens/{token}").status == 204
    assert _refresh(hs, token).body["status"] == "BAD_REFRESH_TOKEN"
    assert hs.get(f"/oauth/v1/refresh-tokens/{token}").status == 404


def test_expired_token_tells_when(hs):
    """The body of an expired token has its instant under `expire time`."""
    token = _refresh(hs, hs.sim.tokens.refresh_token).body["access_token"]
    assert hs.get(f"/oauth/v1/access-tokens/{token}").body["expires_in"] == 1800
    hs.sim.clock.advance(1805)
    body = hs.get(LIST, token=token).body
    assert body["context"] == {"expire time": ["2026-11-17T12:30:00Z"]}
    assert body["message"].endswith("expired 5 second(s) ago.")
    assert hs.get(f"/oauth/v1/access-tokens/{token}").status == 404


def test_oauth_app_has_its_own_smaller_bucket(hs):
    """All tokens of an OAuth app share 110 calls in ten seconds, and no Daily pair is sent."""
    hs.switch(oauth_burst_limit=2)
    first = _refresh(hs, hs.sim.tokens.refresh_token).body["access_token"]
    second = _refresh(hs, hs.sim.tokens.refresh_token).body["access_token"]
    got = [hs.get(LIST, token=token) for token in (first, second, first)]
    assert [answer.status for answer in got] == [200, 200, 429]
    assert got[0].headers["X-HubSpot-RateLimit-Max"] == "2"
    assert "X-HubSpot-RateLimit-Daily-Remaining" not in got[0].headers
    assert hs.get(LIST).status == 200


def test_oauth_limit_by_default():
    """An OAuth app has 110 calls in ten seconds unless told otherwise."""
    from stagesync.sandbox.hubspot.switches import HubSpotSwitches

    assert HubSpotSwitches().oauth_burst_limit == 110


def test_service_key_calls_but_has_no_webhooks(hs):
    """A service key reads like a private app, with the Daily pair, and may not set webhooks."""
    key = hs.control("tokens", kind="service_key")["token"]
    assert key.startswith("pat-eu1-")
    got = hs.get(LIST, token=key)
    assert (got.status, "X-HubSpot-RateLimit-Daily" in got.headers) == (200, True)
    path = f"/webhooks/2026-03/{hs.sim.portal.app_id}/subscriptions"
    assert hs.get(path, token=key).status == 403
    assert hs.get(path).status == 200


def test_service_key_signs_with_another_id(hs):
    """What a service key writes does not bear the app's id."""
    made = hs.post("/crm/v3/objects/contacts", {"properties": {}}, token=hs.sim.tokens.service_key)
    source = hs.value("contacts", made.body["id"], "hs_object_source_id")
    assert source != str(hs.sim.portal.app_id)


@pytest.mark.parametrize("scope", ["", "crm.objects.contacts.read"])
def test_app_token_is_for_the_journal_only(hs, scope):
    """client_credentials gives no access to the account's records."""
    got = hs.form(TOKEN, **_app(hs, grant_type="client_credentials", scope=scope))
    assert (got.status, got.body["error"]) == (400, "invalid_scope")


def test_oauth_calls_take_nothing_of_the_day(hs):
    """The day counts private apps and service keys; what others use shows in Daily-Remaining."""
    token = _refresh(hs, hs.sim.tokens.refresh_token).body["access_token"]
    hs.get(LIST, token=token)
    first = hs.get(LIST).headers["X-HubSpot-RateLimit-Daily-Remaining"]
    used = hs.control("usage", calls=1_000, searches=5)
    assert (first, used["daily"]["used"]) == ("624999", 1_006)
    assert hs.get(LIST).headers["X-HubSpot-RateLimit-Daily-Remaining"] == "623993"
    assert hs.search().body["policyName"] == "SECONDLY"


def test_any_token_can_be_taken_back(hs):
    """A static token that a person has deleted is as unknown as one there never was."""
    hs.control("revoke", token=hs.token)
    assert hs.get(LIST).body["category"] == "INVALID_AUTHENTICATION"

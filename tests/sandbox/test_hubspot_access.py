"""HubSpot: addresses, tokens, scopes, limits and faults."""

from urllib.parse import urlencode

import pytest
import urllib3

from stagesync.sandbox.hubspot import HubSpotSim

LIST = "/crm/v3/objects/contacts?limit=5"


@pytest.mark.parametrize(
    "path",
    [
        "/crm/v3/objects/contacts",
        "/crm/v3/objects/contacts/",
        "/crm/objects/2026-03/contacts",
        "/crm/objects/2026-09/0-1",
        "/crm/objects/2026-03/CONTACT/",
    ],
)
def test_versions_lead_to_one_call(seeded, path):
    """Every version's address and every name of the type answers the same list."""
    assert seeded.get(path + "?limit=1").body["results"][0]["id"] == "101"


@pytest.mark.parametrize(
    "path", ["/crm/v9/objects/contacts", "/nothing", "/crm/v4/objects/contacts", "/crm/v3/cars"]
)
def test_unknown_route_is_html(hs, path):
    """An address that does not exist answers 404 in HTML."""
    got = hs.get(path)
    assert got.status == 404
    assert got.headers["content-type"].startswith("text/html")


def test_unknown_type_cannot_be_inferred(hs):
    """A type nobody knows is a 400 of its own."""
    got = hs.get("/crm/v3/objects/cars")
    assert (got.status, got.body["message"]) == (400, "Unable to infer object type from: cars")


@pytest.mark.parametrize(
    ("token", "status", "category"),
    [("", 401, "INVALID_AUTHENTICATION"), ("pat-eu1-unknown", 401, "INVALID_AUTHENTICATION")],
)
def test_bad_token(hs, token, status, category):
    """No token and an unknown token are 401."""
    got = hs.get(LIST, token=token)
    assert (got.status, got.body["category"]) == (status, category)


def test_malformed_token_never_reaches_hubspot(hs):
    """A token of no known shape meets the 530 of the network in front."""
    assert hs.get(LIST, token="a{b}").status == 530


def test_missing_object_scope_lists_it_in_errors(hs):
    """The object area refuses with the scopes in the first error's context."""
    token = hs.sim.tokens.add_static({"crm.objects.contacts.read"})
    got = hs.post("/crm/v3/objects/contacts", {"properties": {}}, token=token)
    assert (got.status, got.body["category"]) == (403, "MISSING_SCOPES")
    context = got.body["errors"][0]["context"]
    assert context == {"requiredGranularScopes": ["crm.objects.contacts.write"]}


def test_missing_schema_scope_lists_it_in_context(hs):
    """The schema area refuses with the scopes in the body's own context."""
    token = hs.sim.tokens.add_static({"crm.objects.contacts.read"})
    got = hs.post("/crm/v3/properties/contacts", {}, token=token)
    assert got.status == 403
    assert got.body["context"]["requiredGranularScopes"] == ["crm.schemas.contacts.write"]


def test_token_follows_from_the_seed():
    """The same seed makes the same credentials, another seed others."""
    assert HubSpotSim(seed=3).credentials() == HubSpotSim(seed=3).credentials()
    assert HubSpotSim(seed=3).token != HubSpotSim(seed=4).token
    assert HubSpotSim(seed=3).token.startswith("pat-eu1-sandbox-")


def _refresh(hs, **changes):
    form = {"grant_type": "refresh_token", **hs.sim.credentials(), **changes}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    pool = urllib3.PoolManager()
    return pool.request("POST", f"{hs.url}/oauth/v1/token", body=urlencode(form), headers=kind)


def test_oauth_token_lives_thirty_minutes(hs):
    """A refreshed token works until its time is over, then is 401 EXPIRED_AUTHENTICATION."""
    answer = _refresh(hs).json()
    assert (answer["expires_in"], answer["refresh_token"]) == (1800, hs.sim.tokens.refresh_token)
    hs.sim.clock.advance(1799)
    live = hs.get(LIST, token=answer["access_token"])
    assert live.status == 200
    assert "X-HubSpot-RateLimit-Daily" not in live.headers
    hs.sim.clock.advance(1)
    got = hs.get(LIST, token=answer["access_token"])
    assert (got.status, got.body["category"]) == (401, "EXPIRED_AUTHENTICATION")


def test_bad_refresh_token(hs):
    """A wrong refresh token and another app's client id both are BAD_REFRESH_TOKEN."""
    for change in ({"refresh_token": "eu1-x"}, {"client_id": "other"}):
        got = _refresh(hs, **change)
        assert (got.status, got.json()["status"]) == (400, "BAD_REFRESH_TOKEN")
        assert got.json()["error"] == "invalid_grant"


def test_burst_limit_rolls(hs):
    """The call after the last allowed one is 429 until ten seconds have passed."""
    hs.switch(burst_limit=3)
    got = [hs.get(LIST) for _ in range(4)]
    assert [answer.status for answer in got] == [200, 200, 200, 429]
    left = [answer.headers["X-HubSpot-RateLimit-Remaining"] for answer in got]
    assert left == ["2", "1", "0", "0"]
    assert got[3].body["policyName"] == "TEN_SECONDLY_ROLLING"
    assert got[3].body["errorType"] == "RATE_LIMIT"
    assert "Retry-After" not in got[3].headers
    hs.sim.clock.advance(10)
    assert hs.get(LIST).status == 200


def test_bursts_are_counted_per_token(hs):
    """Another token has a bucket of its own."""
    hs.switch(burst_limit=1)
    other = hs.sim.tokens.add_static()
    assert [hs.get(LIST).status, hs.get(LIST, token=other).status] == [200, 200]


def test_search_has_its_own_second_and_no_interval_headers(hs):
    """Search is limited to five a second over all tokens, and says nothing of it in headers."""
    other = hs.sim.tokens.add_static()
    path = "/crm/v3/objects/companies/search"
    for _ in range(3):
        assert hs.search().status == 200
    for _ in range(2):
        assert hs.post(path, {}, token=other).status == 200
    got = hs.search()
    assert (got.status, got.body["policyName"]) == (429, "SECONDLY")
    for answer in (hs.get("/crm/v3/owners"), got):
        said = "X-HubSpot-RateLimit-Interval-Milliseconds" in answer.headers
        assert said is (answer.status == 200)
        assert "X-HubSpot-RateLimit-Daily-Remaining" in answer.headers
    hs.sim.clock.advance(1)
    assert hs.search().status == 200


def test_every_call_costs_one_of_the_day_until_midnight(hs):
    """Good, bad and refused calls all count; the account's midnight gives the day back."""
    hs.switch(daily_limit=2)
    statuses = [hs.get(LIST).status, hs.get("/crm/v3/objects/contacts/1").status]
    assert statuses == [200, 404]
    got = hs.get(LIST)
    assert (got.status, got.body["policyName"]) == (429, "DAILY")
    assert got.body["message"] == "You have reached your daily limit."
    assert hs.sim.state()["limits"]["daily"] == {"limit": 2, "used": 3}
    # Noon UTC is one in the afternoon in Paris: eleven hours to midnight.
    hs.sim.clock.advance(11 * 3600 - 1)
    assert hs.get(LIST).status == 429
    hs.sim.clock.advance(1)
    assert hs.get(LIST).status == 200


def test_retry_after_is_a_switch(hs):
    """With the switch on, a 429 says how long to wait."""
    hs.switch(burst_limit=1, retry_after=True)
    hs.get(LIST)
    assert hs.get(LIST).headers["Retry-After"] == "10"


def test_limits_can_be_off(hs):
    """With the switch off, nothing is refused."""
    hs.switch(burst_limit=1, limits_on=False)
    assert [hs.get(LIST).status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("kind", "status", "is_html"),
    [
        ("429", 429, False),
        ("429_daily", 429, False),
        ("500_html", 500, True),
        ("502", 502, True),
        ("503", 503, True),
        ("504", 504, True),
        ("423", 423, False),
        ("477", 477, False),
        ("524", 524, True),
        ("expired_token", 401, False),
    ],
)
def test_faults_answer_as_hubspot_does(hs, kind, status, is_html):
    """Each fault has its status and kind of body, once."""
    hs.switch(gateway_delay_s=0.0)
    hs.post("/_sandbox/faults", {"kind": kind})
    got = hs.get(LIST)
    assert (got.status, isinstance(got.body, str)) == (status, is_html)
    assert hs.get(LIST).status == 200


def test_migration_says_how_long(hs):
    """477 carries Retry-After."""
    hs.post("/_sandbox/faults", {"kind": "477"})
    assert hs.get(LIST).headers["Retry-After"] == "60"


def test_search_fault_is_the_secondly_limit(hs):
    """A 429 fault on search names the limit of search."""
    hs.post("/_sandbox/faults", {"kind": "429", "match": "/search"})
    assert hs.search().body["policyName"] == "SECONDLY"


def test_account_tells_its_time_zone(hs):
    """Details have the zone whose midnight ends the day."""
    got = hs.get("/account-info/2026-03/details").body
    assert (got["timeZone"], got["portalId"]) == ("Europe/Paris", 24_000_001)
    assert got["utcOffset"] == "+01:00"


def test_daily_usage_tells_when_the_day_ends(hs):
    """The usage counts the call that asks, and ends at the account's midnight."""
    path = "/account-info/v3/api-usage/daily/private-apps"
    hs.get(LIST)
    row = hs.get(path).body["results"][0]
    assert (row["currentUsage"], row["usageLimit"]) == (2, 625_000)
    assert row["resetsAt"] == "2026-11-17T23:00:00Z"


def test_pipelines_tell_won_and_lost(hs):
    """Stage metadata are text: closed and certain is won."""
    found = hs.get("/crm/v3/pipelines/deals").body["results"]
    stages = {stage["id"]: stage["metadata"] for stage in found[0]["stages"]}
    assert stages["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    assert stages["closedlost"] == {"isClosed": "true", "probability": "0.0"}
    assert stages["contractsent"]["isClosed"] == "false"


def test_owners_have_ids_and_user_ids(hs):
    """An owner has an id for records and a user id for histories."""
    owner = hs.get("/crm/owners/2026-03?limit=1").body["results"][0]
    assert owner["type"] == "PERSON"
    assert owner["id"] != str(owner["userId"])
    assert hs.get(f"/crm/v3/owners/{owner['id']}").body == owner


def test_long_address_is_414(hs):
    """An address above the limit is refused before it is read."""
    got = hs.get(LIST + "&properties=" + "x" * 8_000)
    assert got.status == 414

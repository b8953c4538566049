"""Limits, sizes and failures on demand."""

import pytest
import requests

LIMIT = {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}


def test_usage_stands_on_every_answer(open_org):
    """Every REST answer tells the requests used, and /limits tells those left."""
    api = open_org()
    first, second = api.call("GET", "limits"), api.call("GET", "nothing")
    assert "api-usage=1/15000" == first.headers["Sforce-Limit-Info"]
    assert "api-usage=2/15000" == second.headers["Sforce-Limit-Info"]
    assert {"Max": 15000, "Remaining": 14999} == first.json()["DailyApiRequests"]


def test_the_daily_limit_is_hard_and_rolls(open_org):
    """Beyond the limit every request is 403 until the oldest are 24 hours old."""
    api = open_org()
    api.switch(daily_limit=3)
    codes = [api.call("GET", "limits").status_code for _ in range(5)]
    assert [200, 200, 200, 403, 403] == codes
    assert [LIMIT] == api.call("GET", "limits").json()
    api.switch(session_ttl_s=200_000.0)
    api.advance(24 * 3600 + 61)
    assert 200 == api.call("GET", "limits").status_code


def test_the_limit_can_be_off_or_used_up_by_others(open_org):
    """Others' use counts; with limits off nothing is refused."""
    api = open_org()
    api.switch(used_before=15_000)
    assert 403 == api.call("GET", "limits").status_code
    api.switch(limits_on=False)
    assert 200 == api.call("GET", "limits").status_code


def test_record_counts(open_org, make_lead):
    """recordCount tells the live rows of the named objects."""
    api = open_org(Lead=[make_lead(1), make_lead(2)])
    body = api.call("GET", "limits/recordCount", params={"sObjects": "Lead,Account"}).json()
    assert {"sObjects": [{"count": 2, "name": "Lead"}, {"count": 0, "name": "Account"}]} == body


@pytest.mark.parametrize(("length", "status"), [(16_250, 431), (17_000, 414)])
def test_long_addresses(open_org, length, status):
    """Address and headers together may have 16,384 bytes."""
    api = open_org()
    answer = api.query("SELECT Id FROM Lead WHERE LastName = '" + "x" * length + "'")
    assert status == answer.status_code


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("429", 429, "Too Many Requests"),
        ("429_daily", 403, LIMIT["message"]),
        ("500_html", 500, "<html>"),
        ("502", 502, "<html>"),
        ("503", 503, "SERVER_UNAVAILABLE"),
        ("420", 420, "<html>"),
        ("500_unknown", 500, "UNKNOWN_EXCEPTION"),
        ("concurrent_limit", 403, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
        ("daily_limit", 403, LIMIT["message"]),
        ("query_timeout", 400, "QUERY_TIMEOUT"),
    ],
)
def test_failures_on_demand(open_org, kind, status, said):
    """Each ordered fault answers once in the vendor's way; no answer names a time to wait."""
    api = open_org()
    api.fault(kind, match="/query")
    assert 200 == api.call("GET", "limits").status_code
    answer = api.query("SELECT Id FROM Lead")
    assert status == answer.status_code
    assert said in answer.text
    assert "Retry-After" not in answer.headers
    assert 200 == api.query("SELECT Id FROM Lead").status_code


@pytest.mark.parametrize(("kind", "title"), [("cut_before", None), ("cut_after", "x")])
def test_cut_connections(open_org, make_lead, kind, title):
    """A connection cut before changes nothing; one cut after has applied the write."""
    api = open_org(Lead=[make_lead(1)])
    api.fault(kind, match="composite")
    with pytest.raises(requests.ConnectionError):
        api.update({"id": make_lead(1)["Id"], "Title": "x"})
    assert [title] == api.values("SELECT Title FROM Lead")


def test_unknown_settings_are_refused(open_org):
    """A wrong switch, status list or validation rule is 400 and changes nothing."""
    api = open_org()
    for change in ({"nope": 1}, {"lead_status_set": "odd"}, {"validation_rules": [{}]}):
        assert 400 == api.control("settings", change, method="PUT").status_code

"""Limits in all their forms, the texts of failures, page lengths, and speed."""

import time

import pytest


@pytest.fixture
def api(open_org, make_lead):
    return open_org(Lead=[make_lead(number) for number in range(450)])


def test_a_soft_limit_is_hard_at_its_margin(api):
    """With a margin requests are served beyond the limit, until the margin is used up."""
    api.switch(daily_limit=10, soft_margin=0.2)
    answers = [api.call("GET", "limits") for _ in range(13)]
    assert [200] * 12 + [403] == [answer.status_code for answer in answers]
    assert "api-usage=12/10" == answers[11].headers["Sforce-Limit-Info"]
    assert "TotalRequests Limit exceeded." == answers[12].json()[0]["message"]


def test_long_requests_of_others(api):
    """When others hold every slot for long requests, the refusal is the other meaning of the code."""
    api.switch(long_requests_of_others=25)
    answer = api.call("GET", "limits")
    expected = {
        "errorCode": "REQUEST_LIMIT_EXCEEDED",
        "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    }
    assert (403, [expected]) == (answer.status_code, answer.json())
    api.switch(long_requests_of_others=24)
    assert 200 == api.call("GET", "limits").status_code


@pytest.mark.parametrize(
    ("form", "end"),
    [
        ("plain", ""),
        ("bursts", "; api-bursts=1/750"),
        ("per_app", "; per-app-api-usage=1/15000(appName=stagesync)"),
    ],
)
def test_forms_of_the_usage_header(api, form, end):
    """The usage header has three forms, of which a client must read the first part."""
    api.switch(usage_header=form)
    assert f"api-usage=1/15000{end}" == api.call("GET", "limits").headers["Sforce-Limit-Info"]


def test_limits_need_a_permission(api):
    """Without View Setup and Configuration /limits is forbidden, the rest of the API is not."""
    api.switch(may_view_limits=False)
    assert 403 == api.call("GET", "limits").status_code
    assert 200 == api.query("SELECT Id FROM Lead LIMIT 1").status_code


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("500_unknown", 500, "UNKNOWN_EXCEPTION"),
        ("503", 503, "SERVER_UNAVAILABLE"),
        ("503_maintenance", 503, "SERVER_UNAVAILABLE"),
        ("long_transactions", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("concurrent_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("daily_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("api_disabled", 403, "API_DISABLED_FOR_ORG"),
        ("query_timeout", 400, "QUERY_TIMEOUT"),
        ("security_metering", 400, "TXN_SECURITY_METERING_ERROR"),
    ],
)
def test_failures_in_the_vendors_form(api, kind, status, code):
    """Each of these faults is a list with the vendor's code."""
    api.fault(kind)
    answer = api.call("GET", "limits")
    assert (status, code) == (answer.status_code, answer.json()[0]["errorCode"])


@pytest.mark.parametrize(
    ("kind", "status", "media"),
    [
        ("503_html", 503, "text/html; charset=utf-8"),
        ("420", 420, "text/html; charset=utf-8"),
        ("500_empty", 500, None),
        ("401_oauth_xml", 401, "application/xml"),
    ],
)
def test_failures_that_are_no_json(api, kind, status, media):
    """A gateway answers with a page, with nothing, or with XML."""
    api.fault(kind)
    answer = api.call("GET", "limits")
    assert (status, media) == (answer.status_code, answer.headers.get("content-type"))


def test_two_long_texts_make_short_pages(open_org, make_lead):
    """A query of two custom long texts gets pages of at most 200 rows, one of one does not."""
    api = open_org(Lead=[make_lead(number, A__c="a", B__c="b") for number in range(450)])
    for name in ("A__c", "B__c"):
        metadata = {"label": name, "type": "LongTextArea", "length": 5000}
        body = {"object": "Lead", "field": name, "action": "retype", "metadata": metadata}
        assert 200 == api.control("schema", body).status_code
    assert 450 == len(api.query("SELECT Id, A__c FROM Lead").json()["records"])
    first = api.query("SELECT Id, A__c, B__c FROM Lead").json()
    assert (450, False, 200) == (first["totalSize"], first["done"], len(first["records"]))
    assert 450 == len(api.rows("SELECT Id, A__c, B__c FROM Lead"))


def test_25000_rows_of_one_stamp_page_quickly(open_org, make_lead, as_soql, now):
    """A keyset over 25,000 rows of one stamp reads them all, well under a second per page."""
    stamp = now - 5_000
    rows = [make_lead(n, SystemModstamp=stamp, LastModifiedDate=stamp) for n in range(25_000)]
    api = open_org(Lead=rows)
    at, last, seen, slowest = as_soql(stamp // 1), "", 0, 0.0
    while True:
        after = f"(SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{last}'))"
        where = (
            f"{after} AND SystemModstamp <= {as_soql(now)}" if last else f"SystemModstamp >= {at}"
        )
        soql = f"SELECT Id, Email FROM Lead WHERE {where} ORDER BY SystemModstamp, Id LIMIT 2000"
        started = time.perf_counter()
        found = [row["Id"] for row in api.rows(soql)]
        slowest = max(slowest, time.perf_counter() - started)
        if not found:
            break
        seen, last = seen + len(found), found[-1]
    assert 25_000 == seen
    assert slowest < 2.0


def test_25000_rows_are_imported_quickly(open_org):
    """An import of 25,000 rows takes seconds, and all of them share a stamp."""
    api = open_org()
    rows = [{"LastName": f"N{number}", "Company": "Acme"} for number in range(25_000)]
    body = {"object": "Lead", "rows": rows}
    answer = api.http.post(f"{api.url}/_sandbox/import", json=body, timeout=60)
    assert 25_000 == len(answer.json()["ids"])
    soql = "SELECT SystemModstamp FROM Lead GROUP BY SystemModstamp"
    assert 1 == len(api.rows(soql))

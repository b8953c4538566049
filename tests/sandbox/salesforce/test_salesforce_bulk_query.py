"""Bulk API 2.0 query jobs: states, pages, CSV, refusals, limits."""

import csv
import io

import pytest
from simple_salesforce import Salesforce

SOQL = "SELECT Id, LastName, Email, IsConverted, AnnualRevenue, SystemModstamp FROM Lead"


@pytest.fixture
def api(open_org, make_lead):
    odd = make_lead(0, LastName='Say "hi", Ann\nTwo', Email=None, AnnualRevenue=12.0)
    return open_org(Lead=[odd, *(make_lead(number) for number in range(1, 25))])


def start(api, soql=SOQL, **more):
    return api.call("POST", "jobs/query", json={"operation": "query", "query": soql, **more})


def job_of(api, soql=SOQL, **more):
    answer = start(api, soql, **more)
    assert 200 == answer.status_code, answer.text
    return answer.json()["id"]


def told(api, job):
    return api.call("GET", f"jobs/query/{job}").json()


def results(api, job, **params):
    return api.call("GET", f"jobs/query/{job}/results", params=params)


def done(api, soql=SOQL, **more):
    job = job_of(api, soql, **more)
    api.advance(5)
    return job


def lines(answer):
    assert 200 == answer.status_code, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


def test_a_job_advances_by_the_clock(api):
    """A job stands in line for two seconds, runs for three, and then is complete."""
    made = start(api).json()
    assert ("UploadComplete", "query", "Lead", 64.0) == tuple(
        made[key] for key in ("state", "operation", "object", "apiVersion")
    )
    assert made["id"].startswith("750")
    assert "jobType" not in made
    states = []
    for seconds in (0, 2, 3):
        api.advance(seconds)
        states.append(told(api, made["id"])["state"])
    assert ["UploadComplete", "InProgress", "JobComplete"] == states
    whole = told(api, made["id"])
    assert ("V2Query", 25) == (whole["jobType"], whole["numberRecordsProcessed"])


def test_results_are_csv_in_the_form_of_bulk(api, make_lead):
    """Values are quoted, null is empty, truths are words, datetimes end in .000Z."""
    answer = results(api, done(api))
    assert answer.headers["content-type"].startswith("text/csv")
    header, *rows = lines(answer)
    assert ["Id", "LastName", "Email", "IsConverted", "AnnualRevenue", "SystemModstamp"] == header
    [odd] = [row for row in rows if row[0] == make_lead(0)["Id"]]
    assert ['Say "hi", Ann\nTwo', "", "false", "12.0", "2026-11-18T08:36:40.000Z"] == odd[1:]
    assert answer.text.startswith('"Id","LastName"')


def test_pages_by_locator(api):
    """Each page names the next one, the last says null, and any page may be read again."""
    job = done(api)
    seen, locator, counts = [], "", []
    while locator != "null":
        answer = results(api, job, maxRecords=10, **({"locator": locator} if locator else {}))
        seen += [row[0] for row in lines(answer)[1:]]
        counts.append(answer.headers["Sforce-NumberOfRecords"])
        before, locator = locator, answer.headers["Sforce-Locator"]
    assert (["10", "10", "5"], 25) == (counts, len(set(seen)))
    assert 5 == len(lines(results(api, job, maxRecords=10, locator=before))) - 1


def test_pages_are_never_longer_than_the_server_likes(api):
    """Without maxRecords, and with a greedy one, the page length of the org holds."""
    api.switch(bulk_page_rows=7)
    job = done(api)
    for params in ({}, {"maxRecords": 1000}):
        assert "7" == results(api, job, **params).headers["Sforce-NumberOfRecords"]


def test_an_empty_result_is_a_header(api):
    """A query that finds nothing answers the header row and no locator."""
    answer = results(api, done(api, "SELECT Id, Owner.Name FROM Lead WHERE LastName = 'Nobody'"))
    assert [["Id", "Owner.Name"]] == lines(answer)
    assert ("null", "0") == (
        answer.headers["Sforce-Locator"],
        answer.headers["Sforce-NumberOfRecords"],
    )


def test_delimiter_and_line_ending(api):
    """The results use the delimiter and the line ending that the job asked for."""
    job = done(api, "SELECT Id, Title FROM Lead", columnDelimiter="PIPE", lineEnding="CRLF")
    assert results(api, job).content.startswith(b'"Id"|"Title"\r\n')


def test_query_all_sees_deleted_rows(api, make_lead):
    """The operation queryAll finds what the recycle bin holds; query does not."""
    api.control("delete", {"object": "Lead", "id": make_lead(1)["Id"]})
    soql = "SELECT Id FROM Lead WHERE IsDeleted = true"
    plain, everything = done(api, soql), done(api, soql, operation="queryAll")
    assert [0, 1] == [len(lines(results(api, job))) - 1 for job in (plain, everything)]


@pytest.mark.parametrize(
    ("soql", "error"),
    [
        ("SELECT COUNT() FROM Lead", "API_ERROR"),
        ("SELECT Status, COUNT(Id) FROM Lead GROUP BY Status", "API_ERROR"),
        ("SELECT Id FROM Lead OFFSET 5", "API_ERROR"),
        ("SELECT Id, Address FROM Lead", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR"),
        ("SELECT ApiName FROM LeadStatus", "INVALIDENTITY"),
    ],
)
@pytest.mark.parametrize("where", ["request", "job"])
def test_queries_that_bulk_refuses(api, soql, error, where):
    """What Bulk cannot do fails at the request or as a failed job, as the switch says."""
    api.switch(bulk_query_refusal=where)
    answer = start(api, soql)
    if where == "request":
        assert (400, error) == (answer.status_code, answer.json()[0]["errorCode"])
        return
    api.advance(5)
    body = told(api, answer.json()["id"])
    assert "Failed" == body["state"]
    assert body["errorMessage"].startswith(f"{error} : ")
    assert 400 == results(api, body["id"]).status_code


def test_an_unknown_field_fails_the_job(api):
    """A field that is gone shows only in the failed job, with the vendor's sentence."""
    job = done(api, "SELECT Id, Gone__c FROM Lead")
    assert "No such column 'Gone__c'" in told(api, job)["errorMessage"]


def test_results_before_the_end(api):
    """Asking for results while the job runs is an error of the request."""
    answer = results(api, job_of(api))
    assert (400, "INVALIDJOBSTATE") == (answer.status_code, answer.json()[0]["errorCode"])


def test_another_version_is_a_conflict(api):
    """A job is known only to the API version that made it."""
    job = done(api)
    url = f"{api.url}/services/data/v63.0/jobs/query/{job}/results"
    assert 409 == api.call("GET", url).status_code


def test_a_strange_locator(api):
    """A locator that the job never gave is refused."""
    answer = results(api, done(api), locator="bm9uc2Vuc2U")
    assert (400, "INVALID_QUERY_LOCATOR") == (answer.status_code, answer.json()[0]["errorCode"])


def test_abort_and_remove(api):
    """A running job cannot be removed, an aborted one can, and is then unknown."""
    job = job_of(api)
    path = f"jobs/query/{job}"
    assert 400 == api.call("DELETE", path).status_code
    assert "Aborted" == api.call("PATCH", path, json={"state": "Aborted"}).json()["state"]
    api.advance(10)
    assert "Aborted" == told(api, job)["state"]
    assert [204, 404] == [api.call(method, path).status_code for method in ("DELETE", "GET")]


def test_results_live_a_week(api):
    """Seven days after its end a job is gone."""
    job = done(api)
    assert 200 == results(api, job).status_code
    api.advance(7 * 86_400 + 1)
    api.http.headers["Authorization"] = f"Bearer {api.login().json()['access_token']}"
    assert 404 == results(api, job).status_code


def test_limits_of_a_day(api):
    """Jobs and stored results of 24 hours are limited, show in /limits, and come back."""
    api.switch(bulk_query_jobs_most=2)
    done(api)
    left = api.call("GET", "limits").json()["DailyBulkV2QueryJobs"]
    assert {"Max": 2, "Remaining": 1} == left
    done(api)
    expected = "Max bulk v2 query jobs (2) per 24 hrs has been reached"
    assert [{"errorCode": "LIMIT_EXCEEDED", "message": expected}] == start(api).json()
    api.switch(bulk_query_jobs_most=10, bulk_result_kb_most=1)
    assert "Max bulk v2 query result size stored (1) kb" in start(api).json()[0]["message"]
    api.advance(86_401)
    api.http.headers["Authorization"] = f"Bearer {api.login().json()['access_token']}"
    assert 200 == start(api).status_code


@pytest.fixture
def client(api, rewired, monkeypatch):
    monkeypatch.setattr("simple_salesforce.bulk2.sleep", lambda _: None)
    api.switch(bulk_queued_s=0, bulk_running_s=0)
    token = api.http.headers["Authorization"].removeprefix("Bearer ")
    where = {"instance_url": "https://acme.my.salesforce.com", "version": "64.0"}
    return Salesforce(session_id=token, session=rewired(api.url), **where)


def test_simple_salesforce_reads_by_bulk(client, make_lead):
    """The client's bulk2 query yields every row, page by page."""
    pages = list(client.bulk2.Lead.query("SELECT Id FROM Lead", max_records=10))
    assert 3 == len(pages)
    ids = {row["Id"] for page in pages for row in csv.DictReader(io.StringIO(page))}
    assert {make_lead(number)["Id"] for number in range(25)} == ids


def test_simple_salesforce_writes_by_bulk(api, client, make_lead):
    """The client's bulk2 update reports one good and one failed row, with the failed row's words."""
    good, bad = make_lead(1)["Id"], make_lead(2)["Id"]
    records = [{"Id": good, "Title": "Chief"}, {"Id": bad, "Email": "no mail", "Title": "x"}]
    [result] = client.bulk2.Lead.update(records=[records[0] | {"Email": ""}, records[1]])
    assert (2, 1) == (result["numberRecordsProcessed"], result["numberRecordsFailed"])
    failed = next(
        csv.DictReader(io.StringIO(client.bulk2.Lead.get_failed_records(result["job_id"])))
    )
    assert (bad, "INVALID_EMAIL_ADDRESS:Email: invalid email address: no mail:Email --") == (
        failed["sf__Id"],
        failed["sf__Error"],
    )
    assert ["Chief"] == api.values(f"SELECT Title FROM Lead WHERE Id = '{good}'")

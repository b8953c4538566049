"""PyPI simple-salesforce against the sandbox. It insists on https, so a session leads it to http."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from simple_salesforce import Salesforce, SalesforceLogin
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from stagesync.sandbox import Sandbox


class _ToHttp(requests.adapters.HTTPAdapter):
    """Leads every https call to one plain address."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def send(self, request: requests.PreparedRequest, **more: object) -> requests.Response:
        request.url = self._base + request.path_url
        return super().send(request, **more)


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[requests.Session]:
    """All of whose https calls go to the simulated org."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _ToHttp(sandbox.urls["salesforce"]))
        yield session


@pytest.fixture
def client(sandbox: Sandbox, session: requests.Session) -> Salesforce:
    """Logged in by client credentials on its own domain."""
    told = sandbox.credentials()["salesforce"]
    return Salesforce(
        consumer_key=told["client_id"],
        consumer_secret=told["client_secret"],
        domain="acme.my",
        session=session,
        version="64.0",
    )


def test_logs_in_over_soap_and_not_with_a_wrong_password(
    sandbox: Sandbox, session: requests.Session
) -> None:
    """User name, password and security token give a session that reads; a wrong one is refused."""
    logins = sandbox.salesforce.logins()
    who = {"username": logins["username"], "security_token": logins["security_token"]}
    client = Salesforce(**who, password=logins["password"], session=session, version="64.0")
    assert 1 == len(client.query("SELECT Id FROM Lead LIMIT 1")["records"])
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        SalesforceLogin(**who, password="wrong", session=session, sf_version="64.0")
    assert "INVALID_LOGIN" in str(refused.value.code)


def test_pages_through_every_contact(client: Salesforce, sandbox: Sandbox) -> None:
    """query_all_iter reads every row once over pages of 200."""
    client.session.headers["Sforce-Query-Options"] = "batchSize=200"
    expected = client.query("SELECT COUNT() FROM Contact")["totalSize"]
    found = [row["Id"] for row in client.query_all_iter("SELECT Id, Account.Name FROM Contact")]
    assert expected == len(found) == len(set(found)) > 200


def test_quotes_what_it_searches_for(client: Salesforce) -> None:
    """The client's own quoting finds a name with a quotation mark and a backslash."""
    name = "O'Neill \\ Sons"
    made = client.Contact.create({"LastName": name})
    found = client.query_all(
        "SELECT Id FROM Contact WHERE LastName = '{}'".format(
            name.replace("\\", "\\\\").replace("'", "\\'")
        )
    )["records"]
    assert [made["id"]] == [row["Id"] for row in found]


def test_batch_answers_per_record(client: Salesforce) -> None:
    """A collection of three with one bad value writes two and says why the third failed."""
    rows = client.query("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 3")["records"]
    values = ({"Title": "Chief"}, {"Email": "no mail"}, {"Title": "Chief"})
    records = [
        {"attributes": {"type": "Lead"}, "id": row["Id"], **value}
        for row, value in zip(rows, values, strict=True)
    ]
    results = client.restful(
        "composite/sobjects", method="PATCH", json={"allOrNone": False, "records": records}
    )
    assert [True, False, True] == [result["success"] for result in results]
    assert "INVALID_EMAIL_ADDRESS" == results[1]["errors"][0]["statusCode"]


def test_bulk_loads_and_reads(client: Salesforce, sandbox: Sandbox) -> None:
    """Bulk API 2.0 updates rows, tells the failed ones, and reads a whole object as CSV."""
    sandbox.salesforce.switches.bulk_queued_s = sandbox.salesforce.switches.bulk_running_s = 0.0
    rows = client.query("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 2")["records"]
    jobs = client.bulk2.Lead.update(
        records=[
            {"Id": rows[0]["Id"], "Title": "Bulk"},
            {"Id": rows[1]["Id"], "Title": "x" * 200},
        ]
    )
    assert (2, 1) == (jobs[0]["numberRecordsTotal"], jobs[0]["numberRecordsFailed"])
    assert "STRING_TOO_LONG" in client.bulk2.Lead.get_failed_records(jobs[0]["job_id"])
    pages = list(client.bulk2.Lead.query("SELECT Id FROM Lead"))
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == sum(
        len(page.strip().splitlines()) - 1 for page in pages
    )


def test_errors_carry_the_vendors_code(client: Salesforce) -> None:
    """A wrong field and a wrong id raise the client's own errors, with Salesforce's code inside."""
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.query("SELECT Nope FROM Lead")
    assert "INVALID_FIELD" == refused.value.content[0]["errorCode"]
    with pytest.raises(SalesforceResourceNotFound) as missing:
        client.Lead.get("00Q000000000000AAA")
    assert "NOT_FOUND" == missing.value.content[0]["errorCode"]

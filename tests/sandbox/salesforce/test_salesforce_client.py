"""The real simple-salesforce client against the simulator, over plain http."""

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest


@pytest.fixture
def api(open_org, make_lead):
    return open_org(Lead=[make_lead(number) for number in range(2500)], calm=False)


@pytest.fixture
def client(api, rewired):
    token = api.login().json()["access_token"]
    return Salesforce(
        session_id=token,
        instance_url="https://acme.my.salesforce.com",
        session=rewired(api.url),
        version="64.0",
    )


def test_client_reads_every_page(client, make_lead):
    """query_all_iter reads all rows over short pages."""
    ids = [row["Id"] for row in client.query_all_iter("SELECT Id FROM Lead")]
    assert sorted(make_lead(number)["Id"] for number in range(2500)) == sorted(ids)


def test_client_reads_deleted_rows(api, client, make_lead):
    """include_deleted goes through queryAll."""
    api.control("delete", {"object": "Lead", "id": make_lead(1)["Id"]})
    soql = "SELECT Id FROM Lead WHERE IsDeleted = true"
    rows = client.query_all(soql, include_deleted=True)["records"]
    assert [make_lead(1)["Id"]] == [row["Id"] for row in rows]


def test_client_describes_and_writes(client, make_lead):
    """Describe, single writes, collections and the usage header work through the client."""
    assert "00Q" == client.Lead.describe()["keyPrefix"]
    made = client.Contact.create({"LastName": "Kay"})
    assert 204 == client.Contact.update(made["id"], {"Title": "Chief"})
    assert "Chief" == client.Contact.get(made["id"])["Title"]
    record = {"attributes": {"type": "Lead"}, "id": make_lead(1)["Id"], "Title": "x"}
    results = client.restful(
        "composite/sobjects", method="PATCH", json={"allOrNone": False, "records": [record]}
    )
    assert [True] == [result["success"] for result in results]
    assert 15_000 == client.limits()["DailyApiRequests"]["Max"]
    assert 15_000 == client.api_usage["api-usage"].total


def test_client_makes_custom_fields(client):
    """The tooling call of the client makes a field."""
    metadata = {"label": "At", "type": "DateTime"}
    body = {"FullName": "Lead.At__c", "Metadata": metadata}
    made = client.restful("tooling/sobjects/CustomField", method="POST", json=body)
    assert made["success"]


def test_client_sees_the_vendors_errors(client):
    """A refused query raises the client's own error with the vendor's body."""
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.query("SELECT Nope FROM Lead")
    assert "INVALID_FIELD" == caught.value.content[0]["errorCode"]

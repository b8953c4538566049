"""PyPI hubspot-api-client (paths of versions 3 and 4) against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectInputForCreate,
)

from stagesync.sandbox import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HubSpot:
    """Logged in by the refresh token of the installed app, as an OAuth app is."""
    told = sandbox.credentials()["hubspot"]
    client = HubSpot(host=told["url"])
    tokens = client.oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id=told["client_id"],
        client_secret=told["client_secret"],
        refresh_token=told["refresh_token"],
    )
    assert 1800 == tokens.expires_in
    return HubSpot(access_token=tokens.access_token, host=told["url"])


def _ids(sandbox: Sandbox, kind: str = "contacts") -> set[str]:
    return {record.id for record in sandbox.world.hubspot.objects[kind]}


def test_pages_through_every_contact(client: HubSpot, sandbox: Sandbox) -> None:
    """The client's own paging finds each contact once and ends."""
    found = client.crm.contacts.get_all(properties=["email", "lifecyclestage"])
    assert sorted(_ids(sandbox)) == sorted(contact.id for contact in found)
    assert {"email", "lifecyclestage"} <= set(found[0].properties)


def test_search_finds_by_value(client: HubSpot, sandbox: Sandbox) -> None:
    """A search by an address finds the contact that carries it, with a total."""
    wanted = next(r for r in sandbox.world.hubspot.objects["contacts"] if r.properties.get("email"))
    address = wanted.properties["email"].lower()
    sought = {"propertyName": "email", "operator": "EQ", "value": address}
    request = PublicObjectSearchRequest(
        filter_groups=[{"filters": [sought]}],
        sorts=[{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
        properties=["email"],
        limit=10,
        after="0",
    )
    found = client.crm.contacts.search_api.do_search(public_object_search_request=request)
    assert found.total == len(found.results) >= 1
    assert {address} == {each.properties["email"] for each in found.results}


def test_batch_reads_and_updates(client: HubSpot, sandbox: Sandbox) -> None:
    """A batch update answers per id, and a batch read returns what was written."""
    ids = sorted(_ids(sandbox))[:3]
    inputs = [{"id": each, "properties": {"jobtitle": "Chief"}} for each in ids]
    updated = client.crm.contacts.batch_api.update(
        batch_input_simple_public_object_batch_input=BatchInputSimplePublicObjectBatchInput(inputs)
    )
    assert ("COMPLETE", ids) == (updated.status, sorted(each.id for each in updated.results))
    read = client.crm.contacts.batch_api.read(
        batch_read_input_simple_public_object_id=BatchReadInputSimplePublicObjectId(
            inputs=[{"id": each} for each in ids],
            properties=["jobtitle"],
            properties_with_history=["jobtitle"],
        )
    )
    assert ["Chief"] * 3 == [each.properties["jobtitle"] for each in read.results]
    newest = read.results[0].properties_with_history["jobtitle"][0]
    assert ("Chief", "INTEGRATION") == (newest.value, newest.source_type)


def test_partial_batch_names_the_missing_id(client: HubSpot, sandbox: Sandbox) -> None:
    """An unknown id makes the batch partial: the others are written, the error names the id."""
    inputs = [
        {"id": each, "properties": {"jobtitle": "Head"}} for each in (min(_ids(sandbox)), "404404")
    ]
    answer = client.crm.contacts.batch_api.update(
        batch_input_simple_public_object_batch_input=BatchInputSimplePublicObjectBatchInput(inputs)
    )
    assert (1, 1) == (len(answer.results), answer.num_errors)
    assert {"ids": ["404404"]} == answer.errors[0].context


def test_creates_reads_and_archives(client: HubSpot) -> None:
    """A contact is created, read, archived and then not found."""
    api = client.crm.contacts.basic_api
    made = api.create(
        simple_public_object_input_for_create=SimplePublicObjectInputForCreate(
            properties={"email": "ada@client.example", "lifecyclestage": "lead"}, associations=[]
        )
    )
    assert "ada@client.example" == api.get_by_id(made.id, properties=["email"]).properties["email"]
    api.archive(made.id)
    with pytest.raises(ApiException) as refused:
        api.get_by_id(made.id)
    assert 404 == refused.value.status


def test_errors_carry_the_vendors_body(client: HubSpot, sandbox: Sandbox) -> None:
    """A refused value is the client's exception with HubSpot's body inside, a bad token a 401."""
    some = min(_ids(sandbox))
    wrong = {"properties": {"lifecyclestage": "no such stage"}}
    with pytest.raises(ApiException) as refused:
        client.crm.contacts.basic_api.update(some, simple_public_object_input=wrong)
    assert (400, True) == (refused.value.status, "INVALID_OPTION" in refused.value.body)
    stranger = HubSpot(access_token="pat-eu1-unknown-token", host=sandbox.urls["hubspot"])
    with pytest.raises(ApiException) as unknown:
        stranger.crm.contacts.basic_api.get_page(limit=1)
    assert 401 == unknown.value.status


def test_reads_schema_owners_and_links(client: HubSpot, sandbox: Sandbox) -> None:
    """Properties, pipelines, owners and associations come as the client's own models."""
    stage = client.crm.properties.core_api.get_by_name("contacts", "lifecyclestage")
    assert {"lead", "customer"} <= {option.value for option in stage.options}
    pipelines: Any = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert {"true", "false"} == {s.metadata["isClosed"] for s in pipelines[0].stages}
    assert client.crm.owners.owners_api.get_page(limit=100).results[0].email
    contact, firm = next(
        (one, other)
        for kind, one, to, other in sandbox.world.hubspot.associations
        if (kind, to) == ("contacts", "companies")
    )
    request = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": contact}])
    linked = client.crm.associations.v4.batch_api.get_page(
        "contacts", "companies", batch_input_public_fetch_associations_batch_request=request
    )
    assert firm in {str(each.to_object_id) for each in linked.results[0].to}

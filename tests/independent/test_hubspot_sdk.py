"""PyPI hubspot-sdk (paths of 2026-03) against the sandbox, with its strict validation of answers."""

from __future__ import annotations

from collections.abc import Iterator

import hubspot_sdk
import pytest
from hubspot_sdk import HubSpot

from stagesync.sandbox import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[HubSpot]:
    """Logged in by the token of a private app; nothing is asked twice."""
    told = sandbox.credentials()["hubspot"]
    with HubSpot(
        base_url=told["url"],
        access_token=told["token"],
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def _ids(sandbox: Sandbox) -> set[str]:
    return {record.id for record in sandbox.world.hubspot.objects["contacts"]}


def test_token_call_of_this_release_sends_json(client: HubSpot, sandbox: Sandbox) -> None:
    """The token call of 0.1.0a9 sends JSON where the vendor documents a form: it finds no grant."""
    told = sandbox.credentials()["hubspot"]
    with pytest.raises(hubspot_sdk.BadRequestError) as refused:
        client.auth.oauth.create_token(
            grant_type="refresh_token",
            client_id=told["client_id"],
            client_secret=told["client_secret"],
            refresh_token=told["refresh_token"],
        )
    assert "BAD_GRANT_TYPE" == refused.value.response.json()["status"]


def test_pages_through_every_contact(client: HubSpot, sandbox: Sandbox) -> None:
    """The client's own paging finds each contact once and ends.

    The property asked for always has a value: the client's strict models know no null.
    """
    found = list(client.crm.objects.contacts.list(limit=20, properties=["createdate"]))
    assert sorted(_ids(sandbox)) == sorted(contact.id for contact in found)


def test_search_finds_by_value(client: HubSpot, sandbox: Sandbox) -> None:
    """A search by an address finds the contact that carries it, with a total."""
    wanted = next(r for r in sandbox.world.hubspot.objects["contacts"] if r.properties.get("email"))
    address = wanted.properties["email"].lower()
    found = client.crm.objects.contacts.search(
        after="0",
        filter_groups=[
            {"filters": [{"property_name": "email", "operator": "EQ", "value": address}]}
        ],
        limit=10,
        properties=["email"],
        sorts=["lastmodifieddate"],
    )
    assert found.total == len(found.results) >= 1
    assert {address} == {each.properties["email"] for each in found.results}


def test_batch_reads_and_updates(client: HubSpot, sandbox: Sandbox) -> None:
    """A batch update answers per id, and a batch read returns what was written."""
    ids = sorted(_ids(sandbox))[:3]
    updated = client.crm.objects.contacts.batch.update(
        inputs=[{"id": each, "properties": {"jobtitle": "Chief"}} for each in ids]
    )
    assert ("COMPLETE", ids) == (updated.status, sorted(each.id for each in updated.results))
    read = client.crm.objects.contacts.batch.get(
        inputs=[{"id": each} for each in ids],
        properties=["jobtitle"],
        properties_with_history=["jobtitle"],
    )
    assert ["Chief"] * 3 == [each.properties["jobtitle"] for each in read.results]
    history = read.results[0].properties_with_history
    assert history is not None
    assert ("Chief", "INTEGRATION") == (
        history["jobtitle"][0].value,
        history["jobtitle"][0].source_type,
    )


def test_errors_are_the_clients_own_kinds(client: HubSpot, sandbox: Sandbox) -> None:
    """400, 401, 404 and 409 raise the client's own errors, with HubSpot's category inside."""
    some = min(_ids(sandbox))
    with pytest.raises(hubspot_sdk.BadRequestError) as refused:
        client.crm.objects.contacts.update(some, properties={"lifecyclestage": "no such stage"})
    assert "INVALID_OPTION" in refused.value.response.text
    with pytest.raises(hubspot_sdk.NotFoundError):
        client.crm.objects.contacts.get("404404")
    taken = {"email": "twice@client.example"}
    client.crm.objects.contacts.create(properties=taken, associations=[])
    with pytest.raises(hubspot_sdk.ConflictError) as conflict:
        client.crm.objects.contacts.create(properties=taken, associations=[])
    assert "CONFLICT" == conflict.value.response.json()["category"]
    with (
        HubSpot(
            base_url=sandbox.urls["hubspot"], access_token="pat-eu1-unknown-token", max_retries=0
        ) as stranger,
        pytest.raises(hubspot_sdk.AuthenticationError),
    ):
        stranger.crm.objects.contacts.list(limit=1)


def test_a_used_up_allowance_is_the_clients_own_error(client: HubSpot, sandbox: Sandbox) -> None:
    """A 429 of the simulator is the client's RateLimitError, naming the policy."""
    sandbox.hubspot.faults.add("429")
    with pytest.raises(hubspot_sdk.RateLimitError) as limited:
        client.crm.objects.contacts.list(limit=1)
    assert "TEN_SECONDLY_ROLLING" == limited.value.response.json()["policyName"]

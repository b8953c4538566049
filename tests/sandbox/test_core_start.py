"""`start`: both simulators, filled and served, with their credentials."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from stagesync import sandbox

SIZE = 40


def _get(started, path):
    made = started.credentials()["hubspot"]
    headers = {"Authorization": f"Bearer {made['token']}"}
    return urllib3.PoolManager().request("GET", made["url"] + path, headers=headers)


def test_both_are_served_and_filled():
    """Each simulator answers at its address with what the world holds."""
    with sandbox.start(contacts=SIZE, seed=3) as started:
        listed = _get(started, "/crm/v3/objects/contacts?limit=1").json()["results"]
        state = urllib3.request("GET", f"{started.urls['salesforce']}/_sandbox/state")
        owners = _get(started, "/crm/v3/owners").json()["results"]
        made = _get(started, "/crm/v3/properties/contacts/relationship_type").json()
        contacts = started.world.hubspot.objects["contacts"]
    assert listed[0]["id"] == min((row.id for row in contacts), key=int)
    assert state.status == 200
    assert {row["email"] for row in owners} == {owner.email for owner in started.world.owners}
    assert made["type"] == "enumeration"


def test_each_simulator_has_its_own_time():
    """Advancing one simulator's clock leaves the other's alone."""
    with sandbox.start(contacts=SIZE) as started:
        before = started.salesforce.clock.now()
        url = f"{started.urls['hubspot']}/_sandbox/clock"
        urllib3.request("POST", url, json={"advance_s": 1000})
        assert started.salesforce.clock.now() - before < 1000
        assert started.hubspot.clock.now() - before >= 1000


def test_port_in_use_leaves_nothing_running():
    """When the second port is taken, the first simulator is stopped again."""
    with sandbox.start(contacts=SIZE) as first:
        taken = int(first.urls["salesforce"].rpartition(":")[2])
        with socket.create_server(("127.0.0.1", 0)) as free_one:
            free = free_one.getsockname()[1]
        with pytest.raises(OSError, match=str(taken)):
            sandbox.start(contacts=SIZE, hubspot_port=free, salesforce_port=taken)
        with sandbox.start(contacts=SIZE, hubspot_port=free) as again:
            assert again.urls["hubspot"].endswith(str(free))


def test_unknown_fault_profile_is_refused():
    """A profile nobody knows ends in a message before anything is served."""
    with pytest.raises(ValueError, match="unknown fault profile 'rough'; known: none"):
        sandbox.start(contacts=SIZE, faults="rough")


def test_concurrent_calls_are_all_counted():
    """Requests in flight together are each served, counted and logged once."""
    with sandbox.start(contacts=SIZE) as started, ThreadPoolExecutor(8) as pool:
        paths = ["/crm/v3/objects/contacts?limit=1"] * 60
        statuses = [answer.status for answer in pool.map(lambda p: _get(started, p), paths)]
        used = started.hubspot.state()["limits"]["burst"]["used"]
        assert ([200] * 60, 60, 60) == (statuses, used, len(started.hubspot.log.entries()))

"""Server, middleware and control calls, through real HTTP."""

import socket
import threading
import time

import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from stagesync.sandbox.hubspot import HubSpotSim, create_app
from stagesync.sandbox.server import PortInUse, serve


def test_port_in_use_names_the_port():
    """A port that another program holds ends in an error with its number."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)):
            serve(create_app(HubSpotSim()), port=port)


def test_a_stopped_server_frees_its_port():
    """After stop the same port can be served again."""
    app = create_app(HubSpotSim())
    first = serve(app)
    first.stop()
    with serve(app, port=first.port) as second:
        assert second.port == first.port


def test_stop_does_not_wait_for_a_silent_request():
    """A request held by the fault `timeout` does not keep the server alive."""
    sim = HubSpotSim()
    sim.faults.add("timeout")
    server = serve(create_app(sim))
    failed = threading.Event()

    def ask():
        try:
            urllib3.request("GET", f"{server.url}/crm/v3/owners", retries=False, timeout=30)
        except HTTPError:
            failed.set()

    asking = threading.Thread(target=ask)
    asking.start()
    while sim.faults.waiting():
        pass
    server.stop()
    asking.join(timeout=10)
    assert failed.is_set()


def test_log_tells_requests_and_records(seeded):
    """The log has each vendor call with status and records, and no control call."""
    seeded.get("/crm/v3/objects/contacts?limit=7")
    seeded.get("/crm/v3/objects/contacts/1")
    seeded.get("/_sandbox/state")
    log = seeded.get("/_sandbox/log").body
    told = [(row["method"], row["path"], row["status"]) for row in log]
    assert told == [
        ("GET", "/crm/v3/objects/contacts", 200),
        ("GET", "/crm/v3/objects/contacts/1", 404),
    ]
    assert log[1]["records"] == 0
    assert log[0]["records"] in {5, 6, 7}


def test_log_can_be_forgotten(seeded):
    """DELETE empties the log."""
    seeded.get("/crm/v3/owners")
    assert seeded.call("DELETE", "/_sandbox/log").status == 204
    assert seeded.get("/_sandbox/log").body == []


def test_clock_moves_by_control(hs):
    """POST clock moves the time and tells it; GET only tells it."""
    before = hs.get("/_sandbox/clock").body["now"]
    assert hs.post("/_sandbox/clock", {"advance_s": 90}).body == {"now": before + 90}
    assert hs.get("/_sandbox/clock").body == {"now": before + 90}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/_sandbox/clock", {"advance_s": "9"}, 400),
        ("POST", "/_sandbox/clock", {"advance_s": -9}, 400),
        ("POST", "/_sandbox/faults", {"kind": "nonsense"}, 400),
        ("PUT", "/_sandbox/settings", {"nonsense": 1}, 400),
        ("POST", "/_sandbox/edit", {"object": "contacts", "id": "1", "properties": {}}, 404),
        ("POST", "/_sandbox/edit", {"object": "cars", "id": "1", "properties": {}}, 404),
        ("POST", "/_sandbox/delete", {"object": "contacts"}, 400),
        ("POST", "/_sandbox/convert", {}, 400),
    ],
)
def test_control_says_what_is_wrong(hs, method, path, body, status):
    """A control call that makes no sense ends in a message."""
    got = hs.call(method, path, body)
    assert got.status == status
    assert got.body["error"]


def test_control_is_for_this_machine_only(hs):
    """A control call under a foreign host name is refused, a vendor call is not."""
    pool = urllib3.PoolManager(retries=False)
    foreign = {"Host": "evil.example", "Authorization": f"Bearer {hs.token}"}
    assert pool.request("GET", f"{hs.url}/_sandbox/state", headers=foreign).status == 403
    assert pool.request("GET", f"{hs.url}/crm/v3/owners", headers=foreign).status == 200


def test_cut_before_applies_nothing(hs):
    """The connection is cut and the record was not made."""
    hs.post("/_sandbox/faults", {"kind": "cut_before"})
    with pytest.raises(ProtocolError):
        hs.make(email="a@b.example")
    assert hs.sim.state()["objects"]["contacts"] == 0
    assert hs.sim.log.entries()[0]["status"] == 0


def test_cut_after_applies_and_loses_the_answer(hs):
    """The connection is cut though the record was made."""
    hs.post("/_sandbox/faults", {"kind": "cut_after"})
    with pytest.raises(ProtocolError):
        hs.make(email="a@b.example")
    assert hs.sim.state()["objects"]["contacts"] == 1
    assert hs.sim.log.entries()[0]["status"] == 201


def test_timeout_stays_silent_then_hangs_up(hs):
    """The client's own patience ends first; with a short switch the server hangs up."""
    hs.post("/_sandbox/faults", {"kind": "timeout", "times": 2})
    pool = urllib3.PoolManager(retries=False)
    with pytest.raises(ReadTimeoutError):
        pool.request("GET", f"{hs.url}/crm/v3/owners", timeout=0.2)
    hs.switch(timeout_s=0.05)
    with pytest.raises(ProtocolError):
        pool.request("GET", f"{hs.url}/crm/v3/owners", timeout=5)


def test_slow_answers_rightly(hs):
    """A slow call gives its own answer in the end."""
    hs.switch(slow_s=0.05)
    hs.post("/_sandbox/faults", {"kind": "slow"})
    assert hs.get("/crm/v3/owners").status == 200


def test_slow_works_on_for_a_caller_who_gave_up(hs):
    """A write whose caller lost patience is done all the same, later."""
    hs.switch(slow_s=0.4)
    hs.post("/_sandbox/faults", {"kind": "slow"})
    pool = urllib3.PoolManager(retries=False)
    address = {"Authorization": f"Bearer {hs.token}", "Content-Type": "application/json"}
    with pytest.raises(ReadTimeoutError):
        pool.request(
            "POST",
            f"{hs.url}/crm/v3/objects/contacts",
            body=b'{"properties": {"email": "late@x.example"}}',
            headers=address,
            timeout=0.1,
        )
    assert hs.sim.state()["objects"]["contacts"] == 0
    give_up = time.monotonic() + 10
    while not hs.sim.state()["objects"]["contacts"] and time.monotonic() < give_up:
        time.sleep(0.02)
    assert hs.sim.state()["objects"]["contacts"] == 1


def test_fault_matches_the_query(hs):
    """A fault can wait for a request by its query."""
    hs.post("/_sandbox/faults", {"kind": "503", "match": "archived=true"})
    assert hs.get("/crm/v3/owners").status == 200
    assert hs.get("/crm/v3/owners?archived=true").status == 503


def test_fault_matches_the_body(hs):
    """A fault can wait for what a request carries; a request that passes keeps its body."""
    hs.post("/_sandbox/faults", {"kind": "503", "match": "contacts", "body": "second@x.example"})
    assert hs.make(email="first@x.example")
    body = {"properties": {"email": "second@x.example"}}
    assert hs.post("/crm/v3/objects/contacts", body).status == 503
    assert hs.post("/crm/v3/objects/contacts", body).status == 201

"""HubSpot's webhooks, end to end: the simulator calls a listening daemon over HTTP."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from stagesync.app import Opened
from stagesync.engine.daemon import run_daemon
from stagesync.engine.outcome import Outcome
from stagesync.sandbox.hubspot.signing import signed_headers
from stagesync.store import inbox, records
from stagesync.web.server import serve

from .conftest import MakeWorld, World
from .deployments import wait_until
from .test_daemon import SOON_S, early_pair, make_settled, stage_in_salesforce

SECRET = "hush-hush"
SUBSCRIPTIONS = [
    {"eventType": "contact.propertyChange", "propertyName": "lifecyclestage"},
    {"eventType": "contact.propertyChange", "propertyName": "jobtitle"},
    *(f"contact.{what}" for what in ("creation", "deletion", "merge", "privacyDeletion")),
]


def make_listening(make_world: MakeWorld, *, poll: str = "1h") -> World:
    """A settled world whose deployment listens, and polls so seldom that only a call can be quick."""
    world = make_settled(make_world)
    config = world.place.config
    (world.place.folder / "app.secret").write_text(SECRET)
    secret = f"    app_secret: {{file: {world.place.folder}/app.secret}}\n"
    text = config.read_text().replace("poll: 1s", f"poll: {poll}")
    text = text.replace("    connector: hubspot\n", f"    connector: hubspot\n{secret}")
    config.write_text(f"{text}web: {{listen: 127.0.0.1:0}}\n")
    return world


def subscribe(
    world: World, url: str, *, secret: str = SECRET, told: Sequence[Any] = SUBSCRIPTIONS
) -> None:
    """Have the simulator call from now on."""
    body = {"url": f"{url}/webhooks/hubspot", "secret": secret, "subscriptions": list(told)}
    world.vendors.ask("hubspot", "POST", "webhooks", body)


def deliveries(world: World, *, least: int = 1) -> list[dict[str, Any]]:
    """What the simulator has delivered, once it has nothing more to deliver now."""

    def state() -> Any:
        return world.vendors.ask("hubspot", "GET", "webhooks")

    def is_done() -> bool:
        told = state()
        again = sum(len(each["events"]) for each in last_attempts(told["deliveries"]))
        return (
            len(told["deliveries"]) >= least and not told["in_flight"] and told["waiting"] <= again
        )

    assert wait_until(is_done, seconds=SOON_S)
    return list(state()["deliveries"])


def last_attempts(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those parcels that are to be carried again."""
    newest = {each["parcel"]: each for each in told}
    return [each for each in newest.values() if each["outcome"] == "again"]


@dataclass
class Daemon:
    """A daemon in this process, and the runs that it made."""

    opened: Opened
    url: str
    runs: list[Outcome]

    def contacts(self, *ids: str) -> dict[str, records.StoredRecord]:
        """Those of these contacts that the store has, as it has them."""
        with self.opened.deployment.store.begin() as tx:
            return records.records_of(tx, "hubspot", "contact", ids)

    def contact(self, record_id: str) -> records.StoredRecord:
        """One of them."""
        return self.contacts(record_id)[record_id]


@contextmanager
def listening(world: World) -> Iterator[Daemon]:
    """The daemon, its first poll behind it."""
    with world.place.open() as found:
        called, runs = threading.Event(), list[Outcome]()
        with serve(found.settings.web, found.live, call=called.set) as url:
            daemon = threading.Thread(
                target=run_daemon,
                args=(found.live,),
                kwargs={"stop": found.clock.stop, "called": called, "after_run": runs.append},
            )
            daemon.start()
            try:
                assert wait_until(lambda: bool(runs), seconds=SOON_S)
                yield Daemon(found, url, runs)
            finally:
                found.clock.stop.set()
                daemon.join(timeout=SOON_S)
        assert not daemon.is_alive()


def test_a_change_shows_in_the_other_crm_long_before_the_next_poll(make_world):
    """With a poll an hour away, what a person edits in HubSpot stands in Salesforce within seconds."""
    world = make_listening(make_world)
    contact, other = early_pair(world)
    log = world.place.folder / "run.err"
    with world.place.process("run") as process:
        assert wait_until(lambda: "run ended" in log.read_text(), seconds=SOON_S)
        told = [json.loads(line) for line in log.read_text().splitlines()]
        (url,) = [each["url"] for each in told if each["event"] == "web listens"]
        assert 200 == requests.get(f"{url}/healthz", timeout=5).status_code
        subscribe(world, url)
        world.vendors.edit("hubspot", "contacts", contact, lifecyclestage="salesqualifiedlead")
        assert wait_until(lambda: stage_in_salesforce(world, other) == "accepted", seconds=SOON_S)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=30)


@pytest.mark.gate
def test_events_out_of_order_end_with_the_newest_value(make_world):
    """Three edits of one field, told twice and shuffled, leave the value that HubSpot holds."""
    world = make_listening(make_world)
    contact, _ = early_pair(world)
    with listening(world) as daemon:
        world.vendors.ask("hubspot", "PUT", "settings", {"webhook_duplicates": 1.0})
        subscribe(world, daemon.url)
        for title in ("First", "Second", "Third"):
            world.vendors.edit("hubspot", "contacts", contact, jobtitle=title)
        assert wait_until(
            lambda: daemon.contact(contact).fields["jobtitle"] == "Third", seconds=SOON_S
        )
        told = deliveries(world)
        assert {"delivered"} == {each["outcome"] for each in told}
        assert 6 <= sum(len(each["events"]) for each in told)
        wait_until(lambda: False, seconds=1.0)
        assert "Third" == daemon.contact(contact).fields["jobtitle"]


def test_a_request_counts_once_and_for_five_minutes(make_world):
    """The same request is taken again within the window and refused after it."""
    world = make_listening(make_world)
    with listening(world) as daemon:
        address = f"{daemon.url}/webhooks/hubspot"
        event = {"subscriptionType": "contact.creation", "objectId": 1, "portalId": 24_000_001}
        body = json.dumps([event])
        headers = signed_headers(
            SECRET,
            method="POST",
            uri=address,
            body=body,
            timestamp_ms=int(world.vendors.now_s("hubspot") * 1000),
            old_version="v1",
        )
        answers = [requests.post(address, body, headers=headers, timeout=5) for _ in range(2)]
        world.vendors.advance(301)
        # The daemon asks the simulators for their time twice a second at most.
        wait_until(lambda: False, seconds=1.0)
        late = requests.post(address, body, headers=headers, timeout=5)
        forged = requests.post(address, body + " ", headers=headers, timeout=5)
    assert [(204, ""), (204, ""), (401, "too_old"), (401, "bad_signature")] == [
        (each.status_code, each.text) for each in (*answers, late, forged)
    ]


@pytest.mark.gate
def test_a_wrong_secret_is_refused_and_the_poll_finds_what_it_told(make_world):
    """Calls that are signed with another secret change nothing; a lost webhook costs time only."""
    world = make_listening(make_world, poll="4s")
    contact, _ = early_pair(world)
    with listening(world) as daemon:
        subscribe(world, daemon.url, secret="another")
        world.vendors.edit("hubspot", "contacts", contact, jobtitle="Lost and found")
        assert [(401, "again")] == [(each["status"], each["outcome"]) for each in deliveries(world)]
        world.vendors.settle()
        assert wait_until(
            lambda: daemon.contact(contact).fields["jobtitle"] == "Lost and found", seconds=SOON_S
        )


@pytest.mark.gate
def test_a_hundred_events_are_answered_at_once_and_all_read(make_world):
    """A full batch is taken within a second, and every record of it is read, placed and written."""
    world = make_listening(make_world)
    with listening(world) as daemon:
        world.vendors.ask("hubspot", "PUT", "settings", {"webhook_duplicates": 0.0})
        subscribe(world, daemon.url, told=["contact.creation"])
        rows = [
            {"properties": {"email": f"new{n}@fresh.example", "lastname": f"New{n}"}}
            for n in range(100)
        ]
        made = world.vendors.ask("hubspot", "POST", "import", {"object": "contacts", "rows": rows})
        (parcel,) = deliveries(world)
        assert (204, 100) == (parcel["status"], len(parcel["events"]))
        assert wait_until(lambda: 100 == len(daemon.contacts(*made["ids"])), seconds=SOON_S)
        assert wait_until(
            lambda: (
                {"contact"}
                == {
                    one["stagesync_stage"]
                    for key, one in world.vendors.hubspot("contacts", ["stagesync_stage"]).items()
                    if key in made["ids"]
                }
            ),
            seconds=SOON_S,
        )
    assert 3 >= len(daemon.runs)


def test_what_was_heard_before_a_restart_is_read_after_it(make_world):
    """204 is a promise: the process may end before it has read anything."""
    world = make_listening(make_world)
    contact, _ = early_pair(world)
    with world.place.open() as found:
        settings = found.settings.web
        with serve(settings, found.live, call=lambda: None) as url:
            subscribe(world, url)
            world.vendors.edit("hubspot", "contacts", contact, jobtitle="Kept")
            assert {204} == {each["status"] for each in deliveries(world)}
        with found.deployment.store.begin() as tx:
            assert {"hubspot": 1} == inbox.count_waiting(tx)
    with listening(world) as daemon:
        assert "Kept" == daemon.contact(contact).fields["jobtitle"]
        with daemon.opened.deployment.store.begin() as tx:
            assert {} == inbox.count_waiting(tx)


@pytest.mark.gate
def test_merges_deletions_and_erasures_arrive_by_call(make_world):
    """A merged contact follows its winner, a deleted one is gone, and of an erased one nothing is left."""
    world = make_listening(make_world)
    with world.place.open() as found, found.deployment.store.begin() as tx:
        held = [each for each in records.all_records(tx, [("hubspot", "contact")]) if each.email]
    winner, loser, deleted, erased = held[:4]
    with listening(world) as daemon:
        subscribe(world, daemon.url)
        merge = {"object": "contacts", "primary_id": winner.id, "merged_id": loser.id}
        new = world.vendors.ask("hubspot", "POST", "merge", merge)["id"]
        for call, each in (("delete", deleted), ("erase", erased)):
            world.vendors.ask("hubspot", "POST", call, {"object": "contacts", "id": each.id})

        def has_arrived() -> bool:
            now = daemon.contacts(winner.id, loser.id, deleted.id, erased.id, new)
            return (
                new in now
                and now[winner.id].merged_into == new == now[loser.id].merged_into
                and now[winner.id].person == now[new].person == now[loser.id].person
                and now[deleted.id].gone
                and now[deleted.id].person is None
                and erased.id not in now
            )

        assert wait_until(has_arrived, seconds=SOON_S), daemon.contacts(
            winner.id, loser.id, deleted.id, erased.id, new
        )
        assert daemon.contact(new).person in {winner.person, loser.person}
    told = [json.loads(line) for line in world.place.run("audit", "--json").out.splitlines()]
    assert [1] == [
        each["result"]["blanked"] > 0 for each in told if "blanked" in (each["result"] or {})
    ]
    assert [] == [
        each for each in told if (each["connection"], each["id"]) == ("hubspot", erased.id)
    ]
    assert erased.email not in repr(told)
    assert 0 == world.place.run("audit", "verify").code

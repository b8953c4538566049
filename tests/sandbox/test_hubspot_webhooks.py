"""HubSpot: webhooks, delivered over real HTTP to a real server."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections import deque

import orjson
import pytest
from starlette.requests import Request
from starlette.responses import Response

from stagesync.sandbox.hubspot.signing import signature_v3
from stagesync.sandbox.server import serve

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


class Receiver:
    """An application that keeps what it is sent and answers the statuses it is given."""

    def __init__(self):
        self.requests = []
        self.statuses = deque()
        self.pause_s = 0.0

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        raw = await request.body()
        self.requests.append((request.headers, raw))
        await asyncio.sleep(self.pause_s)
        status = self.statuses.popleft() if self.statuses else 204
        await Response(status_code=status)(scope, receive, send)

    @property
    def events(self):
        return [event for _, raw in self.requests for event in orjson.loads(raw)]


@pytest.fixture
def receiver():
    app = Receiver()
    with serve(app) as server:
        app.url = f"{server.url}/hook?from=hs%3Aone"
        yield app


def _settled(hs, count=None):
    """The state once nothing waits any more, or once `count` attempts have been made."""
    until = time.monotonic() + 8
    while time.monotonic() < until:
        state = hs.get("/_sandbox/webhooks").body
        done = len(state["deliveries"])
        if not state["in_flight"] and (
            done >= count if count is not None else done and not state["waiting"]
        ):
            return state
        time.sleep(0.02)
    raise AssertionError(state)


def _subscribe(hs, receiver, *subscriptions, **switches):
    calm = {"webhook_disorder": False, "webhook_duplicates": 0.0, "webhook_event_ids_unique": True}
    hs.switch(**{**calm, **switches})
    hs.control("webhooks", url=receiver.url, secret=SECRET, subscriptions=list(subscriptions))


def _property(name):
    return {"eventType": "contact.propertyChange", "propertyName": name}


def test_signature_of_the_documented_example():
    """The third signature of the public example is the known one."""
    got = signature_v3(
        SECRET,
        method="POST",
        uri="https://www.example.com/webhook_uri",
        body="{'example_field':'example_value'}",
        timestamp="1693657560000",
    )
    assert got == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="


def test_property_change_is_told_with_its_author(hs, receiver):
    """An event of a change has the shape HubSpot documents, and says who made it."""
    contact = hs.make(email="a@firm.example")
    _subscribe(hs, receiver, _property("lifecyclestage"))
    hs.sim.clock.advance(1.5)
    hs.control("edit", object="contacts", id=contact, properties={"lifecyclestage": "customer"})
    _settled(hs)
    event = receiver.events[0]
    subscription = event.pop("subscriptionId")
    assert subscription == hs.get("/_sandbox/webhooks").body["subscriptions"][0]["id"]
    assert event == {
        "eventId": 1,
        "portalId": 24_000_001,
        "appId": 31_415,
        "occurredAt": 1_794_916_801_500,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": int(contact),
        "propertyName": "lifecyclestage",
        "propertyValue": "customer",
        "isSensitive": False,
        "changeSource": "CRM_UI",
        "sourceId": "userId:4471",
    }


def test_request_is_signed_three_ways(hs, receiver):
    """v3 signs method, decoded address, body and time; the old header beside it is v1 or v2."""
    _subscribe(hs, receiver, "contact.creation")
    hs.make(email="a@firm.example")
    _settled(hs)
    hs.switch(webhook_old_signature="v2")
    hs.make(email="b@firm.example")
    _settled(hs, 2)
    for (headers, raw), version in zip(receiver.requests, ("v1", "v2"), strict=True):
        body, stamp = raw.decode(), headers["x-hubspot-request-timestamp"]
        said = "POST" + receiver.url.replace("%3A", ":") + body + stamp
        made = hmac.new(SECRET.encode(), said.encode(), hashlib.sha256).digest()
        assert headers["x-hubspot-signature-v3"] == base64.b64encode(made).decode()
        assert stamp == "1794916800000"
        old = SECRET + body if version == "v1" else SECRET + "POST" + receiver.url + body
        assert headers["x-hubspot-signature"] == hashlib.sha256(old.encode()).hexdigest()
        assert headers["x-hubspot-signature-version"] == version


def test_whole_records_are_told(hs, receiver):
    """Creation, deletion and restore carry their flag; erasing tells privacyDeletion and deletion."""
    whats = ("creation", "deletion", "restore", "privacyDeletion")
    _subscribe(hs, receiver, *(f"contact.{what}" for what in whats))
    contact = hs.make(email="a@firm.example")
    hs.call("DELETE", f"/crm/v3/objects/contacts/{contact}")
    hs.control("restore", object="contacts", id=contact)
    hs.post("/crm/v3/objects/contacts/gdpr-delete", {"objectId": contact})
    _settled(hs)
    told = [(e["subscriptionType"], e.get("changeFlag"), e["objectId"]) for e in receiver.events]
    assert told == [
        ("contact.creation", "CREATED", int(contact)),
        ("contact.deletion", "DELETED", int(contact)),
        ("contact.restore", "RESTORED", int(contact)),
        ("contact.privacyDeletion", None, int(contact)),
        ("contact.deletion", "DELETED", int(contact)),
    ]


def test_merge_tells_the_new_id(hs, receiver):
    """A merge event names the primary, the merged and the new record; no deletion goes with it."""
    one, two = hs.make(email="a@firm.example"), hs.make(email="b@firm.example", phone="1")
    _subscribe(hs, receiver, "contact.merge", "contact.deletion")
    new = hs.control("merge", object="contacts", primary_id=one, merged_id=two)["id"]
    _settled(hs)
    (event,) = receiver.events
    assert event["primaryObjectId"] == int(one)
    assert (event["mergedObjectIds"], event["newObjectId"]) == ([int(two)], int(new))
    assert event["numberOfPropertiesMoved"] == 1


def test_association_change_is_told(hs, receiver):
    """An association tells both ends, its type, whether it went away and whether it is primary."""
    contact, company = hs.make(email="a@firm.example"), hs.make("companies", name="Firm")
    _subscribe(hs, receiver, "contact.associationChange")
    pair = f"/crm/v4/objects/contacts/{contact}/associations"
    hs.call("PUT", f"{pair}/default/companies/{company}")
    hs.call("DELETE", f"{pair}/companies/{company}")
    _settled(hs)
    made, gone = receiver.events
    assert (made["associationType"], made["associationTypeId"]) == ("CONTACT_TO_COMPANY", 1)
    assert (made["fromObjectId"], made["toObjectId"]) == (int(contact), int(company))
    assert (made["associationRemoved"], gone["associationRemoved"]) == (False, True)
    assert "objectId" not in made


def test_any_object_can_be_watched(hs, receiver):
    """The object.* types take an objectTypeId and send it along."""
    wanted = {"eventType": "object.creation", "objectTypeId": "0-46"}
    _subscribe(hs, receiver, wanted)
    note = hs.make("notes", hs_timestamp="1794916800000")
    hs.make(email="a@firm.example")
    _settled(hs)
    (event,) = receiver.events
    assert (event["objectTypeId"], event["objectId"]) == ("0-46", int(note))


def test_silent_properties_are_not_told(hs, receiver):
    """Calculated properties and num_unique_conversion_events make no events."""
    contact = hs.make(email="a@firm.example")
    silent = ("num_associated_deals", "num_unique_conversion_events", "firstname")
    _subscribe(hs, receiver, *map(_property, silent))
    values = {"num_associated_deals": "3", "num_unique_conversion_events": "2"}
    hs.control("recalculate", ids=[contact], properties=values)
    hs.patch(f"/crm/v3/objects/contacts/{contact}", {"properties": {"firstname": "Ana"}})
    _settled(hs)
    assert [event["propertyName"] for event in receiver.events] == ["firstname"]


def test_no_request_has_more_than_a_hundred(hs, receiver):
    """250 changes of one instant come in three requests."""
    _subscribe(hs, receiver, "contact.creation", webhook_delay_s=1.0)
    rows = [{"properties": {"email": f"p{n}@firm.example"}} for n in range(250)]
    hs.control("import", object="contacts", rows=rows)
    time.sleep(0.1)
    assert receiver.requests == []
    hs.sim.clock.advance(1)
    _settled(hs)
    sizes = sorted(len(orjson.loads(raw)) for _, raw in receiver.requests)
    assert (sizes, len({event["objectId"] for event in receiver.events})) == ([50, 100, 100], 250)


def test_failed_request_is_made_again(hs, receiver):
    """A refused request comes again later with the next attempt number and a fresh signature."""
    receiver.statuses.extend([500, 404])
    _subscribe(hs, receiver, "contact.creation")
    hs.make(email="a@firm.example")
    for attempt in range(1, 4):
        state = _settled(hs, attempt)
        last = state["deliveries"][-1]
        if last["next_at"] is not None:
            hs.sim.clock.advance(last["next_at"] - hs.sim.clock.now() + 0.001)
    outcomes = [(d["status"], d["outcome"]) for d in state["deliveries"]]
    assert outcomes == [(500, "again"), (404, "again"), (204, "delivered")]
    assert [event["attemptNumber"] for event in receiver.events] == [0, 1, 2]
    stamps = {headers["x-hubspot-request-timestamp"] for headers, _ in receiver.requests}
    assert len(stamps) == 3


def test_answer_that_comes_late_is_none(hs, receiver):
    """An application that takes too long counts as one that did not answer, and is asked again."""
    _subscribe(hs, receiver, "contact.creation", webhook_timeout_s=0.2)
    receiver.pause_s = 0.5
    hs.make(email="a@firm.example")
    (delivery,) = _settled(hs, 1)["deliveries"]
    assert (0, "again") == (delivery["status"], delivery["outcome"])


def test_it_gives_up_after_ten_retries_within_a_day(hs, receiver):
    """An address that never answers well gets eleven requests, whose pauses fill less than a day."""
    receiver.statuses.extend([503] * 20)
    _subscribe(hs, receiver, "contact.creation", webhook_retry_pace=0.0)
    hs.make(email="a@firm.example")
    state = _settled(hs)
    assert len(receiver.requests) == 11
    assert state["deliveries"][-1]["outcome"] == "given up"
    assert sum(60 * 1.2 * 2**n for n in range(10)) < 86_400


def test_silence_counts_as_failure(hs):
    """Nobody at the address: status 0, and another attempt is planned."""
    hs.control("webhooks", url="http://127.0.0.1:9/hook", subscriptions=["contact.creation"])
    hs.make(email="a@firm.example")
    last = _settled(hs, 1)["deliveries"][-1]
    assert (last["status"], last["outcome"]) == (0, "again")


def test_events_come_twice_and_in_disorder(hs, receiver):
    """With the switches on, events repeat, their order is lost and their ids are not unique."""
    _subscribe(
        hs,
        receiver,
        "contact.creation",
        webhook_disorder=True,
        webhook_duplicates=1.0,
        webhook_event_ids_unique=False,
    )
    hs.control("import", object="contacts", rows=[{"properties": {}} for _ in range(60)])
    _settled(hs)
    ids = [event["objectId"] for event in receiver.events]
    assert len(ids) == 2 * len(set(ids)) == 120
    assert ids != sorted(ids)
    assert len({event["eventId"] for event in receiver.events}) < 60


def test_settings_api_sets_target_and_subscriptions(hs, receiver):
    """What the API sets comes into force when HubSpot's cache has run out, not before."""
    hs.switch(webhook_duplicates=0.0)
    app = f"/webhooks/v3/{hs.sim.portal.app_id}"
    key = f"?hapikey={hs.sim.tokens.developer_key}"
    body = {"targetUrl": receiver.url, "throttling": {"maxConcurrentRequests": 10}}
    assert hs.call("PUT", f"{app}/settings{key}", body, token="").status == 200
    wanted = {"eventType": "contact.propertyChange", "propertyName": "phone", "active": True}
    made = hs.post(f"{app}/subscriptions{key}", wanted, token="")
    assert (made.status, made.body["active"]) == (201, True)
    dated = f"/app-webhooks/2026-09/{hs.sim.portal.app_id}/subscriptions"
    assert hs.get(dated).body["results"] == [made.body]
    hs.make(phone="1")
    hs.sim.clock.advance(300)
    hs.make(phone="2")
    _settled(hs)
    assert [event["propertyValue"] for event in receiver.events] == ["2"]


def test_subscription_can_be_switched_off(hs, receiver):
    """An inactive subscription makes no events; a removed one is gone."""
    hs.switch(webhook_settings_cache_s=0.0)
    _subscribe(hs, receiver, "contact.creation", "contact.deletion", webhook_settings_cache_s=0.0)
    app = f"/webhooks/2026-03/{hs.sim.portal.app_id}/subscriptions"
    first, second = hs.get(app).body["results"]
    assert hs.patch(f"{app}/{first['id']}", {"active": False}).body["active"] is False
    contact = hs.make(email="a@firm.example")
    hs.call("DELETE", f"/crm/v3/objects/contacts/{contact}")
    _settled(hs)
    assert [event["subscriptionType"] for event in receiver.events] == ["contact.deletion"]
    assert hs.call("DELETE", f"{app}/{second['id']}").status == 204
    assert hs.get(f"{app}/{second['id']}").status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"eventType": "contact.birthday"},
        {"eventType": "contact.propertyChange"},
        {"eventType": "object.creation"},
    ],
)
def test_senseless_subscription_is_refused(hs, wrong):
    """An unknown type, and a type without what it needs, are 400."""
    path = f"/webhooks/2026-03/{hs.sim.portal.app_id}/subscriptions"
    assert hs.post(path, {**wrong, "active": True}).status == 400
    called = hs.post("/_sandbox/webhooks", {"url": "http://x/", "subscriptions": [wrong]})
    assert called.status == 400


def test_another_apps_settings_are_not_there(hs):
    """Only the app of the token can be asked about."""
    assert hs.get("/webhooks/2026-03/999/subscriptions").status == 404

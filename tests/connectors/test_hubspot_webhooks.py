"""Webhook requests: which are taken for HubSpot's, and what they name."""

import threading
import time
from contextlib import contextmanager

import orjson
import pytest

from sandbox_clock import SandboxClock
from stagesync.connector import Heard, Hears, Named, RequestRefused, Secret
from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.hubspot.signing import signature_v3
from stagesync.sandbox.server import serve
from stagesync_hubspot import connect
from stagesync_hubspot.webhooks import named_records, prove

from .hubspot_account import account, small_account

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
STAMP = "1693657560000"
SENT_S = 1_693_657_560.0


def proven(*, method="POST", url=URL, body=BODY, stamp=STAMP, signature=None, later_s=0.0):
    """Whether such a request is taken so many seconds after its stamp; else why not."""
    signed = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=" if signature is None else signature
    headers = {"x-hubspot-signature-v3": signed, "x-hubspot-request-timestamp": stamp}
    heard = Heard(method, url, headers, body)
    try:
        prove(heard, secret=Secret(SECRET), now_s=SENT_S + later_s)
    except RequestRefused as refused:
        return refused.code
    return "taken"


def test_known_request_is_taken():
    """The worked example gives the signature that is documented for it."""
    assert "taken" == proven()


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"url": URL + "?a=1"},
        {"url": URL.replace("https", "http")},
        {"body": BODY + b" "},
        {"stamp": "1693657560001"},
        {"signature": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Z="},
        {"signature": "é"},
    ],
)
def test_changed_request_is_refused(change):
    """Method, address, body and time are all signed."""
    assert "BAD_SIGNATURE" == proven(**change)


@pytest.mark.parametrize("change", [{"signature": ""}, {"stamp": ""}, {"stamp": "soon"}])
def test_unsigned_request_is_refused(change):
    """Without signature or time nothing is compared."""
    assert "NO_SIGNATURE" == proven(**change)


@pytest.mark.parametrize(
    ("later_s", "said"),
    [
        (300.0, "taken"),
        (300.1, "TOO_OLD"),
        (-30.0, "taken"),
        (-31.0, "FROM_THE_FUTURE"),
        (-86_400.0, "FROM_THE_FUTURE"),
    ],
)
def test_request_counts_for_five_minutes(later_s, said):
    """An old request may be a replay, and one from the future is none of HubSpot's."""
    assert said == proven(later_s=later_s)


@pytest.mark.parametrize("escape", ["%3A", "%2f", "%3F", "%40", "%21", "%27", "%2C", "%3b"])
def test_escapes_that_hubspot_decodes_are_decoded(escape):
    """An address is signed with these escapes decoded, in either case of their letters."""
    url = f"{URL}?q=a{escape}b"
    decoded = f"{URL}?q=a{bytes.fromhex(escape[1:]).decode()}b"
    signed = signature_v3(SECRET, method="POST", uri=decoded, body=BODY.decode(), timestamp=STAMP)
    assert "taken" == proven(url=url, signature=signed)


@pytest.mark.parametrize("escape", ["%20", "%25", "%26", "%3D", "%C3%A9"])
def test_other_escapes_stay(escape):
    """All other escapes are signed as they were sent."""
    url = f"{URL}?q=a{escape}b"
    signed = signature_v3(SECRET, method="POST", uri=url, body=BODY.decode(), timestamp=STAMP)
    assert "taken" == proven(url=url, signature=signed)


def event(kind, **more):
    return {"subscriptionType": kind, "portalId": 1, **more}


def test_events_name_each_record_once():
    """Repeats, several properties and several objects become one id each, in order."""
    events = [
        event("contact.propertyChange", objectId=5, propertyName="city"),
        event("company.creation", objectId=7),
        event("contact.propertyChange", objectId=5, propertyName="email"),
        event("deal.associationChange", fromObjectId=9, toObjectId=5),
        event("object.propertyChange", objectId=8, objectTypeId="0-47"),
        event("object.creation", objectId=8, objectTypeId="2-999"),
        event("ticket.creation", objectId=1),
        event("contact.deletion", objectId=5),
    ]
    expected = [("contact", "5"), ("company", "7"), ("deal", "9"), ("meeting", "8")]
    assert [Named(*each) for each in expected] == named_records(orjson.dumps(events), portal="1")


def test_both_ends_of_an_association_are_named():
    """Whichever record of the two is read with its links, it is read again."""
    joined = event(
        "deal.associationChange",
        associationType="DEAL_TO_CONTACT",
        fromObjectId=9,
        toObjectId=5,
    )
    expected = [Named("deal", "9"), Named("contact", "5")]
    assert expected == named_records(orjson.dumps([joined]), portal="")


@pytest.mark.parametrize("order", [1, -1])
def test_erasing_outweighs_whatever_else_is_told(order):
    """A contact that was erased is named as erased, wherever the other events about it stand."""
    events = [event(f"contact.{what}", objectId=5) for what in ("privacyDeletion", "deletion")]
    body = orjson.dumps(events[::order])
    assert [Named("contact", "5", erased=True)] == named_records(body, portal="")


def test_merge_names_all_its_records():
    """The new record and both old ones are named."""
    merge = event(
        "contact.merge", objectId=1, primaryObjectId=1, mergedObjectIds=[2], newObjectId=3
    )
    found = named_records(orjson.dumps([merge]), portal="")
    assert {Named("contact", "1"), Named("contact", "2"), Named("contact", "3")} == set(found)


def test_events_of_other_accounts_are_left_out():
    """An app may be installed in several accounts; only ours counts once its number is known."""
    body = orjson.dumps([event("contact.creation", objectId=5)])
    assert ([Named("contact", "5")], []) == (
        named_records(body, portal="1"),
        named_records(body, portal="2"),
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"nonsense", orjson.dumps([{}] * 101)])
def test_body_that_is_no_batch_of_events_is_refused(body):
    """Anything but a list of up to a hundred events is refused."""
    with pytest.raises(RequestRefused) as refused:
        named_records(body, portal="")
    assert "UNREADABLE" == refused.value.code


def test_without_the_secret_of_an_app_nothing_is_taken():
    """A service key has no webhooks: a connection that has only a token says what is missing."""
    connector = connect("crm", {"token": Secret("pat")}, clock=SandboxClock(SimClock()))
    with pytest.raises(RequestRefused, match="secret of its app") as refused:
        connector.hear(Heard("POST", URL, {}, BODY))
    connector.close()
    assert isinstance(connector, Hears)
    assert (False, "NO_SECRET", 0) == (connector.listens, refused.value.code, connector.calls)


def test_an_app_of_many_accounts_waits_for_its_account():
    """Until an OAuth app knows which account is ours it takes nothing: HubSpot sends it again."""
    oauth = {
        "client_id": "app",
        "client_secret": Secret(SECRET),
        "refresh_token": Secret("r"),
    }
    clock = SimClock(lambda: SENT_S)
    connector = connect("crm", {"auth": {"oauth": oauth}}, clock=SandboxClock(clock))
    signed = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
    headers = {"x-hubspot-signature-v3": signed, "x-hubspot-request-timestamp": STAMP}
    with pytest.raises(RequestRefused) as refused:
        connector.hear(Heard("POST", URL, headers, BODY))
    connector.close()
    assert (True, "NOT_READY", 0) == (connector.listens, refused.value.code, connector.calls)


@contextmanager
def listening():
    """A server that answers 200, its address, and the requests that came: headers and body."""
    came = []

    async def app(scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        came.append(({k.decode(): v.decode() for k, v in scope["headers"]}, body))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with serve(app) as server:
        yield f"{server.url}/hooks?from=a%2Cb%20c", came


def test_what_happens_in_the_account_is_named_by_its_webhooks():
    """Requests that the simulator signs and sends name exactly the records that people touched."""
    with account(**small_account(time.time())) as crm, listening() as (url, came):
        subscriptions = [
            {"eventType": "contact.propertyChange", "propertyName": "lifecyclestage"},
            "contact.merge",
            "contact.deletion",
            "company.creation",
        ]
        crm.control("webhooks", url=url, secret="hush", subscriptions=subscriptions)
        connector = crm.connect(app_secret=Secret("hush"))
        connector.check()
        crm.edit("contact", range(1, 151), lifecyclestage="customer")
        crm.control("delete", object="contact", id="160")
        new = crm.control("merge", object="contact", primary_id="170", merged_id="171")["id"]
        expected = {Named("contact", str(n)) for n in (*range(1, 151), 160, 170, 171, new)}
        named, waited = set(), threading.Event()
        for _ in range(100):
            sent = list(came)
            for headers, body in sent:
                named |= set(connector.hear(Heard("POST", url, headers, body)))
            if named >= expected:
                break
            waited.wait(0.1)
        assert (expected, True) == (named, len(came) > 1)

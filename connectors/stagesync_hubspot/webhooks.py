"""What a webhook request of HubSpot's says has changed, once it is proven to be HubSpot's.

An event is a hint, not a fact: events come twice, late, out of order and sometimes never, and what
they say may be old by the time it is read. So only the ids are taken from them, and the records
are read anew; the pull stays what decides. One thing is believed, because no reading tells it: that
somebody was erased.

Sources, seen 2026-11:
    https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
    https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from stagesync.connector import Heard, Named, RequestRefused, Secret
from stagesync_hubspot import api

SIGNATURE = "x-hubspot-signature-v3"
TIMESTAMP = "x-hubspot-request-timestamp"
OLDEST_S = 300.0
"""HubSpot's own rule: an older request may be one that somebody recorded and sends again."""

AHEAD_S = 30.0
"""How far HubSpot's clock may run ahead of ours."""

MOST_EVENTS = 100

_DECODED = {f"%{ord(char):02X}": char for char in ":/?@!$'()*,;"}
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)
_BY_TYPE = {item.type_id: name for name, item in api.OBJECTS.items() if item.type_id}
ERASED = "contact.privacyDeletion"


class WebhookRefused(RequestRefused):
    """A webhook request is not taken: its `code` says why, and nothing of it was used."""


def prove(heard: Heard, *, secret: Secret, now_s: float) -> None:
    """Make sure that HubSpot sent this request, to this address, just now.

    Args:
        secret: the app's.

    Raises:
        WebhookRefused: `NO_SIGNATURE`, `BAD_SIGNATURE`, `TOO_OLD` or `FROM_THE_FUTURE`.
    """
    given, stamp = heard.headers.get(SIGNATURE, ""), heard.headers.get(TIMESTAMP, "")
    if not given or not re.fullmatch("[0-9]{1,16}", stamp):
        raise WebhookRefused("a webhook request carries no signature", code="NO_SIGNATURE")
    said = f"{heard.method.upper()}{_signed(heard.url)}".encode() + heard.body
    expected = _signature(secret, said, stamp=stamp)
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise WebhookRefused(
            "the signature of a webhook request is wrong",
            code="BAD_SIGNATURE",
            hint="check `app_secret`, and that the address is the public one that HubSpot calls",
        )
    # After the signature: only HubSpot is told how far our clocks are apart.
    age_s = now_s - int(stamp) / 1000
    if age_s > OLDEST_S:
        raise WebhookRefused("a webhook request is too old to be trusted", code="TOO_OLD")
    if age_s < -AHEAD_S:
        raise WebhookRefused(
            "a webhook request comes from the future",
            code="FROM_THE_FUTURE",
            hint="set this machine's clock",
        )


def named_records(body: bytes, *, portal: str) -> list[Named]:
    """The records that the events are about, each once, in the order of their first mention.

    Objects that this connector does not serve, and other accounts of the same app, are left out.
    A merge names all its records, old and new; reading an old one tells what became of it.

    Args:
        portal: the account's number; empty takes every account for ours.

    Raises:
        WebhookRefused: `UNREADABLE`, for a body that is no list of up to a hundred events.
    """
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        events = None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        raise WebhookRefused("a webhook request holds no list of events", code="UNREADABLE")
    named: dict[tuple[str, str], bool] = {}
    for event in events:
        if not isinstance(event, dict):
            raise WebhookRefused("a webhook request holds no list of events", code="UNREADABLE")
        if portal and str(event.get("portalId")) != portal:
            continue
        erased = event.get("subscriptionType") == ERASED
        for each in _named(event):
            named[each] = named.get(each, False) or erased
    return [Named(*each, erased=erased) for each, erased in named.items()]


def _named(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    subject = str(event.get("subscriptionType") or "").partition(".")[0]
    if subject == "object":
        subject = _BY_TYPE.get(str(event.get("objectTypeId")), "")
    if subject not in _BY_TYPE.values():
        return
    merged = event.get("mergedObjectIds")
    told = [
        event.get(key) for key in ("newObjectId", "objectId", "primaryObjectId", "fromObjectId")
    ]
    for one in [*told, *(merged if isinstance(merged, list) else ())]:
        if _is_id(one):
            yield subject, str(one)
    # Either record may be the one that is read with its links: `DEAL_TO_CONTACT` names the far one's object.
    far = str(event.get("associationType") or "").casefold().rpartition("_to_")[2]
    if far in _BY_TYPE.values() and _is_id(event.get("toObjectId")):
        yield far, str(event["toObjectId"])


def _is_id(told: object) -> bool:
    return isinstance(told, int | str) and str(told).isdigit()


def _signed(url: str) -> str:
    """The address as HubSpot signs it: these escapes decoded, all others left."""
    return _ESCAPE.sub(lambda met: _DECODED[met.group().upper()], url)


def _signature(secret: Secret, said: bytes, *, stamp: str) -> str:
    digest = hmac.digest(secret.reveal().encode(), said + stamp.encode(), "sha256")
    return base64.b64encode(digest).decode()

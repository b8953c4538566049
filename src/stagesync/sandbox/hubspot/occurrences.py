"""Behaviour: event occurrences (Enterprise) and the events of marketing e-mails.

Source: https://developers.hubspot.com/docs/api-reference/events-manage-event-definitions-v3 and
https://legacydocs.hubspot.com/docs/methods/email/get_events (seen 2026-11).
"""

import base64
import binascii
from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call, record_id
from stagesync.sandbox.hubspot.errors import Refusal, invalid, unknown_type
from stagesync.sandbox.hubspot.feeds import EmailEvent, Occurrence
from stagesync.sandbox.hubspot.model import kind_named
from stagesync.sandbox.hubspot.paging import limit_of, paged
from stagesync.sandbox.hubspot.values import instant_ms, iso

EVENT_TYPES = (
    "e_visited_page",
    "e_submitted_form",
    "e_form_submission_v2",
    "e_form_view",
    "e_deal_closed",
    "e_call_ended",
)
MOST_EMAIL_EVENTS = 1_000
FOREVER_MS = 10**15


def types(call: Call) -> Answer:
    """`GET /event-occurrences/event-types`."""
    _demand_enterprise(call)
    seen = {found.type for found in call.portal.feeds.occurrences}
    return Answer({"eventTypes": sorted(seen | set(EVENT_TYPES))})


def list_page(call: Call) -> Answer:
    """`GET /event-occurrences`: needs an eventType or an objectType."""
    _demand_enterprise(call)
    if not (call.one("eventType") or call.one("objectType")):
        raise invalid("Must specify an eventType or objectType")
    limit = limit_of(call, default=20, most=1000)
    found = sorted(_fitting(call), key=lambda row: (row.at_ms, row.id))
    if call.one("sort").startswith("-"):
        found.reverse()
    rows, paging = paged(call, found, limit=limit)
    body: dict[str, Any] = {"results": [_shown(row) for row in rows]}
    return Answer(body | ({"paging": paging} if paging else {}), records=len(rows))


def email_events(call: Call) -> Answer:
    """`GET /email/public/events`: newest first; the offset is opaque."""
    limit = limit_of(call, default=100, most=MOST_EMAIL_EVENTS)
    low, high = call.whole("startTimestamp", 0), call.whole("endTimestamp", FOREVER_MS)
    type_, recipient = call.one("eventType"), call.one("recipient").lower()
    found = [
        row
        for row in call.portal.feeds.email_events
        if low <= row.at_ms <= high
        and (not type_ or row.type == type_)
        and (not recipient or row.recipient == recipient)
    ]
    newest = sorted(found, key=lambda row: row.at_ms, reverse=True)
    start = _offset(call.one("offset"))
    page = newest[start : start + limit]
    more = start + limit < len(newest)
    cursor = base64.urlsafe_b64encode(str(start + len(page)).encode()).decode()
    body = {"events": [_email(call, row) for row in page], "hasMore": more, "offset": cursor}
    return Answer(body, records=len(page))


def _fitting(call: Call) -> list[Occurrence]:
    name, type_ = call.one("objectType"), call.one("eventType")
    kind = kind_named(name) if name else None
    if name and kind is None:
        raise unknown_type(name)
    if kind is not None and kind.name != "contacts":
        return []
    sought = record_id(call.one("objectId"))
    one = None if sought is None else call.portal.stores["contacts"].current(sought)
    after, before = _instant(call, "occurredAfter", 0), _instant(call, "occurredBefore", FOREVER_MS)
    return [
        row
        for row in call.portal.feeds.occurrences
        if after <= row.at_ms <= before
        and (not type_ or row.type == type_)
        and one in {None, row.contact_id}
    ]


def _demand_enterprise(call: Call) -> None:
    if not call.portal.switches.enterprise:
        message = "The account's subscription does not include this API."
        raise Refusal(403, {"message": message, "category": "FORBIDDEN"})


def _instant(call: Call, name: str, default: int) -> int:
    text = call.one(name)
    if not text:
        return default
    try:
        return instant_ms(text)
    except ValueError as error:
        raise invalid(f"Invalid value for {name}: {text}") from error


def _offset(text: str) -> int:
    if not text:
        return 0
    try:
        return int(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error) as error:
        raise invalid(f"Invalid offset: {text}") from error


def _shown(row: Occurrence) -> dict[str, Any]:
    return {
        "objectType": "CONTACT",
        "objectId": str(row.contact_id),
        "eventType": row.type,
        "occurredAt": iso(row.at_ms),
        "id": row.id,
        "properties": dict(row.properties),
    }


def _email(call: Call, row: EmailEvent) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.type,
        "created": row.at_ms,
        "recipient": row.recipient,
        "portalId": call.portal.portal_id,
        "appId": 113,
        "emailCampaignId": row.campaign_id,
    }

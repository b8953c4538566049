"""Marketing events and who took part in them.

Source: https://developers.hubspot.com/docs/api-reference/marketing-marketing-events-v3 (seen 2026-11).
"""

from collections import Counter
from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call, record_id
from stagesync.sandbox.hubspot.errors import invalid, not_found
from stagesync.sandbox.hubspot.feeds import STATES, MarketingEvent, Participation
from stagesync.sandbox.hubspot.paging import limit_of, paged
from stagesync.sandbox.hubspot.values import iso


def list_page(call: Call) -> Answer:
    """`GET /marketing-events`."""
    limit = limit_of(call, default=10, most=100)
    rows, paging = paged(call, list(call.portal.feeds.events.values()), limit=limit)
    body: dict[str, Any] = {"results": [_event(call, event) for event in rows]}
    return Answer(body | ({"paging": paging} if paging else {}), records=len(rows))


def read(call: Call) -> Answer:
    """`GET /marketing-events/{id}`."""
    return Answer(_event(call, _known(call)), records=1)


def counters(call: Call) -> Answer:
    """`GET /marketing-events/participations/{id}`."""
    counted = _counted(call, _known(call))
    body = {
        "attended": counted["ATTENDED"],
        "registered": counted["REGISTERED"],
        "cancelled": counted["CANCELLED"],
        "noShows": counted["NO_SHOW"],
    }
    return Answer(body)


def breakdown(call: Call) -> Answer:
    """`GET /marketing-events/participations/{id}/breakdown`."""
    event = _known(call)
    return _broken_down(
        call, [p for p in call.portal.feeds.participations if p.event_id == event.id]
    )


def breakdown_of_contact(call: Call) -> Answer:
    """`GET /marketing-events/participations/contacts/{id or e-mail}/breakdown`."""
    store = call.portal.stores["contacts"]
    sought = call.path["id"]
    record = store.find_unique("email", sought) or store.find(record_id(sought) or 0)
    if record is None:
        raise not_found()
    feeds = call.portal.feeds
    return _broken_down(call, [p for p in feeds.participations if p.contact_id == record.id])


def _broken_down(call: Call, found: list[Participation]) -> Answer:
    state = call.one("state")
    if state and state not in STATES:
        raise invalid(f"Invalid state: {state}. It must be one of {list(STATES)}.")
    limit = limit_of(call, default=10, most=100)
    wanted = [p for p in found if not state or p.state == state]
    rows, paging = paged(call, wanted, limit=limit)
    body: dict[str, Any] = {"results": [_row(call, p) for p in rows]}
    if call.version == "v3":
        body["total"] = len(wanted)
    return Answer(body | ({"paging": paging} if paging else {}), records=len(rows))


def _known(call: Call) -> MarketingEvent:
    event = call.portal.feeds.events.get(record_id(call.path["id"]) or 0)
    if event is None:
        raise not_found("Marketing event not found", category="OBJECT_NOT_FOUND")
    return event


def _counted(call: Call, event: MarketingEvent) -> Counter[str]:
    return Counter(p.state for p in call.portal.feeds.participations if p.event_id == event.id)


def _event(call: Call, event: MarketingEvent) -> dict[str, Any]:
    counted, now_ms = _counted(call, event), call.portal.now_ms()
    over = event.completed or event.end_ms <= now_ms
    status = "PAST" if over else "ONGOING" if event.start_ms <= now_ms else "UPCOMING"
    return {
        "objectId": str(event.id),
        "eventName": event.name,
        "eventType": event.type,
        "eventOrganizer": event.organizer,
        "eventStatus": "CANCELLED" if event.cancelled else status,
        "eventCancelled": event.cancelled,
        "eventCompleted": event.completed,
        "externalEventId": event.external_id,
        "startDateTime": iso(event.start_ms),
        "endDateTime": iso(event.end_ms),
        "registrants": counted["REGISTERED"] + counted["ATTENDED"] + counted["NO_SHOW"],
        "attendees": counted["ATTENDED"],
        "cancellations": counted["CANCELLED"],
        "noShows": counted["NO_SHOW"],
        "customProperties": [],
        "createdAt": iso(event.created_ms),
        "updatedAt": iso(event.updated_ms),
    }


def _row(call: Call, found: Participation) -> dict[str, Any]:
    event = call.portal.feeds.events[found.event_id]
    properties: dict[str, Any] = {"attendanceState": found.state, "occurredAt": found.at_ms}
    if found.duration_s is not None:
        properties["attendanceDurationSeconds"] = found.duration_s
    if found.percentage is not None:
        properties["attendancePercentage"] = found.percentage
    return {
        "id": str(found.id),
        "createdAt": iso(found.at_ms),
        "associations": {
            "contact": {"contactId": str(found.contact_id), "email": found.email},
            "marketingEvent": {
                "marketingEventId": str(event.id),
                "externalEventId": event.external_id,
                "name": event.name,
            },
        },
        "properties": properties,
    }

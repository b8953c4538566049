"""The control call that fills the feeds: what people and visitors do, not what the API does.

Every payload has a `kind`; `at` is in Unix seconds and defaults to now.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from stagesync.sandbox.control import want
from stagesync.sandbox.hubspot.automation import create, write
from stagesync.sandbox.hubspot.checking import judged
from stagesync.sandbox.hubspot.feeds import (
    STATES,
    EmailEvent,
    Form,
    MarketingEvent,
    Occurrence,
    Participation,
    RecordList,
    Submission,
)
from stagesync.sandbox.hubspot.history import put_values
from stagesync.sandbox.hubspot.model import KINDS, Record, Source, kind_named
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.values import iso

Payload = Mapping[str, Any]


def feed(portal: Portal, payload: Payload) -> dict[str, Any]:
    """Adds one thing and answers its id.

    Raises:
        ValueError: for an unknown kind, or a value of the wrong sort.
        LookupError: for a contact, event, list or form that does not exist.
    """
    kind = want(payload, "kind", str)
    if kind not in _MAKERS:
        raise ValueError(f"kind must be one of {', '.join(_MAKERS)}, given {kind!r}")
    return {"id": str(_MAKERS[kind](portal, payload))}


def _event(portal: Portal, payload: Payload) -> int:
    start_ms = _at_ms(portal, payload)
    number = portal.new_id()
    portal.feeds.events[number] = MarketingEvent(
        id=number,
        name=want(payload, "name", str),
        type=str(payload.get("type", "WEBINAR")),
        organizer=str(payload.get("organizer", "Stagecraft")),
        external_id=str(payload.get("external_id", f"ext-{number}")),
        start_ms=start_ms,
        end_ms=start_ms + 3_600_000,
        created_ms=portal.now_ms(),
        updated_ms=portal.now_ms(),
        cancelled=bool(payload.get("cancelled", False)),
        completed=bool(payload.get("completed", False)),
    )
    return number


def _participation(portal: Portal, payload: Payload) -> int:
    contact = _contact(portal, payload)
    event_id = int(want(payload, "event_id", str))
    if event_id not in portal.feeds.events:
        raise LookupError(f"no marketing event {event_id}")
    state = payload.get("state", "REGISTERED")
    if state not in STATES:
        raise ValueError(f"state must be one of {', '.join(STATES)}, given {state!r}")
    duration, percentage = payload.get("duration_s"), payload.get("percentage")
    number = portal.new_id()
    portal.feeds.participations.append(
        Participation(
            number,
            event_id,
            contact.id,
            contact.values.get("email", ""),
            state,
            _at_ms(portal, payload),
            None if duration is None else int(duration),
            None if percentage is None else str(percentage),
        )
    )
    return number


def _list(portal: Portal, payload: Payload) -> int:
    kind = kind_named(str(payload.get("object", "contacts")))
    if kind is None:
        raise LookupError(f"no object {payload.get('object')}")
    number = portal.new_id()
    now_ms = portal.now_ms()
    processing = str(payload.get("processing", "DYNAMIC"))
    name = want(payload, "name", str)
    portal.feeds.lists[number] = RecordList(number, name, kind.type_id, processing, now_ms, now_ms)
    return number


def _membership(portal: Portal, payload: Payload) -> int:
    number = int(want(payload, "list_id", str))
    known = portal.feeds.lists.get(number)
    if known is None:
        raise LookupError(f"no list {number}")
    record_id = int(want(payload, "record_id", str))
    if payload.get("removed"):
        known.members.pop(record_id, None)
    else:
        known.members[record_id] = _at_ms(portal, payload)
    return number


def _form(portal: Portal, payload: Payload) -> str:
    guid = _guid(portal)
    name, type_ = want(payload, "name", str), str(payload.get("type", "hubspot"))
    portal.feeds.forms[guid] = Form(guid, name, type_, portal.now_ms())
    return guid


def _submission(portal: Portal, payload: Payload) -> str:
    form = portal.feeds.forms.get(want(payload, "form_id", str))
    if form is None:
        raise LookupError(f"no form {payload['form_id']}")
    values = tuple((str(k), str(v)) for k, v in want(payload, "values", dict).items())
    page = str(payload.get("page_url", "https://www.vendeur.example/contact"))
    sent = Submission(form.id, _guid(portal), _at_ms(portal, payload), page, values)
    portal.feeds.submissions.append(sent)
    if sent.email:
        _convert(portal, form, sent)
    return sent.conversion_id


def _convert(portal: Portal, form: Form, sent: Submission) -> None:
    """A submission makes or changes the contact of its address, and counts on it."""
    kind, source = KINDS["contacts"], Source("FORM", form.id)
    values, _ = judged(portal, kind, dict(sent.values))
    record = portal.stores["contacts"].find_unique("email", sent.email)
    if record is None:
        record = create(portal, kind, values=values, source=source)
    else:
        write(portal, kind, record=record, values=values, source=source)
    count = int(record.values.get("num_conversion_events", "0")) + 1
    seen = {"num_conversion_events": str(count), "recent_conversion_event_name": form.name}
    seen["recent_conversion_date"] = iso(sent.at_ms)
    if count == 1:
        seen["first_conversion_date"] = iso(sent.at_ms)
        seen["first_conversion_event_name"] = form.name
    put_values(portal, kind, record=record, values=seen, source=source)


def _email_event(portal: Portal, payload: Payload) -> str:
    found = EmailEvent(
        _guid(portal),
        want(payload, "type", str),
        _at_ms(portal, payload),
        want(payload, "recipient", str).lower(),
        int(payload.get("campaign_id", 7_001)),
    )
    portal.feeds.email_events.append(found)
    return found.id


def _occurrence(portal: Portal, payload: Payload) -> str:
    contact = _contact(portal, payload)
    properties = payload.get("properties") or {}
    found = Occurrence(
        _guid(portal),
        want(payload, "type", str),
        contact.id,
        _at_ms(portal, payload),
        tuple((str(name), str(value)) for name, value in properties.items()),
    )
    portal.feeds.occurrences.append(found)
    return found.id


def _contact(portal: Portal, payload: Payload) -> Record:
    text = want(payload, "contact_id", str)
    record = portal.stores["contacts"].find(int(text)) if text.isdigit() else None
    if record is None:
        raise LookupError(f"no contact {text}")
    return record


def _at_ms(portal: Portal, payload: Payload) -> int:
    at = payload.get("at", payload.get("start_at"))
    if at is None:
        return portal.now_ms()
    if type(at) not in {int, float}:
        raise ValueError(f"at must be a number of seconds, given {at!r}")
    return int(at * 1000)


def _guid(portal: Portal) -> str:
    return str(uuid.UUID(int=portal.random.getrandbits(128), version=4))


_MAKERS: dict[str, Callable[[Portal, Payload], int | str]] = {
    "marketing_event": _event,
    "participation": _participation,
    "list": _list,
    "membership": _membership,
    "form": _form,
    "submission": _submission,
    "email_event": _email_event,
    "occurrence": _occurrence,
}

"""Fills an account with what a world's seed does not hold: mails, notes, tasks, events, lists, forms.

It follows from what the contacts already say (mails delivered, forms sent, pages seen), so that
counters and feeds tell one story. No modified date moves and no automation runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stagesync.sandbox.hubspot.feeding import feed
from stagesync.sandbox.hubspot.feeds import EmailEvent, Occurrence, Submission
from stagesync.sandbox.hubspot.model import IMPORTED, Record
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.values import instant_ms, iso

_DAY_MS = 86_400_000
_MOST = 20


def furnish(portal: Portal, _: Mapping[str, Any]) -> dict[str, int]:
    """Adds it all once and says how much of each there is now.

    Raises:
        ValueError: when the account is furnished already.
    """
    feeds = portal.feeds
    if feeds.forms or feeds.events:
        raise ValueError("the account is furnished already")
    contacts = list(portal.stores["contacts"].live())
    form_id = feed(portal, {"kind": "form", "name": "Contact"})["id"]
    feed(portal, {"kind": "form", "name": "Blog comments", "type": "blog_comment"})
    for contact in contacts:
        _submissions(portal, contact, form_id=form_id)
        _behaviour(portal, contact)
        _mails(portal, contact)
    _activities(portal, contacts)
    _webinar(portal, contacts)
    _lists(portal, contacts)
    return {
        "submissions": len(feeds.submissions),
        "email_events": len(feeds.email_events),
        "occurrences": len(feeds.occurrences),
        "participations": len(feeds.participations),
        "lists": len(feeds.lists),
        **{name: len(portal.stores[name].live_ids) for name in ("emails", "notes", "tasks")},
    }


def _submissions(portal: Portal, contact: Record, *, form_id: str) -> None:
    last = contact.values.get("recent_conversion_date")
    email = contact.values.get("email")
    if not last or not email:
        return
    for n in range(min(_MOST, int(contact.values.get("num_conversion_events", "1") or 1))):
        at_ms = instant_ms(last) - n * 3 * _DAY_MS
        page, values = "https://www.vendeur.example/contact", (("email", email),)
        sent = Submission(form_id, f"{contact.id}-form-{n}", at_ms, page, values)
        portal.feeds.submissions.append(sent)


def _behaviour(portal: Portal, contact: Record) -> None:
    last = contact.values.get("hs_analytics_last_timestamp")
    views = int(contact.values.get("hs_analytics_num_page_views", "0") or 0)
    for n in range(min(_MOST, views) if last else 0):
        at_ms = instant_ms(last or "") - n * _DAY_MS
        found = Occurrence(f"{contact.id}-view-{n}", "e_visited_page", contact.id, at_ms)
        portal.feeds.occurrences.append(found)


def _mails(portal: Portal, contact: Record) -> None:
    email = contact.values.get("email", "").lower()
    for type_, counted, last in (
        ("DELIVERED", "hs_email_delivered", "hs_email_last_send_date"),
        ("OPEN", "hs_email_open", "hs_email_last_open_date"),
        ("CLICK", "hs_email_click", "hs_email_last_click_date"),
    ):
        since = contact.values.get(last)
        count = int(contact.values.get(counted, "0") or 0) if since and email else 0
        for n in range(min(_MOST, count)):
            at_ms = instant_ms(since or "") - n * 7 * _DAY_MS
            found = EmailEvent(f"{contact.id}-{type_}-{n}", type_, at_ms, email, 7_001 + n)
            portal.feeds.email_events.append(found)


def _activities(portal: Portal, contacts: list[Record]) -> None:
    """A mail in and out for those who replied, a note and a task for one in five with an owner."""
    made: dict[str, list[Record]] = {"emails": [], "notes": [], "tasks": []}
    for contact in contacts:
        for kind_name, at_ms, values in _told(contact):
            created_ms = min(at_ms, portal.now_ms())
            full = {"hs_timestamp": iso(at_ms), **values}
            record = Record(portal.new_id(), created_ms, created_ms, full, IMPORTED)
            made[kind_name].append(record)
            portal.links.add((kind_name, record.id), ("contacts", contact.id))
    for kind_name, records in made.items():
        portal.stores[kind_name].fill(records)


def _told(contact: Record) -> Iterator[tuple[str, int, dict[str, str]]]:
    """The activities of one contact: object type, instant, own values."""
    replied = contact.values.get("hs_email_last_reply_date")
    for direction, shift_ms in (("EMAIL", -_DAY_MS), ("INCOMING_EMAIL", 0)) if replied else ():
        said = {"hs_email_direction": direction, "hs_email_status": "SENT"}
        said |= {"hs_email_subject": "Bonjour", "hs_email_text": "Bonjour, merci."}
        yield "emails", instant_ms(replied or "") + shift_ms, said
    if contact.values.get("hubspot_owner_id") and contact.id % 5 == 0:
        at_ms = contact.created_ms + _DAY_MS // 24
        yield "notes", at_ms, {"hs_note_body": "Rappelé."}
        done = "COMPLETED" if contact.id % 2 else "NOT_STARTED"
        task = {"hs_task_status": done, "hs_task_subject": "Rappeler", "hs_task_type": "CALL"}
        yield "tasks", at_ms, task


def _webinar(portal: Portal, contacts: list[Record]) -> None:
    start = portal.clock.now() - 20 * 86_400
    event = {"kind": "marketing_event", "name": "Webinaire", "start_at": start, "completed": True}
    event_id = feed(portal, event)["id"]
    states = ("REGISTERED", "ATTENDED", "ATTENDED", "NO_SHOW", "CANCELLED")
    for n, contact in enumerate(contacts[::10]):
        guest = {"kind": "participation", "event_id": event_id, "contact_id": str(contact.id)}
        feed(portal, {**guest, "state": states[n % len(states)], "at": start})


def _lists(portal: Portal, contacts: list[Record]) -> None:
    for name, stage in (("Clients", "customer"), ("Abonnés", "subscriber")):
        list_id = feed(portal, {"kind": "list", "name": name})["id"]
        members = portal.feeds.lists[int(list_id)].members
        for contact in contacts:
            if contact.values.get("lifecyclestage") == stage:
                members[contact.id] = contact.updated_ms

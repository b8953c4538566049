"""Writes HubSpot's deals, meetings and calls, and the counters that it keeps on a contact."""

from stagesync.sandbox.world.hubspot_book import Book, add, any_owner, link
from stagesync.sandbox.world.model import DAY, Deal, Draft, Touch, Trail
from stagesync.sandbox.world.timing import iso, last_changed

_OPEN_STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
)
_CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
_OUTCOMES = {
    "completed": "COMPLETED",
    "no_show": "NO_SHOW",
    "canceled": "CANCELED",
    "rescheduled": "RESCHEDULED",
    "scheduled": "SCHEDULED",
    "untouched": "SCHEDULED",
}
_TITLES = ("Découverte", "Démo produit", "Intro call", "Follow-up", "Point projet", "Workshop")


def counters(book: Book, trail: Trail) -> dict[str, str]:
    """The aggregate properties of a contact; a counter of zero is "0" or missing, as in HubSpot."""

    def dated(moment: int | None) -> str:
        return "" if moment is None else iso(book.anchor, moment)

    def counted(number: int) -> str:
        return str(number) if number else ""

    pages = trail.visits * 2 + trail.forms + book.rng.randrange(3) if trail.visits else 0
    return {
        "hs_analytics_num_visits": str(trail.visits),
        "hs_analytics_num_page_views": str(pages),
        "hs_analytics_last_visit_timestamp": dated(trail.last_visit),
        "hs_analytics_last_timestamp": dated(trail.last_visit),
        "hs_analytics_source": "ORGANIC_SEARCH" if trail.visits else "OFFLINE",
        "num_conversion_events": str(trail.forms),
        "num_unique_conversion_events": str(min(trail.forms, 1 + trail.forms // 3)),
        "first_conversion_date": dated(trail.first_form),
        "recent_conversion_date": dated(trail.last_form),
        "recent_conversion_event_name": trail.form_name,
        "hs_email_delivered": counted(trail.delivered),
        "hs_email_last_send_date": dated(trail.last_sent),
        "hs_email_open": counted(trail.opens),
        "hs_email_last_open_date": dated(trail.last_open),
        "hs_email_click": counted(trail.clicks),
        "hs_email_last_click_date": dated(trail.last_click),
        "hs_email_replied": counted(trail.replies),
        "hs_email_last_reply_date": dated(trail.last_reply),
        "hs_sales_email_last_replied": dated(trail.last_reply),
        "hs_email_optout": "true" if trail.opted_out else "",
    }


def write_touches(book: Book, draft: Draft, *, contact_id: str) -> None:
    """The meetings and calls of one person that HubSpot holds."""
    for touch in draft.story.touches:
        if touch.place == "salesforce":
            continue
        kind = "meetings" if touch.kind == "meeting" else "calls"
        record_id = _meeting(book, touch) if kind == "meetings" else _call(book, touch)
        link(book, kind, record_id, to="contacts", other_id=contact_id)


def _meeting(book: Book, touch: Touch) -> str:
    start = touch.at
    end = start + book.rng.choice((1800, 1800, 2700, 3600))
    booked = min(start, 0) - book.rng.randrange(3600, 9 * DAY)
    return add(
        book,
        "meetings",
        created=booked,
        updated=last_changed(book.rng, booked, newest=min(end, -1)),
        properties={
            "hs_timestamp": iso(book.anchor, start),
            "hs_meeting_start_time": iso(book.anchor, start),
            "hs_meeting_end_time": iso(book.anchor, end),
            "hs_meeting_outcome": _OUTCOMES[touch.outcome],
            "hs_meeting_title": book.rng.choice(_TITLES),
            "hubspot_owner_id": any_owner(book),
        },
    )


def _call(book: Book, touch: Touch) -> str:
    inbound = touch.kind == "call_in"
    reached = inbound or book.rng.random() < 0.6
    return add(
        book,
        "calls",
        created=touch.at,
        updated=last_changed(book.rng, touch.at, newest=touch.at),
        properties={
            "hs_timestamp": iso(book.anchor, touch.at),
            "hs_call_direction": "INBOUND" if inbound else "OUTBOUND",
            "hs_call_status": "COMPLETED" if reached else "NO_ANSWER",
            "hs_call_disposition": _CONNECTED if reached else "",
            "hs_call_duration": str(book.rng.randrange(20, 1800) * 1000) if reached else "",
            "hubspot_owner_id": any_owner(book),
        },
    )


def write_deals(book: Book, draft: Draft, *, contact_id: str) -> None:
    """The deals of one person's story that HubSpot holds."""
    for deal in draft.story.deals:
        if deal.place != "salesforce":
            deal_id = write_deal(book, deal, domain=draft.firm.domain)
            if deal.named:
                link(book, "deals", deal_id, to="contacts", other_id=contact_id)


def write_deal(book: Book, deal: Deal, *, domain: str) -> str:
    """One deal, on its company where HubSpot knows that; returns its id."""
    closed, won = deal.status != "open", deal.status == "won"
    stage = f"closed{deal.status}" if closed else book.rng.choice(_OPEN_STAGES)
    newest = deal.closed if closed else deal.created
    deal_id = add(
        book,
        "deals",
        created=deal.created,
        updated=last_changed(book.rng, deal.created, newest=newest),
        properties={
            "dealname": deal.title,
            "pipeline": "default",
            "dealstage": stage,
            "hs_is_closed": "true" if closed else "false",
            "hs_is_closed_won": "true" if won else "false",
            "hs_is_closed_lost": "true" if closed and not won else "false",
            "amount": str(deal.amount),
            "closedate": iso(book.anchor, deal.closed),
            "dealtype": book.rng.choice(("newbusiness", "newbusiness", "existingbusiness", "")),
            "hubspot_owner_id": any_owner(book),
        },
    )
    link(book, "deals", deal_id, to="companies", other_id=book.companies.get(domain))
    return deal_id

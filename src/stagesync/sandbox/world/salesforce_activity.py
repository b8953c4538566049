"""Writes Salesforce's tasks, events, campaigns and their members."""

from stagesync.sandbox.world.model import DAY, Draft, Touch
from stagesync.sandbox.world.salesforce_book import Book, Row, add
from stagesync.sandbox.world.timing import day, last_changed

MEMBER_STATUSES: dict[str, dict[str, bool]] = {
    "Webinar": {"Invited": False, "Registered": True, "Attended": True, "No Show": False},
    "Trade Show": {"Invited": False, "Met at booth": True},
    "Conference": {"Invited": False, "Met at booth": True},
    "Content": {"Sent": False, "Downloaded": True},
    "Email": {"Sent": False, "Opened": False, "Responded": True},
    "Referral Program": {"Invited": False, "Referred": True},
    "Advertisement": {"Sent": False, "Responded": True},
}
"""By campaign type: the member statuses of its campaigns, and whether they count as a response."""

_CAMPAIGN_OF = {
    "webinar": "Webinar",
    "content": "Content",
    "email": "Email",
    "referral": "Referral Program",
}
_MONTHS = 27
_MONTH = 30 * DAY
_ARCHIVED_AFTER = 365 * DAY
_TWIN_GAP_S = 240
_SUBJECTS = {"call_in": "Call", "call_out": "Call", "email_out": "Email", "task": "Send letter"}
_OPEN_STATUSES = ("Not Started", "In Progress", "Deferred", "Waiting on someone else")


def write_campaigns(book: Book) -> None:
    """A campaign of each type for each month of the past two years and a bit."""
    for kind in MEMBER_STATUSES:
        for month in range(_MONTHS):
            start = -(month + 1) * _MONTH
            book.campaigns[kind, month] = add(
                book,
                "Campaign",
                created=start - 20 * DAY,
                modified=start - 2 * DAY,
                values={
                    "Name": f"{kind} {day(book.anchor + start)[:7]} #{month + 1}",
                    "Type": kind,
                    "Status": "In Progress" if month == 0 else "Completed",
                    "IsActive": month == 0,
                    "StartDate": day(book.anchor + start),
                    "EndDate": day(book.anchor + start + _MONTH - DAY),
                },
            )


def write_activities(
    book: Book, draft: Draft, *, lead_id: str | None, contact_id: str | None, account_id: str | None
) -> None:
    """The activities of one person that Salesforce holds; a converted lead's are the contact's."""
    who = contact_id or lead_id
    what = account_id if contact_id else None
    joined: set[str] = set()
    for touch in draft.story.touches:
        if touch.place == "hubspot":
            continue
        if touch.kind == "meeting":
            _event(book, touch, who=who, what=what)
        elif touch.kind in _SUBJECTS:
            _task(book, touch, who=who, what=what)
        else:
            _member(book, touch, lead_id=lead_id, contact_id=contact_id, joined=joined)


def _event(book: Book, touch: Touch, *, who: str | None, what: str | None) -> None:
    rng = book.rng
    start = touch.at
    if touch.place == "both":
        # The two calendars were filled in by hand: minutes apart, and the same meeting.
        start += rng.randrange(-_TWIN_GAP_S, _TWIN_GAP_S + 1)
    minutes = rng.choice((30, 30, 45, 60))
    booked = min(start, 0) - rng.randrange(3600, 9 * DAY)
    values: Row = {
        "WhoId": who,
        "WhatId": what,
        "AccountId": what,
        "Subject": "Meeting",
        "IsAllDayEvent": False,
        "StartDateTime": float(book.anchor + start),
        "EndDateTime": float(book.anchor + start + minutes * 60),
        "ActivityDateTime": float(book.anchor + start),
        "ActivityDate": day(book.anchor + start),
        "DurationInMinutes": minutes,
        "EventSubtype": "Event",
        "IsChild": False,
        "IsGroupEvent": False,
        "IsArchived": start < -_ARCHIVED_AFTER,
    }
    modified = last_changed(rng, booked, newest=min(start, -1))
    add(book, "Event", created=booked, modified=modified, values=values)
    if rng.random() < 0.05:
        # An invitee's own copy of the event, which must not count a second time.
        copy = values | {"IsChild": True, "IsGroupEvent": True}
        add(book, "Event", created=booked, modified=modified, values=copy)


def _task(book: Book, touch: Touch, *, who: str | None, what: str | None) -> None:
    rng = book.rng
    call = touch.kind in {"call_in", "call_out"}
    # A call that came in has taken place; anything else may still wait to be done.
    done = touch.kind == "call_in" or rng.random() < 0.85
    add(
        book,
        "Task",
        created=touch.at - rng.randrange(60, 5 * DAY),
        modified=last_changed(rng, touch.at, newest=touch.at),
        values={
            "WhoId": who,
            "WhatId": what,
            "AccountId": what,
            "Subject": _SUBJECTS[touch.kind],
            "ActivityDate": day(book.anchor + touch.at),
            "Status": "Completed" if done else rng.choice(_OPEN_STATUSES),
            "Priority": rng.choice(("Normal", "Normal", "High", "Low")),
            "IsClosed": done,
            "TaskSubtype": "Call" if call else {"email_out": "Email"}.get(touch.kind, "Task"),
            "CallType": {"call_in": "Inbound", "call_out": "Outbound"}.get(touch.kind),
            "CallDurationInSeconds": rng.randrange(20, 1800) if call and done else None,
            "CompletedDateTime": float(book.anchor + touch.at) if done else None,
            "IsArchived": done and touch.at < -_ARCHIVED_AFTER,
        },
    )


def _member(
    book: Book, touch: Touch, *, lead_id: str | None, contact_id: str | None, joined: set[str]
) -> None:
    """A campaign membership, once for each campaign."""
    kind = _CAMPAIGN_OF.get(touch.kind) or book.rng.choice(("Trade Show", "Conference"))
    campaign_id = book.campaigns[kind, min(-touch.at // _MONTH, _MONTHS - 1)]
    if campaign_id in joined:
        return
    joined.add(campaign_id)
    status = {"referral": "Referred"}.get(touch.kind, touch.outcome)
    responded = MEMBER_STATUSES[kind][status]
    add(
        book,
        "CampaignMember",
        created=touch.at - (book.rng.randrange(60, 10 * DAY) if responded else 0),
        modified=touch.at,
        values={
            "CampaignId": campaign_id,
            "LeadId": lead_id,
            "ContactId": contact_id,
            "LeadOrContactId": contact_id or lead_id,
            "Type": "Contact" if contact_id else "Lead",
            "Status": status,
            "HasResponded": responded,
            "FirstRespondedDate": day(book.anchor + touch.at) if responded else None,
        },
    )

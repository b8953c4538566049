"""Tells each human's story: how often and when they gave a sign, met us, bought, left.

The number of signs has a long tail: half the people have about eight or fewer, a few have hundreds.
Recent signs are likelier than old ones; nothing is older than about two years.
"""

from random import Random

from stagesync.sandbox.world.deals import make_deals
from stagesync.sandbox.world.journeys import Journey
from stagesync.sandbox.world.model import DAY, Firm, Place, Story, Touch, Trail

_SPAN = 728 * DAY
_MEETING_OVER = 3 * 3600
_MOST_SIGNS = 600
_MOST_TOUCHES = 80

FORMS = (
    "Demo request",
    "Contact form",
    "Ebook: aligning sales and marketing",
    "Livre blanc : qualifier ses leads",
    "Newsletter signup",
    "Demande de devis",
    "Free trial",
    "Webinar registration",
)
_STRONG_FORMS = FORMS[:2] + FORMS[5:7]

_REQUESTS: dict[Place, tuple[str, ...]] = {
    "hubspot": ("form", "form", "form", "meeting", "call_in", "reply"),
    "salesforce": ("webinar", "content", "content", "meeting", "call_in"),
    "both": ("form", "form", "form", "webinar", "content", "meeting", "call_in", "reply"),
}
_QUIET: dict[Place, tuple[str, ...]] = {
    "hubspot": ("call_out", "missed"),
    "salesforce": ("call_out", "email_out", "task", "missed"),
    "both": ("call_out", "email_out", "task", "missed"),
}
_GESTURES: dict[Place, tuple[str, ...]] = {
    "hubspot": ("click",),
    "salesforce": ("event",),
    "both": ("click", "click", "event"),
}


def _signs(rng: Random) -> int:
    """How many signs a person gives: a Pareto tail whose median is about eight."""
    return min(int(4.4 * rng.paretovariate(1.2)), _MOST_SIGNS)


def _ago(rng: Random, *, span: int = _SPAN) -> int:
    return -int(span * rng.random() ** 1.5)


def _kinds(rng: Random, journey: Journey, *, place: Place, signs: int) -> list[str]:
    """The kinds of the signs that go beyond visits and opens."""
    kinds: list[str] = []
    records = signs // 3 if place == "salesforce" else signs // 6
    for _ in range(min(records, _MOST_TOUCHES)):
        draw = rng.random()
        if journey.depth == 3 and draw < 0.4:
            kinds.append(rng.choice(_REQUESTS[place]))
        elif journey.depth >= 2 and draw < 0.65:
            kinds.append(rng.choice(_GESTURES[place]))
        else:
            kinds.append(rng.choice(_QUIET[place]))
    if journey.depth == 3:
        kinds.append(rng.choice(_REQUESTS[place]))
    if journey.depth == 2:
        kinds.append(rng.choice(_GESTURES[place]))
    if journey.depth and place != "hubspot" and rng.random() < 0.35:
        kinds.append("email")
    return kinds


_OUTCOMES = {
    "meeting": ("completed",) * 8 + ("untouched",),
    "missed": ("no_show", "canceled", "canceled", "rescheduled"),
    "webinar": ("Registered", "Attended", "Attended"),
    "content": ("Downloaded",),
    "event": ("Met at booth",),
    "email": ("Sent", "Opened", "Opened"),
}


def _touch(rng: Random, kind: str, *, at: int, place: Place) -> Touch:
    outcome = rng.choice(_OUTCOMES[kind]) if kind in _OUTCOMES else ""
    where = place
    if kind == "missed" and (place == "hubspot" or (place == "both" and rng.random() < 0.6)):
        kind, where = "meeting", "hubspot"
    elif kind == "missed":
        kind, where, outcome = "webinar", "salesforce", rng.choice(("Invited", "No Show"))
    elif kind in {"email_out", "task", "webinar", "content", "event", "email", "referral"}:
        where = "salesforce"
    elif place == "both" and (kind != "meeting" or rng.random() < 0.6):
        where = rng.choice(("hubspot", "salesforce"))
    if outcome == "untouched" and where != "hubspot":
        outcome = "completed"
    if kind == "meeting":
        at = min(at, -_MEETING_OVER)
    return Touch(kind, outcome, at, where)


def _trail(rng: Random, dated: list[tuple[str, int]], *, signs: int, fresh: bool) -> Trail:
    """The counters, from the dated forms, clicks and replies and from the rest of the signs."""
    forms = sorted(at for kind, at in dated if kind == "form")
    clicks = sorted(at for kind, at in dated if kind == "click")
    replies = sorted(at for kind, at in dated if kind == "reply")
    visits = signs * 6 // 10 + len(forms)
    opens = signs * 3 // 10 + len(clicks)
    # A form is filled in on a visit and a link is clicked in an open mail.
    last_visit = max([_ago(rng), *forms[-1:]]) if visits else None
    last_open = max([_ago(rng), *clicks[-1:]]) if opens else None
    delivered = opens + rng.randrange(4) if opens else 0
    return Trail(
        visits=visits,
        last_visit=last_visit,
        delivered=delivered,
        last_sent=last_open - rng.randrange(60, DAY) if last_open is not None else None,
        opens=opens,
        last_open=last_open,
        clicks=len(clicks),
        last_click=clicks[-1] if clicks else None,
        replies=len(replies),
        last_reply=replies[-1] if replies else None,
        forms=len(forms),
        first_form=forms[0] if forms else None,
        last_form=forms[-1] if forms else None,
        form_name=rng.choice(_STRONG_FORMS if fresh else FORMS) if forms else "",
        opted_out=opens > 0 and rng.random() < 0.05,
    )


def _fresh_kinds(rng: Random, *, place: Place) -> list[tuple[str, int]]:
    """Requests of the last three weeks, enough to be ready for sales on their own."""
    first = "webinar" if place == "salesforce" else "form"
    kinds = [first, "meeting", "meeting"] + ["call_in"] * rng.randrange(2)
    return [(kind, -rng.randrange(1, 18 * DAY)) for kind in kinds]


def _planned(rng: Random, journey: Journey, *, place: Place) -> list[Touch]:
    """Now and then a meeting that is still to come."""
    likely = 0.25 if journey.open[1] or journey.fresh else 0.02
    if rng.random() >= likely:
        return []
    return [Touch("meeting", "scheduled", rng.randrange(3600, 40 * DAY), place)]


def _silent(rng: Random, *, place: Place) -> Story:
    """Nothing, or only what the vendor did: a mail, a task, a meeting that never was."""
    touches: list[Touch] = []
    if rng.random() < 0.35:
        kind = rng.choice(("missed", "call_out") if place == "hubspot" else ("email_out", "task"))
        touches.append(_touch(rng, kind, at=_ago(rng), place=place))
    return Story(Trail(), tuple(touches), ())


def tell(rng: Random, journey: Journey, *, place: Place, firm: Firm) -> Story:
    """One human's story."""
    if journey.depth == 0:
        return _silent(rng, place=place)
    signs = _signs(rng)
    dated = [(kind, _ago(rng)) for kind in _kinds(rng, journey, place=place, signs=signs)]
    if journey.fresh:
        dated += _fresh_kinds(rng, place=place)
    if journey.name == "advocate":
        dated.append(("referral", _ago(rng, span=500 * DAY)))
    online = {"form", "click", "reply"}
    touches = [_touch(rng, kind, at=at, place=place) for kind, at in dated if kind not in online]
    trail = Trail()
    if place != "salesforce":
        trail = _trail(rng, dated, signs=max(signs, 2), fresh=journey.fresh)
    touches += _planned(rng, journey, place=place)
    return Story(trail, tuple(touches), make_deals(rng, journey, place=place, firm=firm))

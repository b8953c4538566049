"""The definitions read aloud, slowly, sharing nothing with the compiled policy but the facts."""

REQUESTS = [
    "newsletter_signup",
    "content_download",
    "webinar_registered",
    "webinar_attended",
    "contact_form",
    "demo_request",
    "trial_signup",
    "inbound_call",
    "quote_request",
    "sales_email_reply",
    "meeting",
]
SIGNS = {
    "request": REQUESTS,
    "gesture": ["social_follow", "social_reaction", "event_met", "email_click"],
    "passive": ["site_visit", "page_view", "pricing_view", "email_open"],
}
# activities, points, window in days, half-life in days, cap
TABLE = [
    ("site_visit page_view", 1, 90, 14, 10),
    ("pricing_view", 8, 90, 14, 24),
    ("email_open", 1, 90, 14, 5),
    ("email_click", 4, 90, 21, 16),
    ("social_follow social_reaction", 3, 180, 30, 9),
    ("event_met", 10, 180, 60, 20),
    ("newsletter_signup", 10, 365, 90, 10),
    ("content_download", 15, 180, 45, 45),
    ("webinar_registered webinar_attended", 20, 180, 45, 40),
    ("contact_form inbound_call", 30, 180, 30, 60),
    ("trial_signup quote_request", 40, 180, 30, 80),
    ("demo_request", 50, 180, 45, 100),
    ("sales_email_reply meeting", 25, 180, 30, 75),
    ("unsubscribe", -25, 365, None, -25),
]
INDUSTRIES = [
    "software",
    "internet",
    "financial_services",
    "manufacturing",
    "professional_services",
    "healthcare",
    "retail",
]
COUNTRIES = ["FR", "BE", "CH", "LU", "DE", "GB", "IE", "NL", "ES", "IT", "US", "CA"]
SENIORITIES = ["manager", "director", "vp", "c_level", "owner"]
DAY = 86400


def happened(facts, now):
    """(type, instant) of everything that counts at `now`."""
    told = [a for a in facts.activities if a.took_place and a.at_s <= now]
    told.sort(key=lambda a: (a.at_s, a.type))
    kept, ids = [], set()
    for activity in told:
        if activity.id and activity.id in ids:
            continue
        ids.add(activity.id)
        kept.append(activity)
    events = []
    for activity in sorted(kept, key=lambda a: (a.at_s, a.connection)):
        for event in events:
            if _same_event(event, activity):
                event.append(activity)
                break
        else:
            events.append([activity])
    return [(event[0].type, event[0].at_s) for event in events]


def _same_event(event, activity):
    first = event[0]
    return (
        activity.type in ("meeting", "call_logged")
        and activity.type == first.type
        and activity.at_s - first.at_s <= 15 * 60
        and activity.connection != ""
        and first.connection != ""
        and all(activity.connection != teller.connection for teller in event)
    )


def deals(facts, now):
    """status -> number."""
    latest = {}
    for place, deal in enumerate(facts.deals):
        at = float("-inf") if deal.at_s is None else deal.at_s
        if at > now:
            continue
        key = ("id", deal.id) if deal.id else ("place", place)
        order = (at, ["open", "lost", "won"].index(deal.status))
        if key not in latest or order > latest[key][0]:
            latest[key] = (order, deal.status)
    statuses = [status for _, status in latest.values()]
    return {status: statuses.count(status) for status in ("open", "won", "lost")}


def fit_score(facts):
    return sum(points for points, known in _fit_rules(facts) if known is True)


def _fit_rules(facts):
    """(points, True, False or None for missing)."""
    person, account = facts.person, facts.account
    employees = account.get("employees")
    country = person.get("country", account.get("country"))
    return [
        (30, None if employees is None else 50 <= employees <= 5000),
        (25, _among(account.get("industry"), INDUSTRIES)),
        (25, _among(person.get("seniority"), SENIORITIES)),
        (20, _among(country, COUNTRIES)),
    ]


def _among(value, values):
    return None if value is None else value in values


def interest_score(facts, now):
    events = happened(facts, now)
    total = 0
    for types, points, window, half_life, cap in TABLE:
        earned = 0
        for kind, at in events:
            age = (now - at) / DAY
            if kind in types.split() and age <= window:
                earned += points if half_life is None else points * 0.5 ** (age / half_life)
        total += max(earned, cap) if points < 0 else min(earned, cap)
    return max(total, 0)


def scores(facts, now):
    return {"fit": fit_score(facts), "interest": interest_score(facts, now)}


def position(facts, now, previous=None):
    events = happened(facts, now)
    counts = deals(facts, now)
    types = {kind for kind, _ in events}
    fit = _fit(facts)
    interest = _interest(events, now)
    return {
        "fit": fit,
        "interest": interest,
        "qualification": _qualification(facts, now, fit, interest, previous or {}),
        "need": "known"
        if types & {"meeting", "quote_sent", "sales_email_reply"} or "need" in facts.person
        else "unknown",
        "sales": _sales(facts, types, counts),
        "loyalty": "advocate"
        if types & {"referral", "review", "testimonial"}
        else "repeat"
        if counts["won"] >= 2
        else "none",
        "disposition": _disposition(facts, events, counts, fit, interest),
    }


def _fit(facts):
    if facts.person.get("excluded") is True:
        return "outside"
    rules = _fit_rules(facts)
    if sum(points for points, known in rules if known is True) >= 60:
        return "inside"
    return (
        "outside"
        if sum(points for points, known in rules if known is not False) < 60
        else "unknown"
    )


def _interest(events, now):
    for level, types in SIGNS.items():
        if any(kind in types and (now - at) / DAY <= 730 for kind, at in events):
            return level
    return "none"


def _qualification(facts, now, fit, interest, previous):
    needed = 35 if previous.get("qualification") == "ready" else 50
    if fit == "inside" and interest == "request" and interest_score(facts, now) >= needed - 1e-9:
        return "ready"
    if fit in ("inside", "outside") and interest in ("gesture", "request"):
        return "started"
    return "none"


def _sales(facts, types, counts):
    if counts["won"]:
        return "won"
    if counts["open"]:
        return "opportunity"
    if facts.person.get("sales_accepted") is True:
        return "accepted"
    if types & {"call_logged", "sales_email_sent", "sales_email_reply", "meeting"}:
        return "contacted"
    return "none"


def _disposition(facts, events, counts, fit, interest):
    person = facts.person
    if person.get("churned") is True:
        return "churned"
    if person.get("disqualified") is True or person.get("excluded") is True:
        return "disqualified"
    if counts["lost"] and not counts["open"] and not counts["won"]:
        return "lost"
    since = person.get("nurture_since")
    came_back = since is not None and any(kind in REQUESTS and at > since for kind, at in events)
    if person.get("nurture") is True and not came_back:
        return "nurture"
    return "nurture" if interest == "request" and fit == "outside" else "active"


LEVELS = {
    "fit": ["unknown", "outside", "inside"],
    "interest": ["none", "passive", "gesture", "request"],
    "qualification": ["none", "started", "ready"],
    "need": ["unknown", "known"],
    "sales": ["none", "contacted", "accepted", "opportunity", "won"],
    "loyalty": ["none", "repeat", "advocate"],
    "disposition": ["active", "nurture", "lost", "disqualified", "churned"],
}


def account_position(facts, people, now):
    """`people` are (facts, position)."""
    counted = [
        place
        for person, place in people
        if person.person.get("excluded") is not True
        and person.person.get("disqualified") is not True
    ]
    counts = deals(facts, now)
    own_sales = "won" if counts["won"] else "opportunity" if counts["open"] else "none"
    found = {
        axis: _highest(axis, [place[axis] for place in counted])
        for axis in ("interest", "qualification", "need", "loyalty")
    }
    found["sales"] = _highest("sales", [own_sales, *(place["sales"] for place in counted)])
    found["fit"] = _account_fit(facts.account)
    found["disposition"] = "active"
    if counts["lost"] and not counts["open"] and not counts["won"]:
        found["disposition"] = "lost"
    for flag in ("disqualified", "churned"):
        if facts.account.get(flag) is True:
            found["disposition"] = flag
    return found


def _account_fit(account):
    employees = account.get("employees")
    rules = [
        (30, None if employees is None else 50 <= employees <= 5000),
        (25, _among(account.get("industry"), INDUSTRIES)),
        (20, _among(account.get("country"), COUNTRIES)),
    ]
    if account.get("excluded") is True:
        return "outside"
    if sum(points for points, known in rules if known is True) >= 45:
        return "inside"
    return (
        "outside"
        if sum(points for points, known in rules if known is not False) < 45
        else "unknown"
    )


def _highest(axis, levels):
    return max(levels, key=LEVELS[axis].index, default=LEVELS[axis][0])

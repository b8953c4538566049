"""Made-up people: believable ones for measuring, and ones on every edge for proving."""

import random

from tests.domain.standard import GESTURE, PASSIVE, PRAISE, REQUEST, SALES

from stagesync.domain.facts import Activity, Deal, Facts

NOW = 1_796_000_000.0
DAY = 86_400.0

TYPES = sorted(PASSIVE | GESTURE | REQUEST | SALES | PRAISE | {"unsubscribe"})
COMMON = sorted(PASSIVE) * 8 + sorted(GESTURE) * 3 + sorted(REQUEST) + sorted(SALES)
EMPLOYEES = [None, 0, 49, 50, 51, 120, 4999, 5000, 5001]
INDUSTRY = [None, "software", "retail", "mining"]
SENIORITY = [None, "manager", "director", "owner", "intern"]
COUNTRY = [None, "FR", "US", "JP"]
FLAG = [None, None, None, False, True]


def bench_person(rng, number, *, activities=20):
    """Somebody of an ordinary base: mostly faint signs, spread over two years."""
    return Facts(
        id=f"p{number}",
        person=_known(
            seniority=rng.choice(SENIORITY),
            country=rng.choice(COUNTRY),
            excluded=rng.random() < 0.03,
        ),
        account=_known(
            employees=rng.choice([None, 20, 120, 800, 3000]),
            industry=rng.choice(INDUSTRY),
            country=rng.choice(COUNTRY),
        ),
        activities=tuple(
            Activity(rng.choice(COMMON), NOW - rng.random() * 730 * DAY, f"{number}-{each}", "hub")
            for each in range(activities)
        ),
        deals=(Deal("open", NOW - 5 * DAY),) if rng.random() < 0.05 else (),
    )


def edge_person(rng, number):
    """Somebody near as many edges as possible."""
    activities = [_edge_activity(rng) for _ in range(rng.choice([0, 1, 2, 3, 5, 8, 13, 21]))]
    if activities and rng.random() < 0.3:
        activities.extend(rng.choice(activities) for _ in range(2))
    if rng.random() < 0.3:
        activities.extend(_told_twice(rng))
    if rng.random() < 0.2:
        activities.extend(_on_threshold(rng))
    rng.shuffle(activities)
    return Facts(
        id=f"e{number}",
        person=_edge_facts(rng),
        account=_known(
            employees=rng.choice(EMPLOYEES),
            industry=rng.choice(INDUSTRY),
            country=rng.choice(COUNTRY),
            revenue=rng.choice([None, 5e6]),
            excluded=rng.choice(FLAG),
            churned=rng.choice(FLAG),
            disqualified=rng.choice(FLAG),
        ),
        activities=tuple(activities),
        deals=tuple(_edge_deal(rng) for _ in range(rng.choice([0, 0, 0, 1, 2, 3]))),
    )


def edge_previous(rng):
    """A position before: none, lowest, or once ready."""
    return rng.choice([{}, {"qualification": "started"}, {"qualification": "ready"}])


def _edge_facts(rng):
    return _known(
        seniority=rng.choice(SENIORITY),
        country=rng.choice(COUNTRY),
        excluded=rng.choice([None, None, None, None, False, True]),
        need=rng.choice([None, None, "crm"]),
        sales_accepted=rng.choice(FLAG),
        churned=rng.choice(FLAG),
        disqualified=rng.choice(FLAG),
        nurture=rng.choice(FLAG),
        nurture_since=rng.choice([None, NOW - 30 * DAY, NOW - 400 * DAY, NOW]),
    )


def _edge_activity(rng):
    kind = rng.choice([*TYPES, *sorted(REQUEST), "unsubscribe", "handshake"])
    edge = rng.choice([0, 14, 30, 45, 60, 90, 180, 365, 730]) * DAY
    nudge = rng.choice([0, 0, 1e-3, -1e-3, 1, -1, 60, -60])
    age = rng.choice([edge + nudge, rng.random() * 800 * DAY, rng.random() * 100 * DAY])
    if rng.random() < 0.05:
        age = -rng.choice([1e-3, 1, 3600, 40 * DAY])
    return Activity(
        kind,
        NOW - age,
        id=rng.choice(["", "", "", "a", "b", f"id{rng.random()}"]),
        connection=rng.choice(["", "hub", "sales"]),
        took_place=rng.random() > 0.05,
    )


def _told_twice(rng):
    """Meetings and calls near one another, told by two CRMs or by one."""
    start = NOW - rng.random() * 200 * DAY
    return [
        Activity(
            rng.choice(["meeting", "meeting", "call_logged"]),
            start + rng.choice([0, 1, 450, 899.5, 900, 901, 1800]),
            connection=rng.choice(["", "hub", "sales", "desk"]),
        )
        for _ in range(rng.choice([2, 3, 4]))
    ]


def _on_threshold(rng):
    """Points that meet 50 or 35 exactly, or nearly."""
    return rng.choice(
        [
            [Activity("demo_request", NOW)],
            [Activity("trial_signup", NOW - 30 * DAY), Activity("contact_form", NOW)],
            [Activity("webinar_attended", NOW), Activity("content_download", NOW)],
            [Activity("demo_request", NOW - 1e-4)],
            [Activity("demo_request", NOW - 1)],
            [Activity("demo_request", NOW - rng.random() * 40 * DAY)],
        ]
    )


def _edge_deal(rng):
    at_s = rng.choice([None, NOW, NOW + 1, NOW - 1, NOW - 100 * DAY, NOW + 20 * DAY])
    return Deal(rng.choice(["open", "won", "lost"]), at_s, id=rng.choice(["", "", "", "d1"]))


def _known(**facts):
    return {name: value for name, value in facts.items() if value is not None}


def seeded(seed):
    return random.Random(seed)

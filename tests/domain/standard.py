"""The standard policy as Python values, written from the definitions; the shipped YAML must equal it."""

from stagesync.domain.condition import (
    ActivitySeen,
    AllOf,
    AnyOf,
    Anything,
    DealSeen,
    FactBetween,
    FactFilled,
    FactIn,
    FactIs,
    FactRef,
    LevelIn,
    ScoreAtLeast,
    ScoreCannotReach,
    Unless,
)
from stagesync.domain.policy import (
    AccountAxis,
    AccountPolicy,
    ActivityRule,
    Axis,
    CountsFor,
    FactRule,
    Follows,
    Level,
    Policy,
    SameEvent,
    Score,
)

PASSIVE = frozenset({"site_visit", "page_view", "pricing_view", "email_open"})
GESTURE = frozenset({"social_follow", "social_reaction", "event_met", "email_click"})
REQUEST = frozenset(
    {
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
    }
)
SALES = frozenset({"call_logged", "sales_email_sent", "quote_sent"})
PRAISE = frozenset({"referral", "review", "testimonial"})
INDUSTRIES = frozenset(
    {
        "software",
        "internet",
        "financial_services",
        "manufacturing",
        "professional_services",
        "healthcare",
        "retail",
    }
)
COUNTRIES = frozenset({"FR", "BE", "CH", "LU", "DE", "GB", "IE", "NL", "ES", "IT", "US", "CA"})
SENIORITIES = frozenset({"manager", "director", "vp", "c_level", "owner"})
FUNCTIONS = frozenset({"marketing", "sales", "operations", "it", "finance", "general_management"})


def fact(*names):
    return FactRef(names)


def flag(name, *, expected=True):
    return FactIs(fact(name), expected)


def seen(*types, within=None, after=None):
    return ActivitySeen(frozenset(types), within, fact(after) if after else None)


def level_is(axis, *levels):
    return LevelIn(axis, frozenset(levels))


def deal(*statuses, at_least=1):
    return DealSeen(frozenset(statuses), at_least)


def axis(name, **conditions):
    """Levels lowest first; the lowest holds for anything."""
    return Axis(name, tuple(Level(level, when) for level, when in conditions.items()))


def faded(name, points, days, half_life, cap, *types):
    return ActivityRule(name, points, frozenset(types), days, half_life, cap)


SIZE = FactRule("company size", 30, FactBetween(fact("account.employees"), 50, 5000))
INDUSTRY = FactRule("industry", 25, FactIn(fact("account.industry"), INDUSTRIES))

FIT = Score(
    "fit",
    (
        SIZE,
        INDUSTRY,
        FactRule("seniority", 25, FactIn(fact("person.seniority"), SENIORITIES)),
        FactRule("country", 20, FactIn(fact("person.country", "account.country"), COUNTRIES)),
        FactRule("revenue", 0, FactBetween(fact("account.revenue"), 1_000_000, None)),
        FactRule("function", 0, FactIn(fact("person.function"), FUNCTIONS)),
    ),
)

INTEREST = Score(
    "interest",
    (
        faded("site visit", 1, 90, 14, 10, "site_visit", "page_view"),
        faded("pricing view", 8, 90, 14, 24, "pricing_view"),
        faded("email open", 1, 90, 14, 5, "email_open"),
        faded("email click", 4, 90, 21, 16, "email_click"),
        faded("social gesture", 3, 180, 30, 9, "social_follow", "social_reaction"),
        faded("met at an event", 10, 180, 60, 20, "event_met"),
        faded("newsletter sign-up", 10, 365, 90, 10, "newsletter_signup"),
        faded("content download", 15, 180, 45, 45, "content_download"),
        faded("webinar", 20, 180, 45, 40, "webinar_registered", "webinar_attended"),
        faded("contact form or call", 30, 180, 30, 60, "contact_form", "inbound_call"),
        faded("trial or quote request", 40, 180, 30, 80, "trial_signup", "quote_request"),
        faded("demo request", 50, 180, 45, 100, "demo_request"),
        faded("reply or meeting", 25, 180, 30, 75, "sales_email_reply", "meeting"),
        ActivityRule("unsubscribe", -25, frozenset({"unsubscribe"}), 365, floor=-25),
    ),
    at_least=0,
)

LOST = AllOf((deal("lost"), Unless(deal("open", "won"))))

AXES = (
    axis(
        "fit",
        unknown=Anything(),
        outside=AnyOf((flag("person.excluded"), ScoreCannotReach("fit", 60))),
        inside=AllOf((ScoreAtLeast("fit", 60), flag("person.excluded", expected=False))),
    ),
    axis(
        "interest",
        none=Anything(),
        passive=seen(*PASSIVE, within=730),
        gesture=seen(*GESTURE, within=730),
        request=seen(*REQUEST, within=730),
    ),
    axis(
        "qualification",
        none=Anything(),
        started=AllOf(
            (level_is("fit", "outside", "inside"), level_is("interest", "gesture", "request"))
        ),
        ready=AllOf(
            (
                level_is("fit", "inside"),
                level_is("interest", "request"),
                ScoreAtLeast("interest", 50, keep_at=35),
            )
        ),
    ),
    axis(
        "need",
        unknown=Anything(),
        known=AnyOf(
            (
                seen("meeting", "quote_sent", "sales_email_reply"),
                FactFilled(fact("person.need")),
            )
        ),
    ),
    axis(
        "sales",
        none=Anything(),
        contacted=seen("call_logged", "sales_email_sent", "sales_email_reply", "meeting"),
        accepted=flag("person.sales_accepted"),
        opportunity=deal("open"),
        won=deal("won"),
    ),
    axis("loyalty", none=Anything(), repeat=deal("won", at_least=2), advocate=seen(*PRAISE)),
    axis(
        "disposition",
        active=Anything(),
        nurture=AnyOf(
            (
                AllOf(
                    (
                        flag("person.nurture"),
                        Unless(seen(*REQUEST, after="person.nurture_since")),
                    )
                ),
                AllOf((level_is("interest", "request"), level_is("fit", "outside"))),
            )
        ),
        lost=LOST,
        disqualified=AnyOf((flag("person.disqualified"), flag("person.excluded"))),
        churned=flag("person.churned"),
    ),
)


def own(name, **conditions):
    levels = tuple(Level(level, when) for level, when in conditions.items())
    return AccountAxis(name, Follows.OWN, levels)


ACCOUNTS = AccountPolicy(
    counted=AllOf(
        (flag("person.excluded", expected=False), flag("person.disqualified", expected=False))
    ),
    scores=(
        Score(
            "fit",
            (
                SIZE,
                INDUSTRY,
                FactRule("country", 20, FactIn(fact("account.country"), COUNTRIES)),
            ),
        ),
    ),
    axes=(
        own(
            "fit",
            outside=AnyOf((flag("account.excluded"), ScoreCannotReach("fit", 45))),
            inside=AllOf((ScoreAtLeast("fit", 45), flag("account.excluded", expected=False))),
        ),
        AccountAxis("interest", Follows.PEOPLE),
        AccountAxis("qualification", Follows.PEOPLE),
        AccountAxis("need", Follows.PEOPLE),
        AccountAxis(
            "sales",
            Follows.BOTH,
            (Level("opportunity", deal("open")), Level("won", deal("won"))),
        ),
        AccountAxis("loyalty", Follows.PEOPLE),
        own(
            "disposition",
            lost=LOST,
            disqualified=flag("account.disqualified"),
            churned=flag("account.churned"),
        ),
    ),
)

STANDARD = Policy(
    name="standard",
    version=1,
    digest="0" * 64,
    scores=(FIT, INTEREST),
    axes=AXES,
    accounts=ACCOUNTS,
    same_event=SameEvent(frozenset({"meeting", "call_logged"}), 900.0),
    activities=frozenset().union(PASSIVE, GESTURE, REQUEST, SALES, PRAISE, {"unsubscribe"}),
    contactless_deals={
        "open": CountsFor.NOBODY,
        "lost": CountsFor.NOBODY,
        "won": CountsFor.ACCOUNT,
    },
)

"""What a treatment forbids, and how often before it counts."""

from __future__ import annotations

import pytest

from stagesync.domain.breach import Breach, breaches_of, watched_types
from stagesync.domain.facts import Activity
from stagesync.loading.definitions import load_definitions, shipped_mappings

DAY_S = 86_400.0
OFFER = {"id": "priced_offer", "labels": {"en": "no offer"}, "seen_as": ["quote_sent"]}
FLOOD = {
    "id": "flood",
    "labels": {"en": "no flood"},
    "seen_as": ["sales_email_sent"],
    "more_than": 2,
    "within_days": 7.0,
}
STRANGER = {"content": "awareness", "never": [OFFER, FLOOD], "review_on": ["demo_request"]}


def found(activity, *others, treatments=(STRANGER,)):
    """The rules that an activity of somebody breaks."""
    told = breaches_of([activity], [*others, activity], lambda _: ("visitor", treatments))
    assert all(
        ("visitor", activity.type, activity.at_s) == (b.stage, b.activity, b.at_s) for b in told
    )
    return [each.rule for each in told]


def test_a_forbidden_activity_is_a_breach():
    """Once is enough for a line that does not count; other types break nothing."""
    quote = Activity("quote_sent", 10.0)
    assert [Breach("priced_offer", "visitor", "quote_sent", 10.0)] == breaches_of(
        [quote], [quote], lambda _: ("visitor", (STRANGER,))
    )
    assert [] == found(Activity("site_visit", 10.0))


def test_a_request_asks_for_a_review():
    """It stands under a rule of its own."""
    assert ["review"] == found(Activity("demo_request", 10.0))


def test_all_treatments_must_forbid_it():
    """What was fine by what is known now, or by what was known before, is told by nobody; unknown forbids nothing."""
    quote = Activity("quote_sent", 10.0)
    assert ["priced_offer"] == found(quote, treatments=(STRANGER, {"never": [OFFER]}))
    assert [] == found(quote, treatments=(STRANGER, {"never": [FLOOD]}))
    assert [] == found(quote, treatments=())


@pytest.mark.parametrize(
    ("days_before", "expected"),
    [((1, 2), ["flood"]), ((1,), []), ((1, 7), []), ((1, 6.99), ["flood"])],
)
def test_a_line_that_counts_looks_back(days_before, expected):
    """Three mails within a week are more than two; one a week before is outside of it."""
    at_s = 100 * DAY_S
    earlier = [Activity("sales_email_sent", at_s - each * DAY_S) for each in days_before]
    assert expected == found(Activity("sales_email_sent", at_s), *earlier)


def test_what_did_not_take_place_or_came_later_does_not_count():
    """A cancelled one is none, and what follows is judged by itself."""
    at_s = 100 * DAY_S
    others = [
        Activity("sales_email_sent", at_s - DAY_S),
        Activity("sales_email_sent", at_s - DAY_S, took_place=False),
        Activity("sales_email_sent", at_s + 1.0),
    ]
    assert [] == found(Activity("sales_email_sent", at_s), *others)


def test_the_types_that_a_vocabulary_watches():
    """Those of its stages, of its lines, and of whoever is to be left in peace."""
    vocabularies = load_definitions(shipped_mappings()).vocabularies
    types = watched_types(vocabularies["standard"])
    assert {"quote_sent", "sales_email_sent"} <= types
    assert "site_visit" not in types

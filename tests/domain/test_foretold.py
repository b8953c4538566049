"""What was known before a deal, and how well stages told buyers apart."""

import pytest

from stagesync.domain.condition import Anything
from stagesync.domain.facts import Deal, Facts
from stagesync.domain.foretold import COURSE, facts_before, told_apart
from stagesync.domain.vocabulary import Stage, Vocabulary

THEN_S = 1_000.0
WORDS = Vocabulary(
    "words",
    {},
    "",
    tuple(
        Stage(name, {}, Anything(), rank=rank)
        for name, rank in (("gone", None), ("high", 2), ("middle", 1), ("low", 0))
    ),
)


@pytest.mark.parametrize(
    ("outcomes", "share"),
    [
        ({"high": (3, 0), "low": (0, 5)}, 1.0),
        ({"high": (0, 3), "low": (5, 0)}, 0.0),
        ({"middle": (4, 4)}, 0.5),
        ({"high": (1, 1), "low": (1, 1)}, 0.5),
        ({"high": (2, 1), "low": (1, 2)}, 6 / 9),
        ({"low": (1, 0), "gone": (0, 1)}, 1.0),
        ({"high": (2, 0)}, None),
        ({}, None),
    ],
)
def test_the_share_of_pairs_in_which_the_buyer_stood_higher(
    outcomes: dict[str, tuple[int, int]], share: float | None
) -> None:
    """Each buyer is held against each of the others; the same rung counts half, off the ladder is below it."""
    assert share == told_apart(WORDS, outcomes)


@pytest.mark.parametrize(
    ("deal", "is_kept"),
    [
        (Deal("won", THEN_S, id="this"), False),
        (Deal("won", THEN_S, id="earlier"), True),
        (Deal("open", THEN_S - 1, id="earlier"), True),
        (Deal("lost", THEN_S + 1, id="later"), False),
        (Deal("won", None, id="undated"), False),
    ],
)
def test_deals_that_were_there_by_then_are_kept(deal: Deal, *, is_kept: bool) -> None:
    """The deal itself, later ones and undated ones are left out."""
    assert is_kept is bool(facts_before(Facts("p", deals=(deal,)), "this", THEN_S).deals)


@pytest.mark.parametrize(
    ("since", "is_kept"),
    [({}, False), ({"nurture_since": 999.0}, True), ({"nurture_since": 1_001.0}, False)],
)
def test_a_nurturing_counts_once_it_had_begun(since: dict[str, float], *, is_kept: bool) -> None:
    """A nurturing without a date, or begun later, was not known then."""
    facts = Facts("p", person={"nurture": True, **since})
    assert is_kept is ("nurture" in facts_before(facts, "this", THEN_S).person)


def test_what_a_sale_brings_about_is_left_out_and_all_else_kept() -> None:
    """Facts of the sale's course are forgotten for person and account; traits stay."""
    known = {**dict.fromkeys(sorted(COURSE), True), "country": "FR"}
    found = facts_before(Facts("p", person=known, account=known), "this", THEN_S)
    assert ({"country": "FR"}, {"country": "FR"}) == (found.person, found.account)

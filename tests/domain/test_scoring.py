"""Windows, half-lives, caps, floors, lower bounds and the lines that explain them."""

import pytest
from tests.domain.people import DAY, NOW, edge_person, seeded
from tests.domain.standard import STANDARD

from stagesync.domain.compile import compile_policy
from stagesync.domain.condition import (
    AllOf,
    AnyOf,
    Anything,
    FactBetween,
    FactFilled,
    FactIn,
    FactIs,
    FactRef,
    ScoreAtLeast,
    ScoreCannotReach,
    Unless,
)
from stagesync.domain.facts import Activity, Facts
from stagesync.domain.policy import (
    AccountPolicy,
    ActivityRule,
    Axis,
    FactRule,
    Level,
    Policy,
    Score,
)

COMPILED = compile_policy(STANDARD)


def interest(*told):
    """Interest points of (type, days ago) pairs."""
    activities = tuple(Activity(kind, NOW - days * DAY) for kind, days in told)
    return COMPILED.evaluate(Facts("p", activities=activities), NOW).scores["interest"]


@pytest.mark.parametrize(
    ("told", "points"),
    [
        ([("content_download", 0)], 15),
        ([("content_download", 45)], 7.5),
        ([("content_download", 180)], 15 / 16),
        ([("content_download", 180.00002)], 0),
        ([("content_download", -1)], 0),
        ([("content_download", 0)] * 4, 45),
        ([("site_visit", 14), ("page_view", 28)], 0.75),
        ([("site_visit", 0)] * 8 + [("page_view", 0)] * 8, 10),
        ([("demo_request", 45), ("unsubscribe", 300)], 0),
        ([("demo_request", 0), ("unsubscribe", 365)], 25),
        ([("demo_request", 0)] + [("unsubscribe", 1)] * 3, 25),
        ([("demo_request", 0), ("unsubscribe", 366)], 50),
        ([("unsubscribe", 1)], 0),
        ([("referral", 1)], 0),
    ],
)
def test_interest(told, points):
    """Points fade by half-lives, inside windows, within caps and floors, never below zero."""
    assert pytest.approx(points, rel=0, abs=1e-9) == interest(*told)


def made(*rules, at_least=None, threshold=10):
    """A policy of one score and one axis."""
    levels = (
        Level("far", Anything()),
        Level("out", ScoreCannotReach("s", threshold)),
        Level("in", ScoreAtLeast("s", threshold)),
    )
    return compile_policy(
        Policy(
            "p",
            1,
            "",
            (Score("s", rules, at_least),),
            (Axis("a", levels),),
            AccountPolicy(Anything(), (), ()),
        )
    )


def fact(*names):
    return FactRef(names)


COLOUR = FactIn(fact("person.colour"), frozenset({"red"}))
SHY = FactIs(fact("person.shy"), False)
SIZE = FactBetween(fact("account.size"), 1, None)


@pytest.mark.parametrize(
    ("when", "person", "level"),
    [
        (COLOUR, {}, "far"),
        (COLOUR, {"colour": "blue"}, "out"),
        (COLOUR, {"colour": "red"}, "in"),
        (FactFilled(fact("person.colour")), {}, "far"),
        (FactFilled(fact("person.colour")), {"colour": "any"}, "in"),
        (FactIs(fact("person.shy"), True), {}, "far"),
        (FactIs(fact("person.shy"), True), {"shy": False}, "out"),
        (SHY, {}, "in"),
        (SHY, {"shy": True}, "out"),
        (SIZE, {}, "far"),
        (AllOf((COLOUR, SHY)), {}, "far"),
        (AllOf((COLOUR, SHY)), {"shy": True}, "out"),
        (AllOf((COLOUR, SHY, SIZE)), {"colour": "blue"}, "out"),
        (AllOf((COLOUR, SHY, FactFilled(fact("person.x")), SIZE)), {"colour": "red"}, "far"),
        (AnyOf((COLOUR, SIZE, SHY)), {"colour": "blue", "shy": True}, "far"),
        (Unless(COLOUR), {}, "in"),
        (Unless(COLOUR), {"colour": "red"}, "out"),
        (Anything(), {}, "in"),
    ],
)
def test_cannot_reach(when, person, level):
    """A score can still be reached while a rule that does not hold waits for a missing fact."""
    compiled = made(FactRule("r", 10, when))
    assert {"a": level} == compiled.evaluate(Facts("p", person), NOW).position


def test_cannot_reach_counts_no_losses():
    """A missing fact that could only cost points does not make a score unreachable."""
    compiled = made(FactRule("bad", -5, COLOUR), FactRule("good", 10, SIZE))
    assert {"a": "far"} == compiled.evaluate(Facts("p"), NOW).position


@pytest.mark.parametrize(("size", "level"), [(10 - 1e-10, "in"), (10 - 1e-8, "out")])
def test_tolerance(size, level):
    """A score within 1e-9 of a threshold reaches it, and then it is not out of reach."""
    assert {"a": level} == made(FactRule("r", size, Anything())).evaluate(Facts("p"), NOW).position


def test_bounds_of_a_rule_without_activities():
    """A floor above zero, or a cap below it, holds for people without activities too."""
    floor = ActivityRule("floor", 1, frozenset({"x"}), floor=3)
    cap = ActivityRule("cap", 1, frozenset({"y"}), cap=-1)
    assert {"s": 2} == made(floor, cap).evaluate(Facts("p"), NOW).scores


def test_fallback_of_a_fact():
    """The account's country counts while the person's is missing, and only then."""
    scores = [
        COMPILED.evaluate(Facts("p", person, {"country": "FR"}), NOW).scores["fit"]
        for person in ({}, {"country": "JP"}, {"country": "US"})
    ]
    assert [20, 0, 20] == scores


def test_unknown_types():
    """Activity types that the policy does not know are told, even of what did not take place."""
    activities = (
        Activity("handshake", NOW),
        Activity("wink", NOW, took_place=False),
        Activity("meeting", NOW, took_place=False),
        Activity("referral", NOW),
    )
    found = COMPILED.evaluate(Facts("p", activities=activities), NOW)
    assert frozenset({"handshake", "wink"}) == found.unknown_types


def test_lines_sum_to_scores():
    """The lines of each score sum to it, for people on every edge."""
    rng = seeded(31)
    for number in range(1_500):
        found = COMPILED.evaluate(edge_person(rng, number), NOW, with_reasons=True)
        sums = {
            score: sum(line.points for line in found.reasons if line.score == score)
            for score in found.scores
        }
        assert pytest.approx(dict(found.scores), rel=0, abs=1e-9) == sums


def reasons(person, account=None, *activities):
    facts = Facts("p", person, account or {}, activities)
    found = COMPILED.evaluate(facts, NOW, with_reasons=True)
    return [(line.score, line.rule, line.points, line.because) for line in found.reasons]


def test_a_line_per_contribution():
    """Each rule, cap, floor and lower bound that changes a score is a line of its own."""
    start = Activity("demo_request", 1_793_404_800)
    lines = reasons(
        {"seniority": "vp", "country": "FR"},
        {"employees": 120},
        *[start] * 3,
        Activity("unsubscribe", NOW - DAY),
        Activity("unsubscribe", NOW - DAY),
    )
    points = 50 * 0.5 ** ((NOW - 1_793_404_800) / DAY / 45)
    demo = "demo_request at 2026-10-31T00:00:00Z, 30.037 days old, half-life 45 days"
    gone = "unsubscribe at 2026-11-29T00:53:20Z, 1 days old, no fading"
    assert [
        ("fit", "company size", 30, "account.employees is 120"),
        ("fit", "seniority", 25, "person.seniority is vp"),
        ("fit", "country", 20, "person.country is FR"),
    ] == lines[:3]
    assert [("interest", "demo request", pytest.approx(points), demo)] * 3 == lines[3:6]
    assert [("interest", "unsubscribe", -25, gone)] * 2 == lines[-3:-1]
    floor = "floor -25 of this rule; its activities sum to -50"
    assert ("interest", "unsubscribe", 25, floor) == lines[-1]


def test_the_lower_bound_is_a_line():
    """What lifts a score to its least value is told."""
    lines = reasons({}, None, Activity("unsubscribe", NOW))
    assert ("interest", "lower bound", 25, "interest is never below 0") == lines[-1]


@pytest.mark.parametrize(
    ("when", "facts", "because"),
    [
        (
            FactIn(fact("person.email"), frozenset({"a@b"})),
            {"email": "a@b"},
            "person.email is one of the rule's",
        ),
        (FactFilled(fact("person.need")), {"need": "secret"}, "person.need is known"),
        (FactIs(fact("person.shy"), True), {"shy": True}, "person.shy is set"),
        (SHY, {}, "person.shy is not set"),
        (AllOf((COLOUR, SHY)), {"colour": "red"}, "person.colour is red and person.shy is not set"),
        (AnyOf((SIZE, COLOUR)), {"colour": "red"}, "person.colour is red"),
        (FactBetween(fact("person.age"), 1, 9.5), {"age": 2.5}, "person.age is 2.5"),
        (
            Unless(AnyOf((COLOUR, Unless(SHY)))),
            {},
            "person.colour or person.shy is not what the rule excludes",
        ),
        (Unless(Unless(Anything())), {}, "everybody gets it"),
        (Anything(), {}, "everybody gets it"),
    ],
)
def test_because(when, facts, because):
    """A line says in plain words which fact gave the points, never a value that names somebody."""
    found = made(FactRule("r", 10, when)).evaluate(Facts("p", facts), NOW, with_reasons=True)
    assert because == found.reasons[0].because

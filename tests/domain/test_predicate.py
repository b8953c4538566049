"""Each kind of condition, as a function of the facts."""

import pytest
from tests.domain.people import DAY, NOW

from stagesync.domain.compile import compile_policy
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
    StageIn,
    Unless,
)
from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.domain.policy import AccountPolicy, Axis, Level, Policy

YES, NO = Anything(), Unless(Anything())


def holds(condition, facts):
    axes = (
        Axis("mood", (Level("cold", YES), Level("mild", YES), Level("warm", NO))),
        Axis("asked", (Level("no", YES), Level("yes", condition))),
    )
    policy = Policy("p", 1, "", (), axes, AccountPolicy(YES, (), ()))
    return compile_policy(policy).evaluate(facts, NOW).position["asked"] == "yes"


def fact(*names):
    return FactRef(names)


def seen(days=None, after=None):
    return ActivitySeen(frozenset({"wave", "talk"}), days, fact(after) if after else None)


FACTS = Facts(
    "p",
    {"colour": "red", "shy": False, "bold": True, "since": NOW - 5 * DAY, "late": NOW},
    {"size": 50, "colour": "blue"},
    (
        Activity("wave", NOW - 3 * DAY),
        Activity("wave", NOW - 9 * DAY),
        Activity("talk", NOW + 1),
        Activity("nod", NOW),
    ),
    (Deal("won"), Deal("lost"), Deal("won", NOW + 1)),
)


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (AllOf(()), True),
        (AllOf((YES,)), True),
        (AllOf((YES, NO)), False),
        (AllOf((YES, YES, NO)), False),
        (AllOf((YES, YES, YES)), True),
        (AllOf((YES, YES, YES, NO)), False),
        (AnyOf(()), False),
        (AnyOf((NO,)), False),
        (AnyOf((NO, YES)), True),
        (AnyOf((NO, NO, YES)), True),
        (AnyOf((NO, NO, NO)), False),
        (Unless(NO), True),
        (FactIn(fact("person.colour"), frozenset({"red"})), True),
        (FactIn(fact("account.colour"), frozenset({"red"})), False),
        (FactIn(fact("person.none"), frozenset({"red"})), False),
        (FactIn(fact("person.none", "account.colour"), frozenset({"blue"})), True),
        (FactIn(fact("person.none", "account.none"), frozenset({"blue"})), False),
        (FactBetween(fact("account.size"), 50, 50), True),
        (FactBetween(fact("account.size"), 51, None), False),
        (FactBetween(fact("account.size"), None, 49), False),
        (FactBetween(fact("account.size"), None, None), True),
        (FactBetween(fact("account.none"), None, None), False),
        (FactBetween(fact("account.colour"), None, None), False),
        (FactIs(fact("person.bold"), True), True),
        (FactIs(fact("person.shy"), True), False),
        (FactIs(fact("person.none"), True), False),
        (FactIs(fact("person.bold"), False), False),
        (FactIs(fact("person.shy"), False), True),
        (FactIs(fact("person.none"), False), True),
        (FactFilled(fact("person.colour")), True),
        (FactFilled(fact("person.none")), False),
        (LevelIn("mood", frozenset({"mild"})), True),
        (LevelIn("mood", frozenset({"cold", "mild"})), True),
        (LevelIn("mood", frozenset({"cold", "warm"})), False),
        (seen(), True),
        (seen(3), True),
        (seen(2.99), False),
        (ActivitySeen(frozenset({"talk"})), False),
        (ActivitySeen(frozenset({"talk"}), 1), False),
        (seen(after="person.since"), True),
        (seen(after="person.late"), False),
        (seen(after="person.none"), False),
        (seen(2, after="person.since"), False),
        (seen(3, after="person.since"), True),
        (DealSeen(frozenset({"won"})), True),
        (DealSeen(frozenset({"won"}), 2), False),
        (DealSeen(frozenset({"won", "lost"}), 2), True),
        (DealSeen(frozenset({"open", "lost"}), 2), False),
    ],
)
def test_condition(condition, truth):
    """The condition holds, or does not, as its kind says."""
    assert truth is holds(condition, FACTS)


def test_no_stage_in_a_policy():
    """A policy cannot ask what a vocabulary calls somebody."""
    with pytest.raises(TypeError, match="no part of a position"):
        holds(StageIn("v", frozenset({"s"})), FACTS)

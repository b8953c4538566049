"""Accounts: their own facts, and the highest among the people who count."""

from dataclasses import dataclass

import pytest
from tests.domain.people import DAY, NOW
from tests.domain.standard import ACCOUNTS, STANDARD

from stagesync.domain.compile import compile_policy
from stagesync.domain.condition import AllOf, DealSeen, LevelIn
from stagesync.domain.evaluation import Evaluation
from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.domain.policy import AccountPolicy, Policy

COMPILED = compile_policy(STANDARD)


@dataclass(frozen=True)
class Person:
    facts: Facts
    evaluation: Evaluation


def person(*activities, deals=(), **known):
    facts = Facts("p", known, {}, tuple(Activity(kind, NOW) for kind in activities), deals)
    return Person(facts, COMPILED.evaluate(facts, NOW))


def place(people, account=None, deals=(), policy=COMPILED):
    return policy.evaluate_account(Facts("a", {}, account or {}, (), deals), people, NOW).position


LOWEST = COMPILED.person.position([0] * 7)
TARGET = {"employees": 50, "country": "FR"}


@pytest.mark.parametrize(
    ("people", "account", "deals", "levels"),
    [
        ([], {}, (), {}),
        ([], TARGET, (), {"fit": "inside"}),
        ([], {"employees": 50, "country": "JP", "industry": "mining"}, (), {"fit": "outside"}),
        ([], {**TARGET, "excluded": True}, (), {"fit": "outside"}),
        ([person("site_visit"), person("demo_request")], {}, (), {"interest": "request"}),
        (
            [person("site_visit"), person("social_follow", excluded=True)],
            {},
            (),
            {"interest": "passive"},
        ),
        ([person("social_follow", disqualified=True)], {}, (), {}),
        ([person("call_logged")], {}, (), {"sales": "contacted"}),
        ([person("call_logged")], {}, (Deal("open"),), {"sales": "opportunity"}),
        (
            [person(deals=(Deal("won"), Deal("won")))],
            {},
            (Deal("open"),),
            {"sales": "won", "loyalty": "repeat"},
        ),
        ([person(deals=(Deal("lost"),))], {}, (), {}),
        ([], {}, (Deal("lost"),), {"disposition": "lost"}),
        ([], {"disqualified": True}, (Deal("lost"),), {"disposition": "disqualified"}),
        ([person(churned=True)], {"churned": True}, (), {"disposition": "churned"}),
    ],
)
def test_level(people, account, deals, levels):
    """Each axis follows the account's own facts, its people, or the higher of both."""
    assert LOWEST | levels == place(people, account, deals)


def test_recheck():
    """An account is due again when its own deals come to pass."""
    facts = Facts("a", deals=(Deal("won", NOW + 10.5),))
    assert NOW + 11 == COMPILED.evaluate_account(facts, [], NOW).recheck_at_s


def test_reasons():
    """An account's score is explained by its own rules."""
    found = COMPILED.evaluate_account(Facts("a", account=TARGET), [], NOW, with_reasons=True)
    assert [("company size", 30), ("country", 20)] == [(r.rule, r.points) for r in found.reasons]


def test_who_counts_by_level_and_history():
    """Who counts may depend on where a person stands and on the person's deals."""
    counted = AllOf((LevelIn("need", frozenset({"known"})), DealSeen(frozenset({"open"}))))
    accounts = AccountPolicy(counted, ACCOUNTS.scores, ACCOUNTS.axes)
    policy = compile_policy(
        Policy("p", 1, "", STANDARD.scores, STANDARD.axes, accounts, STANDARD.same_event)
    )
    bought = (Deal("open", NOW - DAY),)
    people = [
        person("demo_request", deals=bought),
        person("social_follow", need="crm"),
        person("site_visit", need="crm", deals=bought),
    ]
    expected = {"interest": "passive", "need": "known", "sales": "opportunity"}
    assert LOWEST | expected == place(people, policy=policy)

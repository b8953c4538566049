"""What one piece of evidence more would make of a person: every kind is tried, and the policy asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from stagesync.domain.compile import CompiledPolicy
from stagesync.domain.condition import (
    Condition,
    FactBetween,
    FactFilled,
    FactIn,
    FactIs,
    FactRef,
)
from stagesync.domain.facts import Activity, Deal, Facts, Value
from stagesync.domain.policy import FactRule
from stagesync.domain.state import DAY_S

MOST = 3
"""So many activities of one type are tried, a day apart."""

SAID: Mapping[str, Value] = {"sales_accepted": True, "need": "known"}
"""What salespeople may say of somebody."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that is not known of a person, and might come.

    Attributes:
        kind: `activity`, `deal`, `fact` (something sales says) or `unknown` (a fact that nobody told, if it
            were one that its rule asks for).
        name: activity type, deal status or full name of the fact.
        count: of activities.
    """

    kind: str
    name: str
    count: int = 1


def tries(
    compiled: CompiledPolicy, facts: Facts, at_s: float, *, previous: Mapping[str, str] | None
) -> Iterator[tuple[Evidence, Mapping[str, str]]]:
    """Each piece of evidence that gives another position, with that position; of activities the least number.

    Args:
        previous: where they stand, for levels that remember.
    """

    def stand(known: Facts) -> Mapping[str, str]:
        return compiled.evaluate(known, at_s, previous=previous, with_recheck=False).position

    now = stand(facts)
    for kind in sorted(compiled.policy.activities):
        for count in range(1, MOST + 1):
            found = stand(_with_activities(facts, kind, count, at_s=at_s))
            if found != now:
                yield Evidence("activity", kind, count), found
                break
    others = [
        *((Evidence("deal", each), _with_deal(facts, each, at_s)) for each in ("open", "won")),
        *_said(facts),
        *_known(compiled, facts),
    ]
    for evidence, known in others:
        found = stand(known)
        if found != now:
            yield evidence, found


def _with_activities(facts: Facts, kind: str, count: int, *, at_s: float) -> Facts:
    """The last one happens now: those before it have faded by a day or more."""
    more = tuple(Activity(kind, at_s - each * DAY_S) for each in range(count))
    return replace(facts, activities=(*facts.activities, *more))


def _with_deal(facts: Facts, status: str, at_s: float) -> Facts:
    return replace(facts, deals=(*facts.deals, Deal(status, at_s)))


def _said(facts: Facts) -> Iterator[tuple[Evidence, Facts]]:
    for name, value in SAID.items():
        if not facts.person.get(name):
            yield Evidence("fact", f"person.{name}"), _with_fact(facts, f"person.{name}", value)


def _known(compiled: CompiledPolicy, facts: Facts) -> Iterator[tuple[Evidence, Facts]]:
    """Facts that nobody told, each as the first rule that gives points for it asks."""
    seen = set[str]()
    for score in compiled.policy.scores:
        for rule in score.rules:
            if not isinstance(rule, FactRule) or rule.points <= 0:
                continue
            asked = _asked(rule.when)
            if asked is None or _is_told(facts, asked[0]) or asked[0].names[0] in seen:
                continue
            name = asked[0].names[0]
            seen.add(name)
            yield Evidence("unknown", name), _with_fact(facts, name, asked[1])


def _asked(condition: Condition) -> tuple[FactRef, Value] | None:
    """The fact that a plain condition is about, and a value for which it holds."""
    match condition:
        case FactIn(fact, values) if values:
            return fact, min(values, key=str)
        case FactBetween(fact, low, high):
            return fact, low if low is not None else high or 0.0
        case FactIs(fact, True) | FactFilled(fact):
            return fact, True
        case _:
            return None


def _is_told(facts: Facts, fact: FactRef) -> bool:
    told = {f"person.{name}" for name in facts.person} | {
        f"account.{name}" for name in facts.account
    }
    return not told.isdisjoint(fact.names)


def _with_fact(facts: Facts, name: str, value: Value) -> Facts:
    owner, _, key = name.partition(".")
    if owner == "person":
        return replace(facts, person={**facts.person, key: value})
    return replace(facts, account={**facts.account, key: value})

"""What a condition asks of a single fact."""

from __future__ import annotations

from collections.abc import Mapping

from stagesync.domain.condition import (
    Anything,
    Condition,
    FactBetween,
    FactFilled,
    FactIn,
    FactIs,
    FactRef,
)
from stagesync.domain.facts import Kind, Value
from stagesync.loading.document import Spot, some_scalars
from stagesync.loading.names import unknown

_HOW = {
    Kind.FLAG: "write `yes` or `no`",
    Kind.TEXT: "write {in: [..]} or `filled`",
    Kind.NUMBER: "write {from: N, to: M}, {in: [..]} or `filled`",
    Kind.INSTANT: "write `filled`, or use it as `after:` beside `activity`",
}


def fact_ref(
    key: str, spot: Spot, *, facts: Mapping[str, Kind], kinds: tuple[Kind, ...] = tuple(Kind)
) -> FactRef | None:
    """The facts named by `person.country | account.country`; None after a reported problem."""
    names = tuple(name.strip() for name in key.split("|"))
    wrong = [name for name in names if name not in facts]
    for name in wrong:
        spot.problem(unknown("fact", name, facts))
    if wrong:
        return None
    found = {facts[name] for name in names}
    if len(found) > 1:
        spot.problem("facts that stand in for each other must be of one kind")
        return None
    if not found <= set(kinds):
        spot.problem(f"`{key}` is of kind {facts[names[0]].value}; needed: {', '.join(kinds)}")
        return None
    return FactRef(names)


def read_fact_test(
    key: str, spot: Spot, *, facts: Mapping[str, Kind], lists: dict[str, Spot]
) -> Condition:
    """The condition on a fact; `Anything` after a reported problem."""
    fact = fact_ref(key, spot, facts=facts)
    if fact is None:
        return Anything()
    kind = facts[fact.names[0]]
    if spot.letters is not None:
        return _read_word(spot, fact, kind)
    found = _read_test(spot, fact, kind, lists=lists)
    if found is None:
        spot.problem(f"{fact.names[0]} is of kind {kind.value}: {_HOW[kind]}")
    return found or Anything()


def _read_word(spot: Spot, fact: FactRef, kind: Kind) -> Condition:
    word = (spot.letters or "").lower()
    if word == "filled":
        return FactFilled(fact)
    if kind is Kind.FLAG:
        return FactIs(fact, spot.flag() or False)
    spot.problem(f"{fact.names[0]} is of kind {kind.value}: {_HOW[kind]}")
    return Anything()


def _read_test(
    spot: Spot, fact: FactRef, kind: Kind, *, lists: dict[str, Spot]
) -> Condition | None:
    if not spot.is_mapping:
        return None
    tests = spot.fields(("in", "from", "to"))
    if set(tests) == {"in"} and kind in (Kind.TEXT, Kind.NUMBER):
        return FactIn(fact, _read_values(tests["in"], kind, lists))
    if tests and "in" not in tests and kind is Kind.NUMBER:
        bounds = {name: bound.number() for name, bound in tests.items()}
        low, high = bounds.get("from"), bounds.get("to")
        if low is not None and high is not None and low > high:
            spot.problem("`from` must not be above `to`")
        return FactBetween(fact, low, high)
    return None


def _read_values(spot: Spot, kind: Kind, lists: dict[str, Spot]) -> frozenset[Value]:
    values: list[Value | None] = [
        item.number() if kind is Kind.NUMBER else item.letters
        for item in some_scalars(spot, lists, missing="must list at least one value")
    ]
    return frozenset(value for value in values if value is not None)

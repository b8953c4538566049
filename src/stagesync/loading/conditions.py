"""Conditions: from the keys that people write to the closed set of `domain.condition`.

A mapping holds when all of its keys do:

    anything                                        always
    any: [..]   all: [..]   unless: {..}            one, each, not
    person.NAME | account.NAME: yes / no            a flag; the second name counts while the first is missing
                                filled              the fact is known
                                {in: [..]}          known and one of these; `$list` stands for a list
                                {from: 1, to: 9}    known and within the bounds, both included
    score.NAME: {at_least: 50, keep_at: 35}         the score reaches a threshold
                {cannot_reach: 60}                  not even with full points for what is missing
    AXIS: level / [level, ..]                       a level of another axis
    stage.VOCABULARY: stage / [stage, ..]           another vocabulary's reading
    activity: type / [..], within: 180d, after: person.NAME
    deals: won / [open, won], at_least: 2
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stagesync.domain.condition import (
    ActivitySeen,
    AllOf,
    AnyOf,
    Anything,
    Condition,
    DealSeen,
    FactRef,
    LevelIn,
    ScoreAtLeast,
    ScoreCannotReach,
    StageIn,
    Unless,
)
from stagesync.domain.facts import DEAL_STATUSES, Kind
from stagesync.domain.policy import ActivityRule, Score
from stagesync.loading.document import Spot, some_scalars
from stagesync.loading.fact_tests import fact_ref, read_fact_test
from stagesync.loading.instants import DAY_S
from stagesync.loading.names import unknown

MODIFIERS = {"within": "activity", "after": "activity", "at_least": "deals"}
RESERVED = frozenset({"any", "all", "unless", "anything", "activity", "deals", *MODIFIERS})
"""Words that no axis may bear."""


class Sort(StrEnum):
    """What a condition may look at; each place in a file allows some."""

    FACTS = "facts"
    SCORES = "scores"
    AXES = "axes"
    STAGES = "stages"
    ACTIVITIES = "activities"
    DEALS = "deals"


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a condition may use where it stands.

    Attributes:
        place: such as `a score rule`, for messages.
        allows: what conditions here may look at.
        facts: full name, such as `person.country` -> kind.
        axes: axis -> level names.
        stages: vocabulary -> stage ids.
        lists: name without `$` -> its spot.
    """

    place: str
    allows: frozenset[Sort]
    facts: Mapping[str, Kind] = field(default_factory=dict)
    activities: frozenset[str] = frozenset()
    scores: Mapping[str, Score] = field(default_factory=dict)
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: dict[str, Spot] = field(default_factory=dict)


def read_condition(spot: Spot, scope: Scope) -> Condition:
    """The condition; `Anything` in place of one that is wrong, which is reported."""
    if spot.letters is not None:
        if spot.letters != "anything":
            spot.problem(
                f"unknown condition `{spot.letters}`; write `anything` or `key: value` pairs"
            )
        return Anything()
    if spot.is_blank or not spot.is_mapping:
        spot.problem("a condition is missing; write `anything` or `key: value` pairs")
        return Anything()
    entries = spot.entries()
    if not entries:
        spot.problem("a condition is missing; write `anything` or `key: value` pairs")
    for key, owner in MODIFIERS.items():
        if key in entries and owner not in entries:
            entries[key].problem(f"`{key}` stands only beside `{owner}`")
    parts = [_read_part(key, entries, scope) for key in entries if key not in MODIFIERS]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def read_types(spot: Spot, scope: Scope) -> frozenset[str]:
    """Activity types; unknown ones are reported."""
    return _names(spot, scope, what="activity type", known=sorted(scope.activities))


def _read_part(key: str, entries: dict[str, Spot], scope: Scope) -> Condition:
    spot = entries[key]
    if key in _COMBINED:
        return _COMBINED[key](spot, scope)
    sort = _sort_of(key, scope)
    if sort is None:
        spot.problem(unknown("condition", key, _known_keys(scope)))
    elif sort not in scope.allows:
        may = ", ".join(one.value for one in Sort if one in scope.allows)
        spot.problem(f"{sort.value} cannot be looked at in {scope.place}, only {may}")
    else:
        return _READERS[sort](key, entries, scope)
    return Anything()


def _sort_of(key: str, scope: Scope) -> Sort | None:
    if key.startswith(("person.", "account.")):
        return Sort.FACTS
    if key in scope.axes:
        return Sort.AXES
    prefixes = {"score": Sort.SCORES, "stage": Sort.STAGES}
    words = {"activity": Sort.ACTIVITIES, "deals": Sort.DEALS}
    head, point, _ = key.partition(".")
    return prefixes.get(head) if point else words.get(key)


def _known_keys(scope: Scope) -> list[str]:
    shown = {
        Sort.AXES: list(scope.axes),
        Sort.FACTS: ["person.…", "account.…"],
        Sort.SCORES: [f"score.{name}" for name in scope.scores],
        Sort.STAGES: [f"stage.{name}" for name in scope.stages],
        Sort.ACTIVITIES: ["activity"],
        Sort.DEALS: ["deals"],
    }
    known = [key for sort, keys in shown.items() if sort in scope.allows for key in keys]
    return [*known, *_COMBINED]


def _read_several(spot: Spot, scope: Scope) -> tuple[Condition, ...]:
    items = spot.items()
    if spot.is_blank or (spot.is_list and not items):
        spot.problem("must list at least one condition")
    return tuple(read_condition(item, scope) for item in items)


def _read_fact(key: str, entries: dict[str, Spot], scope: Scope) -> Condition:
    return read_fact_test(key, entries[key], facts=scope.facts, lists=scope.lists)


def _read_level(key: str, entries: dict[str, Spot], scope: Scope) -> Condition:
    levels = scope.axes[key]
    return LevelIn(key, _names(entries[key], scope, what=f"level of {key}", known=levels))


def _read_stage(key: str, entries: dict[str, Spot], scope: Scope) -> Condition:
    name = key.removeprefix("stage.")
    if name not in scope.stages:
        entries[key].problem(unknown("vocabulary", name, scope.stages))
        return Anything()
    known = scope.stages[name]
    return StageIn(name, _names(entries[key], scope, what=f"stage of {name}", known=known))


def _read_score(key: str, entries: dict[str, Spot], scope: Scope) -> Condition:
    spot, name = entries[key], key.removeprefix("score.")
    if name not in scope.scores:
        spot.problem(unknown("score", name, scope.scores))
        return Anything()
    tests = spot.fields(("at_least", "keep_at", "cannot_reach"))
    numbers = {test: value.number() or 0.0 for test, value in tests.items()}
    if set(tests) == {"cannot_reach"}:
        if any(isinstance(rule, ActivityRule) for rule in scope.scores[name].rules):
            spot.problem(f"`cannot_reach` needs a score of facts only; {name} counts activities")
        return ScoreCannotReach(name, numbers["cannot_reach"])
    if "at_least" not in tests or "cannot_reach" in tests:
        spot.problem("write {at_least: N}, {at_least: N, keep_at: M} or {cannot_reach: N}")
        return Anything()
    keep_at = numbers.get("keep_at")
    if keep_at is not None and keep_at > numbers["at_least"]:
        tests["keep_at"].problem("must not be above `at_least`")
    return ScoreAtLeast(name, numbers["at_least"], keep_at)


def _read_activity(key: str, entries: dict[str, Spot], scope: Scope) -> Condition:
    within_s = entries["within"].duration_s() if "within" in entries else None
    return ActivitySeen(
        types=read_types(entries[key], scope),
        within_days=None if within_s is None else within_s / DAY_S,
        after=_read_after(entries["after"], scope) if "after" in entries else None,
    )


def _read_after(spot: Spot, scope: Scope) -> FactRef | None:
    name = spot.text()
    if name is None:
        return None
    return fact_ref(name, spot, facts=scope.facts, kinds=(Kind.INSTANT,))


def _read_deals(key: str, entries: dict[str, Spot], scope: Scope) -> Condition:
    statuses = _names(entries[key], scope, what="deal status", known=DEAL_STATUSES)
    at_least = entries["at_least"].whole(at_least=1) if "at_least" in entries else 1
    return DealSeen(statuses, at_least or 1)


def _names(spot: Spot, scope: Scope, *, what: str, known: Collection[str]) -> frozenset[str]:
    found: set[str] = set()
    for item in some_scalars(
        spot, scope.lists, missing=f"must name at least one {what}; known: {', '.join(known)}"
    ):
        name = item.letters or ""
        if name in known:
            found.add(name)
        else:
            item.problem(unknown(what, name, known))
    return frozenset(found)


_COMBINED: dict[str, Callable[[Spot, Scope], Condition]] = {
    "any": lambda spot, scope: AnyOf(_read_several(spot, scope)),
    "all": lambda spot, scope: AllOf(_read_several(spot, scope)),
    "unless": lambda spot, scope: Unless(read_condition(spot, scope)),
}
_READERS: dict[Sort, Callable[[str, dict[str, Spot], Scope], Condition]] = {
    Sort.FACTS: _read_fact,
    Sort.SCORES: _read_score,
    Sort.AXES: _read_level,
    Sort.STAGES: _read_stage,
    Sort.ACTIVITIES: _read_activity,
    Sort.DEALS: _read_deals,
}

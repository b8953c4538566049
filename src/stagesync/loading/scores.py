"""The `scores` section of a policy: what somebody is, and what somebody did, in points."""

from __future__ import annotations

from dataclasses import replace

from stagesync.domain.condition import Anything
from stagesync.domain.policy import ActivityRule, FactRule, Score
from stagesync.loading.conditions import Scope, Sort, read_condition, read_types
from stagesync.loading.document import Spot
from stagesync.loading.instants import DAY_S

FACT_RULE = ("rule", "points", "when")
ACTIVITY_RULE = ("rule", "points", "activity", "within", "half_life", "cap", "floor")


def read_scores(spot: Spot | None, scope: Scope) -> tuple[Score, ...]:
    """All scores of a section; empty when it is absent."""
    entries = spot.entries() if spot else {}
    facts_only = replace(scope, place="a score rule", allows=frozenset({Sort.FACTS}))
    return tuple(_read_score(name, entry, facts_only) for name, entry in entries.items())


def _read_score(name: str, spot: Spot, scope: Scope) -> Score:
    """A list of rules, or `{never_below: N, rules: [..]}`."""
    if spot.is_list:
        return Score(name, _read_rules(spot, scope))
    fields = spot.fields(("never_below", "rules"), required=("rules",))
    if spot.is_blank:
        spot.problem("a score needs at least one rule")
    return Score(
        name,
        _read_rules(fields["rules"], scope) if "rules" in fields else (),
        at_least=fields["never_below"].number() if "never_below" in fields else None,
    )


def _read_rules(spot: Spot, scope: Scope) -> tuple[FactRule | ActivityRule, ...]:
    rules: dict[str, FactRule | ActivityRule] = {}
    for item in spot.items():
        rule = _read_rule(item, scope)
        if rule.name in rules:
            item.problem(f"rule `{rule.name}` stands in this score twice")
        rules[rule.name] = rule
    if not rules:
        spot.problem("a score needs at least one rule")
    return tuple(rules.values())


def _read_rule(spot: Spot, scope: Scope) -> FactRule | ActivityRule:
    keys = spot.entries() if spot.is_mapping else {}
    if "activity" in keys and "when" in keys:
        spot.problem(
            "a rule has `when` (what somebody is) or `activity` (what somebody did), not both"
        )
    elif "activity" not in keys and "when" not in keys:
        spot.problem("a rule needs `when` (what somebody is) or `activity` (what somebody did)")
    if "activity" in keys:
        return _read_activity_rule(spot, scope)
    for key in ("within", "half_life", "cap", "floor"):
        if key in keys:
            keys[key].problem(f"`{key}` stands only beside `activity`")
    fields = spot.fields((*FACT_RULE, *ACTIVITY_RULE[2:]), required=("rule", "points"))
    return FactRule(
        name=_name(fields),
        points=_points(fields),
        when=read_condition(fields["when"], scope) if "when" in fields else Anything(),
    )


def _read_activity_rule(spot: Spot, scope: Scope) -> ActivityRule:
    fields = spot.fields((*ACTIVITY_RULE, "when"), required=("rule", "points"))
    limits = {key: fields[key].number() for key in ("cap", "floor") if key in fields}
    cap, floor = limits.get("cap"), limits.get("floor")
    if cap is not None and cap < 0:
        fields["cap"].problem(f"a cap below zero is a floor; write `floor: {cap:g}`")
    if floor is not None and floor > 0:
        fields["floor"].problem(
            f"a floor above zero is given without any activity; write `cap: {floor:g}`"
        )
    return ActivityRule(
        name=_name(fields),
        points=_points(fields),
        types=read_types(fields["activity"], scope),
        within_days=_days(fields, "within"),
        half_life_days=_days(fields, "half_life"),
        cap=cap,
        floor=floor,
    )


def _name(fields: dict[str, Spot]) -> str:
    return (fields["rule"].text() if "rule" in fields else None) or ""


def _points(fields: dict[str, Spot]) -> float:
    return (fields["points"].number() if "points" in fields else None) or 0.0


def _days(fields: dict[str, Spot], key: str) -> float | None:
    seconds = fields[key].duration_s() if key in fields else None
    return None if seconds is None else seconds / DAY_S

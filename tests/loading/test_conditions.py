"""Every kind of condition, from YAML to its domain value."""

import pytest

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
from stagesync.loading.policy import load_policy

POLICY = """\
policy: p
version: 1
lists: {north: [NO, SE], some: [form, $more], more: [call]}
activities: [form, call, visit]
facts: {person.budget: number, account.vip: flag}
scores: {fit: [{rule: r, points: 1, when: anything}]}
axes:
  base: {low: , high: {deals: won}}
  tested:
    no:
    yes: %s
"""

EXCLUDED = FactRef(("person.excluded",))
KINDS = [
    ("anything", Anything()),
    ("{any: [{deals: won}, anything]}", AnyOf((DealSeen(frozenset({"won"})), Anything()))),
    ("{all: [{deals: won}, anything]}", AllOf((DealSeen(frozenset({"won"})), Anything()))),
    ("{unless: {deals: won}}", Unless(DealSeen(frozenset({"won"})))),
    ("{base: high}", LevelIn("base", frozenset({"high"}))),
    ("{base: [low, high]}", LevelIn("base", frozenset({"low", "high"}))),
    (
        "{base: high, deals: lost}",
        AllOf((LevelIn("base", frozenset({"high"})), DealSeen(frozenset({"lost"})))),
    ),
    ("{deals: [open, won], at_least: 2}", DealSeen(frozenset({"open", "won"}), 2)),
    ("{activity: visit}", ActivitySeen(frozenset({"visit"}))),
    (
        "{activity: [visit, $some], within: 36h}",
        ActivitySeen(frozenset({"visit", "form", "call"}), 1.5),
    ),
    (
        "{activity: form, after: person.nurture_since}",
        ActivitySeen(frozenset({"form"}), None, FactRef(("person.nurture_since",))),
    ),
    ("{score.fit: {at_least: 50}}", ScoreAtLeast("fit", 50.0)),
    ("{score.fit: {at_least: 50, keep_at: 35}}", ScoreAtLeast("fit", 50.0, 35.0)),
    ("{score.fit: {cannot_reach: 60}}", ScoreCannotReach("fit", 60.0)),
    ("{person.excluded: yes}", FactIs(EXCLUDED, expected=True)),
    ("{person.excluded: true}", FactIs(EXCLUDED, expected=True)),
    ("{person.excluded: no}", FactIs(EXCLUDED, expected=False)),
    ("{account.vip: false}", FactIs(FactRef(("account.vip",)), expected=False)),
    ("{person.need: filled}", FactFilled(FactRef(("person.need",)))),
    ("{person.country: {in: NO}}", FactIn(FactRef(("person.country",)), frozenset({"NO"}))),
    (
        "{person.country | account.country: {in: $north}}",
        FactIn(FactRef(("person.country", "account.country")), frozenset({"NO", "SE"})),
    ),
    (
        "{person.seniority: {in: [true, 12]}}",
        FactIn(FactRef(("person.seniority",)), frozenset({"true", "12"})),
    ),
    (
        "{person.budget: {in: [12, 1e3]}}",
        FactIn(FactRef(("person.budget",)), frozenset({12.0, 1000.0})),
    ),
    (
        "{account.employees: {from: 50, to: 5000}}",
        FactBetween(FactRef(("account.employees",)), 50.0, 5000.0),
    ),
    ("{account.revenue: {from: 1_000}}", FactBetween(FactRef(("account.revenue",)), 1000.0, None)),
    ("{person.budget: {to: 9.5}}", FactBetween(FactRef(("person.budget",)), None, 9.5)),
]


@pytest.mark.parametrize(("written", "condition"), KINDS, ids=[written for written, _ in KINDS])
def test_each_kind_of_condition_can_be_written(tmp_path, written, condition):
    """What an admin writes is the domain value it stands for."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY % written, encoding="utf-8")
    (_, tested) = load_policy(path).axes
    assert condition == tested.levels[1].when

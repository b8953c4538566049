"""How far back a policy looks."""

from tests.domain.standard import STANDARD

from stagesync.domain.compile import compile_policy
from stagesync.domain.condition import ActivitySeen, Anything, DealSeen
from stagesync.domain.policy import (
    AccountPolicy,
    ActivityRule,
    Axis,
    Level,
    Policy,
    SameEvent,
    Score,
)


def test_longest_window():
    """The longest of all rules and conditions counts; None is for ever; others are absent."""
    conditions = [
        Anything(),
        ActivitySeen(frozenset({"a", "b", "c"}), 30),
        ActivitySeen(frozenset({"b"}), 90),
        ActivitySeen(frozenset({"c"})),
        ActivitySeen(frozenset({"c"}), 400),
        DealSeen(frozenset({"won"})),
    ]
    levels = tuple(Level(str(place), when) for place, when in enumerate(conditions))
    rules = (
        ActivityRule("used", 1, frozenset({"a"}), 60),
        ActivityRule("idle", 0, frozenset({"d"}), 60),
    )
    policy = Policy(
        name="p",
        version=1,
        digest="",
        scores=(Score("s", rules),),
        axes=(Axis("x", levels),),
        accounts=AccountPolicy(Anything(), (), ()),
        same_event=SameEvent(frozenset({"b", "c"}), 43_200),
    )
    assert {"a": 60, "b": 90.5, "c": None} == dict(compile_policy(policy).windows)


def test_standard():
    """The standard policy looks back two years at signs, a year at refusals, for ever at sales."""
    windows = compile_policy(STANDARD).windows
    expected = {"site_visit": 730, "unsubscribe": 365, "meeting": None, "quote_sent": None}
    assert expected == {kind: windows[kind] for kind in expected}

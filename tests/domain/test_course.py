"""The course of a score over time, and what one piece of evidence more would do."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagesync.domain.compile import compile_policy
from stagesync.domain.course import courses_of, spark, thresholds_of
from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.domain.whatif import Evidence, tries
from stagesync.loading.definitions import load_definitions, shipped_mappings

NOW_S = 1_795_262_400.0
DAY_S = 86_400.0
COMPILED = compile_policy(load_definitions(shipped_mappings()).policy)
INSIDE = {
    "account": {"employees": 400, "industry": "software"},
    "person": {"seniority": "vp", "country": "FR"},
}


def facts(*activities: tuple[str, float], deals: tuple[Deal, ...] = (), **known: dict) -> Facts:
    """Somebody who did these things so many days ago."""
    done = tuple(Activity(kind, NOW_S - days * DAY_S) for kind, days in activities)
    return Facts("p_1", activities=done, deals=deals, **(INSIDE | known))


def at(points: tuple[tuple[float, float], ...], at_s: float) -> float:
    return next(value for when, value in points if when == at_s)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["demo_request", "page_view", "unsubscribe"]), st.floats(0, 500)),
        min_size=1,
        max_size=12,
    )
)
def test_every_point_is_what_the_policy_says_at_that_instant(done: list[tuple[str, float]]) -> None:
    """Points are in order of time; each is the score that an evaluation at its instant gives."""
    known = facts(*done)
    for course in courses_of(COMPILED, known, now_s=NOW_S, coming_s=None):
        times = [at_s for at_s, _ in course.points]
        assert all(one < other for one, other in pairwise(times))
        for at_s, value in course.points[::9]:
            told = COMPILED.evaluate(known, at_s, with_recheck=False).scores[course.score]
            assert told == pytest.approx(value)


def test_a_course_shows_now_the_coming_recheck_and_each_step() -> None:
    """It begins with the first activity, has a point before and at each one, and goes on for weeks beyond the recheck."""
    known = facts(("demo_request", 40), ("demo_request", 10))
    coming_s = COMPILED.evaluate(known, NOW_S, previous_at_s=float("-inf")).recheck_at_s
    assert coming_s
    (course,) = courses_of(COMPILED, known, now_s=NOW_S, coming_s=coming_s)
    assert NOW_S - 40 * DAY_S == course.points[0][0]
    assert course.points[-1][0] > coming_s + 20 * DAY_S
    before, after = (at(course.points, NOW_S - 10 * DAY_S + by_s) for by_s in (-1.0, 0.0))
    assert after == pytest.approx(before + 50, abs=0.01)
    ready = next(each for each in course.thresholds if each.level == "ready")
    assert at(course.points, coming_s) < ready.keep < at(course.points, NOW_S)


def test_scores_that_nothing_moves_have_no_course() -> None:
    """Facts alone do not fade."""
    assert () == courses_of(COMPILED, facts(), now_s=NOW_S, coming_s=None)


def test_thresholds_are_those_of_the_axes() -> None:
    """With the points that enter a level, and those that keep it."""
    found = {(t.axis, t.level, t.enter, t.keep) for t in thresholds_of(COMPILED, "interest")}
    assert {("qualification", "ready", 50.0, 35.0)} == found


def test_a_line_of_blocks_has_the_heights_of_its_parts() -> None:
    """Each part has its greatest score; a part without points goes on with the one before."""
    points = [(0.0, 1.0), (1.0, 5.0), (2.0, 2.0), (10.0, 3.0)]
    assert [5.0, 2.0, 2.0, 2.0, 3.0] == spark(points, 5)


def found(known: Facts) -> dict[Evidence, dict[str, str]]:
    """Evidence -> the levels that it changes."""
    placed = COMPILED.evaluate(known, NOW_S, previous_at_s=float("-inf")).position
    return {
        evidence: {axis: level for axis, level in after.items() if placed[axis] != level}
        for evidence, after in tries(COMPILED, known, NOW_S, previous=placed)
    }


def test_the_least_evidence_that_moves_somebody_is_told() -> None:
    """One demo request qualifies somebody inside the target, of contact forms it takes two; page views never do."""
    told = found(facts(("contact_form", 200)))
    assert {"qualification": "ready"} == told[Evidence("activity", "demo_request")]
    assert {"qualification": "ready"} == told[Evidence("activity", "contact_form", 2)]
    assert not [each for each in told if each.name == "page_view"]
    assert {"sales": "opportunity"} == told[Evidence("deal", "open")]
    assert {"sales": "accepted"} == told[Evidence("fact", "person.sales_accepted")]


def test_a_fact_that_nobody_told_may_bring_somebody_inside() -> None:
    """Of facts that are told already nothing is expected."""
    told = found(facts(account={}))
    assert {"fit": "inside"} == told[Evidence("unknown", "account.employees")]
    assert not [each for each in found(facts()) if each.kind == "unknown"]


def test_evidence_that_moves_nobody_is_not_told() -> None:
    """Whoever has a won deal is not moved by an open one."""
    told = found(facts(deals=(Deal("won", NOW_S - DAY_S),)))
    assert Evidence("deal", "open") not in told

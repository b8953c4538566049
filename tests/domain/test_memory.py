"""Levels that remember do not depend on when anybody looked."""

from math import inf, nextafter

import pytest
from tests.domain.people import DAY, NOW, edge_person, seeded
from tests.domain.standard import STANDARD
from tests.domain.worlds import START, made_facts, made_policy

from stagesync.domain.compile import compile_policy
from stagesync.domain.condition import ActivitySeen, AllOf, Anything, ScoreAtLeast, Unless
from stagesync.domain.facts import Activity, Facts
from stagesync.domain.policy import AccountPolicy, ActivityRule, Axis, Level, Policy, Score

COMPILED = compile_policy(STANDARD)
INSIDE = {"employees": 100, "industry": "software", "country": "FR"}


def ready_at(days, *told, previous=None, since=None):
    """Whether somebody inside is ready at a day; activities as (type, day), day 0 is now."""
    facts = Facts("p", {}, INSIDE, tuple(Activity(kind, NOW + day * DAY) for kind, day in told))
    found = COMPILED.evaluate(
        facts,
        NOW + days * DAY,
        previous={"qualification": previous} if previous else None,
        previous_at_s=since,
    )
    return found.position["qualification"] == "ready"


DEMO = ("demo_request", 0)


@pytest.mark.parametrize(
    ("ready", "days", "told", "previous"),
    [
        (True, 0, [DEMO], None),
        (False, 1, [DEMO], None),
        (True, 1, [DEMO], "ready"),
        (True, 23, [DEMO], "ready"),
        (False, 24, [DEMO], "ready"),
        (False, 24, [DEMO], "started"),
        (False, 1, [DEMO], "no such level"),
        (True, 180, [("demo_request", -5), ("demo_request", 180)], None),
    ],
)
def test_entered_at_one_score_and_kept_to_another(ready, days, told, previous):
    """Ready is entered at 50 and kept down to 35 by who was ready before."""
    assert ready is ready_at(days, *told, previous=previous)


@pytest.mark.parametrize(
    ("ready", "days", "told"),
    [
        (True, 1, [DEMO]),
        (True, 23, [DEMO]),
        (False, 24, [DEMO]),
        (True, 40, [DEMO, ("contact_form", 30)]),
        (False, 40, [DEMO, ("content_download", 30)]),
        (True, 40, [DEMO, ("contact_form", 20)]),
        (True, 15, [("webinar_attended", 0), ("demo_request", 10)]),
        (False, 15, [("contact_form", 0), ("content_download", 1)]),
    ],
)
def test_one_look_after_a_gap(ready, days, told):
    """Somebody never placed before is ready when the path since the first activity leads there."""
    assert ready is ready_at(days, *told, since=-inf)


def test_a_moment_that_is_no_gap():
    """Placing at the instant of the last placement, or before it, goes through nothing."""
    before = ready_at(1, DEMO, previous="started", since=NOW + DAY)
    later = ready_at(1, DEMO, previous="ready", since=NOW + 9 * DAY)
    assert (False, True) == (before, later)


def test_a_window_that_closes_lets_in():
    """A level that a closing window opens is entered at that instant and kept from then on."""
    quiet = Unless(ActivitySeen(frozenset({"quarrel"}), 10))
    levels = (
        Level("low", Anything()),
        Level("high", AllOf((quiet, ScoreAtLeast("s", 40, keep_at=20)))),
    )
    score = Score("s", (ActivityRule("gives", 64, frozenset({"gift"}), half_life_days=20),))
    policy = Policy("p", 1, "", (score,), (Axis("a", levels),), AccountPolicy(Anything(), (), ()))
    told = [("gift", 0), ("quarrel", 0), ("quarrel", 18)]
    facts = Facts("p", activities=tuple(Activity(kind, NOW + day * DAY) for kind, day in told))
    found = [
        looked_at(compile_policy(policy), facts, [NOW + day * DAY], since_s=-inf)["a"]
        for day in (9, 10, 10.1, 17, 18, 29)
    ]
    assert ["low", "low", "high", "high", "low", "low"] == found


@pytest.mark.parametrize("seed", range(4))
def test_standard_policy_at_random_times(seed):
    """The standard policy too gives after any runs what it gives after one."""
    rng = seeded(seed)
    for number in range(250):
        facts = edge_person(rng, number)
        runs = sorted(NOW - rng.random() * 400 * DAY for _ in range(12))
        once = looked_at(COMPILED, facts, [NOW], since_s=-inf)
        assert once == looked_at(COMPILED, facts, [*runs, NOW], since_s=-inf)


def placed_before(compiled, facts, since_s):
    """The position at the start, as an evaluation left it; nothing for somebody never placed."""
    if since_s == -inf:
        return {}
    return compiled.evaluate(facts, since_s, with_recheck=False).position


def looked_at(compiled, facts, instants, *, since_s):
    """The position after looking at each of the instants in order."""
    position, at_s = placed_before(compiled, facts, since_s), since_s
    for instant in instants:
        position = compiled.evaluate(
            facts, instant, previous=position, previous_at_s=at_s, with_recheck=False
        ).position
        at_s = instant
    return position


@pytest.mark.parametrize("since", [-inf, START - 400])
@pytest.mark.parametrize("taking", ["never", "for a while", "fading"])
@pytest.mark.parametrize("seed", range(3))
def test_runs_at_random_times(taking, seed, since):
    """Looking at random times in between gives the same position as looking once at the end."""
    rng = seeded(seed)
    for _ in range(40):
        compiled = compile_policy(made_policy(rng, taking=taking))
        for _ in range(4):
            facts = made_facts(rng, now=START, ahead=False)
            end = START + rng.choice([0, rng.randint(0, 300)])
            runs = sorted(START - 380 + rng.random() * (end - START + 380) for _ in range(15))
            once = looked_at(compiled, facts, [end], since_s=since)
            assert looked_at(compiled, facts, [*runs, end], since_s=since) == once


@pytest.mark.parametrize("taking", ["never", "for a while", "fading"])
def test_same_as_looking_all_the_time(taking):
    """One look after a gap equals looking four times a second and on both sides of every event."""
    rng = seeded(3)
    for _ in range(12):
        compiled = compile_policy(made_policy(rng, taking=taking))
        facts = made_facts(rng, now=START, ahead=False)
        begin, end = START - 500.0, START + 100.0
        moments = {begin + step / 4 for step in range(2_401)}
        for happened in (*facts.activities, *facts.deals):
            moments.update((happened.at_s, nextafter(happened.at_s, -inf)))
        always = placed_before(compiled, facts, begin)
        for moment in sorted(m for m in moments if begin < m <= end):
            always = compiled.evaluate(facts, moment, previous=always, with_recheck=False).position
        assert always == looked_at(compiled, facts, [end], since_s=begin)

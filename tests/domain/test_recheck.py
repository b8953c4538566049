"""The next instant at which time alone moves somebody, against trying every second."""

from itertools import pairwise

import pytest
from tests.domain.people import DAY, NOW, bench_person, edge_person, edge_previous, seeded
from tests.domain.standard import STANDARD
from tests.domain.worlds import LONGEST, START, made_facts, made_policy

from stagesync.domain.compile import compile_policy
from stagesync.domain.condition import ActivitySeen, Anything, ScoreAtLeast
from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.domain.policy import AccountPolicy, ActivityRule, Axis, Level, Policy, Score

COMPILED = compile_policy(STANDARD)


def first_change(compiled, facts, at_s, position, *, until):
    """The first later whole second that gives another position, by trying each; None: none does."""
    for second in range(int(at_s) + 1, int(until) + 1):
        found = compiled.evaluate(facts, float(second), previous=position, with_recheck=False)
        if found.position != position:
            return float(second)
    return None


@pytest.mark.parametrize("taking", ["never", "for a while", "fading"])
@pytest.mark.parametrize("seed", range(3))
def test_exact_in_made_up_worlds(taking, seed):
    """Whatever the policy, `recheck_at_s` is the first second at which the position differs."""
    rng = seeded(seed)
    for _ in range(10):
        compiled = compile_policy(made_policy(rng, taking=taking))
        for _ in range(2):
            now = START + rng.choice([0.0, 0.5, rng.random()])
            facts = made_facts(rng, now=now)
            found = compiled.evaluate(facts, now)
            until = found.recheck_at_s or now + LONGEST
            changed = first_change(compiled, facts, now, found.position, until=until)
            assert changed == found.recheck_at_s


@pytest.mark.parametrize("seed", range(4))
def test_exact_for_the_standard_policy(seed):
    """One second before it nothing has moved, at it something has, and every other day until then nothing has."""
    rng = seeded(seed)
    for number in range(20):
        facts = edge_person(rng, number) if number % 2 else bench_person(rng, number)
        now = NOW + rng.choice([0, 0.25, rng.random() * DAY])
        first = COMPILED.evaluate(facts, now, previous=edge_previous(rng))
        due = first.recheck_at_s
        last = now + 800 * DAY if due is None else due - 1
        moments = [now, *(now + day * DAY * 2.1 for day in range(1, 380)), last]
        for moment in [m for m in moments if now < m <= last]:
            assert first.position == at(facts, moment, first)
        if due is not None:
            assert due == int(due) > now
            assert first.position != at(facts, due, first)


def at(facts, moment, before):
    return COMPILED.evaluate(facts, moment, previous=before.position, with_recheck=False).position


INSIDE = {"employees": 100, "industry": "software", "country": "FR"}


def due(*told, person=None, deals=()):
    """Seconds after now, for somebody inside; activities as (type, days ago)."""
    activities = tuple(Activity(kind, NOW - days * DAY) for kind, days in told)
    found = COMPILED.evaluate(Facts("p", person or {}, INSIDE, activities, deals), NOW)
    return None if found.recheck_at_s is None else found.recheck_at_s - NOW


@pytest.mark.parametrize(
    ("told", "deals", "seconds"),
    [
        ([], (), None),
        ([("referral", 1)], (), None),
        ([("site_visit", 700)], (), 30 * DAY + 1),
        ([("site_visit", 730)], (), 1),
        ([("site_visit", 700), ("page_view", 10)], (), 720 * DAY + 1),
        ([("referral", -1)], (), DAY),
        ([("referral", -1e-5)], (), 1),
        ([], (Deal("won", NOW + 0.5),), 1),
        ([("contact_form", 0)], (), 730 * DAY + 1),
        ([("contact_form", 400), ("unsubscribe", 10)], (), 330 * DAY + 1),
    ],
)
def test_due(told, deals, seconds):
    """Windows include their edge, so they close at the next second; events count from their own."""
    assert seconds == due(*told, deals=deals)


def test_due_when_points_come_back():
    """A refusal that leaves its window lifts a score, and that second is found."""
    told = [("demo_request", 0), ("demo_request", 0), ("unsubscribe", 364.9999)]
    activities = tuple(Activity(kind, NOW - days * DAY) for kind, days in told)
    slow = Policy(
        "slow",
        1,
        "",
        (
            Score(
                "s",
                (
                    ActivityRule("gives", 50, frozenset({"demo_request"}), 365),
                    ActivityRule("takes", -60, frozenset({"unsubscribe"}), 365),
                ),
            ),
        ),
        (Axis("a", (Level("low", Anything()), Level("high", ScoreAtLeast("s", 100)))),),
        AccountPolicy(Anything(), (), ()),
    )
    found = compile_policy(slow).evaluate(Facts("p", activities=activities), NOW)
    assert ({"a": "low"}, NOW + 9) == (found.position, found.recheck_at_s)


def grazing(points, taken):
    """A score that nears a threshold from above and leaves it again, without an end in sight."""
    rules = (
        ActivityRule("gives", points, frozenset({"good"}), half_life_days=100),
        ActivityRule("takes", taken, frozenset({"bad"}), half_life_days=50),
    )
    levels = (Level("low", Anything()), Level("high", ScoreAtLeast("s", 20)))
    policy = Policy(
        "p", 1, "", (Score("s", rules),), (Axis("a", levels),), AccountPolicy(Anything(), (), ())
    )
    return compile_policy(policy)


@pytest.mark.parametrize("taken", [-80.0, -80.0000001, -79.9999999, -70, -90, -100])
def test_a_score_that_grazes_a_threshold(taken):
    """Points that rise to the very threshold are found, never late, hours too soon at the most.

    80 x 2^-d/100 less 80 x 2^-d/50 rises to 20 at d = 100 and falls after that.
    """
    compiled = grazing(80, taken)
    facts = Facts("p", activities=(Activity("good", NOW), Activity("bad", NOW)))
    start = compiled.evaluate(facts, NOW)
    moments = [NOW + step * DAY / 4 for step in range(4 * 300)]
    levels = [compiled.evaluate(facts, moment, with_recheck=False).position for moment in moments]
    changed = next(
        (
            later
            for (one, two), later in zip(pairwise(levels), moments[1:], strict=True)
            if one != two
        ),
        None,
    )
    if changed is None:
        assert start.recheck_at_s is None or start.recheck_at_s > NOW
    else:
        assert start.recheck_at_s is not None
        assert changed - DAY < start.recheck_at_s <= changed


def test_no_date_beyond_the_calendar():
    """What would move after the year 9999 is never."""
    levels = (Level("no", Anything()), Level("yes", ActivitySeen(frozenset({"x"}), 4_000_000)))
    policy = Policy("p", 1, "", (), (Axis("a", levels),), AccountPolicy(Anything(), (), ()))
    facts = Facts("p", activities=(Activity("x", NOW),))
    assert compile_policy(policy).evaluate(facts, NOW).recheck_at_s is None


def test_a_threshold_below_the_lower_bound():
    """A score that may not fall below a threshold never crosses it, however far its points fade."""
    rule = ActivityRule("gives", 50, frozenset({"x"}), half_life_days=1)
    levels = (Level("no", Anything()), Level("yes", ScoreAtLeast("s", 3)))
    policy = Policy(
        "p",
        1,
        "",
        (Score("s", (rule,), at_least=5),),
        (Axis("a", levels),),
        AccountPolicy(Anything(), (), ()),
    )
    found = compile_policy(policy).evaluate(Facts("p", activities=(Activity("x", NOW),)), NOW)
    assert ({"a": "yes"}, None) == (found.position, found.recheck_at_s)

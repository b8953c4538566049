"""Levels that remember do not depend on when anybody looked."""

from math import inf, nextafter

import pytest
from tests.domain.people import seeded
from tests.domain.worlds import START, made_facts, made_policy

from stagesync.domain.compile import compile_policy


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

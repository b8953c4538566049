"""The next instant at which time alone moves somebody, against trying every second."""

import pytest
from tests.domain.people import seeded
from tests.domain.standard import STANDARD
from tests.domain.worlds import LONGEST, START, made_facts, made_policy

from stagesync.domain.compile import compile_policy

COMPILED = compile_policy(STANDARD)


def first_change(compiled, facts, at_s, position):
    """The first later whole second that gives another position, by trying each."""
    second = int(at_s) + 1
    while second < at_s + LONGEST:
        found = compiled.evaluate(facts, float(second), previous=position, with_recheck=False)
        if found.position != position:
            return float(second)
        second += 1
    return None


@pytest.mark.parametrize("taking", ["never", "for a while", "fading"])
@pytest.mark.parametrize("seed", range(4))
def test_exact_in_made_up_worlds(taking, seed):
    """Whatever the policy, `recheck_at_s` is the first second at which the position differs."""
    rng = seeded(seed)
    for _ in range(30):
        compiled = compile_policy(made_policy(rng, taking=taking))
        for _ in range(4):
            now = START + rng.choice([0.0, 0.5, rng.random()])
            facts = made_facts(rng, now=now)
            found = compiled.evaluate(facts, now)
            assert first_change(compiled, facts, now, found.position) == found.recheck_at_s

"""The compiled standard policy against an independent reading of the definitions."""

import pytest
from tests.domain import oracle
from tests.domain.people import NOW, edge_person, edge_previous, seeded
from tests.domain.standard import STANDARD

from stagesync.domain.compile import compile_policy
from stagesync.domain.facts import Facts

COMPILED = compile_policy(STANDARD)
PEOPLE = 10_000
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_positions_and_scores(part):
    """Ten thousand people on every edge have the position and the scores of the slow reading."""
    rng = seeded(part)
    for number in range(PEOPLE // PARTS):
        facts, previous = edge_person(rng, number), edge_previous(rng)
        found = COMPILED.evaluate(facts, NOW, previous=previous, with_recheck=False)
        assert oracle.position(facts, NOW, previous) == dict(found.position), facts
        assert pytest.approx(oracle.scores(facts, NOW), rel=0, abs=1e-9) == dict(found.scores)


def test_every_level_occurs():
    """The made-up people reach every level of every axis, so that the comparison proves something."""
    rng = seeded(0)
    found = {axis: set() for axis in oracle.LEVELS}
    for number in range(PEOPLE // PARTS):
        for axis, level in oracle.position(edge_person(rng, number), NOW).items():
            found[axis].add(level)
    assert {axis: set(levels) for axis, levels in oracle.LEVELS.items()} == found


class Person:
    """Somebody evaluated."""

    def __init__(self, facts):
        self.facts = facts
        self.evaluation = COMPILED.evaluate(facts, NOW, with_recheck=False)


def test_accounts():
    """Accounts of up to five people have the position of the slow reading."""
    rng = seeded(11)
    for number in range(1_000):
        people = [Person(edge_person(rng, number)) for _ in range(rng.randint(0, 5))]
        other = edge_person(rng, number)
        facts = Facts(id="a", account=other.account, deals=other.deals)
        places = [(person.facts, person.evaluation.position) for person in people]
        found = COMPILED.evaluate_account(facts, people, NOW, with_recheck=False)
        assert oracle.account_position(facts, places, NOW) == dict(found.position)


def test_order_of_facts_does_not_matter():
    """Activities and deals in another order give the same position."""
    rng = seeded(5)
    for number in range(500):
        facts = edge_person(rng, number)
        turned = Facts(
            facts.id, facts.person, facts.account, facts.activities[::-1], facts.deals[::-1]
        )
        assert COMPILED.evaluate(facts, NOW).position == COMPILED.evaluate(turned, NOW).position

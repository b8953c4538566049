"""The shipped vocabularies against an independent reading of the definitions."""

from itertools import product

import pytest
from tests.domain import oracle
from tests.domain.oracle_stages import stages
from tests.domain.people import NOW, edge_person, seeded
from tests.domain.standard import STANDARD

from stagesync.domain.classify import classify
from stagesync.domain.compile import compile_policy
from stagesync.domain.totality import check_vocabulary
from stagesync.loading.definitions import load_definitions, shipped_mappings

DEFINITIONS = load_definitions(shipped_mappings())
CLASSIFIER = classify(DEFINITIONS.vocabularies)


@pytest.mark.parametrize("account", [False, True])
def test_every_position(account):
    """On every position of the standard axes every vocabulary finds the stage of the definitions."""
    for levels in product(*oracle.LEVELS.values()):
        position = dict(zip(oracle.LEVELS, levels, strict=True))
        assert stages(position, account) == CLASSIFIER.stages(position, account=account)


def test_people():
    """Generated people have, through policy and vocabularies, the stages of the slow reading."""
    compiled = compile_policy(DEFINITIONS.policy)
    rng = seeded(23)
    for number in range(2_500):
        facts = edge_person(rng, number)
        found = compiled.evaluate(facts, NOW, with_recheck=False).position
        assert stages(oracle.position(facts, NOW)) == CLASSIFIER.stages(found)


@pytest.mark.parametrize(
    "part", ["scores", "axes", "accounts", "same_event", "activities", "contactless_deals"]
)
def test_the_shipped_policy(part):
    """The shipped policy file says what the definitions say."""
    assert getattr(STANDARD, part) == getattr(DEFINITIONS.policy, part)


@pytest.mark.parametrize("name", DEFINITIONS.vocabularies)
def test_total_and_alive(name):
    """Each shipped vocabulary is total and each of its stages can be reached."""
    found = check_vocabulary(name, DEFINITIONS.vocabularies, axes=STANDARD.axes)
    dead = (found.uncovered, found.shadowed, found.unreachable, found.refusal)
    assert ((), (), (), "") == dead


def test_count_per_stage():
    """`check` counts positions of the axes that a vocabulary names, per stage."""
    found = check_vocabulary("btob-scoring", DEFINITIONS.vocabularies, axes=STANDARD.axes)
    expected = {"client": 36, "prospect": 96, "lead": 24, "suspect": 20, "outside": 4}
    assert (180, expected) == (found.positions, dict(found.stages))

"""What decided a level, where points did not."""

import pytest
from tests.domain.people import DAY, NOW
from tests.domain.standard import STANDARD

from stagesync.domain.compile import compile_policy
from stagesync.domain.deciding import LOWEST, OF_PEOPLE
from stagesync.domain.evaluation import Evaluation
from stagesync.domain.facts import Activity, Deal, Facts

from .test_accounts import person

COMPILED = compile_policy(STANDARD)


def told(found: Evaluation) -> dict[str, str]:
    """Axis and level -> why, of the axes above their lowest level."""
    return {f"{d.axis}: {d.level}": d.because for d in found.decided if d.because != LOWEST}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            Facts("p", person={"sales_accepted": True}),
            {"sales: accepted": "person.sales_accepted is set"},
        ),
        (Facts("p", deals=(Deal("won", NOW - 5),)), {"sales: won": "a deal is won"}),
        (
            Facts("p", person={"disqualified": True}),
            {"disposition: disqualified": "person.disqualified is set"},
        ),
        (
            Facts("p", activities=(Activity("demo_request", NOW - DAY),)),
            {"interest: request": "demo_request took place"},
        ),
        (Facts("p"), {}),
    ],
)
def test_a_level_names_what_asks_for_it(facts: Facts, expected: dict[str, str]) -> None:
    """Each axis tells the condition that holds, be it a flag, a deal or an activity."""
    found = COMPILED.evaluate(facts, NOW, with_reasons=True)
    assert expected == told(found)
    assert found.position == {each.axis: each.level for each in found.decided}


def test_an_account_names_its_people() -> None:
    """A level that comes from an account's people says so."""
    people = [person("site_visit"), person("demo_request")]
    found = COMPILED.evaluate_account(Facts("a"), people, NOW, with_reasons=True)
    assert {"interest: request": OF_PEOPLE} == told(found)


def test_nothing_is_told_unasked() -> None:
    """Without reasons nothing is spent on what decided."""
    assert () == COMPILED.evaluate(Facts("p"), NOW).decided

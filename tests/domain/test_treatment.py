"""Which line of a vocabulary's treatment is meant for somebody."""

from __future__ import annotations

import pytest

from stagesync.domain.facts import Facts, Value
from stagesync.domain.treatment import compile_treatments
from stagesync.loading.definitions import load_definitions, shipped_mappings

SHIPPED = load_definitions(shipped_mappings())
STANDARD = SHIPPED.vocabularies["standard"]
TREATMENT_OF = compile_treatments(STANDARD, SHIPPED.policy.axes)
LOWEST = {axis.name: axis.level_names[0] for axis in SHIPPED.policy.axes}


def content(stage: str, person: dict[str, Value], **levels: str) -> object:
    """The kind of content that the standard vocabulary asks for."""
    return TREATMENT_OF(stage, Facts("p1", person=person), LOWEST | levels).get("content")


@pytest.mark.parametrize(
    ("stage", "person", "levels", "expected"),
    [
        ("lead", {}, {}, "consideration"),
        ("client", {}, {}, "loyalty"),
        ("lead", {}, {"disposition": "nurture"}, "nurturing"),
        ("lead", {}, {"disposition": "lost"}, "consideration"),
        ("lead", {"do_not_contact": True}, {}, "none"),
        ("lead", {"do_not_contact": False}, {}, "consideration"),
        ("lead", {"do_not_contact": True}, {"disposition": "nurture"}, "none"),
        ("former_client", {}, {}, None),
    ],
)
def test_the_first_line_that_holds_comes_before_the_stages_own(stage, person, levels, expected):
    """Lines with a condition are asked from the top, then the line of the stage."""
    assert expected == content(stage, person, **levels)

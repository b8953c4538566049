"""The tables of docs/vocabularies.md say what the vocabularies say."""

from __future__ import annotations

import re

import pytest

from stagesync.domain.classify import classify
from stagesync.domain.possible import possible_positions
from stagesync.loading.definitions import load_definitions, shipped_mappings

from .blocks import ROOT

PAGE = (ROOT / "docs" / "vocabularies.md").read_text(encoding="utf-8")
SHIPPED = load_definitions(shipped_mappings())
AXES = SHIPPED.policy.axes


def rows() -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """Person, position, and vocabulary -> stage, for each row of the tables of people."""
    found = []
    for table in re.findall(r"^\| person .*(?:\n\|.*)+", PAGE, re.MULTILINE):
        head, _, *lines = [
            [cell.strip() for cell in each.split("|")[1:-1]] for each in table.split("\n")
        ]
        names = [name.strip("`") for name in head[2:]]
        for who, told, *stages in lines:
            levels = dict(re.findall(r"(\w+)=(\w+)", told))
            position = {axis.name: axis.level_names[0] for axis in AXES} | levels
            found.append((who, position, dict(zip(names, stages, strict=True))))
    return found


@pytest.mark.parametrize(("who", "position", "stages"), rows())
def test_a_row_is_what_classify_says(who, position, stages):
    """Each vocabulary calls the position what the table says."""
    read = classify(SHIPPED.vocabularies).stages(position)
    assert stages == {name: read[name] for name in stages}


def test_the_people_of_the_table_are_possible():
    """The table shows nobody whom the policy could not place so."""
    every = list(possible_positions(AXES, frozenset(axis.name for axis in AXES)))
    assert [] == [who for who, position, _ in rows() if position not in every]


def test_every_vocabulary_has_its_row_and_its_column():
    """The ten vocabularies, their stages in the ladder's order, and a column for each."""
    told = {
        name: (ladder.split(", "), off.split(", ") if off else [])
        for name, ladder, off in re.findall(
            r"^\| `([\w-]+)` \| [^|]+ \| ([\w, ]+?)(?:; ([\w, ]+))? \|$", PAGE, re.MULTILINE
        )
    }
    expected = {
        name: (
            [s.id for s in sorted(one.stages, key=lambda s: s.rank or 0) if s.rank is not None],
            [s.id for s in one.stages if s.rank is None],
        )
        for name, one in SHIPPED.vocabularies.items()
    }
    assert expected == told
    assert set(expected) == {name for _, _, stages in rows() for name in stages}

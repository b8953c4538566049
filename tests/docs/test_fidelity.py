"""`docs/fidelity.md` cannot drift: what it names exists, and what it leaves out says why."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "fidelity.md"
OF_THE_SANDBOX = ("sandbox", "independent", "openapi")
"""Folders whose tests know the simulators and nothing of our connectors."""

SECTIONS = {"HubSpot": 15, "Salesforce": 15}
"""At least so many sections of each vendor's behaviour are gone through."""


@dataclass(frozen=True, slots=True)
class Row:
    """One behaviour: as the page's table has it."""

    vendor: str
    behaviour: str
    sandbox: str
    connector: str
    tests: tuple[str, ...]
    why_not: str


@cache
def _rows() -> tuple[Row, ...]:
    found, vendor = [], ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            vendor = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"behaviour", "---"}:
            behaviour, sandbox, connector, tests, why_not = cells
            names = tuple(re.findall(r"`(test_\w+)`", tests))
            found.append(Row(vendor, behaviour, sandbox, connector, names, why_not))
    return tuple(found)


@cache
def _folders() -> dict[str, set[str]]:
    """The folders that hold a test of each name."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        where = path.relative_to(ROOT / "tests")
        if "node_modules" in where.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.setdefault(node.name, set()).add(where.parts[0])
    return found


@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row.vendor}: {row.behaviour[:60]}")
def test_each_row_is_proven_or_says_why_not(row: Row) -> None:
    """Both columns are filled; a yes has an existing test on its side, a no has a reason."""
    assert {row.sandbox, row.connector} <= {"yes", "no"}
    assert [] == [name for name in row.tests if name not in _folders()]
    places = [_folders()[name] for name in row.tests]
    assert (row.sandbox == "yes") == any(each & set(OF_THE_SANDBOX) for each in places)
    assert (row.connector == "yes") == any(each - set(OF_THE_SANDBOX) for each in places)
    assert ("no" in {row.sandbox, row.connector}) == bool(row.why_not)


def test_every_section_of_both_vendors_is_there() -> None:
    """Both vendors are gone through from their versions and logins to their clients."""
    sections = Counter(re.findall(r"^### (HubSpot|Salesforce): ", PAGE.read_text(), re.MULTILINE))
    assert dict.fromkeys(SECTIONS, True) == {
        name: sections[name] >= least for name, least in SECTIONS.items()
    }


def test_no_behaviour_is_told_twice() -> None:
    """Each behaviour of a vendor has one row."""
    told = Counter((row.vendor, row.behaviour) for row in _rows())
    assert [] == [each for each, times in told.items() if times > 1]

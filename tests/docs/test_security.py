"""`SECURITY.md` cannot drift: each control names tests, and they exist."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from .blocks import ROOT
from .test_fidelity import _folders

PAGE = ROOT / "SECURITY.md"


def _controls() -> list[tuple[str, str, tuple[str, ...]]]:
    """Control, how, tests: as the page's table has them."""
    text = PAGE.read_text().partition("## Controls")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    found = []
    for row in rows:
        control, how, tests = (cell.strip() for cell in row.strip("|").split("|"))
        found.append((control, how, tuple(re.findall(r"`(test_\w+)`", tests))))
    return found


@pytest.mark.parametrize(("control", "how", "tests"), _controls(), ids=lambda each: str(each)[:50])
def test_each_control_is_proven(control: str, how: str, tests: tuple[str, ...]) -> None:
    """A control says what it does, names tests, and the tests are there."""
    assert (True, True, True) == (bool(control), bool(how), bool(tests))
    assert [] == [name for name in tests if name not in _folders()]


def test_no_control_is_told_twice() -> None:
    """Each control has one row, and there are enough of them to have been thought through."""
    told = Counter(control for control, _, _ in _controls())
    assert [] == [each for each, times in told.items() if times > 1]
    assert len(told) > 20

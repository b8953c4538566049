"""docs/privacy.md says of every table whose data it holds and how long, and nothing else."""

import re

from stagesync.store.personal import HOLDINGS

from .blocks import ROOT

PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in columns) or "-"


def test_the_table_is_that_of_the_store() -> None:
    """Each table with something of people or staff has its row, with these columns and this span."""
    expected = [
        f"| `{table}` | {_names(each.personal)} | {_names(each.staff)} | {each.until} |"
        for table, each in HOLDINGS.items()
        if each.personal or each.staff
    ]
    part = PAGE.split("## What is kept where")[1].split("\n## ")[0]
    assert expected == re.findall(r"^\| `.*$", part, re.MULTILINE)


def test_what_holds_nothing_is_named() -> None:
    """The other tables are listed as such."""
    (line,) = re.findall(r"^Nothing of people stands in (.*)\.$", PAGE, re.MULTILINE)
    plain = [table for table, each in HOLDINGS.items() if not (each.personal or each.staff)]
    assert plain == re.findall(r"`(\w+)`", line)


def test_the_tests_that_it_names_exist() -> None:
    """A claim without its test is none."""
    named = set(re.findall(r"`(tests/[\w/.]+)`", PAGE))
    assert named
    assert [] == sorted(each for each in named if not (ROOT / each).is_file())

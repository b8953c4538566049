"""The check that docs/audit.md gives for auditors needs nothing of ours, and finds what ours finds."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from chained_log import make_log
from stagesync.domain.chain import PART

from .blocks import ROOT, blocks_of

LINES = tuple(make_log().lines)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The program of the page."""
    (block,) = blocks_of(ROOT / "docs" / "audit.md", "python")
    file = tmp_path / block.file
    file.write_text(block.text)
    return file


def ran(recipe: Path, lines: Iterable[bytes]) -> tuple[int, str]:
    """Exit code, and what it prints, without any package but those of Python."""
    export = recipe.with_name("export.jsonl")
    export.write_bytes(b"".join(lines))
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(recipe), str(export)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def changed(number: int, old: bytes, new: bytes) -> list[bytes]:
    lines = list(LINES)
    assert old in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old, new)
    return lines


def blanked(line: bytes) -> bytes:
    """The line as an export prints it once its entry was blanked."""
    kept, _, rest = line.partition(b',"hash":"')
    part = json.dumps(dict.fromkeys(sorted(PART)), separators=(",", ":")).encode()
    return kept + b',"hash":"' + rest[:65] + b"," + part[1:] + b"\n"


def test_a_whole_log_holds(recipe: Path) -> None:
    """It takes what we print, blanked entries included, and tells count and head."""
    told = (0, f"ok: 9 entries, head {make_log().head}")
    assert told == ran(recipe, LINES)
    assert told == ran(recipe, [blanked(LINES[0]), *LINES[1:]])


def test_what_was_changed_is_named(recipe: Path) -> None:
    """A changed value, an entry taken out, two that changed places, a false closing: each is named."""
    for number, lines in (
        (1, changed(1, b'"mql"', b'"sql"')),
        (2, changed(2, b'"lead"', b'"lean"')),
        (3, changed(3, b'"values":2', b'"values":3')),
        (7, changed(7, b'"entries":3', b'"entries":2')),
        (4, [*LINES[:3], *LINES[4:]]),
        (5, [*LINES[:4], LINES[5], LINES[4], *LINES[6:]]),
        (1, changed(1, b'"person":"p_1"', b'"person":null')),
    ):
        code, said = ran(recipe, lines)
        assert (1, True) == (code, said.startswith(f"entry {number} "))

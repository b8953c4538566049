"""`stagesync audit verify FILE`: an export is checked without a deployment."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stagesync.cli import main
from stagesync.domain.chain import Sealed, seal
from stagesync.engine.exports import cell


def _lines() -> list[Sealed]:
    """A run of one entry, its closing entry, and an act by hand."""
    at = "2026-11-20T12:00:00Z"
    own = {"at": at, "run": "r_1", "person": "p_1", "id": "7", "after": "mql"}
    first = seal({**own, "seq": 1, "prev_hash": ""}, salt="aa")
    told = {"closed": "r_1", "entries": 1, "head": first.hash}
    second = seal({"at": at, "run": "r_1", "result": told, "seq": 2, "prev_hash": ""}, salt="")
    act = {"at": at, "actor": "ann", "result": {"retried": 1}, "seq": 3, "prev_hash": second.hash}
    return [first, second, seal(act, salt="")]


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STAGESYNC_CONFIG", raising=False)
    file = tmp_path / "export.jsonl"
    file.write_text("".join(f"{each.line}\n" for each in _lines()))
    return file


def _verify(*options: object) -> Result:
    return CliRunner().invoke(main, ["audit", "verify", *map(str, options)])


def _told(*options: object) -> tuple[int, Any]:
    result = _verify(*options, "--json")
    return result.exit_code, json.loads(result.stdout)


def test_a_whole_export_verifies_offline(export: Path) -> None:
    """No settings are needed; the count and the head are told."""
    assert (
        0,
        {
            "ok": True,
            "entries": 3,
            "head": _lines()[2].hash,
            "broken": None,
            "why": "",
            "open": [],
            "blanked": 0,
            "published": 0,
        },
    ) == _told(export)


def test_the_first_broken_entry_is_named(export: Path) -> None:
    """A changed byte ends in exit code 1, with the entry's number and what is wrong."""
    export.write_text(export.read_text().replace('"mql"', '"mqk"'))
    result = _verify(export)
    assert (1, "broken: entry 1 was altered\n") == (result.exit_code, result.stdout)


def test_a_line_that_is_no_entry_is_broken(export: Path) -> None:
    """A torn line counts as the entry that should stand there."""
    export.write_text(export.read_text()[:-9])
    code, found = _told(export)
    assert (1, 3, "is not JSON") == (code, found["broken"], found["why"])


def test_one_run_is_checked_alone(export: Path) -> None:
    """With --run an export of that run holds; of a run that is not in it nothing can be said."""
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join(lines[:2]))
    assert (0, 2) == (_told(export, "--run", "r_1")[0], _told(export, "--run", "r_1")[1]["entries"])
    export.write_text("")
    result = _verify(export, "--run", "r_9")
    assert (2, True) == (result.exit_code, "no entry of run `r_9`" in result.stderr)


def _heads(tmp_path: Path, *, key: Ed25519PrivateKey | None = None) -> Path:
    file = tmp_path / "heads.jsonl"
    line = f'{{"at":"2026-11-20T12:00:00Z","entries":3,"head":"{_lines()[2].hash}"}}'
    if key:
        line = f'{line[:-1]},"signature":"{key.sign(line.encode()).hex()}"}}'
    file.write_text(f"{line}\n")
    return file


def test_a_cut_end_is_found_by_the_published_head(export: Path, tmp_path: Path) -> None:
    """Without the file of heads the cut log looks whole; with it the missing entry is named."""
    heads = _heads(tmp_path)
    assert "1 noted heads stand in it" in _verify(export, "--published", heads).stdout
    export.write_text("".join(export.read_text().splitlines(keepends=True)[:2]))
    assert 0 == _verify(export).exit_code
    result = _verify(export, "--published", heads)
    why = "broken: entry 3 is missing: the log had 3 when its head was noted\n"
    assert (1, why) == (result.exit_code, result.stdout)


def test_a_published_head_must_be_signed_by_the_key(export: Path, tmp_path: Path) -> None:
    """With --public-key a signed head is believed, and one that bears another signature is refused."""
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public = tmp_path / "public.pem"
    public.write_bytes(pem)
    options = ("--published", _heads(tmp_path, key=key), "--public-key", public)
    assert (0, 1) == (_told(export, *options)[0], _told(export, *options)[1]["published"])
    _heads(tmp_path, key=other)
    result = _verify(export, *options)
    assert (2, True) == (result.exit_code, "heads.jsonl:1: is not signed by" in result.stderr)


def test_options_that_make_no_sense_are_refused(export: Path, tmp_path: Path) -> None:
    """A run has no head of the log; a key signs a file; and a file that is no key is no key."""
    heads = _heads(tmp_path)
    for options, words in (
        (("--run", "r_1", "--published", heads), "--run and --published"),
        (("--public-key", heads), "--public-key needs --published"),
        (("--published", heads, "--public-key", heads), "is no public Ed25519 key"),
    ):
        result = _verify(export, *options)
        assert (2, True) == (result.exit_code, words in result.stderr)


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_formula_in_a_cell_stays_text(first: str) -> None:
    """Whatever a spreadsheet would run gets an apostrophe in front; numbers and other texts stay."""
    assert f"'{first}1+1" == cell(f"{first}1+1")
    assert ["a=1", "", None, -1, '["=1"]'] == [cell(each) for each in ("a=1", "", None, -1, ["=1"])]

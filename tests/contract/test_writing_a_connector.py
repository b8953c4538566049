"""The connector of docs/writing-a-connector.md, built as a distribution of its own, passes the suite."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import stagesync
from stagesync.connector import Capabilities

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "writing-a-connector.md").read_text(encoding="utf-8")
FILE = re.compile(r"^```\w+ (\S+\.\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The page's files in an empty folder, installed from there beside it, without the network."""
    folder = tmp_path_factory.mktemp("stagesync-folder")
    for name, text in FILE.findall(PAGE):
        (folder / name).write_text(text, encoding="utf-8")
    build = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target"]
    run(folder, "-m", "pip", *build, str(folder / "site"), str(folder))
    (folder / "stagesync_folder.py").unlink()  # from here on only the distribution has it
    return folder


def run(folder, *command, check=True):
    """This Python, with the built distribution and this stagesync on its path and nothing else of ours."""
    ours = [str(folder / "site"), str(Path(stagesync.__file__).parents[1])]
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(ours),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=check,
    )


@pytest.mark.xdist_group("writing-a-connector")
def test_page_shows_the_three_files():
    """A newcomer who copies the page has a whole package."""
    names = [name for name, _ in FILE.findall(PAGE)]
    assert ["pyproject.toml", "stagesync_folder.py", "test_contract.py"] == names


@pytest.mark.xdist_group("writing-a-connector")
def test_example_passes_the_suite(built):
    """The page's own test file runs green, and skips no more than what the page does not declare."""
    done = run(
        built, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_contract.py", check=False
    )
    counts = dict(re.findall(r"(\d+) (\w+)", done.stdout.splitlines()[-1])[::-1])
    told = {word: int(number) for number, word in counts.items()}
    assert 0 == done.returncode, done.stdout
    assert {"passed", "skipped"} == set(told) - {"warnings"}
    assert told["passed"] >= 40


@pytest.mark.xdist_group("writing-a-connector")
def test_example_is_found_as_a_connector(built):
    """`stagesync connectors` lists the distribution beside ours."""
    done = run(built, "-m", "stagesync", "connectors")
    assert re.search(r"^folder\s+stagesync_folder\s+1\.0\.0$", done.stdout, re.MULTILINE), (
        done.stdout
    )


def test_every_capability_is_described():
    """The page's table has a row for each capability, and for nothing else."""
    part = PAGE.partition("## What connectors may differ in")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
    assert [each.name for each in fields(Capabilities)] == rows


def test_running_stagesync_needs_no_pytest():
    """The contract is imported without the suite, so that an installation without pytest works."""
    code = (
        "import sys, stagesync.app, stagesync.connector.memory; sys.exit('pytest' in sys.modules)"
    )
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode

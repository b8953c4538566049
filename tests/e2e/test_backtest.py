"""`backtest` on a deployment over the simulators."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagesync.loading.definitions import shipped_mappings

from .conftest import World
from .deployments import Place

pytestmark = pytest.mark.xdist_group("settled")
"""One worker makes the world that these tests share."""

KEYS = {
    "policy", "against", "vocabulary", "at", "people", "moved", "matrix", "stages", "accounts",
    "accounts_moved", "accounts_matrix", "accounts_stages", "examples", "cost", "conversion",
}  # fmt: skip


@pytest.fixture
def place(settled: World) -> Place:
    return settled.place


def _policy(tmp_path: Path, old: str = "version: 1 ", new: str = "version: 2 ") -> str:
    written = (shipped_mappings() / "policy.yaml").read_text(encoding="utf-8")
    assert old in written
    path = tmp_path / "next.yaml"
    path.write_text(written.replace(old, new), encoding="utf-8")
    return str(path)


def test_the_document_has_its_keys(place, tmp_path):
    """`--json` prints one document with the promised keys; an equal policy of another version moves nobody."""
    ran = place.run("backtest", "--policy", _policy(tmp_path), "--json")
    told = ran.json
    assert (0, KEYS, 0, {}) == (ran.code, set(told), told["moved"], told["matrix"])
    assert sum(each["after"] for each in told["stages"].values()) == told["people"] > 100
    assert told["against"].startswith("standard 1 ")
    assert told["policy"].startswith("standard 2 ")


def test_people_read_a_matrix_examples_and_the_cost(place, tmp_path):
    """In a pipe every block is headed, and the last line says that nothing happened."""
    looser = _policy(tmp_path, "{score.fit: {at_least: 60}", "{score.fit: {at_least: 90}")
    ran = place.run("backtest", "--policy", looser)
    assert 0 == ran.code
    for head in (
        "people who move\nfrom \\ to\t",
        "\nexamples\nmove\tperson\tbecause\n",
        "\nwhat became",
    ):
        assert head in ran.out
    assert ran.out.strip().endswith("Nothing was stored or written.")


def test_a_wrong_policy_is_told_whole(place, tmp_path):
    """Every problem of the file comes with its line, and the exit code is 2."""
    file = Path(_policy(tmp_path, "at_least: 50, keep_at: 35", "at_least: soon"))
    file.write_text(file.read_text(encoding="utf-8") + "surprise: yes\n", encoding="utf-8")
    ran = place.run("backtest", "--policy", str(file))
    told = [line for line in ran.err.splitlines() if line.startswith(f"{file}:")]
    assert (2, 2) == (ran.code, len(told))
    assert all(line.split(":")[1].isdigit() for line in told)


def test_a_vocabulary_has_to_be_known(place, tmp_path):
    """A name that no vocabulary bears is refused with the known ones."""
    ran = place.run("backtest", "--policy", _policy(tmp_path), "--vocabulary", "nobody")
    assert 2 == ran.code
    assert "known: btob-scoring, buyer-journey" in ran.err


def test_two_policies_on_trial_are_compared(place, tmp_path):
    """With `--against` neither side needs to be in force."""
    one = _policy(tmp_path)
    told = place.run("backtest", "--policy", one, "--against", one, "--json").json
    assert told["policy"] == told["against"]
    assert 0 == told["moved"]

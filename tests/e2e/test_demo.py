"""The installed command, from an empty home: `demo` and `sandbox`."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from .deployments import COMMAND, Ran, environment, run, spawn, wait_until
from .vendors import Vendors

pytestmark = pytest.mark.xdist_group("demo")
"""One worker makes the world that these tests share."""

SYNC_KEYS = {
    "run", "pulled", "people", "evaluated", "transitions", "written", "refused", "skipped", "held",
    "calls", "seconds",
}  # fmt: skip


@contextmanager
def started(*args: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    """The installed command while it serves; told to stop at the end."""
    with (home / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [COMMAND, *args],
            env=environment(home),
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()


def read_json(process: subprocess.Popen[str]) -> dict[str, dict[str, str]]:
    """The JSON document that a serving command prints first."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.rstrip() == "}":
            break
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """`demo --once --json` with nothing but an empty home."""
    home = tmp_path_factory.mktemp("home")
    return spawn("demo", "--once", "--json", "--contacts", "60", home=home)


def test_demo_once_writes_to_both_crms_and_ends(once):
    """With an empty home `demo --once --json` exits 0, has the promised keys, and wrote to both CRMs."""
    assert 0 == once.code, once.err
    assert SYNC_KEYS | {"agreement"} <= once.json.keys()
    assert {"hubspot", "salesforce"} == once.json["written"].keys()
    assert min(once.json["written"].values()) > 0
    assert {"before", "after"} == once.json["agreement"].keys()


def test_demo_brings_the_crms_to_agreement(once):
    """Before, the CRMs contradict each other about some; after, they agree about everybody."""
    assert once.json["agreement"]["before"] < once.json["agreement"]["after"] == 1.0


def test_demo_shows_progress_and_no_log_lines(once):
    """On stderr stand the phases with their counts, and nothing of the log."""
    lines = once.err.splitlines()
    assert all(re.fullmatch(r"making a world of .*|[a-z ]+: \d+", line) for line in lines), once.err
    assert {"pull", "evaluate people", "plan", "write"} <= {
        line.partition(":")[0] for line in lines
    }


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The summary of `demo --once`."""
    home = tmp_path_factory.mktemp("told")
    ran = spawn("demo", "--once", "--contacts", "60", home=home, STAGESYNC_PROGRAM="./stagesync")
    assert ran.code == 0, ran.err
    return ran.out


def test_the_three_commands_of_the_summary_work(told):
    """Each command that the summary offers ends with 0 when it is pasted, after the simulators are gone."""
    lines = [line.strip() for line in told.partition("Try next:")[2].splitlines() if line.strip()]
    assert ["explain", "audit", "status"] == [shlex.split(line)[1] for line in lines]
    assert {"./stagesync"} == {shlex.split(line)[0] for line in lines}
    assert [0, 0, 0] == [run(*shlex.split(line)[1:]).code for line in lines]


def test_the_summary_tells_people_by_stage_along_the_ladder(told):
    """The summary counts everybody once, from the lowest rung up, and names agreement and cost."""
    title, _, rest = told.strip().partition("\n")
    rows = [line.split("\t") for line in rest.partition("\n\n")[0].splitlines()[1:]]
    ladder = [row[0] for row in rows]
    order = ["Contact", "Target", "Visitor", "Engaged", "Lead", "Client", "Former client"]
    assert [each for each in order if each in ladder] == [each for each in ladder if each in order]
    assert f"{sum(int(row[1]) for row in rows)} people on one ladder" == title
    assert "after:  for 100% both CRMs hold the same stage" in told
    assert "\nCRM\taddress\trecords pulled\tvalues written\trefused\tcalls\n" in told


def test_the_demos_daemon_carries_a_change_to_the_other_crm(tmp_path):
    """The edit that the summary offers shows in the other CRM within seconds; SIGTERM ends the demo with 0."""
    with started("demo", "--contacts", "40", home=tmp_path) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if "Ctrl-C ends it" in line:
                break
        curl = shlex.split(next(line for line in lines if line.startswith("  curl ")))
        assert requests.post(curl[3], data=curl[2], timeout=10).ok
        assert process.stdout.readline() == "\n"
        moved = [process.stdout.readline() for _ in range(2)]
        assert {"hubspot", "salesforce"} == {line.split()[1] for line in moved}
        assert all(line.endswith(" -> accepted\n") for line in moved)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=10)


def test_sandbox_prints_where_and_with_what(tmp_path):
    """`sandbox --json` prints addresses and credentials with which both vendors answer; SIGTERM ends it with 0."""
    with started("sandbox", "--json", "--contacts", "20", home=tmp_path) as process:
        told = read_json(process)
        vendors = Vendors(told)
        assert vendors.hubspot("contacts", ["email"])
        assert vendors.salesforce("SELECT Id FROM Contact")
        vendors.close()
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=10)
        assert wait_until(lambda: not _answers(told["hubspot"]["url"]), seconds=5)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_sandbox/clock", timeout=1).ok
    except requests.RequestException:
        return False

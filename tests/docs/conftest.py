"""Folders in which the blocks of a page run: bare ones, and ones with a deployment on the simulators."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagesync.loading.definitions import shipped_mappings
from stagesync.sandbox import Sandbox, start

from .blocks import Session

SETTINGS = """\
store: {{url: sqlite:///stagesync.db}}
clock: sandbox
connections:
  hubspot:
    connector: hubspot
    url: {hubspot[url]}
    token: {{env: HUBSPOT_TOKEN}}
    vendor_stage: forward
  salesforce:
    connector: salesforce
    url: {salesforce[url]}
    auth:
      client_credentials:
        id: {{env: SALESFORCE_CLIENT_ID}}
        secret: {{env: SALESFORCE_CLIENT_SECRET}}
    vendor_stage: forward
prefer: [salesforce, hubspot]
log: {{level: error}}
"""

# As much of curl as the pages use, for machines without it; the pages' ports lead to the simulators.
CURL = """\
#!{python}
import argparse, urllib.request
options = argparse.ArgumentParser()
options.add_argument("-s", action="store_true")
options.add_argument("-X")
options.add_argument("-d")
options.add_argument("-H", action="append", default=[])
options.add_argument("url")
given = options.parse_args()
url = given.url.replace("http://127.0.0.1:8081", "{hubspot}").replace("http://127.0.0.1:8082", "{salesforce}")
body = given.d.encode() if given.d else None
headers = dict(each.split(": ", 1) for each in given.H)
with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=given.X)) as answer:
    print(answer.read().decode(), end="")
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Both simulators, with the world of 60 people that the pages show."""
    with start(contacts=60, seed=1) as running:
        yield running


# The README runs `./stagesync`, which makes an environment first; here there is one.
PROGRAM = """\
#!/bin/sh
STAGESYNC_PROGRAM=./stagesync exec {python} -m stagesync "$@"
"""


@pytest.fixture
def bare(tmp_path: Path) -> Session:
    """A folder that holds `./stagesync` and nothing else."""
    folder = tmp_path / "bare"
    folder.mkdir()
    _write_program(folder / "stagesync", PROGRAM.format(python=sys.executable))
    return Session(folder)


@pytest.fixture
def deployed(tmp_path: Path, sandbox: Sandbox) -> Session:
    """A folder with a deployment on the simulators, its definitions, and `curl` for the addresses of the pages."""
    told = sandbox.credentials()
    folder, programs = tmp_path / "deployment", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    shutil.copytree(shipped_mappings(), folder / "mappings")
    (folder / "stagesync.yaml").write_text(SETTINGS.format(**told), encoding="utf-8")
    _write_program(folder / "stagesync", PROGRAM.format(python=sys.executable))
    _write_program(programs / "curl", CURL.format(python=sys.executable, **sandbox.urls))
    secrets = {
        "HUBSPOT_TOKEN": told["hubspot"]["token"],
        "SALESFORCE_CLIENT_ID": told["salesforce"]["client_id"],
        "SALESFORCE_CLIENT_SECRET": told["salesforce"]["client_secret"],
    }
    return Session(folder, programs=(programs, Path(sys.executable).parent), env=secrets)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)

"""npm @hubspot/api-client and npm jsforce against the sandbox, where Node and the packages are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stagesync.sandbox import Sandbox

HERE = Path(__file__).parent
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="Node is absent: only the Python clients run"),
    pytest.mark.skipif(
        not (HERE / "node_modules").is_dir(),
        reason="the npm clients are not installed: make independent",
    ),
]


def _drive(script: str, *args: str) -> dict[str, Any]:
    """Runs one script; its last line, after printing every line."""
    done = subprocess.run(
        [str(NODE), str(HERE / script), *args],
        env={"PATH": os.environ["PATH"], "CLIENTS": str(HERE)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    print(done.stdout)  # noqa: T201 - the job shows which checks passed, with which releases
    assert 0 == done.returncode, done.stdout + done.stderr
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return last


def test_hubspots_node_client_is_content(sandbox: Sandbox) -> None:
    """HubSpot's client for Node logs in, pages, searches, writes in batches and reads errors."""
    told = sandbox.credentials()["hubspot"]
    names = ("url", "token", "client_id", "client_secret", "refresh_token")
    last = _drive("hubspot.mjs", *(told[name] for name in names))
    assert ("13.5.0", 9) == (last["@hubspot/api-client"], last["passed"])


def test_jsforce_is_content(sandbox: Sandbox) -> None:
    """jsforce logs in five ways, pages, writes, describes, and runs Bulk 2.0 jobs."""
    last = _drive("jsforce.mjs", sandbox.urls["salesforce"])
    assert ("3.10.16", 15) == (last["jsforce"], last["passed"])

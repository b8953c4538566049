"""A deployment in a folder, and the `stagesync` command on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from stagesync.app import Opened, open_deployment
from stagesync.cli import main

COMMAND = Path(sys.executable).with_name("stagesync")
"""The installed command."""

NOTHING_HELD = "{max_people: 1000000, max_share: 100%, max_total_share: 100%, max_stage_loss: 100%, never_below: 1000000}"
"""Guardrails that let every move through."""

SETTINGS = """\
store: {store}
clock: sandbox
guardrails: {guardrails}
connections:
  hubspot:
    connector: hubspot
    url: {hubspot[url]}
    token: {{file: {folder}/hubspot.token}}
    vendor_stage: {vendor_stage}
    mode: {mode}
    poll: 1s
  salesforce:
    connector: salesforce
    url: {salesforce[url]}
    auth:
      client_credentials:
        id: {salesforce[client_id]}
        secret: {{file: {folder}/salesforce.secret}}
    vendor_stage: {vendor_stage}
    mode: {mode}
    poll: 1s
prefer: [salesforce, hubspot]
log: {{level: {level}, format: json}}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one JSON document."""
        return json.loads(self.out)


@dataclass(slots=True)
class Place:
    """A deployment's folder.

    Attributes:
        printed: everything that commands printed here so far.
    """

    folder: Path
    printed: list[str] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """Its settings."""
        return self.folder / "stagesync.yaml"

    def run(self, *args: str, typed: str | None = None) -> Ran:
        """Run a command here, in this process."""
        return self._kept(run(*args, "--config", str(self.config), typed=typed))

    def spawn(self, *args: str) -> Ran:
        """Run the installed command here, as a process of its own."""
        return self._kept(spawn(*args, "--config", str(self.config), home=self.folder))

    @contextmanager
    def open(self) -> Iterator[Opened]:
        """The deployment in this process."""
        with open_deployment(self.config) as found:
            yield found

    @contextmanager
    def process(self, command: str) -> Iterator[subprocess.Popen[str]]:
        """The installed command as a process, ended with the block if it did not end before."""
        errors = self.folder / f"{command}.err"
        with errors.open("w") as stderr:
            process = subprocess.Popen(
                [COMMAND, command, "--config", self.config],
                env=environment(self.folder),
                stderr=stderr,
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                out, _ = process.communicate()
                self.printed += [out, errors.read_text()]

    def _kept(self, ran: Ran) -> Ran:
        self.printed += [ran.out, ran.err]
        return ran


def make_place(
    folder: Path,
    told: Mapping[str, Any],
    *,
    mode: str = "active",
    vendor_stage: str = "forward",
    store: str = "{url: sqlite:///stagesync.db}",
    guardrails: str = NOTHING_HELD,
    level: str = "info",
) -> Place:
    """Write a deployment for two simulators.

    Args:
        told: what `stagesync sandbox --json` prints.
        store, guardrails: those sections of the settings.
        level: of the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hubspot.token").write_text(told["hubspot"]["token"])
    (folder / "salesforce.secret").write_text(told["salesforce"]["client_secret"])
    for name in ("hubspot.token", "salesforce.secret"):
        (folder / name).chmod(0o600)
    text = SETTINGS.format(
        folder=folder,
        mode=mode,
        vendor_stage=vendor_stage,
        store=store,
        guardrails=guardrails,
        level=level,
        **told,
    )
    (folder / "stagesync.yaml").write_text(text)
    return Place(folder)


def set_up(place: Place) -> None:
    """Make our own fields in both CRMs."""
    for name in ("hubspot", "salesforce"):
        ran = place.run("setup", name, "--yes")
        assert ran.code == 0, ran.err


def not_waited_for(place: Place, crm: str) -> None:
    """Let the settings go on without a first load of this CRM."""
    text, key = place.config.read_text(), f"    connector: {crm}\n"
    assert key in text
    place.config.write_text(text.replace(key, f"{key}    wait_for_first_load: false\n"))


def run(*args: str, typed: str | None = None) -> Ran:
    """Run a command in this process."""
    result = CliRunner().invoke(main, list(args), input=typed)
    return Ran(result.exit_code, result.stdout, result.stderr)


def spawn(*args: str, home: Path, **environ: str) -> Ran:
    """Run the installed command with an empty home."""
    done = subprocess.run(
        [COMMAND, *args],
        env=environment(home) | environ,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def environment(home: Path) -> dict[str, str]:
    """Nothing but what a program needs to start."""
    passed = ("COVERAGE", "PYTHONPATH")
    kept = {name: os.environ[name] for name in os.environ if name.startswith(passed)}
    return {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
    } | kept


def wait_until(holds: Callable[[], bool], *, seconds: float) -> bool:
    """Whether it came to hold in time."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if holds():
            return True
        time.sleep(0.1)
    return holds()

"""The daemon for as long as one likes: `STAGESYNC_SOAK_MINUTES=30 make soak ARGS="tests/e2e/test_soak.py -s"`.

The simulators stand in a process of their own with low limits and a climate of faults; people edit all the
time, more than the limits let through at once. Every ten seconds the daemon's memory, files and threads are
looked at. In the end the climate clears, and everything that was done must stand.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from .deployments import COMMAND, Place, environment, make_place, set_up
from .test_faults import assert_whole
from .vendors import Vendors

MINUTES = float(os.environ.get("STAGESYNC_SOAK_MINUTES", "5"))
CLIMATE = os.environ.get("STAGESYNC_SOAK_FAULTS", "heavy")
CONTACTS = 800
LIMITS = {
    "hubspot": {"burst_limit": 60, "search_limit": 4, "daily_limit": 200_000},
    "salesforce": {"daily_limit": 150_000},
}
"""The HubSpot account is a small one, so that its limit of ten seconds is what the daemon works at."""

GROWTH = 1.08
"""How much more memory the last third of the time may take than the second; the first fills caches."""

STAGES = ("lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity")


@dataclass(frozen=True, slots=True)
class Look:
    """The daemon at one moment."""

    memory_mb: float
    files: int
    threads: int
    store_mb: float


@dataclass(frozen=True, slots=True)
class World:
    """As `assert_whole` wants it."""

    vendors: Vendors
    place: Place


@contextmanager
def simulators(folder: Path) -> Iterator[dict[str, Any]]:
    """Both in a process of their own; what they print."""
    command = [COMMAND, "sandbox", "--contacts", str(CONTACTS), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environment(folder), text=True
    ) as process:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if line.startswith("}"):
                break
        try:
            yield json.loads(text)
        finally:
            process.send_signal(signal.SIGTERM)


def told_of(place: Place) -> None:
    """What the settings know of this account and of people who edit without end."""
    text = place.config.read_text()
    text = text.replace("guardrails: {", "guardrails: {max_writes_of_a_field: 1000000, ")
    pace = f"    searches_per_s: {LIMITS['hubspot']['search_limit'] - 1}\n"
    place.config.write_text(
        text.replace("    connector: hubspot\n", f"    connector: hubspot\n{pace}")
    )


def look(process: int, folder: Path) -> Look:
    """What the system knows of the process."""
    status = Path(f"/proc/{process}/status").read_text()
    known = dict(line.split(":", 1) for line in status.splitlines())
    size = sum(each.stat().st_size for each in folder.glob("stagesync.db*"))
    return Look(
        int(known["VmRSS"].split()[0]) / 1024,
        len(list(Path(f"/proc/{process}/fd").iterdir())),
        int(known["Threads"]),
        size / 1e6,
    )


def edit(vendors: Vendors, ids: Sequence[str], chance: random.Random) -> int:
    """Somebody works through a list, faster than the daemon may read it."""
    some = chance.sample(ids, 40)
    for each in some:
        vendors.edit("hubspot", "contacts", each, lifecyclestage=chance.choice(STAGES))
    return len(some)


def worked(vendors: Vendors, place: Place, minutes: float) -> tuple[list[Look], int, int]:
    """The daemon at work; what it looked like, how many edits there were, and how it ended."""
    ids, chance = list(vendors.hubspot("contacts", [])), random.Random(1)
    # From here on nobody but the daemon asks, so that every fault is its own.
    for crm in LIMITS:
        vendors.ask(crm, "POST", "faults", {"profile": CLIMATE})
    looks, edits, until = [], 0, time.monotonic() + minutes * 60
    with place.process("run") as process:
        while time.monotonic() < until:
            edits += edit(vendors, ids, chance)
            time.sleep(10)
            assert process.poll() is None, "the daemon ended"
            looks.append(look(process.pid, place.folder))
        for crm in LIMITS:
            vendors.ask(crm, "DELETE", "faults")
        process.send_signal(signal.SIGTERM)
        return looks, edits, process.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(MINUTES * 60 + 400)
def test_the_daemon_holds_at_the_limits(tmp_path: Path) -> None:
    """Memory stays flat, no quota is overdrawn, nothing is parked without its reason, and all stands in the end."""
    with simulators(tmp_path) as told:
        vendors, place = Vendors(told), make_place(tmp_path / "deployment", told)
        for crm, settings in LIMITS.items():
            vendors.ask(crm, "PUT", "settings", settings)
        told_of(place)
        set_up(place)
        looks, edits, code = worked(vendors, place, MINUTES)
        runs = [json.loads(line) for line in (place.folder / "run.err").read_text().splitlines()]
        status = place.run("status", "--json").json
        print(report(looks, runs, status, edits=edits), flush=True)
        # The last run was in the middle of a fault; what it left is the next one's.
        place.run("sync", "--json")
        assert_whole(World(vendors, place))
        print("   all stands in both CRMs; the log holds", flush=True)
        vendors.close()
    assert 0 == code
    assert [] == [each for each in status["parked"] if not each["words"]]
    for each in status["connections"]:
        quota = each["quota"]
        assert quota["used_by_us"] <= quota["budget"], quota
    third = len(looks) // 3
    second, last = looks[third : 2 * third], looks[2 * third :]
    for what in ("memory_mb", "files", "threads"):
        before, after = (
            statistics.median(getattr(one, what) for one in part) for part in (second, last)
        )
        assert after <= before * GROWTH + 2, what


def report(
    looks: Sequence[Look], runs: Sequence[dict[str, Any]], status: dict[str, Any], *, edits: int
) -> str:
    """What `bench/soak.txt` keeps."""
    events: dict[str, int] = {}
    for each in runs:
        events[each["event"]] = events.get(each["event"], 0) + 1
    marks = [looks[place * (len(looks) - 1) // 6] for place in range(7)]
    lines = [
        f"the daemon at the limits, {datetime.now(UTC):%Y-%m-%d}: {MINUTES:.0f} minutes, faults {CLIMATE}",
        (
            f"   {CONTACTS} contacts, {edits} edits; runs {events.get('run ended', 0)}, "
            f"connection failed {events.get('connection failed', 0)}"
        ),
        f"   memory MB    {'  '.join(f'{each.memory_mb:.0f}' for each in marks)}",
        f"   open files   {'  '.join(str(each.files) for each in marks)}",
        f"   threads      {'  '.join(str(each.threads) for each in marks)}",
        f"   store MB     {'  '.join(f'{each.store_mb:.0f}' for each in marks)}",
        f"   parked {len(status['parked'])}, held {len(status['held'])}, waiting {status['waiting']}",
    ]
    for each in status["connections"]:
        quota = each["quota"]
        lines.append(
            f"   {each['connection']}: {quota['used_by_us']} calls of {quota['budget']} allowed"
        )
    return "\n".join(lines)

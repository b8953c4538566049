"""Mistakes planted into a copy of the source, one at a time; the machine must find each.

python -m tests.machine.planted [NAME ...]      prints how many worlds it took to find it
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORLDS = 100
"""How many worlds a mistake may live through."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One mistake: in a file, this text becomes that one."""

    file: str
    old: str
    new: str


_SEND = "src/stagesync/engine/writeback.py"
_TAKEN = "src/stagesync/engine/taken.py"
_INGEST = "src/stagesync/engine/ingest.py"

PLANTED: Mapping[str, Planted] = {
    "baseline saved before the answer": Planted(
        _SEND,
        "            self._move(tx, batch, Move.SEND)\n",
        "            self._move(tx, batch, Move.SEND)\n"
        "            sent = [(e.record_pk, e.field, e.after) for i in batch for e in i.entries]\n"
        "            baselines.save_baselines(tx, sent, run=self.run, at_s=self.now_s)\n",
    ),
    "refused value kept as baseline": Planted(
        _SEND,
        "        left = [\n            StoredDifference(\n                each.record_pk,\n                each.field,\n                each.after,",
        "        kept = [(each.record_pk, each.field, each.after) for each, _ in refused]\n"
        "        baselines.save_baselines(tx, kept, run=self.run, at_s=self.now_s)\n"
        "        left = [\n            StoredDifference(\n                each.record_pk,\n                each.field,\n                each.after,",
    ),
    "refusal not listed": Planted(
        _SEND, "        differences.add_differences(tx, left, at_s=self.now_s)\n", ""
    ),
    "echo taken for an edit": Planted(
        _SEND,
        "        keep_baselines(tx, taken, run=self.run, now_s=self.now_s)\n",
        "",
    ),
    "audit entry missing after a lost answer": Planted(
        _TAKEN,
        "    audit.append(tx, told_late(tx, deployment, arrived, run=run, now_s=now_s))",
        "",
    ),
    "lost answer forgotten": Planted(
        "src/stagesync/engine/run.py",
        "        settle_sent(tx, deployment, run=run, now_s=now_s, descriptions=descriptions)\n",
        "",
    ),
    "batch sent twice": Planted(
        _SEND,
        "            results = self.connected.connector.write([item.write for item in batch])\n",
        "            self.connected.connector.write([item.write for item in batch])\n"
        "            results = self.connected.connector.write([item.write for item in batch])\n",
    ),
    "written without an entry": Planted(
        _SEND,
        "for each, result in (*taken, *refused)",
        "for each, result in (*taken[1:], *refused)",
    ),
    "mere plan written": Planted(
        "src/stagesync/engine/run.py",
        "    if write and outcome.plan.go:",
        "    if outcome.plan.go:",
    ),
    "observed connection written": Planted(
        "src/stagesync/engine/propose.py",
        "state=str(State.HELD if is_held else State.PLANNED)",
        "state=str(State.PLANNED)",
    ),
    "converted lead written": Planted(
        "src/stagesync/engine/propose.py", "frozen=is_frozen(mapping, each.fields)", "frozen=False"
    ),
    "deletion ignored": Planted(_INGEST, '"gone": int(record.gone)', '"gone": 0'),
    "people of another policy not placed anew": Planted(
        "src/stagesync/engine/evaluate.py",
        "            causes |= dict.fromkeys(other, Cause.DEFINITION)\n",
        "",
    ),
}


def hunt(planted: Planted, *, worlds: int, seed: int = 1) -> tuple[int | None, str]:
    """In how many worlds the machine met the mistake, None when it did not; and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("src", "connectors", "mappings", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / planted.file
        text = path.read_text()
        assert text.count(planted.old) == 1, f"{planted.file} has changed: plant the mistake anew"
        path.write_text(text.replace(planted.old, planted.new))
        roots = [copy / name for name in ("src", "connectors", "tests/shared", "")]
        done = subprocess.run(
            [sys.executable, "-m", "tests.machine.hunt", str(worlds), str(seed)],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, roots))},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"^(found|nothing) after (\d+)$", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    because = re.search(r"^because (.*)$", done.stdout, re.MULTILINE)
    return (int(found[2]) if found[1] == "found" else None), because[1] if because else ""


def main(names: list[str]) -> int:
    """Print a table; how many were not found."""
    missed = 0
    for name in names or PLANTED:
        worlds, because = hunt(PLANTED[name], worlds=WORLDS)
        missed += worlds is None
        told = "not found" if worlds is None else f"{worlds:>3} worlds"
        print(f"{name:<45} {told:<12} {because[:90]}", flush=True)  # noqa: T201  a command
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

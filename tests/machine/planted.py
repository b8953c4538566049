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
WORLDS = 40
"""How many worlds of chance a mistake may live through, after those of `stories.py`."""


NOT_RUNNING = ("NameError", "ImportError", "SyntaxError", "TypeError", "AttributeError")
"""A mistake that ends in one of these is not the one that was meant."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One mistake: in a file, this text becomes that one.

    Attributes:
        story: of `stories.py`, which is lived first.
    """

    file: str
    old: str
    new: str
    story: str = ""


_SEND = "src/stagesync/engine/writeback.py"
_KEEP = "src/stagesync/engine/results.py"
_TAKEN = "src/stagesync/engine/taken.py"
_INGEST = "src/stagesync/engine/ingest.py"
_RULES = "src/stagesync/domain/propose.py"

PLANTED: Mapping[str, Planted] = {
    "baseline saved before the answer": Planted(
        _SEND,
        "            self._move(tx, entries, Move.SEND)\n",
        "            self._move(tx, entries, Move.SEND)\n"
        "            sent = [(e.record_pk, e.field, e.after) for i in batch for e in i.entries]\n"
        "            from stagesync.store import baselines\n"
        "            baselines.save_baselines(tx, sent, run=self.run, at_s=self.now_s)\n",
        story="a stage is refused",
    ),
    "refused value kept as baseline": Planted(
        _KEEP,
        "        left = [\n            StoredDifference(\n                each.record_pk,\n                each.field,\n                each.after,",
        "        kept = [(each.record_pk, each.field, each.after) for each, _ in refused]\n"
        "        from stagesync.store import baselines\n"
        "        baselines.save_baselines(tx, kept, run=self.run, at_s=self.now_s)\n"
        "        left = [\n            StoredDifference(\n                each.record_pk,\n                each.field,\n                each.after,",
        story="a stage is refused",
    ),
    "refusal not listed": Planted(
        _KEEP,
        "        differences.add_differences(tx, left, at_s=self.now_s)\n",
        "",
        story="a stage is refused",
    ),
    "echo taken for an edit": Planted(
        _KEEP,
        "        keep_baselines(tx, taken, run=self.run, now_s=self.now_s)\n",
        "",
    ),
    "audit entry missing after a lost answer": Planted(
        _TAKEN,
        "    audit.append(tx, told_late(tx, deployment, arrived, run=run, now_s=now_s))",
        "",
        story="answers are lost",
    ),
    "lost answer forgotten": Planted(
        "src/stagesync/engine/run.py",
        "        settle_sent(tx, deployment, run=run, now_s=now_s, descriptions=descriptions)\n",
        "",
        story="answers are lost",
    ),
    "batch sent twice": Planted(
        _SEND,
        "            results = self.connected.connector.write([item.write for item in batch])\n",
        "            self.connected.connector.write([item.write for item in batch])\n"
        "            results = self.connected.connector.write([item.write for item in batch])\n",
    ),
    "written without an entry": Planted(
        _KEEP,
        "for each, result in (*taken, *refused)",
        "for each, result in (*taken[1:], *refused)",
    ),
    "mere plan written": Planted(
        "src/stagesync/engine/run.py",
        "    if write and outcome.plan.go and not outcome.waits:",
        "    if outcome.plan.go and not outcome.waits:",
    ),
    "observed connection written": Planted(
        "src/stagesync/engine/propose.py",
        "state=str(State.HELD if is_held else State.PLANNED)",
        "state=str(State.PLANNED)",
        story="observed until approved",
    ),
    "converted lead written": Planted(
        "src/stagesync/engine/propose.py",
        "frozen=is_frozen(mapping, each.fields)",
        "frozen=False",
        story="gone and converted",
    ),
    "deletion ignored": Planted(
        _INGEST, '"gone": int(record.gone)', '"gone": 0', story="gone and converted"
    ),
    "forward rule ignored": Planted(
        _RULES,
        '    if target.current in (None, ""):\n        return False\n    ranks',
        "    return False\n    ranks",
        story="vendors' stages go forward",
    ),
    "may_replace ignored": Planted(
        _RULES,
        "    allowed = not rule.may_replace or current in rule.may_replace\n",
        "    allowed = True\n",
        story="vendors' stages go forward",
    ),
    "somebody's edit of our field overlooked": Planted(
        _INGEST,
        "    note_edits(tx, connected, keyed, before, described=described)\n",
        "",
        story="somebody's stage is respected",
    ),
    "cursor moved past a failed page": Planted(
        "src/stagesync/engine/pull.py",
        "            found = sort_page(tx, self.connected, kept, described)\n        links",
        "            found = sort_page(tx, self.connected, kept, described)\n"
        "            done = state.Cursor(page.cursor, self.now_s, complete=page.last)\n"
        "            state.save_cursor(tx, self.connected.name, page.object, done)\n"
        "        links",
        story="a page fails",
    ),
    "edit in the overlap window lost": Planted(
        "connectors/stagesync_salesforce/options.py",
        "overlap_s: Annotated[float, Field(ge=0)] = 600.0",
        "overlap_s: Annotated[float, Field(ge=0)] = 0.0",
        story="rows that are committed late",
    ),
    "store not updated after our own write": Planted(
        _KEEP,
        "            stored[each.record_pk][each.field] = each.after\n",
        "            stored[each.record_pk].get(each.field)\n",
        story="held by hand",
    ),
    "merge loses activities": Planted(
        "src/stagesync/engine/around.py",
        "        if each.gone and winner.held and not winner.gone:\n            found[pk] = winner.pk\n",
        "",
        story="what people did adds up in a merge",
    ),
    "no second look before a write": Planted(
        "src/stagesync/engine/stale.py",
        "    if now.merged_into:\n        return list(entries)\n",
        "    if now:\n        return []\n",
        story="somebody is quicker than the run",
    ),
    "edit replaced in flight not looked for": Planted(
        _SEND,
        "            note_sent(tx, self.connected, entries)\n",
        "",
        story="somebody is quicker than the write",
    ),
    "undo overwrites what others changed": Planted(
        "src/stagesync/engine/undo.py",
        "    elif not same(now, change.after):\n",
        "    elif False:\n",
        story="an undo",
    ),
    "pin not made": Planted(
        _KEEP,
        "        pin(tx, self.deployment, taken, now_s=self.now_s)\n",
        "",
        story="an undo",
    ),
    "hold ignored": Planted(
        "src/stagesync/engine/propose.py",
        "    if subject.id in known.held_by_hand:\n        kept",
        "    if False:\n        kept",
        story="held by hand",
    ),
    "respected edit written over": Planted(
        "src/stagesync/engine/propose.py",
        "    kept = known.stays.get(each.pk, {})\n",
        "    kept = {}\n",
        story="somebody's stage is respected",
    ),
    "approval unlimited": Planted(
        "src/stagesync/store/guards.py",
        "        if row.free > 0:\n            found.setdefault(_group(row), []).append((row.plan, row.free))\n",
        "        found.setdefault(_group(row), []).append((row.plan, 10**6))\n",
        story="a few at a time",
    ),
    "guard counts only this run": Planted(
        "src/stagesync/engine/guard.py",
        "    recent = guards.recent_moves(tx, since_s=since_s)\n",
        "    recent = dict[Group, int]()\n",
        story="a few at a time",
    ),
    "changed definition written unseen": Planted(
        "src/stagesync/domain/guard.py",
        "        if group.cause is Cause.DEFINITION:\n",
        "        if False:\n",
        story="other definitions",
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
            [sys.executable, "-m", "tests.machine.hunt", str(worlds), str(seed), planted.story],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, roots))},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"^(found|nothing) after (\d+)$", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    because = re.search(r"^because (.*)$", done.stdout, re.MULTILINE)
    told = because[1] if because else ""
    assert not told.startswith(NOT_RUNNING), f"{planted.file} does not run any more: {told}"
    return (int(found[2]) if found[1] == "found" else None), told


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

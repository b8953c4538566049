"""How fast the log is written and checked. Run: python bench/audit.py [entries]

Entries as a run writes them, with six reasons each, a hundred to a transaction, into a SQLite file; then the
whole log is read, checked, exported, and the export checked. CPU seconds of this process, so that a busy machine
disturbs little; memory is the most that was ever held.

Measured 2026-11, Python 3.11, two cores shared with a dozen other processes:

      20,000 entries     append  35,000 entries/s
     150,000             append  22,800            27,700 without commitments and without an index by record
     400,000      verify store  35,600            121 MB, of which SQLite's cache is 64; 120 MB at 100,000
                        export  92,600
                 verify export  50,600
   1,000,000             append  18,700            120 MB; load 16 on the two cores
                   verify store  36,200            120 MB
                         export  83,800            120 MB
                  verify export  44,300            120 MB
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stagesync.domain.chain import read_lines, verify
from stagesync.engine import audit
from stagesync.store import Store, log, open_store

TOGETHER = 100


ENTRY = {
    "at": "2026-11-20T12:00:00Z",
    "run": "r_1f2e3d4c",
    "actor": "stagesync",
    "connection": "hubspot",
    "object": "contact",
    "field": "stage",
    "before": "lead",
    "after": "qualified",
    "stage_from": "lead",
    "stage_to": "qualified",
    "policy": "standard 1 (abcdef12)",
    "reasons": [
        {"score": "interest", "rule": f"rule {k}", "points": 1.25 * k + 0.1, "because": "a form"}
        for k in range(6)
    ],
    "result": {"written": True},
}


def entry(number: int) -> dict[str, Any]:
    """One written stage."""
    return {**ENTRY, "person": f"p_{number:012x}", "id": str(number * 7_919 % 9_999_991)}


def told(what: str, count: int, act: Callable[[], object]) -> None:
    """Do it, and print how many entries a second that makes."""
    began_s = time.process_time()
    act()
    taken_s = time.process_time() - began_s
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"    {what:<16} {count / taken_s:>9,.0f} entries/s {most:>6,} MB")


def fill(store: Store, count: int) -> None:
    """A run that writes so many values."""
    for start in range(0, count, TOGETHER):
        with store.begin() as tx:
            audit.append(tx, [entry(n) for n in range(start, start + TOGETHER)])
    with store.begin() as tx:
        audit.close(tx, "r_1f2e3d4c", policy="standard 1 (abcdef12)", digest="", now_s=0.0)


def lines_of(store: Store) -> Iterator[str]:
    """The lines of an export."""
    with store.begin() as tx:
        for each in log.rows(tx):
            yield f"{each.sealed.line}\n"


def main(count: int) -> None:
    """Measure with so many entries."""
    with tempfile.TemporaryDirectory() as folder:
        store, export = open_store(f"sqlite:///{folder}/bench.db"), Path(folder, "export.jsonl")

        def check() -> None:
            with store.begin() as tx:
                assert audit.verify_store(tx).broken is None

        def write_export() -> None:
            with export.open("w") as file:
                file.writelines(lines_of(store))

        def check_export() -> None:
            with export.open("rb") as lines:
                assert verify(read_lines(lines)).broken is None

        told("append", count, lambda: fill(store, count))
        told("verify store", count, check)
        told("export", count, write_export)
        told("verify export", count, check_export)
        store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

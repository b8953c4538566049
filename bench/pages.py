"""How soon each page of the console answers. Run: python bench/pages.py [people]

Two CRMs in memory, their store in an SQLite file; one run that plans everything and holds it, a log of a few
entries for each person, and what the daemon counts beside its runs. Then its server on loopback, and one reader who asks for every page thirty
times, one after the other. Wall time, as a reader waits; the machine's other work is in it.
"""

import logging
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/shared"))
sys.path.insert(0, str(Path(__file__).parent.parent))

from backtest import fill
from tests.engine.bench import Bench, make_bench

from console import Console, Reader, console_on
from stagesync.engine import audit
from stagesync.engine.instants import iso
from stagesync.engine.keeper import make_due
from stagesync.engine.logins import Role
from stagesync.store import open_store, people

TIMES = 30
AT_ONCE = 5_000

INNER = {
    "/people": r'href="(/people/p_\w+)"',
    "/accounts": r'href="(/accounts/a_\w+)"',
    "/runs": r'href="(/runs/r_\w+)"',
    "/plans": r'href="(/plans/pl_\w+)"',
    "/audit": r'href="(/audit/\d+)"',
}
"""Page -> the first of what it lists, which has a page of its own."""

ASKED = (
    "/people?q=p77",
    "/people?q=N1234",
    "/people?stage=lead",
    "/people?stage=none-such",
    "/?vocabulary=buyer-journey",
)


def log_much(bench: Bench, *, each: int) -> int:
    """So many entries for everybody; how many in all."""
    with bench.store.begin() as tx:
        known = people.all_ids(tx, "person")
    at, told = iso(bench.clock.now_s()), 0
    for start in range(0, len(known) * each, AT_ONCE):
        some = [
            known[n % len(known)] for n in range(start, min(start + AT_ONCE, len(known) * each))
        ]
        entries = [
            {
                "at": at,
                "run": "r_bench",
                "person": who,
                "connection": "south",
                "object": "contact",
                "id": str(n),
                "field": "Stage",
                "before": "lead",
                "after": "qualified",
                "result": {"written": "qualified"},
            }
            for n, who in enumerate(some, start)
        ]
        with bench.store.begin() as tx:
            audit.append(tx, entries)
        told += len(entries)
    return told


def paths(reader: Reader) -> list[str]:
    """Every page that the menu leads to, and one of each kind that has pages of its own."""
    menu = re.findall(r'<li><a href="([^"]+)"', reader.get("/").text)
    found = list(dict.fromkeys(menu))
    for path, inner in INNER.items():
        if path in found and (link := re.search(inner, reader.get(path).text)):
            found.append(link[1])
    return [*found, *(each for each in ASKED if each.split("?")[0] in found)]


def measure(reader: Reader, path: str) -> None:
    """One line about a page."""
    took_ms = []
    for _ in range(TIMES):
        began_s = time.perf_counter()
        answer = reader.get(path)
        took_ms.append((time.perf_counter() - began_s) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
    middle, late = statistics.median(took_ms), sorted(took_ms)[-2]
    size_kb = len(answer.content) / 1000
    print(
        f"{re.sub('_[0-9a-f]+', '_…', path):32} {middle:7.0f} ms  {late:7.0f} ms  {size_kb:6.0f} kB"
    )


def main(count: int) -> None:
    """Measure with so many people."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        bench = make_bench(store=open_store(f"sqlite:///{folder}/bench.db"))
        fill(bench, count)
        entries = log_much(bench, each=3)
        make_due(bench.deployment)
        size_mb = Path(folder, "bench.db").stat().st_size / 1e6
        took_s = time.perf_counter() - began_s
        print(
            f"{count:,} people, {entries:,} entries of the log, {size_mb:,.0f} MB; made in {took_s:.0f} s"
        )
        console: Console
        with console_on(bench) as console:
            reader = console.reader(Role.ADMIN)
            print(f"{'page':32} {'median':>10}  {'95 %':>10}  {'size':>9}")
            for path in paths(reader):
                measure(reader, path)
        bench.store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)

"""How long a funnel takes. Run: python bench/funnel.py [people] [moves each]

A history in a SQLite file: people who were found or arrived, and moved among forty positions over two years; then
funnels of three vocabularies, the whole and one of the end of a quarter. CPU seconds of this process, so that a busy
machine disturbs little.

Measured 2026-11, Python 3.11, SQLite 3.50, two cores shared with a dozen other processes:

    200,000 people, 1,173,840 rows, 45 MB
    standard, two years by week                   8.6 s
    buyer-journey, the same                       7.4 s
    standard, the end of a quarter                4.3 s

A quarter of it is reading the rows, a fifth cutting them into stays.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stagesync.domain.stays import How
from stagesync.engine.deployment import Deployment
from stagesync.engine.funnel import funnel
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.store import Store, open_store, stood
from stagesync.store.stood import Stand

DAY_S = 86_400.0
END_S = 1_790_000_000.0
BEGIN_S = END_S - 730 * DAY_S
TOGETHER = 20_000


class Still:
    """A clock that stands."""

    def now_s(self) -> float:
        """The end."""
        return END_S

    def monotonic_s(self) -> float:
        """Nothing passes."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Nobody waits."""


def stands(people: int, moves: int, places: list[dict[str, str]]) -> Iterator[Stand]:
    """The history, person by person."""
    chance = random.Random(5)
    for n in range(people):
        at_s = BEGIN_S if n % 2 else BEGIN_S + chance.random() * 600 * DAY_S
        rung = chance.randrange(8)
        yield Stand(f"p_{n:012x}", at_s, places[rung], How.FOUND if n % 2 else How.ARRIVED)
        for _ in range(moves):
            at_s += chance.expovariate(1 / 40) * DAY_S
            rung = min(max(rung + chance.choice((-3, 1, 2, 4)), 0), len(places) - 1)
            if at_s < END_S:
                yield Stand(f"p_{n:012x}", at_s, places[rung], How.MOVED)


def main(people: int, moves: int) -> None:
    """Measure with so many."""
    definitions = load_definitions(shipped_mappings())
    levels = {axis.name: axis.level_names for axis in definitions.policy.axes}
    lowest = {axis: names[0] for axis, names in levels.items()}
    places = [lowest | {"interest": i} for i in levels["interest"]]
    places += [
        lowest | {"interest": "request", "fit": f, "qualification": q, "sales": s}
        for f in levels["fit"]
        for q in levels["qualification"]
        for s in levels["sales"][:4]
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/bench.db")
        rows = fill(store, stands(people, moves, places))
        print(
            f"    {people:,} people, {rows:,} rows, {Path(folder, 'bench.db').stat().st_size / 1e6:.0f} MB"
        )
        deployment = Deployment(
            store=store,
            policy=definitions.policy,
            vocabularies=definitions.vocabularies,
            connections={},
            clock=Still(),
        )
        for name, since_s, at_s in (
            ("standard", None, END_S),
            ("buyer-journey", None, END_S),
            ("standard", END_S - 180 * DAY_S, END_S - 90 * DAY_S),
        ):
            began_s = time.process_time()
            told = funnel(deployment, name, at_s=at_s, since_s=since_s, by="week")
            taken_s = time.process_time() - began_s
            print(f"    {name:<14} {told['people']:>9,} stand somewhere {taken_s:>6.1f} s")
        store.close()


def fill(store: Store, history: Iterator[Stand]) -> int:
    """Keep the history; how many rows it has."""
    count, batch = 0, []
    for each in history:
        batch.append(each)
        count += 1
        if len(batch) == TOGETHER:
            _keep(store, batch)
            batch = []
    _keep(store, batch)
    return count


def _keep(store: Store, batch: list[Stand]) -> None:
    with store.begin() as tx:
        stood.note_stands(tx, batch)


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:] or ("200000", "5")))

"""How long the overview takes to answer, and what is made beside the runs. Run: python bench/overview.py [people]

A SQLite file with so many people, half of them in two CRMs, who moved two times each over two years. Milliseconds
of a reader, the median of twenty; seconds of a processor for what the daemon makes.

Measured 2026-11, Python 3.11, SQLite 3.50, two cores shared with a dozen other processes:

    200,000 people, 170 MB
    funnels of ten vocabularies      15.2 s
    agreement                         4.4 s
    overview                           74 ms

So at that size the funnels are counted anew every five minutes at most.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
from funnel import END_S, Still, fill, stands
from sqlalchemy import text

from stagesync.engine.deployment import Deployment
from stagesync.engine.keeper import make_due
from stagesync.engine.overview import overview
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.store import kept, open_store

RECORD = (
    "INSERT INTO record (connection, object, id, held, fields, changed_at_s, told_at_s, gone, merged_into,"
    " person, email, mail_domain, first_name, last_name, domain) VALUES (:connection, 'contact', :id, 1,"
    " :fields, 1.7e9, 1.7e9, 0, '', :person, :email, 'firm.example', 'A', 'B', '')"
)
PERSON = (
    "INSERT INTO person (id, position, scores, stages, policy, place) VALUES (:person, '{}', '{}', '{}',"
    " 'standard 1', :place)"
)


def records(people: int) -> Iterable[dict[str, Any]]:
    """One or two of each person."""
    for n in range(people):
        for name in ("hubspot", "salesforce")[: 1 + n % 2]:
            fields = {"email": f"p{n}@firm.example", "stagesync_stage": "lead", "title": "Buyer"}
            yield {
                "connection": name,
                "id": f"{n:09d}",
                "fields": orjson.dumps(fields).decode(),
                "person": f"p_{n:012x}",
                "email": fields["email"],
            }


def world(folder: str, people: int) -> Deployment:
    """The deployment with its base."""
    definitions = load_definitions(shipped_mappings())
    levels = {axis.name: axis.level_names for axis in definitions.policy.axes}
    lowest = {axis: names[0] for axis, names in levels.items()}
    places = [
        lowest | {"interest": i, "fit": f, "sales": s}
        for i in levels["interest"]
        for f in levels["fit"]
        for s in levels["sales"][:4]
    ]
    store = open_store(f"sqlite:///{folder}/bench.db")
    fill(store, stands(people, 2, places))
    with store.begin() as tx:
        told = list(records(people))
        tx.execute(text(RECORD), told)
        tx.execute(
            text(PERSON),
            [{"person": f"p_{n:012x}", "place": 1 + n % len(places)} for n in range(people)],
        )
    return Deployment(
        store=store,
        policy=definitions.policy,
        vocabularies=definitions.vocabularies,
        connections={},
        clock=Still(),
    )


def median_ms(ask: Callable[[], Any]) -> float:
    """Of twenty."""
    times = []
    for _ in range(20):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1_000


def main(people: int) -> None:
    """Measure with so many."""
    with tempfile.TemporaryDirectory() as folder:
        deployment = world(folder, people)
        size = Path(folder, "bench.db").stat().st_size / 1e6
        print(f"    {people:,} people, {size:.0f} MB")
        make_due(deployment)

        def look() -> None:
            with deployment.store.read() as tx:
                overview(tx, deployment, vocabulary="standard", now_s=END_S)

        print(f"    {'overview':<30}{median_ms(look):6.0f} ms")
        with deployment.store.read() as tx:
            for name in ("funnels", "agreement"):
                found = kept.find(tx, name)
                if found:
                    print(
                        f"    {name:<12} {found.took_s:6.1f} s, {len(orjson.dumps(found.document)):,} bytes"
                    )
        deployment.store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)

"""How many people a backtest compares a second. Run: python bench/backtest.py [people]

Two CRMs in memory, their store in an SQLite file; four people to a company, one meeting each and one
deal for every tenth; the standard policy against another one. CPU time, so that a busy machine disturbs
little; loading definitions is not in it.

Measured 2026-11, Python 3.11, one of two shared cores, both busy with other work:

    other thresholds    1,600 to 2,450 people/s   facts are read once for both policies
    other windows       1,500 to 2,250 people/s   and twice where one looks further back
"""

import logging
import sys
import tempfile
import time
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/shared"))
sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.engine.bench import Bench, iso, make_bench
from tests.engine.trials import Edit, policy_file, under

from stagesync.engine.backtest import backtest
from stagesync.store import open_store

DAY_S = 86_400.0
LOWER: Edit = ("{at_least: 50, keep_at: 35}", "{at_least: 15, keep_at: 10}")
LONGER: Edit = ("{activity: $requests, within: 730d}", "{activity: $requests, within: 900d}")
WAYS: dict[str, tuple[Edit, ...]] = {"other thresholds": (LOWER,), "other windows": (LOWER, LONGER)}


def fill(bench: Bench, count: int) -> None:
    """People of south with their companies and meetings, evaluated once and never written."""
    now_s = bench.clock.at_s
    for number in range(count):
        if number % 4 == 0:
            firm = {"Website": f"f{number}.example", "Employees": "200", "Industry": "software"}
            account = bench.south.add("account", {**firm, "Country": "FR"})
        member = bench.member(
            f"p{number}@f{number - number % 4}.example",
            LastName=f"N{number}",
            Title=("Director", "Intern")[number % 2],
            Country="FR",
            links={"account": (account,)},
        )
        start = iso(now_s - (1 + number % 200) * DAY_S)
        bench.south.add("event", {"Start": start}, links={"contact": (member,)})
        if number % 10 == 0:
            made = {"Created": iso(now_s - 90 * DAY_S), "Closed": iso(now_s - 60 * DAY_S)}
            won = {"IsWon": "yes" if number % 20 else "no", "IsClosed": "yes"}
            deal = bench.south.add("opportunity", {**made, **won}, links={"account": (account,)})
            bench.south.add("role", {}, links={"opportunity": (deal,), "contact": (member,)})
    bench.sync(write=False)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        bench = make_bench(store=open_store(f"sqlite:///{folder}/bench.db"))
        fill(bench, count)
        print(f"{count} people, Python {sys.version.split()[0]}")
        for name, edits in WAYS.items():
            trial = under(bench, policy_file(Path(folder), *edits))
            start = time.process_time()
            found = backtest(bench.deployment, trial)
            taken = time.process_time() - start
            print(
                f"{name:18} {count / taken:8,.0f} people/s  {found['moved']} moved,"
                f" {found['conversion']['people']} with a deal"
            )
        bench.store.close()


if __name__ == "__main__":
    main()

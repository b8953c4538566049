"""In bad weather: whatever fails, the engine's store equals the org in the end, field by field."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from stagesync.engine.deployment import Deployment
from stagesync.engine.progress import Quiet
from stagesync.engine.pull import pull_all
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed

from .salesforce_deployment import make_deployment, stored

# One request in twenty fails.
WEATHER = {"429": 0.015, "502": 0.01, "503": 0.015, "cut_before": 0.005, "500_html": 0.005}
PEOPLE = {"lead": "Lead", "contact": "Contact", "account": "Account"}
FLAGS = ("IsConverted", "HasOptedOutOfEmail")


def leads(count: int) -> SalesforceSeed:
    """Leads of one second."""
    now = float(int(time.time()) - 3_600)
    row = {"LastName": "N", "Company": "C", "Status": "Open - Not Contacted", "IsConverted": False}
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
    rows = [{"Id": make_id("Lead", n + 1), **row, **stamps} for n in range(count)]
    return SalesforceSeed({"Lead": rows})


class Expiring(Quiet):
    """Ends every session in the middle of each pull."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self.pages = 0

    def advance(self, count: int) -> None:
        self.pages += 1
        if self.pages == 4:
            self._bench.sim.sessions.end_all()


def take_in(bench: Any, made: Deployment) -> None:
    """One pull of the engine, begun again after each failure."""
    for _ in range(12):
        now_s = made.clock.now_s()
        trouble = pull_all(made, now_s=now_s, progress=Expiring(bench))["sf"].trouble
        if trouble is None:
            return
        if trouble.retry_after_s is None:
            raise trouble
    raise AssertionError("twelve tries in a row failed")


def disturb(bench: Any, dice: random.Random, turn: int) -> None:
    """What people do between two pulls."""
    live = [
        key
        for key, row in bench.rows("Lead").items()
        if not row.get("IsDeleted") and not row.get("IsConverted")
    ]
    chosen = dice.sample(live, 60)
    for number, key in enumerate(chosen[:40]):
        title = {"Title": f"T{turn}.{number}"}
        bench.sim.edit("Lead", key, properties=title, actor="human")
    for key in chosen[40:50]:
        bench.sim.delete({"object": "Lead", "id": key})
    for key in chosen[40:43]:
        bench.sim.undelete({"object": "Lead", "id": key})
    bench.sim.merge({"object": "Lead", "master": chosen[50], "losers": chosen[51:53]})
    bench.sim.convert({"lead": chosen[53]})


def in_org(bench: Any, names: tuple[str, ...], object_name: str) -> dict[str, dict[str, Any]]:
    """The live rows of the org, by id."""
    return {
        key: {name: row.get(name, False if name in FLAGS else None) for name in names}
        for key, row in bench.rows(object_name).items()
        if not row.get("IsDeleted")
    }


@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", ["pages", "bulk"])
@pytest.mark.parametrize("count", [2_500, pytest.param(25_000, marks=pytest.mark.slow)])
def test_full_and_ten_incremental_pulls_equal_the_org(
    empty_bench: Any, count: int, way: str
) -> None:
    """Thousands of equal stamps, rows visible up to 300 s late, 5 % faults and a session that ends in the
    middle of each pull: after a full pull and ten more the store holds what the org holds."""
    empty_bench.sim.load(leads(count))
    late = {"commit_lag_max_s": 300.0, "commit_lag_share": 0.5, "daily_limit": 100_000}
    empty_bench.sim.switches.update(late)
    bulk_from = 10**9 if way == "pages" else 1_000
    connector = empty_bench.connect(page_size=200 if count < 10_000 else 500, bulk_from=bulk_from)
    made = make_deployment(empty_bench, connector)
    empty_bench.sim.faults._climate = WEATHER
    dice = random.Random(3)
    take_in(empty_bench, made)
    for turn in range(10):
        disturb(empty_bench, dice, turn)
        empty_bench.sim.clock.advance(dice.choice([5, 60, 400]))
        take_in(empty_bench, made)
    empty_bench.sim.clock.advance(3_700)
    take_in(empty_bench, made)
    held = {name: stored(made.store, name) for name in PEOPLE}
    for ours, theirs in PEOPLE.items():
        names = tuple(next(iter(held[ours].values())).fields)
        found = {key: dict(each.fields) for key, each in held[ours].items()}
        assert in_org(empty_bench, names, theirs) == found, ours
    logins = [each for each in empty_bench.log() if each["path"].endswith("/token")]
    jobs = [path for _, path in empty_bench.calls_in_log() if "/jobs/query" in path]
    failed = [each for each in empty_bench.log() if each["status"] >= 500]
    made.store.close()
    connector.close()
    assert (True, True, way == "bulk") == (len(logins) > 5, len(failed) > 2, bool(jobs))

"""In bad weather: whatever fails, what was pulled equals the org in the end."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from stagesync.connector import CrmError, FieldValue, Pull
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync_salesforce.connector import SalesforceConnector

COUNT = 25_000
FIELDS = ("Title", "LastName", "Status", "IsConverted")
# One request in twenty fails.
WEATHER = {"429": 0.015, "502": 0.01, "503": 0.015, "cut_before": 0.005, "500_html": 0.005}

Held = dict[str, dict[str, FieldValue]]


def lead_id(number: int) -> str:
    return make_id("Lead", number + 1)


def leads() -> SalesforceSeed:
    """25,000 leads of one second."""
    now = float(int(time.time()) - 3_600)
    row = {"LastName": "N", "Company": "C", "Status": "Open - Not Contacted", "IsConverted": False}
    stamps = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    return SalesforceSeed({"Lead": [{"Id": lead_id(n), **row, **stamps} for n in range(COUNT)]})


def take_in(
    bench: Any, connector: SalesforceConnector, held: Held, cursor: str | None
) -> str | None:
    """One pull into what is held, as an engine does it: page by page, going on after a failure."""
    for _ in range(9):
        try:
            for turn, page in enumerate(connector.pull([Pull("lead", FIELDS, cursor)])):
                for record in page.records:
                    if record.gone:
                        held.pop(record.id, None)
                    else:
                        held[record.id] = dict(record.fields)
                cursor = page.cursor
                if turn == 2:
                    bench.sim.sessions.end_all()
        except CrmError as error:
            if error.retry_after_s is None:
                raise
        else:
            return cursor
    raise AssertionError("nine tries in a row failed")


def disturb(bench: Any, dice: random.Random, turn: int) -> None:
    """What people do between two pulls."""
    live = [key for key, row in bench.rows("Lead").items() if not row.get("IsDeleted")]
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


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", ["pages", "bulk"])
def test_full_and_ten_incremental_pulls_equal_the_org(empty_bench: Any, way: str) -> None:
    """25,000 equal stamps, rows visible up to 300 s late, 5 % faults and ended sessions lose nothing."""
    empty_bench.sim.load(leads())
    empty_bench.sim.switches.update(
        {"commit_lag_max_s": 300.0, "commit_lag_share": 0.5, "daily_limit": 100_000}
    )
    connector = empty_bench.connect(page_size=500, bulk_from=10**9 if way == "pages" else 1_000)
    empty_bench.sim.faults._climate = WEATHER
    held: Held = {}
    cursor = take_in(empty_bench, connector, held, None)
    dice = random.Random(3)
    for turn in range(10):
        disturb(empty_bench, dice, turn)
        empty_bench.sim.clock.advance(dice.choice([5, 60, 400]))
        cursor = take_in(empty_bench, connector, held, cursor)
    empty_bench.sim.clock.advance(3_700)
    take_in(empty_bench, connector, held, cursor)
    connector.close()
    expected = {
        key: {name: row.get(name) for name in FIELDS}
        for key, row in empty_bench.rows("Lead").items()
        if not row.get("IsDeleted")
    }
    failed = [entry for entry in empty_bench.log() if entry["status"] >= 400]
    assert expected == held
    assert len(failed) > 2

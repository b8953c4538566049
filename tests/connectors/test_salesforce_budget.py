"""The org's daily requests: our share, the others', and how many records there are."""

from __future__ import annotations

from typing import Any

import pytest

from stagesync.connector import Paces, Pull, Quota, QuotaExhausted, Throttled
from stagesync_salesforce.api import OBJECTS
from stagesync_salesforce.budget import DAY_S, PROBE_S, Budget, BudgetSpent


def spend(bench: Any, connector: Any, most: int = 500) -> tuple[int, BudgetSpent]:
    for number in range(most):
        try:
            connector.check()
        except BudgetSpent as error:
            return number, error
    raise AssertionError("the budget has no end")


def test_share_of_the_day_is_not_exceeded(empty_bench: Any) -> None:
    """With 100 requests a day and a share of a quarter, the 26th is not sent."""
    empty_bench.sim.switches.update({"daily_limit": 100})
    sent, error = spend(empty_bench, empty_bench.connector)
    assert (25, 25) == (sent, len(empty_bench.calls_in_log()))
    assert "its share of 25" in str(error)


def test_share_comes_back_as_the_window_rolls(empty_bench: Any) -> None:
    """The error says when the oldest request stops to count, and from then on calls go out."""
    empty_bench.sim.switches.update({"daily_limit": 100})
    _, error = spend(empty_bench, empty_bench.connector)
    assert error.retry_after_s is not None
    assert DAY_S - 120 < error.retry_after_s <= DAY_S
    empty_bench.sim.clock.advance(error.retry_after_s + 60)
    empty_bench.connector.check()


def test_we_yield_to_others(empty_bench: Any) -> None:
    """When others bring the org to 80 percent, we stop long before our own share is used."""
    empty_bench.sim.switches.update({"daily_limit": 100, "used_before": 75})
    sent, error = spend(empty_bench, empty_bench.connector)
    assert (5, pytest.approx(PROBE_S, abs=10)) == (sent, error.retry_after_s)
    assert "80 of the org's 100" in str(error)


def test_held_back_we_look_again_every_quarter_of_an_hour(empty_bench: Any) -> None:
    """One request after 15 minutes hears that others still use it all, the next that they do not."""
    empty_bench.sim.switches.update({"daily_limit": 100, "used_before": 85})
    counts = []
    for used_before in (85, 85, 10):
        empty_bench.sim.switches.update({"used_before": used_before})
        before = empty_bench.connector.calls
        for _ in range(3):
            try:
                empty_bench.connector.check()
            except BudgetSpent:
                continue
        counts.append(empty_bench.connector.calls - before)
        empty_bench.sim.clock.advance(PROBE_S)
    assert [1, 1, 3] == counts


def test_used_up_day_stops_every_call(empty_bench: Any) -> None:
    """After the org's own refusal nothing is sent for 15 minutes, then one call tries again."""
    empty_bench.sim.switches.update({"daily_limit": 100, "used_before": 100})
    tries = []
    for advance_s in (0, PROBE_S - 100, 100):
        empty_bench.sim.clock.advance(advance_s)
        with pytest.raises(QuotaExhausted):
            empty_bench.connector.check()
        tries.append(len(empty_bench.calls_in_log()))
    assert [1, 1, 2] == tries


def test_crowded_org_is_waited_for(empty_bench: Any) -> None:
    """Too many long requests of others is the other meaning of the code: seconds, no parking."""
    empty_bench.sim.faults.add("concurrent_limit", 2, "query")
    empty_bench.connector.check()
    assert ([3.0, 6.0], 3) == (empty_bench.clock.slept_s, len(empty_bench.calls_in_log()))


def test_long_transactions_are_waited_for(empty_bench: Any) -> None:
    """Long transactions that hold the org last too long: the error says seconds, not a day."""
    empty_bench.sim.faults.add("long_transactions", 9, "query")
    with pytest.raises(Throttled) as failed:
        empty_bench.connector.check()
    assert (failed.value.retry_after_s or 0) < 60
    empty_bench.sim.faults.clear()
    empty_bench.connector.check()


@pytest.mark.parametrize("form", ["plain", "bursts", "per_app"])
def test_quota_tells_all_and_ours(empty_bench: Any, form: str) -> None:
    """Every form of the header gives the org's use, and our own is told beside it."""
    empty_bench.sim.switches.update({"usage_header": form, "used_before": 40})
    assert empty_bench.connector.quota() is None
    for _ in range(3):
        empty_bench.connector.check()
    assert Quota(43, 15_000, 3, 3_750, None) == empty_bench.connector.quota()


def test_apps_own_count_outlives_a_restart(empty_bench: Any) -> None:
    """Where the org counts by app, a new process knows what the last one used."""
    empty_bench.sim.switches.update({"usage_header": "per_app", "daily_limit": 100})
    for _ in range(20):
        empty_bench.connector.check()
    other = empty_bench.connect()
    sent, _ = spend(empty_bench, other)
    other.close()
    assert 5 == sent


def test_minutes_leave_the_window_one_by_one() -> None:
    """What was used 24 hours ago no longer counts, what was used since does."""
    budget = Budget(daily_share=0.5, stop_at=1.0)
    for now_s in (0.0, 0.0, 3_600.0):
        budget.take(now_s)
    budget.hear("api-usage=3/10", 3_600.0)
    used = [budget.quota(now_s) for now_s in (3_600.0, DAY_S, DAY_S + 3_600.0)]
    assert [3, 1, 0] == [quota.used_by_us for quota in used if quota]


@pytest.mark.parametrize("spec", OBJECTS, ids=lambda spec: str(spec.kind.name))
def test_count_is_what_a_full_pull_brings(bench: Any, spec: Any) -> None:
    """For each object the count equals the records of a full pull."""
    name = spec.kind.name
    if name == "contact":
        bench.sim.delete({"object": "Contact", "id": next(iter(bench.rows("Contact")))})
        bench.sim.clock.advance(10)
    pulled = {r.id for page in bench.connector.pull([Pull(name, ())]) for r in page.records}
    assert len(pulled) == bench.connector.count(name)
    assert len(pulled) > 0


def test_counts_of_all_objects_cost_two_calls(bench: Any) -> None:
    """Eight counts ride in two calls, and are asked for anew after a minute."""
    calls = []
    bench.connector.describe(["account"])
    for advance_s in (0, 61):
        bench.sim.clock.advance(advance_s)
        before = bench.connector.calls
        for spec in OBJECTS:
            bench.connector.count(spec.kind.name)
        calls.append(bench.connector.calls - before)
    assert [2, 2] == calls


def test_waits_for_a_turn_are_told(empty_bench: Any) -> None:
    """The third call within a minute that holds two waits for nearly all of it."""
    connector = empty_bench.connect(requests_per_minute=2)
    assert isinstance(connector, Paces)
    for _ in range(2):
        connector.check()
    assert 0.0 == connector.waited_s
    connector.check()
    assert 50.0 < connector.waited_s <= 60.0

"""What the daemon keeps beside its runs, what runs add up to, and the overview that is made of both."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from stagesync.engine import waits
from stagesync.engine.funnel import funnel
from stagesync.engine.keeper import AGREEMENT, FUNNELS, OLDEST_S, Keeper, make_due
from stagesync.engine.overview import overview
from stagesync.engine.status import status
from stagesync.errors import StoreError
from stagesync.store import kept, totals

from .bench import DAY_S, Bench, iso


def told(bench: Bench, vocabulary: str = "standard") -> dict[str, Any]:
    """The overview now."""
    with bench.store.read() as tx:
        return overview(tx, bench.deployment, vocabulary=vocabulary, now_s=bench.clock.at_s)


def made_at(bench: Bench, name: str) -> float | None:
    with bench.store.read() as tx:
        found = kept.find(tx, name)
    return found.made_at_s if found else None


def visit(bench: Bench, mail: str) -> str:
    """Somebody new who was on the site just now."""
    return bench.contact(mail, last_visit=iso(bench.clock.at_s), visits="1")


@pytest.fixture
def moved(bench: Bench) -> Bench:
    """One who came as a visitor and became a lead, and a few who were there before."""
    for n in range(3):
        visit(bench, f"old{n}@firm.example")
    bench.sync()
    bench.clock.advance(days=1)
    new = visit(bench, "new@firm.example")
    bench.sync()
    bench.clock.advance(days=2)
    bench.form(new)
    bench.sync()
    return bench


def test_nothing_is_made_twice_from_the_same(moved: Bench) -> None:
    """Both documents at first; then neither, until an hour has passed or a run brought something."""
    assert [waits.NAME, FUNNELS, AGREEMENT] == make_due(moved.deployment)
    moved.clock.advance(seconds=OLDEST_S - 1)
    assert [] == make_due(moved.deployment)
    moved.clock.advance(seconds=2)
    assert [waits.NAME, FUNNELS, AGREEMENT] == make_due(moved.deployment)
    moved.clock.advance(seconds=60)
    visit(moved, "another@firm.example")
    moved.sync()
    assert FUNNELS in make_due(moved.deployment)


def test_making_takes_a_twentieth_of_the_time_at_most(moved: Bench) -> None:
    """After a making that took a minute the next one waits for twenty, whatever changes."""
    make_due(moved.deployment)
    with moved.store.begin() as tx:
        tx.execute(text("UPDATE kept SET took_s = 60"))
    moved.clock.advance(seconds=1_000)
    visit(moved, "another@firm.example")
    moved.sync()
    assert [] == make_due(moved.deployment)
    moved.clock.advance(seconds=200)
    assert FUNNELS in make_due(moved.deployment)


def test_a_clock_that_was_set_back_keeps_nothing_old(moved: Bench) -> None:
    """What was made in the future is made anew."""
    make_due(moved.deployment)
    moved.clock.advance(seconds=-60)
    assert [waits.NAME, FUNNELS, AGREEMENT] == make_due(moved.deployment)


@pytest.mark.parametrize("vocabulary", ["standard", "hubspot"])
def test_what_is_kept_is_the_funnel(moved: Bench, vocabulary: str) -> None:
    """The numbers of the overview are those of `stagesync funnel` for the same year, people counted now."""
    make_due(moved.deployment)
    asked = {"at_s": moved.clock.at_s, "since_s": moved.clock.at_s - 365 * DAY_S, "by": "week"}
    whole = funnel(moved.deployment, vocabulary, **asked)  # type: ignore[arg-type]
    short = told(moved, vocabulary)["funnel"]
    assert (short["people"], short["gaps"]) == (whole["people"], whole["gaps"])
    for key in ("people", "entered", "skipped", "days"):
        assert {each["id"]: each[key] for each in short["stages"]} == {
            each["id"]: each[key] for each in whole["stages"]
        }
    assert [each["mql"] for each in short["weeks"]] == [each["mql"] for each in whole["periods"]]
    following = {each["from"]: each for each in reversed(whole["conversion"])}
    assert {each["id"]: each["next"] for each in short["stages"] if each["next"]} == following


def test_people_are_counted_now_and_the_rest_says_as_of_when(moved: Bench) -> None:
    """Between two makings the people of a stage change, and what was counted before bears its instant."""
    make_due(moved.deployment)
    before = told(moved)["funnel"]
    moved.clock.advance(seconds=90)
    visit(moved, "another@firm.example")
    moved.sync()
    after = told(moved)["funnel"]
    assert (4, 5) == (before["people"], after["people"])
    assert before["as_of"] == after["as_of"] is not None


def test_before_anything_was_made_people_are_counted(moved: Bench) -> None:
    """Nothing is pretended: who stands where is known, and all else is null."""
    document = told(moved)
    found = document["funnel"]
    assert (4, None, [], None) == (
        found["people"],
        found["as_of"],
        found["weeks"],
        document["agreement"],
    )
    assert {None} == {each["entered"] for each in found["stages"]}


def test_other_definitions_make_what_was_kept_of_no_use(moved: Bench) -> None:
    """A funnel in words that may be gone is not shown, and is made anew."""
    make_due(moved.deployment)
    moved.redeploy(definitions="another")
    assert told(moved)["funnel"]["as_of"] is None
    moved.clock.advance(seconds=10)
    assert FUNNELS in make_due(moved.deployment)
    assert told(moved)["funnel"]["as_of"] is not None


def test_the_overview_is_the_status_at_a_glance(moved: Bench) -> None:
    """Everything that the status tells but what takes a look at every record, and two keys besides."""
    found = told(moved)
    plain = status(moved.deployment, now_s=moved.clock.at_s)
    assert {"funnel", "agreement"} == found.keys() - plain.keys()
    assert {"stages", "differences"} == plain.keys() - found.keys()
    assert {key: plain[key] for key in found if key in plain} == {
        key: found[key] for key in found if key in plain
    }


def test_agreement_has_one_row_a_day(forward: Bench) -> None:
    """Of two makings on one day the later one stays; each day stays."""
    forward.contact("ann@firm.example", lifecycle="lead")
    forward.member("ann@firm.example")
    forward.sync()
    for seconds in (10, 3_700, DAY_S, DAY_S):
        forward.clock.advance(seconds=seconds)
        make_due(forward.deployment)
    found = told(forward)["agreement"]
    assert (1, 1.0) == (found["people"], found["own"])
    assert [iso(forward.clock.at_s - n * DAY_S)[:10] for n in (2, 1, 0)] == [
        each["day"] for each in found["days"]
    ]


def test_totals_are_the_sums_of_all_runs(moved: Bench) -> None:
    """What every run says in its summary adds up, connection by connection."""
    with moved.store.read() as tx:
        found = totals.totals(tx)
        runs = [row.summary for row in tx.execute(text("SELECT summary FROM run"))]
    assert len(runs) == sum(found["runs"].values())
    later = [moved.sync(), moved.sync()]
    with moved.store.read() as tx:
        after = totals.totals(tx)
    for key in ("pulled", "calls"):
        for name in ("north", "south"):
            more = sum(each.summary()[key][name] for each in later)
            assert after[key].get((name, ""), 0) == found[key].get((name, ""), 0) + more


def test_transitions_are_counted_by_pair(moved: Bench) -> None:
    """As often as the history has them; who keeps their stage made none."""
    with moved.store.read() as tx:
        found = totals.totals(tx)["transitions"]
        rows = tx.execute(
            text("SELECT stage_from, stage_to FROM transition WHERE stage_from <> stage_to")
        )
        expected = Counter((row.stage_from, row.stage_to) for row in rows)
    assert dict(expected) == found
    assert 1 == found["visitor", "lead"]


def test_the_keeper_works_when_it_is_woken(moved: Bench) -> None:
    """In a thread of its own, and ends with its block."""
    with Keeper(lambda: moved.deployment) as keeper:
        keeper.wake()
        give_up = time.monotonic() + 20
        while made_at(moved, AGREEMENT) is None and time.monotonic() < give_up:
            time.sleep(0.01)
    assert made_at(moved, FUNNELS) == moved.clock.at_s
    assert "keeper" not in {each.name for each in threading.enumerate()}


def test_a_store_that_refuses_does_not_end_the_keeper(moved: Bench) -> None:
    """What cannot be made now is made after a later run."""
    asked = []

    def current() -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise StoreError("the disk is full")
        return moved.deployment

    with Keeper(current) as keeper:
        give_up = time.monotonic() + 20
        while made_at(moved, AGREEMENT) is None and time.monotonic() < give_up:
            keeper.wake()
            time.sleep(0.01)
    assert made_at(moved, FUNNELS) is not None


def test_a_keeper_that_ends_drops_what_is_half_made(moved: Bench) -> None:
    """It breathes between people, and a stop is heard there."""
    began, stopped = threading.Event(), threading.Event()

    def current() -> Any:
        began.set()
        stopped.wait(20)
        return moved.deployment

    keeper = Keeper(current)
    with keeper:
        keeper.wake()
        began.wait(20)
        keeper._over.set()
        stopped.set()
    assert made_at(moved, FUNNELS) is None


def test_a_year_is_kept_and_not_more(moved: Bench) -> None:
    """Who came more than a year ago has not entered anything in the kept funnel."""
    moved.clock.advance(days=400)
    moved.redeploy(policy=replace(moved.deployment.policy))
    make_due(moved.deployment)
    assert {0} == {each["entered"] for each in told(moved)["funnel"]["stages"]}

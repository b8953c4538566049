"""What became of those who stood in each stage when their first deal was made."""

from pathlib import Path
from typing import Any

import pytest

from .bench import Bench
from .trials import a_deal, policy_file, tried


def _told(bench: Bench, tmp_path: Path, *edits: tuple[str, str]) -> dict[str, Any]:
    bench.sync()
    found: dict[str, Any] = tried(bench, policy_file(tmp_path, *edits))["conversion"]
    return found


def test_the_stage_is_the_one_before_the_deal(bench: Bench, tmp_path: Path) -> None:
    """A request made before the deal counts, one made after it does not, and the deal itself neither."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.form(ann, days_ago=40)
    a_deal(bench, ann, opened_days=30, won=True)
    bob = bench.contact("bob@firm.example", last="Hill")
    bench.form(bob, days_ago=5)
    a_deal(bench, bob, opened_days=30, won=False)
    found = _told(bench, tmp_path)
    assert {
        "lead": {"people": 1, "won": 1, "share": 1.0},
        "contact": {"people": 1, "won": 0, "share": 0.0},
    } == found["before"]["stages"]
    assert (2, 1, 0, 1.0) == (
        found["people"],
        found["won"],
        found["undated"],
        found["before"]["told_apart"],
    )


def test_a_policy_that_tells_buyers_apart_no_more_shows_it(bench: Bench, tmp_path: Path) -> None:
    """When forms are no request any more, buyer and other stand alike: no better than chance."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.form(ann, days_ago=40)
    a_deal(bench, ann, opened_days=30, won=True)
    bob = bench.contact("bob@firm.example", last="Hill")
    a_deal(bench, bob, opened_days=30, won=False)
    edit = ("request: {activity: $requests", "request: {activity: demo_request")
    found = _told(bench, tmp_path, edit)
    assert (1.0, 0.5) == (found["before"]["told_apart"], found["after"]["told_apart"])
    assert {"contact": {"people": 2, "won": 1, "share": 0.5}} == found["after"]["stages"]


def test_what_the_sale_brought_about_does_not_foretell_it(bench: Bench, tmp_path: Path) -> None:
    """Accepted by sales, as the record says today, is no stage of the day before the deal."""
    ann = bench.contact("ann@firm.example", last="Ng", lifecycle="salesqualifiedlead")
    a_deal(bench, ann, opened_days=30, won=False)
    assert {"contact"} == set(_told(bench, tmp_path)["before"]["stages"])


def test_a_person_counts_once_by_the_first_deal(bench: Bench, tmp_path: Path) -> None:
    """Of a lost deal and a later won one, the lost one counts; a deal that is still open never does."""
    ann = bench.contact("ann@firm.example", last="Ng")
    a_deal(bench, ann, opened_days=30, won=True)
    a_deal(bench, ann, opened_days=90, won=False)
    bob = bench.contact("bob@firm.example", last="Hill")
    a_deal(bench, bob, opened_days=30, won=None)
    found = _told(bench, tmp_path)
    assert (1, 0) == (found["people"], found["won"])


def test_an_open_deal_of_then_is_seen(bench: Bench, tmp_path: Path) -> None:
    """A deal made earlier that is open to this day made its person an opportunity already."""
    ann = bench.contact("ann@firm.example", last="Ng")
    a_deal(bench, ann, opened_days=90, won=None)
    a_deal(bench, ann, opened_days=30, won=True)
    assert {"opportunity"} == set(_told(bench, tmp_path)["before"]["stages"])


def test_a_deal_that_nobody_dated_is_counted_apart(bench: Bench, tmp_path: Path) -> None:
    """Where no deal says when it was made, its person is left out and counted as undated."""
    ann = bench.contact("ann@firm.example", last="Ng")
    bench.north.add("deal", {"won": "yes", "closed": "yes"}, links={"contact": (ann,)})
    found = _told(bench, tmp_path)
    assert (0, 1, {}, None) == (
        found["people"],
        found["undated"],
        found["before"]["stages"],
        found["before"]["told_apart"],
    )


@pytest.mark.parametrize("won", [True, False])
def test_a_deal_that_names_nobody_is_nobodys(bench: Bench, tmp_path: Path, *, won: bool) -> None:
    """A won deal of the account, which the policy lets count for its people, foretells as little as a lost one."""
    company = bench.north.add("company", {"domain": "firm.example"})
    bench.contact("ann@firm.example", last="Ng", links={"company": (company,)})
    bench.north.add(
        "deal",
        {
            "won": "yes" if won else "no",
            "closed": "yes",
            "opened": "2026-10-01",
            "closed_on": "2026-10-02",
        },
        links={"company": (company,)},
    )
    assert 0 == _told(bench, tmp_path)["people"]

"""What was done against a treatment is told once it is known, and what is late is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stagesync.engine.status import status

from .bench import DAY_S, Bench, iso
from .remapped import remap

QUOTES = (
    "site_visit:   {at: last_visit, when_changes: visits}",
    "quote_sent: {at: last_visit, when_changes: visits}",
)
MAILS = (QUOTES[0], "sales_email_sent: {at: last_visit, when_changes: visits}")
REQUESTS = (QUOTES[0], "demo_request: {at: last_visit, when_changes: visits}")


def breaches(bench: Bench) -> dict[str, Any]:
    """That part of the status."""
    found: dict[str, Any] = status(bench.deployment, now_s=bench.clock.at_s)["breaches"]
    return found


def happens(bench: Bench, contact: str, count: int = 1) -> None:
    """What the visits of north stand for happens now."""
    bench.clock.advance(seconds=600)
    at = iso(bench.clock.at_s)
    bench.north.edit("contact", contact, {"last_visit": at, "visits": str(count)})


def test_a_quote_to_a_stranger_is_told(bench: Bench, tmp_path: Path) -> None:
    """R6: a priced offer to somebody who asked for nothing is listed, by id and rule."""
    remap(bench, tmp_path, QUOTES)
    contact = bench.contact("p@firm.example")
    bench.sync()
    happens(bench, contact)
    bench.sync()
    found = breaches(bench)
    assert ({"priced_offer": 1}, "quote_sent", "contact") == (
        found["done"],
        found["list"][0]["activity"],
        found["list"][0]["stage"],
    )
    assert bench.person("north", "contact", contact) == found["list"][0]["person"]
    assert "p@firm" not in str(found)


def test_a_quote_is_judged_by_what_came_before_it(bench: Bench, tmp_path: Path) -> None:
    """Somebody who was already with sales when the quote went out was no stranger, even if both become known at once."""
    remap(bench, tmp_path, QUOTES)
    contact = bench.contact("p@firm.example")
    deal_s = bench.clock.at_s + 300
    bench.sync()
    bench.north.add(
        "deal",
        {"won": "false", "closed": "false", "opened": iso(deal_s)},
        links={"contact": (contact,)},
    )
    happens(bench, contact)
    bench.sync()
    assert {} == breaches(bench)["done"]


def test_what_happened_before_we_looked_is_not_judged(bench: Bench, tmp_path: Path) -> None:
    """Nobody knows where somebody stood before they were first seen."""
    remap(bench, tmp_path, QUOTES)
    contact = bench.contact("p@firm.example")
    happens(bench, contact)
    bench.sync()
    bench.sync()
    assert {} == breaches(bench)["done"]


@pytest.mark.parametrize(("opts_out_first", "done"), [(True, {"any_mail": 1}), (False, {})])
def test_mail_to_who_wants_none_counts_from_when_that_was_known(
    bench: Bench, tmp_path: Path, *, opts_out_first: bool, done: dict[str, int]
) -> None:
    """A mail before somebody opted out was no breach, one after it was."""
    remap(bench, tmp_path, MAILS)
    contact = bench.contact("p@firm.example")
    bench.sync()
    acts = [lambda: bench.north.edit("contact", contact, {"opted_out": "true"})]
    acts.insert(1 if opts_out_first else 0, lambda: happens(bench, contact))
    for act in acts:
        bench.clock.advance(days=1)
        act()
        bench.sync()
    assert done == breaches(bench)["done"]


def test_a_few_mails_are_no_flood(bench: Bench, tmp_path: Path) -> None:
    """To a visitor three mails in a week may go; the fourth is one too many, and so is the fifth."""
    mails = "sales_email_sent: {at: last_form, when_changes: forms}"
    remap(bench, tmp_path, ("contact_form: {at: last_form, when_changes: forms}", mails))
    contact = bench.contact("p@firm.example", last_visit=iso(bench.clock.at_s), visits="1")
    bench.sync()
    seen = []
    for count in range(1, 6):
        bench.clock.advance(days=1)
        bench.form(contact, count=count)
        bench.sync()
        seen.append(breaches(bench)["done"].get("mail_flood", 0))
    assert [0, 0, 0, 1, 2] == seen


def test_a_request_of_somebody_disqualified_asks_for_a_second_look(
    bench: Bench, tmp_path: Path
) -> None:
    """People had said no; a request since then is listed, and one before it is not."""
    remap(bench, tmp_path, REQUESTS)
    contact = bench.contact("p@firm.example")
    bench.sync()
    happens(bench, contact)
    bench.sync()
    bench.north.edit("contact", contact, {"status": "UNQUALIFIED"})
    bench.sync()
    assert {} == breaches(bench)["done"]
    happens(bench, contact, 2)
    bench.sync()
    assert {"review": 1} == breaches(bench)["done"]


def test_who_waits_for_sales_is_late_after_a_week(bench: Bench) -> None:
    """Qualified and taken on by nobody: listed when the time is over, and no longer once sales accepted."""
    company = bench.north.add(
        "company",
        {"domain": "firm.example", "employees": "100", "industry": "software", "country": "FR"},
    )
    contact = bench.contact(
        "p@firm.example", title="Director", country="FR", links={"company": (company,)}
    )
    for days in (1, 2):
        bench.form(contact, days_ago=3 - days, count=days)
        bench.sync()
    who = bench.person("north", "contact", contact)
    assert "qualified" == (bench.placed(who).stages or {})["standard"]
    assert 0 == breaches(bench)["late"]["acceptance"]
    bench.clock.advance(days=8)
    assert (1, who) == (
        breaches(bench)["late"]["acceptance"],
        breaches(bench)["waiting"][0]["person"],
    )
    bench.north.edit("contact", contact, {"lifecycle": "salesqualifiedlead"})
    bench.sync()
    assert 0 == breaches(bench)["late"]["acceptance"]


def test_nurture_is_late_when_its_pause_is_over(bench: Bench, tmp_path: Path) -> None:
    """A fortnight after the last contact somebody in nurturing is to be contacted again."""
    remap(bench, tmp_path, MAILS)
    contact = bench.contact("p@firm.example", status="BAD_TIMING")
    bench.sync()
    happens(bench, contact)
    bench.sync()
    assert 0 == breaches(bench)["late"]["next_contact"]
    bench.clock.advance(seconds=15 * DAY_S)
    found = breaches(bench)
    assert (1, "nurturing") == (found["late"]["next_contact"], found["waiting"][0]["content"])

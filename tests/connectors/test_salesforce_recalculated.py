"""Formulas and parents' fields, which change without a new stamp of the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stagesync.connector import Pull, Record
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed

PullAll = Callable[..., tuple[dict[str, dict[str, Record]], dict[str, str]]]
DAY_S = 86_400.0
FIRM, COUNT = make_id("Account", 1), 1_500
FORMULA, PARENT = "Heat__c", "Account.Rating"


@pytest.fixture
def org(empty_bench: Any) -> Any:
    """1,500 contacts of a cold firm, with a formula that shows the firm's rating."""
    now = float(int(empty_bench.sim.clock.now() - 7_200))
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
    contacts = [
        {"Id": make_id("Contact", n), "LastName": "N", "AccountId": FIRM, **stamps}
        for n in range(1, COUNT + 1)
    ]
    firm = {"Id": FIRM, "Name": "Firm", "Rating": "Cold", **stamps}
    empty_bench.sim.load(SalesforceSeed({"Account": [firm], "Contact": contacts}))
    metadata = {"label": "Heat", "type": "Text", "formula": "Account.Rating"}
    body = {"FullName": f"Contact.{FORMULA}", "Metadata": metadata}
    empty_bench.connector._transport.call("POST", "tooling/sobjects/CustomField", body=body)
    fields = empty_bench.sim.org.objects["Contact"].fields
    fields[FORMULA] = replace(fields[FORMULA], open_to_all=True)
    empty_bench.sim.org.setup_changed()
    return empty_bench


def heat(org: Any) -> None:
    org.sim.edit("Account", FIRM, properties={"Rating": "Hot"}, actor="human")
    org.sim.clock.advance(10)


@pytest.mark.parametrize("field", [FORMULA, PARENT])
def test_what_moves_no_stamp_is_read_daily(org: Any, pull_all: PullAll, field: str) -> None:
    """A formula and a parent's field come with their new value within a day, and not with each pull."""
    asked = {"contact": (field,)}
    _, cursors = pull_all(org.connector, asked)
    heat(org)
    org.sim.clock.advance(3_600)
    soon, cursors = pull_all(org.connector, asked, **cursors)
    org.sim.clock.advance(DAY_S)
    daily, cursors = pull_all(org.connector, asked, **cursors)
    org.sim.clock.advance(3_600)
    after, _ = pull_all(org.connector, asked, **cursors)
    assert {"Hot"} == {each.fields[field] for each in daily["contact"].values()}
    assert (0, COUNT, 0) == tuple(len(found["contact"]) for found in (soon, daily, after))


def test_objects_without_such_fields_are_not_read_again(org: Any, pull_all: PullAll) -> None:
    """Where a mapping asks for plain fields alone, a day costs one description and no rows."""
    asked = {"contact": ("LastName",)}
    first, other = (org.connect(sweep_every="10d") for _ in range(2))
    _, cursors = pull_all(first, asked)
    first.close()
    org.sim.clock.advance(DAY_S)
    counts = []
    for _ in range(2):
        before = other.calls
        found, cursors = pull_all(other, asked, **cursors)
        counts.append((len(found["contact"]), other.calls - before))
        org.sim.clock.advance(600)
    other.close()
    assert [0, 0] == [rows for rows, _ in counts]
    assert 1 == counts[0][1] - counts[1][1]


def test_never_switches_it_off(org: Any, pull_all: PullAll) -> None:
    """`recalculate_every: never` reads nothing again."""
    connector = org.connect(recalculate_every="never")
    asked = {"contact": (FORMULA,)}
    _, cursors = pull_all(connector, asked)
    org.sim.clock.advance(30 * DAY_S)
    found, _ = pull_all(connector, asked, **cursors)
    connector.close()
    assert {} == found["contact"]


def test_reading_again_goes_on_after_a_crash_and_loses_no_deletion(org: Any) -> None:
    """Broken off between two pages, it goes on behind the last row; what was deleted meanwhile is told."""
    connector = org.connect(page_size=200)
    *_, done = connector.pull([Pull("contact", (FORMULA,))])
    heat(org)
    org.sim.delete({"object": "Contact", "id": make_id("Contact", 7)})
    org.sim.clock.advance(DAY_S + 60)
    first = next(page for page in connector.pull([Pull("contact", (FORMULA,), done.cursor)]))
    rest = list(connector.pull([Pull("contact", (FORMULA,), first.cursor)]))
    connector.close()
    live = [each for page in (first, *rest) for each in page.records if not each.gone]
    gone = [each.id for page in (first, *rest) for each in page.records if each.gone]
    assert (COUNT - 1, COUNT - 1) == (len(live), len({each.id for each in live}))
    assert ({"Hot"}, [make_id("Contact", 7)]) == ({each.fields[FORMULA] for each in live}, gone)


def test_a_large_object_is_read_again_by_bulk(org: Any, pull_all: PullAll) -> None:
    """Where a first load would go by a Bulk job, so does this, with the formula in it."""
    connector = org.connect(page_size=200, bulk_from=500)
    asked = {"contact": (FORMULA,)}
    _, cursors = pull_all(connector, asked)
    heat(org)
    org.sim.clock.advance(DAY_S)
    found, _ = pull_all(connector, asked, **cursors)
    connector.close()
    assert {"Hot"} == {each.fields[FORMULA] for each in found["contact"].values()}
    jobs = [path for method, path in org.calls_in_log() if path.endswith("jobs/query")]
    assert (COUNT, 2) == (len(found["contact"]), len(jobs))

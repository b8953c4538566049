"""First loads by Bulk API 2.0, and what happens where that does not work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from stagesync.connector import FieldType, Pull, Record
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync_salesforce import bulk
from stagesync_salesforce.bulk import value_of

from .test_salesforce_pull import FIELDS

PullAll = Callable[..., tuple[dict[str, dict[str, Record]], dict[str, str]]]


def leads(count: int) -> SalesforceSeed:
    now = float(int(time.time()) - 3_600)
    row = {"LastName": 'N "quoted", é', "Company": "C\nD", "Status": "Open - Not Contacted"}
    stamps = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    rows = [{"Id": make_id("Lead", n + 1), **row, **stamps} for n in range(count)]
    return SalesforceSeed({"Lead": rows})


def jobs(bench: Any) -> list[Any]:
    return list(bench.sim._jobs.all("query"))


@pytest.mark.parametrize("name", FIELDS)
def test_bulk_brings_what_rest_brings(bench: Any, pull_all: PullAll, name: str) -> None:
    """Each record of a first load by Bulk equals the one that pages bring, field by field."""
    expected, _ = pull_all(bench.connector, {name: FIELDS[name]})
    bench.sim.switches.update({"short_page_share": 0.01, "bulk_page_rows": 30})
    connector = bench.connect(bulk_from=1)
    found, _ = pull_all(connector, {name: FIELDS[name]})
    connector.close()
    assert len(expected[name]) > 5
    assert expected == found


def test_large_first_load_goes_by_bulk(empty_bench: Any, pull_all: PullAll) -> None:
    """Behind the first page everything comes by one job, and the next pull finds nothing more."""
    empty_bench.sim.load(leads(6_000))
    connector = empty_bench.connect(bulk_from=3_000)
    found, cursors = pull_all(connector, {"lead": ("LastName", "Company")})
    empty_bench.sim.clock.advance(1_200)
    again, _ = pull_all(connector, {"lead": ("LastName", "Company")}, **cursors)
    connector.close()
    assert (6_000, 1, 0) == (len(found["lead"]), len(jobs(empty_bench)), len(again["lead"]))
    assert {'N "quoted", é'} == {record.fields["LastName"] for record in found["lead"].values()}


def test_small_first_load_goes_by_pages(empty_bench: Any, pull_all: PullAll) -> None:
    """Below the threshold no job is made."""
    empty_bench.sim.load(leads(3_000))
    connector = empty_bench.connect(bulk_from=3_000)
    found, _ = pull_all(connector, {"lead": ()})
    connector.close()
    assert (3_000, 0) == (len(found["lead"]), len(jobs(empty_bench)))


@pytest.mark.parametrize("where", ["job", "request"])
def test_object_that_bulk_refuses_comes_by_rest(
    empty_bench: Any, pull_all: PullAll, where: str
) -> None:
    """A refusal at the request and a job that fails later both end in pages."""
    empty_bench.sim.load(leads(5_000))
    empty_bench.sim.switches.update({"bulk_refused_objects": ["Lead"], "bulk_query_refusal": where})
    connector = empty_bench.connect(bulk_from=1)
    found, _ = pull_all(connector, {"lead": ()})
    connector.close()
    assert 5_000 == len(found["lead"])


def test_compound_field_is_not_asked_of_bulk(empty_bench: Any, pull_all: PullAll) -> None:
    """An object whose mapping reads a compound address comes by pages alone."""
    empty_bench.sim.load(leads(3_000))
    connector = empty_bench.connect(bulk_from=1)
    found, _ = pull_all(connector, {"lead": ("Address",)})
    connector.close()
    assert (3_000, 0) == (len(found["lead"]), len(jobs(empty_bench)))


def test_job_that_never_ends_is_aborted(empty_bench: Any, pull_all: PullAll) -> None:
    """After an hour the job is aborted and pages go on."""
    empty_bench.sim.load(leads(3_000))
    empty_bench.sim.switches.update({"bulk_queued_s": 1e6})
    connector = empty_bench.connect(bulk_from=1, requests_per_minute=600)
    found, _ = pull_all(connector, {"lead": ()})
    connector.close()
    assert (3_000, ["Aborted"]) == (
        len(found["lead"]),
        [job.state for job in jobs(empty_bench)],
    )


def test_crash_between_pages_of_a_job_goes_on_with_it(empty_bench: Any) -> None:
    """From the cursor of a page a new connector reads the same job's next page."""
    empty_bench.sim.load(leads(5_000))
    empty_bench.sim.switches.update({"bulk_page_rows": 1_000})
    connector = empty_bench.connect(bulk_from=1)
    pages = connector.pull([Pull("lead", ())])
    first = [next(pages) for _ in range(3)]
    rest = list(connector.pull([Pull("lead", (), first[-1].cursor)]))
    connector.close()
    ids = [record.id for page in (*first, *rest) for record in page.records]
    assert (5_000, 5_000, 1) == (len(ids), len(set(ids)), len(jobs(empty_bench)))


def test_job_that_was_forgotten_is_replaced_by_pages(empty_bench: Any) -> None:
    """A cursor that stood for a week goes on behind the last ordered row; none is lost."""
    empty_bench.sim.load(leads(5_000))
    empty_bench.sim.switches.update({"bulk_page_rows": 1_000})
    connector = empty_bench.connect(bulk_from=1)
    pages = connector.pull([Pull("lead", ())])
    first = [next(pages) for _ in range(3)]
    empty_bench.sim.clock.advance(8 * 86_400)
    rest = list(connector.pull([Pull("lead", (), first[-1].cursor)]))
    connector.close()
    ids = {record.id for page in (*first, *rest) for record in page.records}
    assert (5_000, True) == (len(ids), rest[-1].last)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("", FieldType.TEXT, None),
        ("true", FieldType.TEXT, "true"),
        ("true", FieldType.FLAG, True),
        ("12", FieldType.NUMBER, 12),
        ("12.5", FieldType.NUMBER, 12.5),
        ("1E3", FieldType.NUMBER, 1000.0),
        ("2026-10-01T10:00:00.000Z", FieldType.INSTANT, "2026-10-01T10:00:00.000+0000"),
        ("2026-10-01", FieldType.DATE, "2026-10-01"),
    ],
)
def test_cells_become_what_rest_gives(text: str, kind: FieldType, expected: object) -> None:
    """A cell of CSV has the value and the type of the same field in JSON."""
    found = value_of(text, kind)
    assert (expected, type(expected)) == (found, type(found))


def test_waiting_for_a_job_costs_few_calls(empty_bench: Any) -> None:
    """A job of five minutes is asked for some twenty times, at most half a minute apart."""
    empty_bench.sim.load(leads(3_000))
    empty_bench.sim.switches.update({"bulk_queued_s": 300.0})
    connector = empty_bench.connect(bulk_from=1)
    list(connector.pull([Pull("lead", ())]))
    connector.close()
    assert max(empty_bench.clock.slept_s) <= bulk.LONGEST_WAIT_S
    assert 10 < connector.calls < 25


def test_job_of_another_version_is_replaced_by_pages(empty_bench: Any) -> None:
    """After api_version was changed, a load that a job had begun goes on by pages; none is lost."""
    empty_bench.sim.load(leads(5_000))
    empty_bench.sim.switches.update({"bulk_page_rows": 1_000})
    connector, other = (empty_bench.connect(bulk_from=1, api_version=v) for v in ("64.0", "63.0"))
    pages = connector.pull([Pull("lead", ())])
    first = [next(pages) for _ in range(3)]
    rest = list(other.pull([Pull("lead", (), first[-1].cursor)]))
    conflicts = [entry for entry in empty_bench.log() if entry["status"] == 409]
    connector.close()
    other.close()
    ids = {record.id for page in (*first, *rest) for record in page.records}
    assert (5_000, True, True) == (len(ids), rest[-1].last, bool(conflicts))


def test_org_without_jobs_left_is_loaded_by_pages(empty_bench: Any) -> None:
    """When the day's query jobs are used up, pages bring the whole first load."""
    empty_bench.sim.load(leads(3_000))
    empty_bench.sim.switches.update({"bulk_query_jobs_most": 0})
    connector = empty_bench.connect(bulk_from=1)
    pages = list(connector.pull([Pull("lead", ())]))
    connector.close()
    assert (3_000, True) == (
        len({one.id for page in pages for one in page.records}),
        pages[-1].last,
    )
    assert [400] == [each["status"] for each in empty_bench.log() if "/jobs/" in each["path"]]

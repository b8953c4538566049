"""Large writes by Bulk API 2.0: every row is answered for, by the job or in batches."""

from __future__ import annotations

from typing import Any

import pytest

from stagesync.connector import Refusal, Write
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync_salesforce.ingest import refused, sheet_of

from .test_salesforce_write import contact_id, org_of, titles

COUNT = 1_200


def job(bench: Any) -> Any:
    [found] = bench.sim._jobs.all("ingest")
    return found


@pytest.fixture
def connector(empty_bench: Any) -> Any:
    """A connector that writes by jobs from 1,000 rows on."""
    empty_bench.sim.load(org_of(COUNT))
    made = empty_bench.connect(bulk_writes_from=1_000)
    yield made
    made.close()


def stored(bench: Any) -> list[Any]:
    rows = bench.rows("Contact")
    return [rows[contact_id(number)].get("Title") for number in range(COUNT)]


def test_large_write_goes_by_one_job(empty_bench: Any, connector: Any) -> None:
    """All rows hold what was written, are answered in order, and no batch is sent."""
    writes = [Write("contact", contact_id(n), {"Title": f'T"{n}", é'}) for n in range(COUNT)]
    results = connector.write(writes)
    assert writes == [result.write for result in results if result.refusal is None]
    assert [f'T"{n}", é' for n in range(COUNT)] == stored(empty_bench)
    assert (0, 1_000) == (
        sum("composite" in path for _, path in empty_bench.calls_in_log()),
        min(connector.capabilities.largest_write, COUNT - 200),
    )


def test_refused_rows_are_attributed(empty_bench: Any, connector: Any) -> None:
    """A job that is complete with refused rows names each with the vendor's words."""
    rule = {"object": "Contact", "field": "Title", "equals": "no", "message": "Not: this."}
    empty_bench.sim.switches.update({"validation_rules": [rule]})
    writes = titles(COUNT)
    writes[7] = Write("contact", contact_id(7), {"Title": "no"})
    results = connector.write(writes)
    wrong = [(r.write.id, r.refusal, r.message) for r in results if r.refusal is not None]
    assert [(contact_id(7), Refusal.INVALID, "Not: this.")] == wrong


def test_rows_that_a_failed_job_left_undone_go_in_batches(empty_bench: Any, connector: Any) -> None:
    """When half of a job times out, the other half is written by REST."""
    empty_bench.sim.switches.update({"bulk_unprocessed_share": 0.5})
    results = connector.write(titles(COUNT))
    assert {None} == {result.refusal for result in results}
    assert ["Title"] * COUNT == stored(empty_bench)
    assert ("Failed", COUNT // 2) == (job(empty_bench).state, len(job(empty_bench).undone))


def test_job_that_the_org_refuses_is_replaced_by_batches(empty_bench: Any, connector: Any) -> None:
    """An org without Bulk batches left is written to as usual."""
    empty_bench.sim.switches.update({"bulk_batches_most": 0})
    results = connector.write(titles(COUNT))
    assert {None} == {result.refusal for result in results}
    assert ["Title"] * COUNT == stored(empty_bench)


def test_small_write_makes_no_job(empty_bench: Any, connector: Any) -> None:
    """Below the threshold batches are cheaper."""
    connector.write(titles(999))
    assert [] == list(empty_bench.sim._jobs.all("ingest"))


def test_lost_answer_to_an_upload_loses_nothing(empty_bench: Any, connector: Any) -> None:
    """A connection cut after the upload ends with every row written, and the job given up."""
    empty_bench.sim.faults.add("cut_after", 1, "/batches")
    results = connector.write(titles(COUNT))
    assert "Aborted" == job(empty_bench).state
    assert {None} == {result.refusal for result in results}
    assert ["Title"] * COUNT == stored(empty_bench)


def test_field_is_emptied_or_left(empty_bench: Any, connector: Any) -> None:
    """None empties a field, and a field that a row does not set stays."""
    connector.write(titles(COUNT))
    writes = [
        Write("contact", contact_id(n), {"Title": None} if n % 2 else {"Department": "D"})
        for n in range(COUNT)
    ]
    connector.write(writes)
    assert [None if n % 2 else "Title" for n in range(COUNT)] == stored(empty_bench)


def test_sheet_leaves_out_what_is_not_set() -> None:
    """Each row has a cell for every column; an empty one is not written."""
    writes = [Write("lead", "1", {"A": True, "B": 2.5}), Write("lead", "2", {"C": None})]
    assert b"Id,A,B,C\n1,true,2.5,\n2,,,#N/A\n" == sheet_of(writes)


def test_error_of_a_row_is_taken_apart() -> None:
    """Code, message with colons, and fields."""
    item = Write("lead", "1", {})
    found = refused(item, "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --")
    assert ("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ("Name",)) == (
        found.code,
        found.message,
        found.fields,
    )


def test_owner_stays_in_a_job(empty_bench: Any) -> None:
    """A job names no assignment rule, so the org's own moves no lead to its queue."""
    at = empty_bench.sim.clock.now() // 1 - 60
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), at)
    row = {"LastName": "N", "Company": "C", "OwnerId": empty_bench.sim.org.human_id, **stamps}
    row |= {"Status": "Open - Not Contacted", "IsConverted": False}
    ids = [make_id("Lead", number) for number in range(1, COUNT + 1)]
    empty_bench.sim.load(SalesforceSeed({"Lead": [{"Id": each, **row} for each in ids]}))
    made = empty_bench.connect(bulk_writes_from=1_000)
    made.write([Write("lead", each, {"Title": "x"}) for each in ids])
    made.close()
    assert COUNT == job(empty_bench).processed
    owners = {(row["OwnerId"], row["Title"]) for row in empty_bench.rows("Lead").values()}
    assert {(empty_bench.sim.org.human_id, "x")} == owners

"""Writing to the simulated org: batches, results by position, refusals and locks."""

from __future__ import annotations

import time
from typing import Any

import pytest
import responses

from stagesync.connector import (
    FieldMissing,
    FieldValue,
    Refusal,
    RequestRefused,
    Unavailable,
    Write,
    WriteResult,
)
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync_salesforce.write import chunks

COLLECTIONS = ("PATCH", "/services/data/v64.0/composite/sobjects")
COMPOSITE = ("POST", "/services/data/v64.0/composite")


def contact_id(number: int) -> str:
    return make_id("Contact", number + 1)


def org_of(contacts: int, leads: int = 0) -> SalesforceSeed:
    """Contacts of accounts of four, and leads."""
    stamp = float(int(time.time()) - 7200)
    stamps = {"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp}
    return SalesforceSeed(
        {
            "Account": [
                {"Id": make_id("Account", number + 1), "Name": f"A{number}", **stamps}
                for number in range(contacts // 4 + 1)
            ],
            "Contact": [
                {
                    "Id": contact_id(number),
                    "LastName": f"L{number}",
                    "AccountId": make_id("Account", number // 4 + 1),
                    **stamps,
                }
                for number in range(contacts)
            ],
            "Lead": [
                {
                    "Id": make_id("Lead", number + 1),
                    "LastName": "L",
                    "Company": "C",
                    "Status": "Open - Not Contacted",
                    **stamps,
                }
                for number in range(leads)
            ],
        }
    )


def titles(count: int, text: FieldValue = "Title") -> list[Write]:
    return [
        Write("contact", contact_id(number), {"Title": text}, together=f"A{number // 4}")
        for number in range(count)
    ]


def refusals(results: list[WriteResult]) -> list[Refusal | None]:
    return [result.refusal for result in results]


def test_every_record_holds_what_was_written(empty_bench: Any) -> None:
    """450 writes end in the org, are answered in their order, and ride in one call."""
    empty_bench.sim.load(org_of(450))
    writes = [
        Write("contact", contact_id(number), {"Title": f"T{number}"}, together=f"A{number % 7}")
        for number in reversed(range(450))
    ]
    results = empty_bench.connector.write(writes)
    held = {key: row.get("Title") for key, row in empty_bench.rows("Contact").items()}
    assert held == {contact_id(number): f"T{number}" for number in range(450)}
    assert results == [WriteResult(item) for item in writes]
    assert empty_bench.calls_in_log() == [COMPOSITE]


@pytest.mark.parametrize(
    ("count", "calls"),
    [(0, []), (1, [COLLECTIONS]), (200, [COLLECTIONS]), (201, [COMPOSITE]), (1000, [COMPOSITE])],
)
def test_least_number_of_calls(empty_bench: Any, count: int, calls: list[tuple[str, str]]) -> None:
    """Up to 200 records are one collection; up to 1,000 ride in one composite call."""
    empty_bench.sim.load(org_of(count))
    empty_bench.connector.write(titles(count))
    assert empty_bench.calls_in_log() == calls


def test_requests_hold_one_object_and_whole_accounts() -> None:
    """No request mixes objects, none exceeds 200 rows, and no account is torn between two."""
    writes = [
        *titles(430),
        *(Write("lead", make_id("Lead", number), {}) for number in range(1, 90)),
    ]
    found = chunks(writes)
    where = {
        (item.together, item.object): {
            place
            for place, rows in enumerate(found)
            for row in rows
            if row.together == item.together
        }
        for item in writes
        if item.together
    }
    assert [len({row.object for row in rows}) for rows in found] == [1] * len(found)
    assert max(map(len, found)) <= 200
    assert {len(places) for places in where.values()} == {1}
    assert sorted(row.id for rows in found for row in rows) == sorted(item.id for item in writes)


def test_one_account_larger_than_a_request() -> None:
    """An account of 450 contacts is cut, since no request could take it whole."""
    writes = [Write("contact", contact_id(number), {}, together="A") for number in range(450)]
    assert [len(rows) for rows in chunks(writes)] == [200, 200, 50]


def test_null_empties_a_field(empty_bench: Any) -> None:
    """None is written as null."""
    empty_bench.sim.load(org_of(1))
    empty_bench.connector.write(titles(1, "x"))
    empty_bench.connector.write(titles(1, None))
    assert empty_bench.rows("Contact")[contact_id(0)].get("Title") is None


def test_owner_stays_although_the_org_has_assignment_rules(empty_bench: Any) -> None:
    """Neither a single collection nor one inside a composite call moves a lead's owner."""
    empty_bench.sim.load(org_of(0, leads=250))
    before = {key: row.get("OwnerId") for key, row in empty_bench.rows("Lead").items()}
    writes = [Write("lead", key, {"Title": "x"}) for key in before]
    empty_bench.connector.write(writes[:1])
    empty_bench.connector.write(writes)
    after = {key: row.get("OwnerId") for key, row in empty_bench.rows("Lead").items()}
    assert before == after


def test_each_refusal_stays_with_its_record(bench: Any) -> None:
    """A converted lead, a deleted one, an overlong text and a good one are answered in order."""
    leads = bench.rows("Lead")
    converted = next(key for key, row in leads.items() if row["IsConverted"])
    good, gone, long = [key for key, row in leads.items() if not row["IsConverted"]][:3]
    bench.sim.delete({"object": "Lead", "id": gone})
    writes = [
        Write("lead", long, {"Title": "x" * 129}),
        Write("lead", good, {"Title": "fine"}),
        Write("lead", converted, {"Title": "x"}),
        Write("lead", gone, {"Title": "x"}),
        Write("lead", make_id("Lead", 999_999), {"Title": "x"}),
    ]
    results = bench.connector.write(writes)
    assert [(result.write.id, result.refusal, result.code) for result in results] == [
        (long, Refusal.INVALID, "STRING_TOO_LONG"),
        (good, None, ""),
        (converted, Refusal.CONVERTED, "CANNOT_UPDATE_CONVERTED_LEAD"),
        (gone, Refusal.GONE, "ENTITY_IS_DELETED"),
        (make_id("Lead", 999_999), Refusal.GONE, "INVALID_CROSS_REFERENCE_KEY"),
    ]
    assert bench.rows("Lead")[good]["Title"] == "fine"


def test_validation_rule_speaks_in_its_own_words(empty_bench: Any) -> None:
    """An admin's rule refuses its record with the admin's text, the next one is written."""
    empty_bench.sim.load(org_of(2))
    rule = {"object": "Contact", "field": "Title", "equals": "bad", "message": "No bad titles."}
    empty_bench.sim.switches.update({"validation_rules": [rule]})
    results = empty_bench.connector.write(
        [
            Write("contact", contact_id(0), {"Title": "bad"}),
            Write("contact", contact_id(1), {"Title": "good"}),
        ]
    )
    first = results[0]
    assert (first.refusal, first.code, first.message, results[1].refusal) == (
        Refusal.INVALID,
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "No bad titles.",
        None,
    )


NAMED = {"CleanStatus": "Nope"}
TWO_NAMED = {"CleanStatus": "Nope", "Title": "x" * 129}


@pytest.mark.parametrize(
    ("bad", "code"),
    [(NAMED, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"), (TWO_NAMED, "")],
)
def test_other_fields_of_a_refused_row_are_written(
    empty_bench: Any, bad: dict[str, FieldValue], code: str
) -> None:
    """A value that its field does not take keeps no other field of the row from being written."""
    empty_bench.sim.load(org_of(2))
    writes = [
        Write("contact", contact_id(0), {**bad, "Department": "a"}),
        Write("contact", contact_id(1), {"Department": "b"}),
    ]
    first, second = empty_bench.connector.write(writes)
    held = [row.get("Department") for row in empty_bench.rows("Contact").values()]
    assert (first.refusal, set(first.fields), held) == (Refusal.INVALID, set(bad), ["a", "b"])
    assert (first.write, second) == (writes[0], WriteResult(writes[1]))
    assert first.code == code or not code


def test_row_refused_for_all_its_fields(empty_bench: Any) -> None:
    """When nothing of a row was taken, its result concerns all fields."""
    empty_bench.sim.load(org_of(1))
    [result] = empty_bench.connector.write([Write("contact", contact_id(0), TWO_NAMED)])
    assert (result.refusal, result.fields) == (Refusal.INVALID, ())


@pytest.mark.parametrize(
    ("again", "fields"),
    [
        ({"id": "003A", "success": True, "errors": []}, ("Title",)),
        ({"success": False, "errors": [{"statusCode": "OOPS", "message": "x"}]}, ()),
    ],
)
def test_rule_that_names_no_field_spares_our_own(
    scripted: Any, again: dict[str, Any], fields: tuple[str, ...]
) -> None:
    """A row refused without a field's name is sent again with its custom fields alone."""
    connector, _ = scripted
    host = "https://acme.my.salesforce.com"
    refused = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "no", "fields": []}
    sent = {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Contact"}, "id": "003A", "Stage__c": "lead"}],
    }
    with responses.RequestsMock() as mock:
        mock.post(f"{host}/services/oauth2/token", json={"access_token": "t"})
        url = f"{host}/services/data/v64.0/composite/sobjects"
        mock.patch(url, json=[{"success": False, "errors": [refused]}])
        mock.patch(url, json=[again], match=[responses.matchers.json_params_matcher(sent)])
        [result] = connector.write([Write("contact", "003A", {"Title": "x", "Stage__c": "lead"})])
    assert (result.refusal, result.fields, result.message) == (Refusal.INVALID, fields, "no")


def test_locked_rows_are_written_at_the_second_try(empty_bench: Any) -> None:
    """Only the rows that met a lock are sent again, after a wait."""
    empty_bench.sim.load(org_of(10))
    empty_bench.sim.faults.add("lock_row", 1, "composite")
    results = empty_bench.connector.write(titles(10))
    records = [entry["records"] for entry in empty_bench.log()[1:]]
    assert (refusals(results), records) == ([None] * 10, [10, 5])
    assert sum(empty_bench.clock.slept_s) == pytest.approx(2.0, abs=0.5)


def test_rows_that_stay_locked_are_told(empty_bench: Any) -> None:
    """After three more tries with growing waits the lock is the record's result."""
    empty_bench.sim.load(org_of(3))
    empty_bench.sim.switches.update({"lock_row_chance": 1.0})
    results = empty_bench.connector.write(titles(3))
    assert refusals(results) == [Refusal.LOCKED] * 3
    assert len(empty_bench.calls_in_log()) == 4
    assert sum(empty_bench.clock.slept_s) == pytest.approx(14.0, abs=0.5)


def test_unknown_field_is_named(empty_bench: Any) -> None:
    """A field that is not there refuses the request, and the error names it."""
    empty_bench.sim.load(org_of(1))
    with pytest.raises(FieldMissing, match="no field Nope__c on contact"):
        empty_bench.connector.write([Write("contact", contact_id(0), {"Nope__c": "x"})])


@pytest.mark.parametrize("count", [1, 250])
def test_results_before_a_failure_are_kept(empty_bench: Any, count: int) -> None:
    """What was written before another request failed comes with the error."""
    empty_bench.sim.load(org_of(count, leads=1))
    writes = [*titles(count), Write("lead", make_id("Lead", 1), {"Nope__c": "x"})]
    with pytest.raises(FieldMissing) as failed:
        empty_bench.connector.write(writes)
    assert failed.value.results == [WriteResult(item) for item in writes[:-1]]


def test_results_of_earlier_calls_are_kept(empty_bench: Any) -> None:
    """When the org goes down between two calls, the first thousand results come with the error."""
    empty_bench.sim.load(org_of(1_200))
    empty_bench.sim.faults.add("503", 9, "PATCH /services/data/v64.0/composite/sobjects")
    with pytest.raises(Unavailable) as failed:
        empty_bench.connector.write(titles(1_200))
    assert [result.refusal for result in failed.value.results] == [None] * 1_000


def test_value_that_looks_like_a_reference(empty_bench: Any) -> None:
    """Text that a composite call would take for a reference is written as it is."""
    empty_bench.sim.load(org_of(250))
    empty_bench.connector.write(titles(250, "@{p0.id}"))
    held = {row.get("Title") for row in empty_bench.rows("Contact").values()}
    assert held == {"@{p0.id}"}


def test_objects_without_stages_are_never_written(empty_bench: Any) -> None:
    """A write to a deal is refused before anything is sent."""
    with pytest.raises(RequestRefused, match="writes nothing to opportunity"):
        empty_bench.connector.write([Write("opportunity", make_id("Opportunity", 1), {})])
    assert empty_bench.connector.calls == 0


def test_the_same_record_twice_is_refused_before_anything_is_sent(empty_bench: Any) -> None:
    """The vendor would refuse the second row of the two; nobody could say which value is meant."""
    writes = [Write("contact", contact_id(1), {"Title": title}) for title in "ab"]
    with pytest.raises(ValueError, match="twice"):
        empty_bench.connector.write(writes)
    assert 0 == empty_bench.connector.calls

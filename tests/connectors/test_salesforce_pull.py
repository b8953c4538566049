"""Pulling from the simulated org: everything, then only what changed, and never less."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import responses

from stagesync.connector import FieldMissing, FieldValue, Pull, Record, RequestRefused, Unavailable
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync_salesforce.api import OBJECTS, sobject
from stagesync_salesforce.connector import SalesforceConnector
from stagesync_salesforce.records import seconds

PullAll = Callable[..., tuple[dict[str, dict[str, Record]], dict[str, str]]]

FIELDS: dict[str, tuple[str, ...]] = {
    "account": ("Name", "Industry", "NumberOfEmployees", "Website", "Type"),
    "lead": ("Email", "FirstName", "Title", "Status", "IsConverted", "Company", "Country"),
    "contact": ("Email", "LastName", "Title", "HasOptedOutOfEmail", "MailingCountry"),
    "opportunity": ("StageName", "IsWon", "IsClosed", "Amount", "CloseDate"),
    "opportunity_contact_role": ("Role", "IsPrimary"),
    "task": ("Status", "TaskSubtype", "ActivityDate", "CompletedDateTime"),
    "event": ("StartDateTime", "EndDateTime", "EventSubtype"),
    "campaign_member": ("Status", "HasResponded", "Campaign.Type"),
}
INSTANTS = {"CompletedDateTime", "StartDateTime", "EndDateTime"}
NONE: dict[str, tuple[str, ...]] = dict.fromkeys(FIELDS, ())


def held(bench: Any, name: str) -> dict[str, dict[str, Any]]:
    """What a pull should find of an object, straight from the simulator's table."""
    rows = {
        key: row for key, row in bench.rows(sobject(name).name).items() if not row.get("IsDeleted")
    }
    if name in {"task", "event"}:
        rows = {key: row for key, row in rows.items() if row.get("WhoId")}
    return {key: row for key, row in rows.items() if not row.get("IsChild")}


def value_in(bench: Any, row: dict[str, Any], field: str) -> FieldValue:
    parent, _, name = field.rpartition(".")
    if parent:
        row = bench.rows(parent)[row[f"{parent}Id"]]
    value: FieldValue = row.get(name)
    return value


def comparable(record: Record) -> dict[str, FieldValue]:
    return {
        name: seconds(value) if name in INSTANTS and isinstance(value, str) else value
        for name, value in record.fields.items()
    }


@pytest.mark.parametrize("name", FIELDS)
def test_full_pull_equals_what_the_org_holds(bench: Any, pull_all: PullAll, name: str) -> None:
    """Every visible record comes with the values, stamp and creation that the org holds."""
    found, _ = pull_all(bench.connector, {name: FIELDS[name]})
    expected = {
        key: (
            {field: value_in(bench, row, field) for field in FIELDS[name]},
            row["SystemModstamp"],
            row["CreatedDate"],
        )
        for key, row in held(bench, name).items()
    }
    actual = {
        key: (comparable(record), record.changed_at_s, record.created_at_s)
        for key, record in found[name].items()
    }
    assert len(expected) > 0
    assert actual == expected


LINKS = {
    "lead": {"ConvertedContactId": "contact", "ConvertedAccountId": "account"},
    "contact": {"AccountId": "account"},
    "opportunity": {"AccountId": "account"},
    "opportunity_contact_role": {"OpportunityId": "opportunity", "ContactId": "contact"},
    "campaign_member": {"LeadId": "lead", "ContactId": "contact"},
}


@pytest.mark.parametrize("name", LINKS)
def test_links_come_with_the_records(bench: Any, pull_all: PullAll, name: str) -> None:
    """A record names what its reference fields name, without a further call."""
    found, _ = pull_all(bench.connector, {name: ()})
    expected = {
        key: {target: (row[field],) for field, target in LINKS[name].items() if row.get(field)}
        for key, row in held(bench, name).items()
    }
    assert {key: record.links for key, record in found[name].items()} == expected


def test_activities_name_leads_contacts_and_accounts(bench: Any, pull_all: PullAll) -> None:
    """The polymorphic WhoId becomes a lead or a contact, and each kind occurs."""
    found, _ = pull_all(bench.connector, {"task": (), "event": ()})
    rows = held(bench, "task") | held(bench, "event")
    kinds = {"00Q": "lead", "003": "contact"}
    expected = {key: {kinds[row["WhoId"][:3]]} for key, row in rows.items()}
    actual = {
        key: set(record.links or {}) & {"lead", "contact"}
        for key, record in (found["task"] | found["event"]).items()
    }
    assert actual == expected
    assert {"lead", "contact"} == set.union(*actual.values())


def test_links_of_ids_alone(bench: Any) -> None:
    """Links can be asked for by id; an unknown id has none."""
    contact = next(key for key, row in held(bench, "contact").items() if row.get("AccountId"))
    found = bench.connector.links("contact", [contact, "003000000000000AAA"])
    assert found == {contact: {"account": (bench.rows("Contact")[contact]["AccountId"],)}}


def test_idle_pull_of_all_objects_takes_two_calls(bench: Any, pull_all: PullAll) -> None:
    """Eight idle objects ride in two composite calls, and the connector counts as the org does."""
    _, cursors = pull_all(bench.connector, FIELDS)
    before = bench.connector.calls
    bench.log()
    bench.sim.log.clear()
    bench.sim.clock.advance(3599)
    pull_all(bench.connector, FIELDS, **cursors)
    assert [("POST", "/services/data/v64.0/composite")] * 2 == bench.calls_in_log()
    assert bench.connector.calls - before == 2


def test_calls_equal_the_orgs_own_count(bench: Any, pull_all: PullAll) -> None:
    """`calls` and `usage` both are what the vendor counted; the login is in neither."""
    pull_all(bench.connector, FIELDS)
    counted = len(bench.calls_in_log())
    usage = bench.connector.usage
    assert (bench.connector.calls, usage.used, usage.max) == (counted, counted, 15_000)


def test_only_the_change_is_pulled(empty_bench: Any, pull_all: PullAll) -> None:
    """Behind the overlap nothing is fetched again: only the changed record comes."""
    empty_bench.sim.load(leads_of_one_second(50))
    _, cursors = pull_all(empty_bench.connector, {"lead": ()})
    empty_bench.sim.edit("Lead", lead_id(7), properties={"Title": "CEO"}, actor="human")
    empty_bench.sim.clock.advance(10)
    found, _ = pull_all(empty_bench.connector, {"lead": ("Title",)}, **cursors)
    assert {key: dict(record.fields) for key, record in found["lead"].items()} == {
        lead_id(7): {"Title": "CEO"}
    }


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_rows_committed_late_are_not_lost(bench: Any, pull_all: PullAll, share: float) -> None:
    """Edits that become visible behind the cursor all arrive in the end."""
    bench.sim.switches.update({"commit_lag_share": share, "commit_lag_max_s": 240.0})
    _, cursors = pull_all(bench.connector, {"lead": ("Title",)})
    leads = [key for key, row in held(bench, "lead").items() if not row["IsConverted"]][:40]
    seen: dict[str, FieldValue] = {}
    for turn, lead in enumerate(leads):
        bench.sim.edit("Lead", lead, properties={"Title": f"T{turn}"}, actor="human")
        bench.sim.clock.advance(20)
        found, cursors = pull_all(bench.connector, {"lead": ("Title",)}, **cursors)
        seen |= {key: record.fields["Title"] for key, record in found["lead"].items()}
    bench.sim.clock.advance(300)
    found, _ = pull_all(bench.connector, {"lead": ("Title",)}, **cursors)
    seen |= {key: record.fields["Title"] for key, record in found["lead"].items()}
    assert {key: seen.get(key) for key in leads} == {
        key: f"T{turn}" for turn, key in enumerate(leads)
    }


def leads_of_one_second(count: int) -> SalesforceSeed:
    """A bulk load: all rows bear one stamp."""
    now = float(int(time.time()) - 3600)
    row = {"LastName": "N", "Company": "C", "Status": "Open - Not Contacted"}
    stamps = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    rows = [{"Id": lead_id(number), **row, **stamps} for number in range(count)]
    return SalesforceSeed({"Lead": rows})


def lead_id(number: int) -> str:
    from stagesync.sandbox.salesforce.ids import make_id

    return make_id("Lead", number + 1)


def test_many_rows_of_one_stamp_all_come(empty_bench: Any) -> None:
    """5,000 rows of one second come in short pages, each exactly once, one of them last."""
    empty_bench.sim.load(leads_of_one_second(5_000))
    pages = list(empty_bench.connector.pull([Pull("lead", ())]))
    ids = [record.id for page in pages for record in page.records]
    assert (len(ids), len(set(ids)), sum(page.last for page in pages)) == (5_000, 5_000, 1)
    assert len(pages) > 3


def test_crash_between_pages_goes_on_behind_the_last_one(empty_bench: Any) -> None:
    """From a stored cursor a new connector fetches the rest and repeats nothing."""
    empty_bench.sim.load(leads_of_one_second(5_000))
    first = next(iter(empty_bench.connector.pull([Pull("lead", ())])))
    other = empty_bench.connect()
    rest = [
        record.id
        for page in other.pull([Pull("lead", (), first.cursor)])
        for record in page.records
    ]
    other.close()
    assert sorted([*(record.id for record in first.records), *rest]) == sorted(
        lead_id(number) for number in range(5_000)
    )


def test_forgotten_locator_restarts_behind_the_last_row(empty_bench: Any) -> None:
    """A query whose locator dies between pages goes on without loss or repetition."""
    empty_bench.sim.load(leads_of_one_second(5_000))
    ids: list[str] = []
    for page in empty_bench.connector.pull([Pull("lead", ())]):
        ids.extend(record.id for record in page.records)
        empty_bench.sim.clock.advance(3 * 86_400)
        empty_bench.sim.switches.update({"session_ttl_s": 1e9})
    assert sorted(ids) == sorted(lead_id(number) for number in range(5_000))


def test_edit_between_pages_is_not_lost(empty_bench: Any, pull_all: PullAll) -> None:
    """A row that was handed out and then changed during the pull comes with the next one."""
    empty_bench.sim.load(leads_of_one_second(3_000))
    cursor = ""
    for page in empty_bench.connector.pull([Pull("lead", ("Title",))]):
        if not cursor:
            early = page.records[0].id
            empty_bench.sim.clock.advance(3_600)
            empty_bench.sim.edit("Lead", early, properties={"Title": "new"}, actor="human")
            empty_bench.sim.clock.advance(10)
        cursor = page.cursor
    found, _ = pull_all(empty_bench.connector, {"lead": ("Title",)}, lead=cursor)
    assert found["lead"][early].fields == {"Title": "new"}


def stamp(second: int) -> str:
    return f"2026-10-01T10:00:{second:02d}.000+0000"


def test_row_changed_between_pages_does_not_move_the_place(scripted: Any) -> None:
    """A restart goes on behind the last row that stood in order, not behind a newer stamp."""
    connector, _ = scripted
    host = "https://acme.my.salesforce.com"
    rest = "/services/data/v64.0/query/01g-2"
    asked: list[str] = []

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        [part] = json.loads(request.body)["compositeRequest"]
        asked.append(unquote(part["url"]))
        status, body = pages[len(asked) - 1]
        shown = {"referenceId": "p0", "httpStatusCode": status, "body": body}
        # The query ran at 10:00:30.
        date = {"Date": "Thu, 01 Oct 2026 10:00:30 GMT"}
        return 200, date, json.dumps({"compositeResponse": [shown]})

    def page(*rows: tuple[str, int], done: bool) -> tuple[int, dict[str, Any]]:
        records = [
            {"Id": key, "SystemModstamp": stamp(at), "CreatedDate": stamp(0)} for key, at in rows
        ]
        return 200, {"done": done, "nextRecordsUrl": rest, "records": records}

    pages: list[tuple[int, Any]] = [
        page(("00QA", 1), ("00QB", 2), done=False),
        page(("00QC", 3), ("00QD", 55), done=False),
        (400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]),
        page(("00QE", 4), ("00QD", 55), done=True),
    ]
    with responses.RequestsMock() as mock:
        mock.post(f"{host}/services/oauth2/token", json={"access_token": "t"})
        mock.add_callback("POST", f"{host}/services/data/v64.0/composite", answer)
        found = list(connector.pull([Pull("lead", ())]))
    assert asked[1:3] == [rest, rest]
    assert "SystemModstamp = 2026-10-01T10:00:03.000Z AND Id > '00QC'" in asked[3]
    # The next pull starts from the moment at which this one began.
    assert json.loads(found[-1].cursor)["bookmark"] == seconds(stamp(30))


def test_locator_that_dies_after_empty_pages_is_given_up(scripted: Any) -> None:
    """Pages without a row are no progress: the restarts before them still count."""
    connector, _ = scripted
    host = "https://acme.my.salesforce.com"
    empty = {"done": False, "nextRecordsUrl": "/services/data/v64.0/query/01g-0", "records": []}
    gone = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    asked: list[str] = []

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        [part] = json.loads(request.body)["compositeRequest"]
        asked.append(part["url"])
        assert len(asked) < 20
        status, body = (400, gone) if "01g-0" in part["url"] else (200, empty)
        shown = {"referenceId": "p0", "httpStatusCode": status, "body": body}
        return 200, {}, json.dumps({"compositeResponse": [shown]})

    with responses.RequestsMock() as mock:
        mock.post(f"{host}/services/oauth2/token", json={"access_token": "t"})
        mock.add_callback("POST", f"{host}/services/data/v64.0/composite", answer)
        with pytest.raises(Unavailable, match="alive"):
            list(connector.pull([Pull("lead", ())]))
    assert len(asked) == 12


def test_query_that_is_never_kept_alive_is_given_up(scripted: Any) -> None:
    """A locator that dies at once, again and again, is an outage and no endless loop."""
    connector, _ = scripted
    host = "https://acme.my.salesforce.com"
    part = {
        "referenceId": "p0",
        "httpStatusCode": 400,
        "body": [{"errorCode": "INVALID_QUERY_LOCATOR"}],
    }
    with responses.RequestsMock() as mock:
        mock.post(f"{host}/services/oauth2/token", json={"access_token": "t"})
        mock.post(f"{host}/services/data/v64.0/composite", json={"compositeResponse": [part]})
        with pytest.raises(Unavailable, match="alive"):
            list(connector.pull([Pull("lead", ())]))


def test_pages_are_as_long_as_asked(empty_bench: Any) -> None:
    """The page size of the options holds for the first page and for those after it."""
    empty_bench.sim.switches.update({"short_pages": False})
    empty_bench.sim.load(leads_of_one_second(900))
    connector = empty_bench.connect(page_size=400)
    assert [400, 400, 100] == [len(page.records) for page in connector.pull([Pull("lead", ())])]
    connector.close()


def test_hidden_field_is_named(bench: Any, pull_all: PullAll) -> None:
    """A field that does not exist ends the pull with the object's and the field's name."""
    with pytest.raises(FieldMissing, match=r"no field Nope__c on contact"):
        pull_all(bench.connector, {"contact": ("Email", "Nope__c")})


def test_other_objects_of_the_call_come_before_the_failure(bench: Any) -> None:
    """One object's unknown field does not throw away what came with it."""
    pages = bench.connector.pull([Pull("account", ("Name",)), Pull("contact", ("Nope__c",))])
    assert next(pages).object == "account"
    with pytest.raises(FieldMissing):
        list(pages)


def test_refused_names_cost_no_call(bench: Any) -> None:
    """Free text and unknown objects are refused before anything is sent."""
    for wanted in (Pull("task", ("Subject",)), Pull("invoice", ())):
        with pytest.raises(RequestRefused):
            list(bench.connector.pull([wanted]))
    assert bench.connector.calls == 0


def test_deleted_rows_are_left_out_of_a_read(bench: Any) -> None:
    """A read gives the records that are there now, with parents' fields where asked."""
    first, second = list(held(bench, "contact"))[:2]
    bench.sim.delete({"object": "Contact", "id": first})
    plain = bench.connector.read("contact", [first, second], ["LastName"])
    nested = bench.connector.read("contact", [first, second], ["Account.Name"])
    account = bench.rows("Contact")[second].get("AccountId")
    name = bench.rows("Account")[account]["Name"] if account else None
    assert [(record.id, dict(record.fields)) for record in (*plain, *nested)] == [
        (second, {"LastName": bench.rows("Contact")[second]["LastName"]}),
        (second, {"Account.Name": name}),
    ]


def test_read_of_many_ids_is_cut(empty_bench: Any) -> None:
    """4,500 ids are three calls, and the same id twice is one record."""
    empty_bench.sim.load(leads_of_one_second(4_500))
    ids = [lead_id(number) for number in range(4_500)]
    found = empty_bench.connector.read("lead", [*ids, ids[0]], ["Company"])
    assert ([record.id for record in found], empty_bench.connector.calls) == (ids, 3)


def test_read_by_query_follows_short_pages(empty_bench: Any) -> None:
    """A read that needs a query gets every row although pages are short."""
    empty_bench.sim.load(leads_of_one_second(2_000))
    ids = [lead_id(number) for number in range(2_000)]
    found = empty_bench.connector.read("lead", ids, ["Owner.Name"])
    assert sorted(record.id for record in found) == sorted(ids)


def test_converted_lead_names_its_new_contact(bench: Any, pull_all: PullAll) -> None:
    """After a conversion the next pull brings the lead with the contact it became."""
    _, cursors = pull_all(bench.connector, {"lead": ("IsConverted",)})
    lead = next(key for key, row in held(bench, "lead").items() if not row["IsConverted"])
    bench.sim.convert({"lead": lead})
    bench.sim.clock.advance(10)
    found, _ = pull_all(bench.connector, {"lead": ("IsConverted",)}, **cursors)
    contact = bench.rows("Lead")[lead]["ConvertedContactId"]
    record = found["lead"][lead]
    assert (record.fields, (record.links or {})["contact"]) == ({"IsConverted": True}, (contact,))


def test_objects_are_those_of_the_contract(bench: Any) -> None:
    """Accounts come first, then people, deals and activities; three take stages."""
    connector: SalesforceConnector = bench.connector
    assert [kind.name for kind in connector.objects] == list(FIELDS)
    assert [item.kind for item in OBJECTS if item.kind.writable] == [
        sobject(name).kind for name in ("account", "lead", "contact")
    ]

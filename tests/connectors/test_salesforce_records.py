"""From rows to records, and queries with their literals."""

from __future__ import annotations

from typing import Any

import pytest

from stagesync.connector import AnswerUnreadable, Pull, Record, RequestRefused
from stagesync_salesforce import soql
from stagesync_salesforce.api import sobject
from stagesync_salesforce.cursor import Cursor, Place
from stagesync_salesforce.pull import Ways, query_of
from stagesync_salesforce.records import columns, record_of

WAYS = Ways(
    overlap_s=600.0,
    page_size=2000,
    sweep_every_s=3600.0,
    renew_every_s=86_400.0,
    bulk_from=50_000,
)

ROW: dict[str, Any] = {
    "attributes": {"type": "CampaignMember"},
    "Id": "00v000000000001AAA",
    "SystemModstamp": "2026-10-01T10:00:00.000+0000",
    "CreatedDate": "2026-09-01T10:00:00.000+0000",
    "LeadId": "00Q000000000001AAA",
    "ContactId": None,
    "Status": "Responded",
    "HasResponded": True,
    "Campaign": {"attributes": {}, "Type": "Webinar"},
}


def test_record_has_the_fields_asked_for_under_their_names() -> None:
    """A parent's field comes under its dotted name, and what was not asked for is left out."""
    record = record_of(sobject("campaign_member"), ROW, ("Status", "Campaign.Type", "HasResponded"))
    assert (
        Record(
            object="campaign_member",
            id="00v000000000001AAA",
            fields={"Status": "Responded", "Campaign.Type": "Webinar", "HasResponded": True},
            changed_at_s=1_790_848_800.0,
            created_at_s=1_788_256_800.0,
            links={"lead": ("00Q000000000001AAA",)},
        )
        == record
    )


def test_empty_parent_is_none() -> None:
    """A row without its parent has no value for the parent's field."""
    record = record_of(sobject("campaign_member"), ROW | {"Campaign": None}, ("Campaign.Type",))
    assert record.fields == {"Campaign.Type": None}


def test_case_of_a_field_does_not_matter() -> None:
    """SOQL takes any case and answers with its own."""
    record = record_of(sobject("campaign_member"), ROW, ("hasresponded",))
    assert record.fields == {"hasresponded": True}


def test_who_of_a_task_is_told_by_its_prefix() -> None:
    """A task that names a user or an object of no interest names nothing."""
    row = ROW | {"Id": "00T1", "WhoId": "003A", "AccountId": "001A"}
    other = ROW | {"Id": "00T2", "WhoId": "005A", "AccountId": None}
    found = [record_of(sobject("task"), item, ()).links for item in (row, other)]
    assert found == [{"contact": ("003A",), "account": ("001A",)}, {}]


def test_converted_lead_names_its_contact() -> None:
    """A lead that became a contact names it and its account."""
    row = ROW | {"ConvertedContactId": "003A", "ConvertedAccountId": "001A"}
    links = record_of(sobject("lead"), row, ()).links
    assert links == {"contact": ("003A",), "account": ("001A",)}


@pytest.mark.parametrize("row", [{}, ROW | {"SystemModstamp": None}, ROW | {"SystemModstamp": "x"}])
def test_row_without_its_stamp_is_unreadable(row: dict[str, Any]) -> None:
    """A row that is not as documented is an error, not a record at no time."""
    with pytest.raises(AnswerUnreadable):
        record_of(sobject("lead"), row, ())


@pytest.mark.parametrize("name", ["Subject", "description", "What.Description", "subject"])
def test_free_text_is_never_asked_for(name: str) -> None:
    """Subjects and descriptions are refused under any object, in any case."""
    with pytest.raises(RequestRefused, match="free text"):
        columns(sobject("task"), [name])


@pytest.mark.parametrize("name", ["Id FROM User", "", "1", "Name'", "A..B", "Émail"])
def test_only_names_go_into_a_query(name: str) -> None:
    """A mapping cannot smuggle SOQL in by a field's name."""
    with pytest.raises(RequestRefused, match="no name"):
        columns(sobject("task"), [name])


def test_columns_come_once() -> None:
    """A field that is fetched anyway is not selected twice, whatever its case."""
    found = columns(sobject("contact"), ("accountid", "Email", "ID"))
    assert tuple(found) == ("Id", "SystemModstamp", "CreatedDate", "AccountId", "Email")


@pytest.mark.parametrize(
    ("at_s", "expected"),
    [(0.0, "1970-01-01T00:00:00.000Z"), (1_790_848_800.25, "2026-10-01T10:00:00.250Z")],
)
def test_instants_are_utc(at_s: float, expected: str) -> None:
    """A SOQL instant is always written in UTC with milliseconds."""
    assert expected == soql.instant(at_s)


def test_quotes_and_backslashes_are_escaped() -> None:
    """A text literal ends where it should."""
    assert soql.quoted(r"O'Neil \ co") == r"'O\'Neil \\ co'"


BASE = "SELECT Id, SystemModstamp, CreatedDate, AccountId, Email FROM Contact"
ORDER = " ORDER BY SystemModstamp, Id"


@pytest.mark.parametrize(
    ("cursor", "where"),
    [
        (Cursor(), ""),
        (
            Cursor(Place(1_790_848_800.0)),
            " WHERE SystemModstamp >= 2026-10-01T09:50:00.000Z",
        ),
        (
            Cursor(Place(5.0, 9.0, (1_790_848_800.0, "003A"))),
            (
                " WHERE (SystemModstamp > 2026-10-01T10:00:00.000Z"
                " OR (SystemModstamp = 2026-10-01T10:00:00.000Z AND Id > '003A'))"
            ),
        ),
    ],
)
def test_query_starts_where_the_cursor_says(cursor: Cursor, where: str) -> None:
    """The first pull takes all, the next one reaches back, a broken one goes on behind a row."""
    query = query_of(Pull("contact", ("Email",)), cursor, sweep=False, ways=WAYS)
    assert BASE + where + ORDER == query


def test_activities_of_nobody_are_left_out() -> None:
    """Events without a person, and invitees' copies, are not pulled."""
    query = query_of(Pull("event", ()), Cursor(Place(700.0)), sweep=False, ways=WAYS)
    assert query.endswith(
        "FROM Event WHERE SystemModstamp >= 1970-01-01T00:01:40.000Z"
        " AND IsDeleted = false AND WhoId != null AND IsChild = false" + ORDER
    )


def test_cursor_survives_its_text() -> None:
    """What a cursor says is what its text says."""
    cursor = Cursor(
        Place(5.0, 9.0, (7.0, "003A")), Place(3.0, 4.0, (1.0, "003B")), 8.0, ("750A", "L")
    )
    assert cursor == Cursor.read(cursor.text())


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"v":99}', '{"v":1}', '{"v":1,"at":[1]}'])
def test_foreign_cursor_means_the_start(text: str | None) -> None:
    """A cursor of another version pulls everything again, which loses nothing."""
    assert Cursor() == Cursor.read(text)

"""The records of a world: ids, references, e-mail rules, stamps, and the special kinds."""

from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest

from stagesync.sandbox.world import (
    EXTRA_PICKLIST_VALUES,
    HUBSPOT_FIELDS,
    MEMBER_STATUSES,
    SALESFORCE_FIELDS,
    World,
    make_world,
)
from stagesync.sandbox.world.ids import PREFIXES, checksum
from stagesync.sandbox.world.names import ENGLISH_FIRST, ENGLISH_LAST, FRENCH_FIRST, FRENCH_LAST

NOW = 1_793_000_000.25
NEWEST = NOW - 299
LATER = {"StartDateTime", "EndDateTime", "ActivityDateTime"}


@pytest.fixture(scope="module", params=[1, 2, 3])
def world(request: pytest.FixtureRequest) -> World:
    return make_world(contacts=500, seed=request.param, now=NOW)


def rows(world: World, name: str) -> list[dict[str, object]]:
    return world.salesforce.rows[name]


def values(world: World, name: str, field: str) -> set[object]:
    return {row[field] for row in rows(world, name)}


def contact_values(world: World, name: str) -> set[str | None]:
    return {record.properties.get(name) for record in world.hubspot.objects["contacts"]}


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_checksum_follows_the_vendor() -> None:
    """The suffix has bit i of a block set where its i-th character is a capital."""
    assert checksum("001500000000001") == "AAA"
    assert checksum("001D000000IqhSL") == "IAZ"
    assert checksum("00150ABCDE00000") == "A5A"


def test_salesforce_ids_are_whole(world: World) -> None:
    """Every Salesforce id has its object's prefix, 18 characters, a right suffix, and is unique."""
    for name in world.salesforce.rows:
        ids = [str(row["Id"]) for row in rows(world, name)]
        assert len(ids) == len(set(ids))
        assert [id18[:15] + checksum(id18[:15]) for id18 in ids] == ids
        assert {PREFIXES[name]} == {id18[:3] for id18 in ids}
    owners = [owner.salesforce_id for owner in world.owners]
    assert values(world, "Lead", "OwnerId") <= set(owners)
    assert all(owner.startswith("005") for owner in owners)


def test_hubspot_ids_are_numbers(world: World) -> None:
    """HubSpot ids are unique text of 9 to 12 digits."""
    for records in world.hubspot.objects.values():
        ids = [record.id for record in records]
        assert len(ids) == len(set(ids))
        assert all(record_id.isdigit() and 9 <= len(record_id) <= 12 for record_id in ids)


def test_salesforce_references_resolve(world: World) -> None:
    """Every id that a Salesforce row names is the id of a row of the right object."""
    ids = {name: values(world, name, "Id") for name in world.salesforce.rows}
    people = ids["Lead"] | ids["Contact"]
    targets = {
        "AccountId": ids["Account"],
        "WhatId": ids["Account"],
        "WhoId": people,
        "LeadId": ids["Lead"],
        "ContactId": ids["Contact"],
        "LeadOrContactId": people,
        "CampaignId": ids["Campaign"],
        "OpportunityId": ids["Opportunity"],
        "ConvertedAccountId": ids["Account"],
        "ConvertedContactId": ids["Contact"],
        "ConvertedOpportunityId": ids["Opportunity"],
    }
    for table in world.salesforce.rows.values():
        for row in table:
            for field in targets.keys() & row.keys():
                assert row[field] is None or row[field] in targets[field]
    assert None not in values(world, "Task", "WhoId") | values(world, "Event", "WhoId")


def test_hubspot_associations_resolve(world: World) -> None:
    """Both ends of every association exist, and no association stands twice."""
    ids = {kind: {r.id for r in records} for kind, records in world.hubspot.objects.items()}
    for from_kind, from_id, to_kind, to_id in world.hubspot.associations:
        assert from_id in ids[from_kind]
        assert to_id in ids[to_kind]
    assert len(world.hubspot.associations) == len(set(world.hubspot.associations))


def test_hubspot_emails_are_unique_and_lower_case(world: World) -> None:
    """No two HubSpot contacts share an address, and none has capitals or blanks."""
    emails = [
        record.properties["email"]
        for record in world.hubspot.objects["contacts"]
        if "email" in record.properties
    ]
    assert len(emails) == len(set(emails))
    assert emails == [email.strip().lower() for email in emails]
    assert 370 < len(emails) <= 400


def test_the_same_person_is_spelled_differently(world: World) -> None:
    """Addresses in Salesforce differ by case and blanks alone; names differ for a good part."""
    emails = {r.id: r.properties.get("email") for r in world.hubspot.objects["contacts"]}
    names = {r.id: r.properties["lastname"] for r in world.hubspot.objects["contacts"]}
    people = {str(row["Id"]): row for name in ("Lead", "Contact") for row in rows(world, name)}
    spelled = renamed = 0
    both = [human for human in world.humans if human.hubspot_contacts and human.salesforce_records]
    for human in both:
        contact, row = human.hubspot_contacts[0], people[human.salesforce_records[0]]
        told = str(row["Email"] or "")
        if human.note == "shared_mailbox" or "@" not in told or told == "n/a@n/a":
            continue
        assert emails[contact] == told.strip().lower()
        spelled += emails[contact] != told
        renamed += names[contact] != row["LastName"]
    assert 0.15 < spelled / len(both) < 0.5
    assert 0.15 < renamed / len(both) < 0.6


def test_stamps_are_ordered_and_past(world: World) -> None:
    """Created, modified and system stamps follow each other and end five minutes before now."""
    for table in world.salesforce.rows.values():
        for row in table:
            stamps = [row["CreatedDate"], row["LastModifiedDate"], row["SystemModstamp"], NEWEST]
            assert stamps == sorted(stamps)
    for records in world.hubspot.objects.values():
        for record in records:
            assert record.created_at <= record.updated_at <= NEWEST


def test_only_plans_lie_ahead(world: World) -> None:
    """Nothing but planned meetings and expected closings is later than now."""
    for record in (r for kind in ("contacts", "calls") for r in world.hubspot.objects[kind]):
        for name, value in record.properties.items():
            if name.endswith(("_date", "_timestamp", "createdate")):
                assert seconds(value) <= NEWEST
    for meeting in world.hubspot.objects["meetings"]:
        if meeting.properties["hs_meeting_outcome"] != "SCHEDULED":
            assert seconds(meeting.properties["hs_meeting_end_time"]) <= NEWEST
    for deal in world.hubspot.objects["deals"]:
        if deal.properties["hs_is_closed"] == "true":
            assert seconds(deal.properties["closedate"]) <= NEWEST
    today = datetime.fromtimestamp(NOW, UTC).date().isoformat()
    for name, table in world.salesforce.rows.items():
        for row in table:
            for field, value in row.items():
                if isinstance(value, float) and value > 1e9 and field.endswith(("Time", "Stamp")):
                    assert value <= NEWEST or (name == "Event" and field in LATER)
    for row in rows(world, "Opportunity"):
        assert not row["IsClosed"] or str(row["CloseDate"]) <= today
    assert all(str(row["ActivityDate"]) <= today for row in rows(world, "Task"))


def test_planned_meetings_are_there_in_both(world: World) -> None:
    """Both CRMs hold a meeting that is still to come."""
    starts = [r.properties["hs_meeting_start_time"] for r in world.hubspot.objects["meetings"]]
    assert any(seconds(start) > NOW for start in starts)
    assert any(row["StartDateTime"] > NOW for row in rows(world, "Event"))


def test_counters_agree_with_their_dates(world: World) -> None:
    """A counter of HubSpot is above zero exactly when its last date is there."""
    pairs = {
        "num_conversion_events": "recent_conversion_date",
        "hs_analytics_num_visits": "hs_analytics_last_visit_timestamp",
        "hs_email_open": "hs_email_last_open_date",
        "hs_email_click": "hs_email_last_click_date",
        "hs_email_replied": "hs_email_last_reply_date",
    }
    for record in world.hubspot.objects["contacts"]:
        own = record.properties
        for counter, date in pairs.items():
            assert (int(own.get(counter, "0")) > 0) == (date in own)
        visits = int(own["hs_analytics_num_visits"])
        assert visits <= int(own["hs_analytics_num_page_views"])
        assert ("recent_conversion_event_name" in own) == ("recent_conversion_date" in own)
        if "recent_conversion_date" in own:
            assert own["first_conversion_date"] <= own["recent_conversion_date"]
            assert own["recent_conversion_date"] <= own["hs_analytics_last_visit_timestamp"]
        if "hs_email_last_click_date" in own:
            assert own["hs_email_last_click_date"] <= own["hs_email_last_open_date"]
    assert "true" in contact_values(world, "hs_email_optout")


def test_every_kind_of_activity_is_there(world: World) -> None:
    """Meetings of every outcome, calls both ways, tasks of three kinds, members of each campaign."""
    meetings = world.hubspot.objects["meetings"]
    outcomes = {record.properties["hs_meeting_outcome"] for record in meetings}
    assert {"SCHEDULED", "COMPLETED", "NO_SHOW", "CANCELED", "RESCHEDULED"} == outcomes
    calls = world.hubspot.objects["calls"]
    assert {"INBOUND", "OUTBOUND"} == {r.properties["hs_call_direction"] for r in calls}
    assert {"Call", "Email", "Task"} == values(world, "Task", "TaskSubtype")
    assert {"Inbound", "Outbound", None} == values(world, "Task", "CallType")
    assert {True, False} == values(world, "Event", "IsChild")
    kinds = {row["Id"]: str(row["Type"]) for row in rows(world, "Campaign")}
    used = {kinds[row["CampaignId"]] for row in rows(world, "CampaignMember")}
    assert {"Webinar", "Trade Show", "Content", "Email", "Referral Program"} <= used


def test_members_respond_by_their_status(world: World) -> None:
    """HasResponded follows the status of the campaign's type, and only a response has a date."""
    kinds = {row["Id"]: str(row["Type"]) for row in rows(world, "Campaign")}
    for row in rows(world, "CampaignMember"):
        responded = MEMBER_STATUSES[kinds[row["CampaignId"]]][str(row["Status"])]
        assert responded == row["HasResponded"]
        assert responded == (row["FirstRespondedDate"] is not None)
    pairs = [(row["CampaignId"], row["LeadOrContactId"]) for row in rows(world, "CampaignMember")]
    assert len(pairs) == len(set(pairs))


def test_some_meetings_stand_in_both(world: World) -> None:
    """Some people in both CRMs have one meeting in each, minutes apart and not at one instant."""
    in_hubspot = defaultdict(list)
    starts = {
        r.id: seconds(r.properties["hs_timestamp"]) for r in world.hubspot.objects["meetings"]
    }
    for kind, record_id, _, to_id in world.hubspot.associations:
        if kind == "meetings":
            in_hubspot[to_id].append(starts[record_id])
    in_salesforce = defaultdict(list)
    for row in rows(world, "Event"):
        in_salesforce[row["WhoId"]].append(row["StartDateTime"])
    gaps = [
        abs(one - other)
        for human in world.humans
        for contact in human.hubspot_contacts
        for record in human.salesforce_records
        for one in in_hubspot[contact]
        for other in in_salesforce[record]
        if abs(one - other) < 900
    ]
    assert len(gaps) > 20
    # Two meetings of one busy person may lie close by chance, too.
    assert sum(gap <= 300 for gap in gaps) > 0.95 * len(gaps)
    assert sum(gap > 30 for gap in gaps) > 5


def test_converted_leads_lead_on(world: World) -> None:
    """A converted lead names contact, account and day, its status says so, and it is one human."""
    owner = {record: human.key for human in world.humans for record in human.salesforce_records}
    converted = [row for row in rows(world, "Lead") if row["IsConverted"]]
    assert len(converted) > 20
    for row in converted:
        assert row["Status"] == "Closed - Converted"
        assert row["ConvertedAccountId"] is not None
        assert row["ConvertedDate"] is not None
        assert owner[str(row["Id"])] == owner[str(row["ConvertedContactId"])]
    assert sum(row["ConvertedOpportunityId"] is not None for row in converted) > 3
    for row in rows(world, "Lead"):
        assert row["IsConverted"] == (row["Status"] == "Closed - Converted")


def test_duplicates_share_name_and_address(world: World) -> None:
    """Duplicates inside Salesforce, lead with contact and two contacts, have equal name and e-mail."""
    people = {str(row["Id"]): row for name in ("Lead", "Contact") for row in rows(world, name)}
    pairs = [
        [people[record] for record in human.salesforce_records]
        for human in world.humans
        if human.note == "duplicate"
    ]
    assert all(
        (one["Name"], one["Email"]) == (other["Name"], other["Email"]) for one, other in pairs
    )
    kinds = {(str(one["Id"])[:3], str(other["Id"])[:3]) for one, other in pairs}
    assert {("003", "003"), ("003", "00Q")} == kinds


def test_mailboxes_are_shared(world: World) -> None:
    """Several people of different names have one mailbox in Salesforce, and HubSpot has it once."""
    members = [human for human in world.humans if human.note == "shared_mailbox"]
    people = {str(row["Id"]): row for name in ("Lead", "Contact") for row in rows(world, name)}
    by_mailbox = defaultdict(set)
    for human in members:
        for record in human.salesforce_records:
            address = str(people[record]["Email"]).strip().lower()
            by_mailbox[address].add(people[record]["Name"])
    assert len(by_mailbox) == 2
    assert all(len(names) > 1 for names in by_mailbox.values())
    assert len(contact_values(world, "email") & set(by_mailbox)) == 1


def test_those_who_do_not_buy_are_marked(world: World) -> None:
    """Each relationship is there, and at least one CRM says it of each such human."""
    marks = {
        r.id: r.properties.get("relationship_type") for r in world.hubspot.objects["contacts"]
    } | {
        str(row["Id"]): row["Relationship__c"]
        for name in ("Lead", "Contact")
        for row in rows(world, name)
    }
    counted = Counter(human.note for human in world.humans)
    for kind in ("competitor", "student", "supplier", "partner"):
        assert counted[kind] >= 5
    for human in world.humans:
        told = {marks[record] for record in (*human.hubspot_contacts, *human.salesforce_records)}
        excluded = human.note if human.note in {"competitor", "student", "supplier"} else None
        assert excluded is None or excluded in told
        assert excluded or not told & {"competitor", "student", "supplier"}


def test_dirty_and_unmapped_values_are_there(world: World) -> None:
    """Blank, dirty and unlisted values stand where people type them."""
    assert "Call back in spring" in values(world, "Lead", "Status")
    assert "Alumni" in values(world, "Account", "Type")
    industries = values(world, "Lead", "Industry") | values(world, "Account", "Industry")
    assert industries & {"N/A", "-", "Unknown", "Divers", "Industrie du futur"}
    assert None in industries
    companies = {r.properties.get("industry") for r in world.hubspot.objects["companies"]}
    assert companies & {
        "LEISURE_TRAVEL_TOURISM",
        "RECREATIONAL_FACILITIES_AND_SERVICES",
        "FINE_ART",
    }
    titles = contact_values(world, "jobtitle") | values(world, "Lead", "Title")
    assert titles & {"N/A", "-", " ", "n/a", "?"}
    assert any(str(row["LastName"]).endswith(" ") for row in rows(world, "Lead"))
    spelled = values(world, "Lead", "Country") | contact_values(world, "country")
    assert {"France", "FRANCE", "fr", "UK", "United Kingdom"} <= spelled


def test_salesforce_churn_and_hubspot_churn_agree(world: World) -> None:
    """Firms that left are marked in HubSpot and in Salesforce."""
    companies = world.hubspot.objects["companies"]
    assert "true" in {record.properties.get("churned") for record in companies}
    assert {True, False} == values(world, "Account", "Churned__c")


def test_deals_stand_in_either(world: World) -> None:
    """Each CRM has open, won and lost deals, with a contact and without; few stand in both."""
    linked = {one for kind, one, to, _ in world.hubspot.associations if (kind, to) == ("deals", "contacts")}  # fmt: skip
    in_hubspot = {
        (r.properties["hs_is_closed"], r.properties["hs_is_closed_won"], r.id in linked)
        for r in world.hubspot.objects["deals"]
    }
    assert {("false", "false"), ("true", "true"), ("true", "false")} == {d[:2] for d in in_hubspot}
    assert {True, False} == {d[2] for d in in_hubspot}
    with_role = values(world, "OpportunityContactRole", "OpportunityId")
    in_salesforce = {
        (row["IsClosed"], row["IsWon"], row["Id"] in with_role)
        for row in rows(world, "Opportunity")
    }
    assert {(False, False), (True, True), (True, False)} == {d[:2] for d in in_salesforce}
    assert {True, False} == {d[2] for d in in_salesforce}
    twice = {(r.properties["dealname"], float(r.properties["amount"])) for r in world.hubspot.objects["deals"]} & {(row["Name"], row["Amount"]) for row in rows(world, "Opportunity")}  # fmt: skip
    assert 0 < len(twice) < 0.15 * len(rows(world, "Opportunity"))


def test_custom_fields_are_defined(world: World) -> None:
    """Each custom field that a record carries is in the list that the simulators read."""
    told = {(item.object, item.name) for item in SALESFORCE_FIELDS}
    used = {
        (name, field)
        for name, table in world.salesforce.rows.items()
        for row in table
        for field in row
        if field.endswith("__c")
    }
    assert told == used
    for item in HUBSPOT_FIELDS:
        allowed = {value for value, _ in item.options}
        held = {record.properties.get(item.name) for record in world.hubspot.objects[item.object]}
        assert held > {None}
        assert not allowed or held - {None} <= allowed
    assert {"Call back in spring"} == set(EXTRA_PICKLIST_VALUES["Lead", "Status"])


def test_names_are_many() -> None:
    """There are 150 or more names of each kind, with accents, hyphens, particles and apostrophes."""
    for names in (FRENCH_FIRST, ENGLISH_FIRST, FRENCH_LAST, ENGLISH_LAST):
        assert 150 <= len(set(names)) == len(names)
    assert "Anne-Sophie" in FRENCH_FIRST
    assert "de La Tour" in FRENCH_LAST
    assert "O'Neill" in ENGLISH_LAST

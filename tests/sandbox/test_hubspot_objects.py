"""HubSpot: single records, lists, values, merges and removals."""

from itertools import pairwise

import pytest

CONTACTS = "/crm/v3/objects/contacts"


def _pages(hs, query):
    """Every page of a list, followed to its end."""
    after, pages = "0", []
    while after:
        body = hs.get(f"{CONTACTS}?{query}&after={after}").body
        pages.append([row["id"] for row in body["results"]])
        after = body.get("paging", {}).get("next", {}).get("after")
    return pages


def test_list_pages_cover_every_record_once(seeded):
    """Following the cursor gives each record once, by id, though pages may be short."""
    pages = _pages(seeded, "limit=7")
    assert [str(n) for n in range(101, 151)] == [found for page in pages for found in page]
    assert max(map(len, pages)) <= 7


def test_pages_are_full_when_the_switch_says_so(seeded):
    """Without short pages every page but the last is full."""
    seeded.switch(short_pages=False)
    assert [20, 20, 10] == [len(page) for page in _pages(seeded, "limit=20")]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=100", 200),
        ("limit=101", 400),
        ("limit=0", 400),
        ("limit=50&propertiesWithHistory=email", 200),
        ("limit=51&propertiesWithHistory=email", 400),
        ("after=abc", 400),
    ],
)
def test_list_limits(seeded, query, status):
    """A list page holds 100 records at most, 50 with histories; the cursor is a number."""
    assert seeded.get(f"{CONTACTS}?{query}").status == status


def test_record_shape(seeded):
    """All values are text or null; unknown names are left out; dates are always there."""
    got = seeded.get(f"{CONTACTS}/101?properties=email,phone,nonsense").body
    assert got["properties"] == {
        "email": "p1@firm.example",
        "phone": None,
        "createdate": "2026-11-16T12:00:00Z",
        "lastmodifieddate": "2026-11-17T10:11:00Z",
        "hs_object_id": "101",
    }
    assert (got["id"], got["archived"]) == ("101", False)
    assert (got["createdAt"], got["updatedAt"]) == ("2026-11-16T12:00:00Z", "2026-11-17T10:11:00Z")


def test_default_properties(seeded):
    """Without names a contact shows its name and email beside the system properties."""
    assert set(seeded.get(f"{CONTACTS}/101").body["properties"]) == {
        "email",
        "firstname",
        "lastname",
        "createdate",
        "lastmodifieddate",
        "hs_object_id",
    }


def test_get_by_email(seeded):
    """idProperty=email finds the contact in any case; a property that is not unique is refused."""
    assert seeded.get(f"{CONTACTS}/P7@firm.example?idProperty=email").body["id"] == "107"
    assert seeded.get(f"{CONTACTS}/Name7?idProperty=firstname").status == 400


def test_unknown_record(hs):
    """A numeric id that is unknown is a bare 404, another one has a category."""
    got = hs.get(f"{CONTACTS}/1")
    assert (got.status, got.body["message"]) == (404, "resource not found")
    assert "category" not in got.body
    assert hs.get(f"{CONTACTS}/abc").body["category"] == "OBJECT_NOT_FOUND"


def test_create_answers_201_with_location(hs):
    """A creation is 201, lower-cases the email and says where the record is."""
    got = hs.post(CONTACTS, {"properties": {"email": "Ann@Firm.Example"}})
    assert got.status == 201
    assert got.headers["Location"].endswith("/" + got.body["id"])
    assert got.body["properties"]["email"] == "ann@firm.example"
    assert hs.value("contacts", got.body["id"], "hs_email_domain") == "firm.example"


def test_existing_email_is_a_conflict(seeded):
    """A second contact of the same email is 409 and names the first one's id."""
    got = seeded.post(CONTACTS, {"properties": {"email": "P3@firm.example"}})
    assert (got.status, got.body["category"]) == (409, "CONFLICT")
    assert got.body["message"] == "Contact already exists. Existing ID: 103"


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("companies", {"numberofemployees": "012"}, "12"),
        ("companies", {"numberofemployees": 12.0}, "12"),
        ("companies", {"annualrevenue": "1.50"}, "1.5"),
        ("companies", {"industry": "COMPUTER_SOFTWARE"}, "COMPUTER_SOFTWARE"),
        ("companies", {"is_public": True}, "true"),
        ("companies", {"name": 7}, "7"),
        ("deals", {"closedate": "2026-11-20"}, "2026-11-20T00:00:00Z"),
        ("deals", {"closedate": 1_794_916_800_123}, "2026-11-17T12:00:00.123Z"),
        ("deals", {"closedate": "2026-11-17T13:00:00+01:00"}, "2026-11-17T12:00:00Z"),
        ("contacts", {"email": " A@B.Example "}, "a@b.example"),
        ("contacts", {"firstname": ""}, None),
    ],
)
def test_values_are_normalised(hs, kind, given, kept):
    """A value is answered in HubSpot's own form."""
    name = next(iter(given))
    record_id = hs.make(kind, **given)
    assert hs.value(kind, record_id, name) == kept


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        ("contacts", {"nonsense": "1"}, "PROPERTY_DOESNT_EXIST"),
        ("contacts", {"email": "no address"}, "INVALID_EMAIL"),
        ("contacts", {"hs_lead_status": "HOWDY"}, "INVALID_OPTION"),
        ("contacts", {"lifecyclestage": "Lead"}, "INVALID_OPTION"),
        ("companies", {"is_public": "yes"}, "INVALID_OPTION"),
        ("companies", {"numberofemployees": "many"}, "INVALID_INTEGER"),
        ("companies", {"numberofemployees": "nan"}, "INVALID_INTEGER"),
        ("deals", {"closedate": "soon"}, "INVALID_LONG"),
        ("deals", {"hs_is_closed": "true"}, "READ_ONLY_VALUE"),
        ("contacts", {"num_conversion_events": "3"}, "READ_ONLY_VALUE"),
    ],
)
def test_bad_values(hs, kind, given, code):
    """A value its property does not take is refused with its code and the property's name."""
    got = hs.post(f"/crm/v3/objects/{kind}", {"properties": given})
    assert (got.status, got.body["category"]) == (400, "VALIDATION_ERROR")
    error = got.body["errors"][0]
    assert (error["code"], error["context"]) == (code, {"propertyName": list(given)})
    assert got.body["message"].startswith("Property values were not valid: [{")


def test_bad_option_lists_the_allowed_ones(hs):
    """The message has the options in order."""
    got = hs.post(CONTACTS, {"properties": {"hs_lead_status": "HOWDY"}})
    said = got.body["errors"][0]["message"]
    assert said.startswith("HOWDY was not one of the allowed options: [NEW, OPEN, IN_PROGRESS,")


def test_meeting_needs_its_time(hs):
    """hs_timestamp is required when a meeting is made."""
    assert hs.post("/crm/v3/objects/meetings", {"properties": {}}).status == 400
    made = {"properties": {"hs_timestamp": "2026-11-01T10:00:00Z"}}
    assert hs.post("/crm/v3/objects/meetings", made).status == 201


def test_change_moves_the_modified_date(hs):
    """A changed value moves the date; the same value again does not."""
    record_id = hs.make(firstname="Ann")
    hs.sim.clock.advance(60)
    assert hs.patch(f"{CONTACTS}/{record_id}", {"properties": {"firstname": "Bea"}}).status == 200
    assert hs.value("contacts", record_id, "lastmodifieddate") == "2026-11-17T12:01:00Z"
    hs.sim.clock.advance(60)
    hs.patch(f"{CONTACTS}/{record_id}", {"properties": {"firstname": "Bea"}})
    assert hs.value("contacts", record_id, "lastmodifieddate") == "2026-11-17T12:01:00Z"
    hs.switch(noop_moves_stamp=True)
    hs.patch(f"{CONTACTS}/{record_id}", {"properties": {"firstname": "Bea"}})
    assert hs.value("contacts", record_id, "lastmodifieddate") == "2026-11-17T12:02:00Z"


def test_archived_records_are_apart(seeded):
    """An archived record is 404 but for archived=true, and its modified date stays."""
    assert seeded.call("DELETE", f"{CONTACTS}/101").status == 204
    assert seeded.get(f"{CONTACTS}/101").status == 404
    got = seeded.get(f"{CONTACTS}/101?archived=true").body
    assert (got["archived"], got["archivedAt"]) == (True, "2026-11-17T12:00:00Z")
    assert got["updatedAt"] == "2026-11-17T10:11:00Z"
    assert [row["id"] for row in seeded.get(f"{CONTACTS}?archived=true").body["results"]] == ["101"]
    assert seeded.call("DELETE", f"{CONTACTS}/101").status == 204


def test_merge_makes_a_new_record(seeded):
    """Both old ids lead to the new record; the primary's values win and blanks are filled."""
    seeded.sim.edit("contacts", "102", properties={"phone": "+33 1"}, actor="human")
    pair = {"primaryObjectId": "101", "objectIdToMerge": "102"}
    got = seeded.post(f"{CONTACTS}/merge", pair)
    new_id = got.body["id"]
    assert got.status == 200
    assert new_id not in {"101", "102"}
    names = "firstname,phone,hs_additional_emails,hs_merged_object_ids"
    for old in ("101", "102"):
        row = seeded.get(f"{CONTACTS}/{old}?properties={names}").body
        assert row["id"] == new_id
        assert row["properties"]["firstname"] == "Name1"
        assert row["properties"]["phone"] == "+33 1"
        assert row["properties"]["hs_additional_emails"] == "p2@firm.example"
        assert row["properties"]["hs_merged_object_ids"] == "101;102"
    by_mail = seeded.get(f"{CONTACTS}/p2@firm.example?idProperty=email")
    assert by_mail.body["id"] == new_id
    linked = seeded.get(f"/crm/v4/objects/contacts/{new_id}/associations/companies").body
    assert [row["toObjectId"] for row in linked["results"]] == [900]


def test_merge_with_itself_is_refused(seeded):
    """A record cannot be merged with itself, nor with one that is not there."""
    same = {"primaryObjectId": "101", "objectIdToMerge": "101"}
    assert seeded.post(f"{CONTACTS}/merge", same).status == 400
    lost = {"primaryObjectId": "101", "objectIdToMerge": "9"}
    assert seeded.post(f"{CONTACTS}/merge", lost).status == 404


def test_gdpr_delete_leaves_nothing(seeded):
    """An erased person is in neither list, and the email is free again."""
    body = {"objectId": "p1@firm.example", "idProperty": "email"}
    assert seeded.post(f"{CONTACTS}/gdpr-delete", body).status == 204
    assert seeded.get(f"{CONTACTS}/101?archived=true").status == 404
    assert seeded.post(CONTACTS, {"properties": {"email": "p1@firm.example"}}).status == 201


def test_control_merge_and_delete(seeded):
    """A person can merge and delete through the control calls."""
    payload = {"object": "contacts", "primary_id": "101", "merged_id": "102"}
    merged = seeded.post("/_sandbox/merge", payload).body["id"]
    assert seeded.get(f"{CONTACTS}/102").body["id"] == merged
    gone = {"object": "contacts", "id": "103"}
    assert seeded.post("/_sandbox/delete", gone).body == {"id": "103"}
    state = seeded.get("/_sandbox/state").body
    assert state["objects"]["contacts"] == 48
    assert state["archived"]["contacts"] == 1


def test_new_ids_grow(hs):
    """A new record's id is above all older ones and is no 32-bit number."""
    ids = [int(hs.make(email=f"a{n}@b.example")) for n in range(5)]
    assert all(a < b for a, b in pairwise(ids))
    assert ids[0] > 2**32


def test_history_tells_who(seeded):
    """Own writes, a person's and another program's are told apart, newest first."""
    path = f"{CONTACTS}/101"
    seeded.patch(path, {"properties": {"jobtitle": "A"}})
    seeded.sim.edit("contacts", "101", properties={"jobtitle": "B"}, actor="human")
    seeded.sim.edit("contacts", "101", properties={"jobtitle": "C"}, actor="other_app")
    rows = seeded.get(f"{path}?propertiesWithHistory=jobtitle").body["propertiesWithHistory"]
    told = [
        (r["value"], r["sourceType"], r["sourceId"], r.get("updatedByUserId"))
        for r in rows["jobtitle"]
    ]
    assert told == [
        ("C", "INTEGRATION", "77001", None),
        ("B", "CRM_UI", "userId:4471", 4471),
        ("A", "INTEGRATION", "31415", None),
    ]


def test_history_begins_with_the_first_value(seeded):
    """The value a record was loaded with is the oldest version."""
    seeded.patch(f"{CONTACTS}/101", {"properties": {"firstname": "New"}})
    rows = seeded.get(f"{CONTACTS}/101?propertiesWithHistory=firstname").body
    assert ["New", "Name1"] == [r["value"] for r in rows["propertiesWithHistory"]["firstname"]]


def test_required_rules_bind_only_2026_09(hs):
    """Rules of the create form and conditional rules refuse writes in 2026-09 and not before."""
    hs.switch(required_on_create={"contacts": ["firstname"]})
    body = {"properties": {"email": "a@b.example"}}
    got = hs.post("/crm/objects/2026-09/contacts", body)
    assert (got.status, got.body["errors"][0]["code"]) == (400, "MISSING_REQUIRED_PROPERTY")
    record_id = hs.post("/crm/objects/2026-03/contacts", body).body["id"]
    hs.switch(required_when={"contacts": {"country": ["state"]}})
    change = {"properties": {"country": "FR"}}
    got = hs.patch(f"/crm/objects/2026-09/contacts/{record_id}", change)
    code = got.body["errors"][0]["code"]
    assert (got.status, code) == (400, "MISSING_CONDITIONAL_REQUIRED_PROPERTY")
    assert hs.patch(f"{CONTACTS}/{record_id}", change).status == 200

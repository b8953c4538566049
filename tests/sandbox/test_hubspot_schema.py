"""HubSpot: properties, groups and associations."""

import pytest

PROPERTIES = "/crm/v3/properties/contacts"
OWN = {
    "groupName": "contactinformation",
    "name": "own_stage",
    "label": "Own stage",
    "type": "enumeration",
    "fieldType": "select",
    "options": [{"label": "Lead", "value": "lead", "displayOrder": 1, "hidden": False}],
}


def test_setup_makes_group_and_property(hs):
    """A group and a property can be made, written and read back."""
    group = {"name": "own", "label": "Own", "displayOrder": -1}
    assert hs.post(f"{PROPERTIES}/groups", group).status == 201
    got = hs.post(PROPERTIES, {**OWN, "groupName": "own"})
    assert got.status == 201
    assert got.headers["Location"].endswith("/own_stage")
    assert got.body["modificationMetadata"] == {
        "archivable": True,
        "readOnlyDefinition": False,
        "readOnlyValue": False,
    }
    assert hs.get(f"{PROPERTIES}/own_stage").body == got.body
    assert hs.value("contacts", hs.make(own_stage="lead"), "own_stage") == "lead"


def test_existing_property_is_409(hs):
    """A name that exists is refused in HubSpot's words."""
    hs.post(PROPERTIES, OWN)
    got = hs.post(PROPERTIES, OWN)
    assert got.status == 409
    told = {key: got.body[key] for key in ("category", "subCategory", "message")}
    assert told == {
        "category": "OBJECT_ALREADY_EXISTS",
        "subCategory": "Properties.PROPERTY_WITH_NAME_EXISTS",
        "message": "A property named 'own_stage' already exists.",
    }


def test_existing_property_in_a_batch_is_207(hs):
    """In a batch the existing one is an error row and the other is made."""
    hs.post(PROPERTIES, OWN)
    got = hs.post(f"{PROPERTIES}/batch/create", {"inputs": [OWN, {**OWN, "name": "own_two"}]})
    assert (got.status, [row["name"] for row in got.body["results"]]) == (207, ["own_two"])
    assert got.body["errors"][0]["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"


def test_missing_property_is_404(hs):
    """A name that does not exist is OBJECT_NOT_FOUND."""
    got = hs.get(f"{PROPERTIES}/own_stage")
    assert (got.status, got.body["category"]) == (404, "OBJECT_NOT_FOUND")


@pytest.mark.parametrize(
    "change",
    [
        {"label": None},
        {"groupName": "nowhere"},
        {"name": "Own Stage"},
        {"name": "1own"},
        {"fieldType": "number"},
        {"type": "money"},
        {"type": "bool", "fieldType": "booleancheckbox"},
        {"options": OWN["options"] * 2},
        {"options": [{"label": "Lead"}]},
    ],
)
def test_bad_definitions(hs, change):
    """A definition that is incomplete or contradicts itself is 400."""
    assert hs.post(PROPERTIES, {**OWN, **change}).status == 400


def test_options_are_replaced_whole(hs):
    """A PATCH of options is the new list, and the old choices are refused from then on."""
    hs.post(PROPERTIES, OWN)
    options = [{"label": "Client", "value": "client", "displayOrder": 0}]
    assert hs.patch(f"{PROPERTIES}/own_stage", {"options": options}).status == 200
    refused = hs.post("/crm/v3/objects/contacts", {"properties": {"own_stage": "lead"}})
    assert refused.status == 400
    assert hs.value("contacts", hs.make(own_stage="client"), "own_stage") == "client"


def test_own_definitions_of_hubspot_are_fixed(hs):
    """HubSpot's own property can neither be renamed nor archived."""
    assert hs.patch(f"{PROPERTIES}/lifecyclestage", {"label": "Mine"}).status == 400
    assert hs.call("DELETE", f"{PROPERTIES}/lifecyclestage").status == 400


def test_archived_name_can_be_made_again(hs):
    """An archived property is gone, and its name can be made again."""
    hs.post(PROPERTIES, OWN)
    assert hs.call("DELETE", f"{PROPERTIES}/own_stage").status == 204
    assert hs.get(f"{PROPERTIES}/own_stage").status == 404
    assert hs.post(PROPERTIES, OWN).status == 201


def test_group_in_use_stays(hs):
    """A group with live properties cannot be archived."""
    got = hs.call("DELETE", f"{PROPERTIES}/groups/contactinformation")
    assert got.body["subCategory"] == "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"


def test_unique_property_serves_as_id(hs):
    """A property made unique finds its record, and refuses a second holder."""
    made = {**OWN, "name": "crm_key", "type": "string", "fieldType": "text", "options": []}
    hs.post(f"{PROPERTIES}/batch/create", {"inputs": [{**made, "hasUniqueValue": True}]})
    record_id = hs.make(crm_key="K1")
    assert hs.get("/crm/v3/objects/contacts/K1?idProperty=crm_key").body["id"] == record_id
    twin = hs.post("/crm/v3/objects/contacts", {"properties": {"crm_key": "K1"}})
    assert twin.status == 409


def test_lifecycle_stage_definition(hs):
    """The stage property has its eight options in order and cannot be redefined."""
    got = hs.get(f"{PROPERTIES}/lifecyclestage").body
    assert [option["value"] for option in got["options"]] == [
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
        "customer",
        "evangelist",
        "other",
    ]
    assert (got["externalOptions"], got["modificationMetadata"]["readOnlyValue"]) == (True, False)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("contacts", "email hs_email_last_open_date recent_conversion_date hs_persona jobtitle"),
        ("companies", "domain industry numberofemployees annualrevenue lifecyclestage"),
        ("deals", "dealstage pipeline amount closedate hs_is_closed_won num_associated_contacts"),
        ("meetings", "hs_timestamp hs_meeting_outcome hs_meeting_start_time hubspot_owner_id"),
        ("calls", "hs_timestamp hs_call_direction hs_call_status hs_call_disposition"),
    ],
)
def test_default_properties_exist(hs, kind, names):
    """A new account has the properties a CRM sync meets."""
    got = {row["name"] for row in hs.get(f"/crm/v3/properties/{kind}").body["results"]}
    assert set() == set(names.split()) - got


def _read(hs, pair, ids):
    return hs.post(f"/crm/v4/associations/{pair}/batch/read", {"inputs": [{"id": i} for i in ids]})


def test_association_read(seeded):
    """Ids of the other side are numbers; the primary company has two types."""
    got = _read(seeded, "contacts/companies", ["101"])
    assert got.status == 200
    assert got.body["results"] == [
        {
            "from": {"id": "101"},
            "to": [
                {
                    "toObjectId": 900,
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
                        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
                    ],
                }
            ],
        }
    ]


def test_record_without_associations_makes_it_207(seeded):
    """A record that has none is an error row of its own category."""
    got = _read(seeded, "contacts/companies", ["101", "103", "x"])
    assert (got.status, got.body["numErrors"], len(got.body["results"])) == (207, 2, 1)
    none, bad = got.body["errors"]
    assert (none["category"], none["subCategory"]) == (
        "OBJECT_NOT_FOUND",
        "crm.associations.NO_ASSOCIATIONS_FOUND",
    )
    assert none["context"] == {
        "fromObjectId": ["103"],
        "fromObjectType": ["contact"],
        "toObjectType": ["company"],
    }
    assert bad["subCategory"] == "crm.associations.INVALID_IDENTIFIER"


def test_association_read_takes_a_thousand(seeded):
    """1,000 ids are answered, 1,001 are refused."""
    assert _read(seeded, "contacts/companies", [str(n) for n in range(1000)]).status == 207
    assert _read(seeded, "contacts/companies", [str(n) for n in range(1001)]).status == 400


def test_association_pages_by_five_hundred(hs):
    """A record with more than 500 associations gives them in pages."""
    hs.switch(limits_on=False)
    company = hs.make("companies", name="Big")
    people = [hs.make(email=f"p{n}@x.example") for n in range(501)]
    inputs = [{"from": {"id": p}, "to": {"id": company}} for p in people]
    path = "/crm/associations/2026-03/contacts/companies/batch/associate/default"
    assert hs.post(path, {"inputs": inputs}).status == 200
    row = _read(hs, "companies/contacts", [company]).body["results"][0]
    assert len(row["to"]) == 500
    after = row["paging"]["next"]["after"]
    body = {"inputs": [{"id": company, "after": after}]}
    rest = hs.post("/crm/v4/associations/companies/contacts/batch/read", body).body["results"]
    assert [to["toObjectId"] for to in rest[0]["to"]] == [int(people[-1])]


def test_counters_move_with_associations(seeded):
    """A deal counts its contacts, and the count moves its date unless switched off."""
    deal = seeded.make("deals", dealname="D")
    path = "/crm/v4/associations/deals/contacts/batch"
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]

    def linked(contact):
        body = {"inputs": [{"from": {"id": deal}, "to": {"id": contact}, "types": types}]}
        assert seeded.post(f"{path}/create", body).status == 201
        return seeded.value("deals", deal, "hs_lastmodifieddate")

    seeded.sim.clock.advance(60)
    assert linked("101") == "2026-11-17T12:01:00Z"
    seeded.switch(association_moves_stamp=False)
    seeded.sim.clock.advance(60)
    assert linked("102") == "2026-11-17T12:01:00Z"
    assert seeded.value("deals", deal, "num_associated_contacts") == "2"
    gone = {"inputs": [{"from": {"id": deal}, "to": [{"id": "101"}]}]}
    assert seeded.post(f"{path}/archive", gone).status == 204
    assert seeded.value("deals", deal, "num_associated_contacts") == "1"


def test_primary_company_can_change(seeded):
    """The primary type moves the mark, and the contact's own property follows."""
    other = seeded.make("companies", name="Other")
    body = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    path = f"/crm/v4/objects/contacts/101/associations/companies/{other}"
    assert seeded.call("PUT", path, body).status == 201
    assert seeded.value("contacts", "101", "associatedcompanyid") == other
    assert seeded.call("DELETE", path).status == 204
    assert seeded.value("contacts", "101", "associatedcompanyid") == "900"


def test_inline_associations(seeded):
    """A list can carry associations; the primary company stands there twice."""
    path = "/crm/v3/objects/contacts/101?associations=companies,deals"
    assert seeded.get(path).body["associations"] == {
        "companies": {
            "results": [
                {"id": "900", "type": "contact_to_company"},
                {"id": "900", "type": "contact_to_company_unlabeled"},
            ]
        }
    }


def test_association_on_creation(seeded):
    """A meeting can be made with its contact; a contact that is not there refuses it."""

    def made(contact):
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 200}]
        body = {
            "properties": {"hs_timestamp": "2026-11-01T10:00:00Z"},
            "associations": [{"to": {"id": contact}, "types": types}],
        }
        return seeded.post("/crm/v3/objects/meetings", body)

    meeting = made("101").body["id"]
    found = _read(seeded, "meetings/contacts", [meeting]).body["results"][0]["to"]
    assert [to["toObjectId"] for to in found] == [101]
    assert made("9").status == 400
    bare = {"properties": {"hs_timestamp": "1"}, "associations": [{"to": {"id": "101"}}]}
    assert seeded.post("/crm/v3/objects/meetings", bare).status == 400


def test_default_association_tells_both_directions(seeded):
    """Associating without types answers one row for each direction, with its type."""
    path = "/crm/v4/objects/contacts/103/associations/default/companies/900"
    rows = seeded.call("PUT", path).body["results"]
    told = [
        (r["from"]["id"], r["to"]["id"], r["associationSpec"]["associationTypeId"]) for r in rows
    ]
    assert told == [("103", "900", 279), ("900", "103", 280)]
    assert seeded.value("contacts", "103", "associatedcompanyid") == "900"

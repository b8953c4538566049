"""HubSpot: emails, notes, tasks and leads."""

import pytest

AT = "2026-11-10T09:00:00Z"
TYPES = {"emails": ("0-49", 198), "notes": ("0-46", 202), "tasks": ("0-27", 204)}


def _linked(contact, type_id):
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return [{"to": {"id": contact}, "types": [kind]}]


@pytest.mark.parametrize("name", TYPES)
def test_activity_is_made_with_its_contact(hs, name):
    """An activity made with the documented type id is associated with its contact, by its type id too."""
    contact = hs.make(email="a@firm.example")
    object_id, type_id = TYPES[name]
    body = {"properties": {"hs_timestamp": AT}, "associations": _linked(contact, type_id)}
    made = hs.post(f"/crm/objects/2026-03/{object_id}", body)
    assert made.status == 201
    path = f"/crm/v4/associations/{name}/contacts/batch/read"
    row = hs.post(path, {"inputs": [{"id": made.body["id"]}]}).body["results"][0]
    assert row["to"][0]["toObjectId"] == int(contact)
    assert row["to"][0]["associationTypes"][0]["typeId"] == type_id


@pytest.mark.parametrize("name", [*TYPES, "meetings", "calls"])
def test_activity_needs_its_time(hs, name):
    """No activity is made without hs_timestamp."""
    got = hs.post(f"/crm/v3/objects/{name}", {"properties": {}})
    assert (got.status, got.body["context"]) == (400, {"properties": ["hs_timestamp"]})


def test_activities_take_their_documented_choices(hs):
    """Directions and states are choices; anything else refuses the write."""
    right = hs.make("emails", hs_timestamp=AT, hs_email_direction="INCOMING_EMAIL")
    assert hs.value("emails", right, "hs_email_direction") == "INCOMING_EMAIL"
    wrong = {"properties": {"hs_timestamp": AT, "hs_task_status": "DONE"}}
    got = hs.post("/crm/v3/objects/tasks", wrong)
    assert got.body["errors"][0]["code"] == "INVALID_OPTION"
    done = hs.make("tasks", hs_timestamp=AT, hs_task_status="COMPLETED")
    assert hs.value("tasks", done, "hs_task_is_completed") == "1"


def test_activities_are_searched_by_their_modified_date(hs):
    """The cursor of an activity is hs_lastmodifieddate."""
    hs.make("emails", hs_timestamp=AT)
    hs.sim.clock.advance(10)
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1794916800000"}
    got = hs.search("emails", filterGroups=[{"filters": [since]}])
    assert got.body["total"] == 1


def test_reading_emails_needs_a_scope_of_its_own(hs):
    """The contacts scope alone does not open e-mails, but does open notes."""
    token = hs.sim.tokens.add_static({"crm.objects.contacts.read"})
    got = hs.get("/crm/v3/objects/emails", token=token)
    context = got.body["errors"][0]["context"]
    assert (got.status, context) == (403, {"requiredGranularScopes": ["sales-email-read"]})
    assert hs.get("/crm/v3/objects/notes", token=token).status == 200


def test_what_a_client_asks_for_is_remembered(hs):
    """A client that asks for bodies or subjects is found out, by list, batch read or search."""
    hs.get("/crm/v3/objects/emails?properties=hs_email_subject")
    read = {"inputs": [{"id": "1"}], "properties": ["hs_email_text"]}
    hs.post("/crm/v3/objects/emails/batch/read", read)
    hs.search("emails", properties=["hs_email_direction"])
    asked = hs.get("/_sandbox/state").body["asked"]["emails"]
    assert asked == ["hs_email_direction", "hs_email_subject", "hs_email_text"]


def test_lead_stands_at_the_start_of_its_pipeline(hs):
    """A lead made with its contact has the first stage; its pipeline tells the closed ones."""
    contact = hs.make(email="a@firm.example")
    body = {"properties": {"hs_lead_name": "A"}, "associations": _linked(contact, 578)}
    made = hs.post("/crm/objects/2026-03/leads", body)
    assert hs.value("leads", made.body["id"], "hs_pipeline_stage") == "new-stage-id"
    stages = hs.get("/crm/v3/pipelines/leads").body["results"][0]["stages"]
    closed = [stage["id"] for stage in stages if stage["metadata"]["isClosed"] == "true"]
    assert closed == ["qualified-stage-id", "unqualified-stage-id"]


def test_lead_needs_a_contact(hs):
    """A lead for nobody is refused unless the switch allows it."""
    body = {"properties": {"hs_lead_name": "A"}}
    assert hs.post("/crm/v3/objects/leads", body).status == 400
    hs.switch(lead_needs_contact=False)
    assert hs.post("/crm/v3/objects/leads", body).status == 201


def test_version_three_names_association_types(hs):
    """The old association calls work with type names and text ids; none found is 207."""
    contact, company = hs.make(email="a@firm.example"), hs.make("companies", name="Firm")
    path = "/crm/v3/associations/contacts/companies"
    pair = {"from": {"id": contact}, "to": {"id": company}, "type": "contact_to_company"}
    assert hs.post(path + "/batch/create", {"inputs": [pair]}).status == 201
    read = {"inputs": [{"id": contact}]}
    (row,) = hs.post(path + "/batch/read", read).body["results"]
    assert {"id": company, "type": "contact_to_company"} in row["to"]
    assert hs.get(path + "/types").body["results"][0]["name"] == "contact_to_company"
    assert hs.post(path + "/batch/archive", {"inputs": [pair]}).status == 204
    got = hs.post(path + "/batch/read", read)
    assert (got.status, got.body["errors"][0]["subCategory"]) == (
        207,
        "crm.associations.NO_ASSOCIATIONS_FOUND",
    )
    wrong = {"inputs": [{**pair, "type": "contact_to_deal"}]}
    assert hs.post(path + "/batch/create", wrong).status == 400

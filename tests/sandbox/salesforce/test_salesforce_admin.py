"""The schema changes while clients run: Tooling calls, and what administrators do in Setup."""

import pytest

PICKLIST = {
    "label": "Stage",
    "type": "Picklist",
    "valueSet": {
        "restricted": True,
        "valueSetDefinition": {
            "sorted": False,
            "value": [
                {"fullName": "lead", "label": "Lead", "default": False},
                {"fullName": "client", "label": "Client", "default": False},
            ],
        },
    },
}


@pytest.fixture
def api(open_org, make_lead, id_of):
    return open_org(
        Lead=[make_lead(1, Own__c="a"), make_lead(2)],
        Opportunity=[
            {
                "Id": id_of("Opportunity", 1),
                "Name": "Deal",
                "StageName": "Prospecting",
                "CloseDate": "2026-12-01",
            }
        ],
    )


def tooling(api, method, path, body=None):
    return api.call(method, f"tooling/sobjects/{path}", json=body)


def field_of(api, object_name, name):
    fields = api.call("GET", f"sobjects/{object_name}/describe").json()["fields"]
    return next((field for field in fields if field["name"] == name), None)


def values_of(field):
    return {entry["value"]: entry["active"] for entry in field["picklistValues"]}


def grant(api, *names):
    """Lets the integration user see and change custom fields."""
    made = api.call("POST", "sobjects/PermissionSet", json={"Name": "P", "Label": "P"}).json()["id"]
    for name in names:
        body = {
            "ParentId": made,
            "SobjectType": name.partition(".")[0],
            "Field": name,
            "PermissionsRead": True,
            "PermissionsEdit": True,
        }
        assert 201 == api.call("POST", "sobjects/FieldPermissions", json=body).status_code
    body = {"PermissionSetId": made, "AssigneeId": api.sim.org.user_id}
    assert 201 == api.call("POST", "sobjects/PermissionSetAssignment", json=body).status_code


def make_field(api, name="Lead.Stage__c", metadata=PICKLIST):
    answer = tooling(api, "POST", "CustomField", {"FullName": name, "Metadata": metadata})
    assert 201 == answer.status_code, answer.text
    return answer.json()["id"]


def with_values(*names):
    entries = [{"fullName": name, "label": name} for name in names]
    value_set = {"restricted": True, "valueSetDefinition": {"value": entries}}
    return PICKLIST | {"valueSet": value_set}


def test_patch_adds_values_and_deactivates_those_left_out(api):
    """A PATCH of a field's metadata sets its values; what it leaves out becomes inactive."""
    key = make_field(api)
    grant(api, "Lead.Stage__c")
    answer = tooling(
        api, "PATCH", f"CustomField/{key}", {"Metadata": with_values("lead", "prospect")}
    )
    assert (204, b"") == (answer.status_code, answer.content)
    expected = {"lead": True, "prospect": True, "client": False}
    assert expected == values_of(field_of(api, "Lead", "Stage__c"))
    body = tooling(api, "GET", f"CustomField/{key}").json()
    assert ("Lead.Stage__c", with_values("lead", "prospect")) == (
        body["FullName"],
        body["Metadata"],
    )


def test_an_inactive_value_of_a_restricted_list_is_refused(api, make_lead):
    """Once deactivated, a value can be written no more."""
    key = make_field(api)
    grant(api, "Lead.Stage__c")
    change = {"id": make_lead(1)["Id"], "Stage__c": "client"}
    assert api.update(change).json()[0]["success"]
    tooling(api, "PATCH", f"CustomField/{key}", {"Metadata": with_values("lead")})
    [result] = api.update(change).json()
    assert "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" == result["errors"][0]["statusCode"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"Metadata": {"label": "x", "type": "Checkbox"}}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Metadata": {"label": "x"}}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
def test_senseless_patches(api, body, code):
    """A PATCH without metadata, or to another type, is refused."""
    answer = tooling(api, "PATCH", f"CustomField/{make_field(api)}", body)
    assert (400, code) == (answer.status_code, answer.json()[0]["errorCode"])


def test_delete_of_a_field_by_tooling(api):
    """A deleted field is gone from the Tooling API and from describe."""
    key = make_field(api)
    grant(api, "Lead.Stage__c")
    assert 204 == tooling(api, "DELETE", f"CustomField/{key}").status_code
    assert 404 == tooling(api, "GET", f"CustomField/{key}").status_code
    assert field_of(api, "Lead", "Stage__c") is None
    assert [] == api.values("SELECT Id FROM FieldPermissions")


def test_one_global_value_set_for_two_objects(api):
    """Fields that name a global value set have its values, also those that it gets later."""
    metadata = {
        "masterLabel": "Stages",
        "customValue": [{"fullName": "lead", "label": "Lead", "default": False}],
    }
    body = {"FullName": "Stages", "Metadata": metadata}
    key = tooling(api, "POST", "GlobalValueSet", body).json()["id"]
    shared = {"label": "S", "type": "Picklist", "valueSet": {"valueSetName": "Stages"}}
    for name in ("Lead.S__c", "Contact.S__c"):
        make_field(api, name, shared)
    grant(api, "Lead.S__c", "Contact.S__c")
    more = metadata | {"customValue": [{"fullName": "lead"}, {"valueName": "client"}]}
    assert 204 == tooling(api, "PATCH", f"GlobalValueSet/{key}", {"Metadata": more}).status_code
    for name in ("Lead", "Contact"):
        field = field_of(api, name, "S__c")
        assert ({"lead": True, "client": True}, True) == (
            values_of(field),
            field["restrictedPicklist"],
        )
    soql = "SELECT Id, MasterLabel FROM GlobalValueSet WHERE DeveloperName = 'Stages'"
    [row] = api.call("GET", "tooling/query", params={"q": soql}).json()["records"]
    assert (key, "Stages") == (row["Id"], row["MasterLabel"])
    assert more == tooling(api, "GET", f"GlobalValueSet/{key}").json()["Metadata"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"FullName": "X", "Metadata": {"masterLabel": "X"}}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"FullName": "X"}, "REQUIRED_FIELD_MISSING"),
        ({"FullName": "a b", "Metadata": {"masterLabel": "X"}}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
def test_senseless_value_sets(api, body, code):
    """A value set needs a name, a label and values."""
    answer = tooling(api, "POST", "GlobalValueSet", body)
    assert (400, code) == (answer.status_code, answer.json()[0]["errorCode"])


def test_a_field_of_an_unknown_value_set(api):
    """A field cannot take its values from a set that does not exist."""
    shared = {"label": "S", "type": "Picklist", "valueSet": {"valueSetName": "Nope"}}
    body = {"FullName": "Lead.S__c", "Metadata": shared}
    answer = tooling(api, "POST", "CustomField", body)
    assert "FIELD_INTEGRITY_EXCEPTION" == answer.json()[0]["errorCode"]


def options(api, object_name, field, **edit):
    return api.control("options", {"object": object_name, "field": field, **edit})


def test_an_administrator_edits_a_picklist(api):
    """Values added, renamed, deactivated and removed in Setup show in describe."""
    edit = {
        "add": ["Podcast", {"value": "Fair", "label": "Trade fair"}],
        "relabel": {"Web": "Website"},
        "deactivate": ["Other"],
        "remove": ["Purchased List"],
    }
    assert 200 == options(api, "Lead", "LeadSource", **edit).status_code
    field = field_of(api, "Lead", "LeadSource")
    shown = values_of(field)
    assert (True, True, False) == (shown["Podcast"], shown["Fair"], shown["Other"])
    assert "Purchased List" not in shown
    labels = {entry["value"]: entry["label"] for entry in field["picklistValues"]}
    assert ("Website", "Trade fair") == (labels["Web"], labels["Fair"])


def test_an_administrator_edits_the_lead_statuses(api, make_lead):
    """LeadStatus and describe follow, and a new converted status is used by conversions."""
    edit = {
        "add": [{"value": "Won", "label": "We won", "is_converted": True}],
        "remove": ["Closed - Converted"],
    }
    assert 200 == options(api, "Lead", "Status", **edit).status_code
    soql = "SELECT ApiName, MasterLabel FROM LeadStatus WHERE IsConverted = true"
    assert [{"ApiName": "Won", "MasterLabel": "We won"}] == api.rows(soql)
    assert "Closed - Converted" not in values_of(field_of(api, "Lead", "Status"))
    api.control("convert", {"lead": make_lead(1)["Id"]})
    soql = f"SELECT Status FROM Lead WHERE Id = '{make_lead(1)['Id']}'"
    assert ["Won"] == api.values(soql)


def test_an_administrator_edits_the_stages(api, id_of):
    """A new stage decides what it was said to decide; a deactivated one says it is inactive."""
    added = {"value": "Signed", "is_closed": True, "is_won": True, "probability": 100}
    edit = {"add": [added], "deactivate": ["Closed Won"]}
    assert 200 == options(api, "Opportunity", "StageName", **edit).status_code
    api.update({"id": id_of("Opportunity", 1), "StageName": "Signed"}, kind="Opportunity")
    assert [{"IsWon": True, "IsClosed": True, "Probability": 100.0}] == api.rows(
        "SELECT IsWon, IsClosed, Probability FROM Opportunity"
    )
    soql = "SELECT ApiName FROM OpportunityStage WHERE IsActive = false"
    assert ["Closed Won"] == api.values(soql)


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        ({"object": "Nothing"}, 404),
        ({"field": "Nope"}, 404),
        ({"field": "Title"}, 400),
        ({"remove": ["Nope"]}, 404),
    ],
)
def test_senseless_option_edits(api, edit, status):
    """Unknown objects, fields and values, and fields that are no picklists, are refused."""
    body = {"object": "Lead", "field": "LeadSource"} | edit
    assert status == api.control("options", body).status_code


def test_schema_drift(api, make_lead):
    """A custom field can be hidden, retyped and deleted while clients run."""
    where = {"object": "Lead", "field": "Own__c"}
    assert {"a", None} == set(api.values("SELECT Own__c FROM Lead"))
    text = {"label": "Own", "type": "LongTextArea", "length": 5000}
    assert 200 == api.control("schema", where | {"action": "retype", "metadata": text}).status_code
    assert "textarea" == field_of(api, "Lead", "Own__c")["type"]
    assert 200 == api.control("schema", where | {"action": "hide"}).status_code
    assert field_of(api, "Lead", "Own__c") is None
    assert "INVALID_FIELD" == api.query("SELECT Own__c FROM Lead").json()[0]["errorCode"]
    assert 200 == api.control("schema", where | {"action": "delete"}).status_code
    assert 404 == api.control("schema", where | {"action": "hide"}).status_code
    answer = api.update({"id": make_lead(1)["Id"], "Own__c": "x"})
    assert (400, "INVALID_FIELD") == (answer.status_code, answer.json()[0]["errorCode"])


@pytest.mark.parametrize(
    "change",
    [{"field": "Title"}, {"action": "explode"}, {"action": "retype", "metadata": {"type": "x"}}],
)
def test_senseless_schema_edits(api, change):
    """Standard fields, other actions and wrong metadata are refused."""
    body = {"object": "Lead", "field": "Own__c", "action": "delete"} | change
    assert 400 == api.control("schema", body).status_code


def test_a_field_made_again_starts_empty(api):
    """The values of a deleted field do not come back with a new field of its name."""
    api.control("schema", {"object": "Lead", "field": "Own__c", "action": "delete"})
    make_field(api, "Lead.Own__c", {"label": "Own", "type": "Text", "length": 9})
    grant(api, "Lead.Own__c")
    assert [None, None] == api.values("SELECT Own__c FROM Lead")


def test_record_types(api, make_lead):
    """Record types show in describe and on new records; records of before have none."""
    assert "RecordTypeId" not in api.sim.org.objects["Lead"].fields
    api.switch(record_types={"Lead": ["Direct", "Partner channel"]})
    soql = "SELECT Id, Name, DeveloperName FROM RecordType WHERE SobjectType = 'Lead'"
    ids = {row["DeveloperName"]: row["Id"] for row in api.rows(soql)}
    assert {"Direct", "Partner_channel"} == ids.keys()
    infos = api.call("GET", "sobjects/Lead/describe").json()["recordTypeInfos"]
    assert [(ids["Direct"], True), (ids["Partner_channel"], False)] == [
        (info["recordTypeId"], info["defaultRecordTypeMapping"]) for info in infos[:2]
    ]
    assert infos[2]["master"]
    body = {"LastName": "New", "Company": "Acme"}
    made = api.call("POST", "sobjects/Lead", json=body).json()["id"]
    api.update({"id": make_lead(1)["Id"], "RecordTypeId": ids["Partner_channel"]})
    rows = api.rows("SELECT Id, RecordType.DeveloperName FROM Lead")
    found = {row["Id"]: (row["RecordType"] or {}).get("DeveloperName") for row in rows}
    assert {
        made: "Direct",
        make_lead(1)["Id"]: "Partner_channel",
        make_lead(2)["Id"]: None,
    } == found
    [result] = api.update({"id": made, "RecordTypeId": made}).json()
    assert "MALFORMED_ID" == result["errors"][0]["statusCode"]


def test_describe_answers_not_modified(api):
    """An unchanged schema is 304 to who has seen it; after a change describe is sent again."""
    path = "sobjects/Lead/describe"
    seen = {"If-Modified-Since": api.call("GET", path).headers["Last-Modified"]}
    answer = api.call("GET", path, headers=seen)
    assert (304, b"") == (answer.status_code, answer.content)
    api.advance(5)
    make_field(api)
    assert 200 == api.call("GET", path, headers=seen).status_code
    assert 200 == api.call("GET", path, headers={"If-Modified-Since": "once"}).status_code


def test_a_trigger_refuses_in_its_own_words(api, make_lead):
    """A refusal may bear another code than that of a validation rule, and name fields."""
    rule = {"object": "Lead", "field": "Title", "equals": "x", "message": "TR: boom"}
    more = {"code": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "fields": ["Title"]}
    api.switch(validation_rules=[rule | more])
    [result] = api.update({"id": make_lead(1)["Id"], "Title": "x"}).json()
    expected = {"statusCode": more["code"], "message": "TR: boom", "fields": ["Title"]}
    assert [expected] == result["errors"]

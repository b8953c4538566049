"""Describe, custom fields and the permissions that make them visible."""

import pytest

FIELD = {
    "FullName": "Lead.Lifecycle_Stage__c",
    "Metadata": {
        "label": "Lifecycle Stage",
        "type": "Picklist",
        "valueSet": {
            "restricted": True,
            "valueSetDefinition": {
                "sorted": False,
                "value": [
                    {"fullName": "lead", "default": False, "label": "Lead"},
                    {"fullName": "client", "default": False, "label": "Client"},
                ],
            },
        },
    },
}

KEYS = """
aggregatable aiPredictionField autoNumber byteLength calculated calculatedFormula cascadeDelete
caseSensitive compoundFieldName controllerName createable custom defaultValue defaultValueFormula
defaultedOnCreate dependentPicklist deprecatedAndHidden digits displayLocationInDecimal encrypted
externalId extraTypeInfo filterable filteredLookupInfo formulaTreatNullNumberAsZero groupable
highScaleNumber htmlFormatted idLookup inlineHelpText label length mask maskType name nameField
namePointing nillable permissionable picklistValues polymorphicForeignKey precision queryByDistance
referenceTargetField referenceTo relationshipName relationshipOrder restrictedDelete
restrictedPicklist scale searchPrefilterable soapType sortable type unique updateable
writeRequiresMasterRead
"""


def create(api, kind, **values):
    return api.call("POST", f"sobjects/{kind}", json=values)


def make_field(api, body=FIELD):
    return api.call("POST", "tooling/sobjects/CustomField", json=body)


def grant(api, *, edit=True, field="Lead.Lifecycle_Stage__c"):
    """Makes a permission set with the field, assigns it, and returns its id."""
    made = create(api, "PermissionSet", Name="Stagesync", Label="Stagesync").json()["id"]
    create(
        api,
        "FieldPermissions",
        ParentId=made,
        SobjectType=field.split(".")[0],
        Field=field,
        PermissionsRead=True,
        PermissionsEdit=edit,
    )
    create(api, "PermissionSetAssignment", AssigneeId=api.sim.org.user_id, PermissionSetId=made)
    return made


def field_of(api, name, kind="Lead"):
    fields = api.call("GET", f"sobjects/{kind}/describe").json()["fields"]
    return next((field for field in fields if field["name"] == name), None)


def test_global_describe_lists_the_objects(open_org):
    """The global describe names every object with its key prefix."""
    api = open_org()
    body = api.call("GET", "sobjects/").json()
    prefixes = {item["name"]: item["keyPrefix"] for item in body["sobjects"]}
    expected = {"Lead": "00Q", "Contact": "003", "Account": "001", "CampaignMember": "00v"}
    assert expected == {name: prefixes[name] for name in expected}


def test_field_shape(open_org):
    """A described field has the keys and values that recordings of real orgs have."""
    api = open_org()
    field = field_of(api, "Status")
    assert set(KEYS.split()) == set(field)
    assert ("picklist", False, True) == (
        field["type"],
        field["restrictedPicklist"],
        field["updateable"],
    )
    first = {
        "active": True,
        "defaultValue": True,
        "label": "Open - Not Contacted",
        "validFor": None,
        "value": "Open - Not Contacted",
    }
    assert first == field["picklistValues"][0]
    owner = field_of(api, "OwnerId")
    assert (["User", "Group"], "Owner", True) == (
        owner["referenceTo"],
        owner["relationshipName"],
        owner["polymorphicForeignKey"],
    )
    assert (False, False) == (
        field_of(api, "Name")["createable"],
        field_of(api, "IsConverted")["updateable"],
    )


def test_unknown_object_is_not_found(open_org):
    """The describe of an unknown object is 404 NOT_FOUND."""
    answer = open_org().call("GET", "sobjects/Xyzzy/describe")
    assert (404, "NOT_FOUND") == (answer.status_code, answer.json()[0]["errorCode"])


@pytest.mark.parametrize(
    ("chosen", "converted"), [("classic", "Closed - Converted"), ("newer", "Qualified")]
)
def test_lead_status_sets(open_org, chosen, converted):
    """The switch changes the status list of describe and of LeadStatus alike."""
    api = open_org()
    api.switch(lead_status_set=chosen)
    values = [entry["value"] for entry in field_of(api, "Status")["picklistValues"]]
    assert values == api.values("SELECT ApiName FROM LeadStatus ORDER BY SortOrder")
    soql = "SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true"
    assert [converted] == api.values(soql)


def test_opportunity_stages(open_org):
    """OpportunityStage tells which stages are closed and which are won."""
    api = open_org()
    won = "SELECT ApiName FROM OpportunityStage WHERE IsWon = true"
    closed = "SELECT ApiName FROM OpportunityStage WHERE IsClosed = true ORDER BY SortOrder"
    assert ["Closed Won"] == api.values(won)
    assert ["Closed Won", "Closed Lost"] == api.values(closed)


def test_a_new_field_is_hidden_until_granted(open_org, make_lead):
    """A field made by Tooling is absent from describe, query and writes until it is granted."""
    api = open_org(Lead=[make_lead(1)])
    made = make_field(api)
    assert 201 == made.status_code
    assert made.json()["id"].startswith("00N")
    soql = "SELECT Lifecycle_Stage__c FROM Lead"
    change = {"id": make_lead(1)["Id"], "Lifecycle_Stage__c": "lead"}
    assert field_of(api, "Lifecycle_Stage__c") is None
    assert "INVALID_FIELD" == api.query(soql).json()[0]["errorCode"]
    assert "INVALID_FIELD" == api.update(change).json()[0]["errorCode"]
    grant(api)
    field = field_of(api, "Lifecycle_Stage__c")
    assert (True, True, True) == (field["custom"], field["updateable"], field["restrictedPicklist"])
    assert api.update(change).json()[0]["success"]
    assert ["lead"] == api.values(soql)


def test_a_read_only_grant_does_not_let_write(open_org, make_lead):
    """A field granted for reading alone is shown as not updateable and refuses the row."""
    api = open_org(Lead=[make_lead(1)])
    make_field(api)
    grant(api, edit=False)
    assert field_of(api, "Lifecycle_Stage__c")["updateable"] is False
    result = api.update({"id": make_lead(1)["Id"], "Lifecycle_Stage__c": "lead"}).json()[0]
    assert "INVALID_FIELD_FOR_INSERT_UPDATE" == result["errors"][0]["statusCode"]


def test_a_grant_counts_only_when_assigned(open_org):
    """Without its own assignment the user does not see the field, whoever else does."""
    api = open_org()
    make_field(api)
    made = grant(api)
    [assignment] = api.values("SELECT Id FROM PermissionSetAssignment")
    assert field_of(api, "Lifecycle_Stage__c")
    other = {"AssigneeId": api.sim.org.human_id, "PermissionSetId": made}
    assert 201 == create(api, "PermissionSetAssignment", **other).status_code
    assert 204 == api.call("DELETE", f"sobjects/PermissionSetAssignment/{assignment}").status_code
    assert field_of(api, "Lifecycle_Stage__c") is None


def test_setup_can_be_read_back(open_org):
    """Permission set, field permission and assignment are found by query."""
    api = open_org()
    make_field(api)
    made = grant(api)
    assert [made] == api.values("SELECT Id FROM PermissionSet WHERE Name = 'Stagesync'")
    soql = (
        "SELECT Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "
        f"WHERE ParentId = '{made}' AND SobjectType = 'Lead'"
    )
    expected = {
        "Field": "Lead.Lifecycle_Stage__c",
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }
    assert [expected] == api.rows(soql)
    soql = f"SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSetId = '{made}'"
    assert [api.sim.org.user_id] == api.values(soql)


def test_setup_twice_is_refused(open_org):
    """A second field, permission set, grant or assignment of the same name is a duplicate."""
    api = open_org()
    make_field(api)
    made = grant(api)
    assert (400, "DUPLICATE_DEVELOPER_NAME") == code_of(make_field(api))
    again = create(api, "PermissionSet", Name="stagesync", Label="x")
    assert (400, "DUPLICATE_DEVELOPER_NAME") == code_of(again)
    field = {"ParentId": made, "SobjectType": "Lead", "Field": "Lead.Lifecycle_Stage__c"}
    again = create(api, "FieldPermissions", **field, PermissionsRead=True)
    assert (400, "DUPLICATE_VALUE") == code_of(again)
    again = create(
        api, "PermissionSetAssignment", AssigneeId=api.sim.org.user_id, PermissionSetId=made
    )
    assert (400, "DUPLICATE_VALUE") == code_of(again)


def code_of(answer):
    return answer.status_code, answer.json()[0]["errorCode"]


def test_custom_fields_are_queried_by_tooling(open_org):
    """The Tooling API lists custom fields by object, without the suffix in DeveloperName."""
    api = open_org()
    record_id = make_field(api).json()["id"]
    soql = "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Lead'"
    body = api.call("GET", "tooling/query/", params={"q": soql}).json()
    assert [(record_id, "Lifecycle_Stage")] == [
        (row["Id"], row["DeveloperName"]) for row in body["records"]
    ]
    one = api.call("GET", f"tooling/sobjects/CustomField/{record_id}").json()
    assert FIELD["FullName"] == one["FullName"]


@pytest.mark.parametrize(
    ("metadata", "shown"),
    [
        ({"type": "Number", "precision": 5, "scale": 2}, ("double", 5, 2, 0)),
        ({"type": "DateTime"}, ("datetime", 0, 0, 0)),
        ({"type": "Text", "length": 40}, ("string", 0, 0, 40)),
        ({"type": "Checkbox", "defaultValue": False}, ("boolean", 0, 0, 0)),
    ],
)
def test_kinds_of_custom_fields(open_org, metadata, shown):
    """Each kind of custom field is described with its type and size."""
    api = open_org()
    body = {"FullName": "Contact.Extra__c", "Metadata": {"label": "Extra", **metadata}}
    assert 201 == make_field(api, body).status_code
    grant(api, field="Contact.Extra__c")
    field = field_of(api, "Extra__c", kind="Contact")
    assert shown == (field["type"], field["precision"], field["scale"], field["length"])


@pytest.mark.parametrize(
    "body",
    [
        {"FullName": "Lead.X", "Metadata": {"label": "X", "type": "DateTime"}},
        {"FullName": "Nothing.X__c", "Metadata": {"label": "X", "type": "DateTime"}},
        {"FullName": "Lead.X__c"},
        {"FullName": "Lead.X__c", "Metadata": {"type": "DateTime"}},
        {"FullName": "Lead.X__c", "Metadata": {"label": "X", "type": "Text"}},
        {"FullName": "Lead.X__c", "Metadata": {"label": "X", "type": "Number", "precision": 5}},
        {"FullName": "Lead.X__c", "Metadata": {"label": "X", "type": "Picklist"}},
        {"FullName": "Lead.X__c", "Metadata": {"label": "X", "type": "Magic"}},
    ],
)
def test_incomplete_fields_are_refused(open_org, body):
    """A custom field without a proper name, label, kind, size or values is 400."""
    assert 400 == make_field(open_org(), body).status_code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Field": "Lead.Nope__c"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Field": "Lead.LastName"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"SobjectType": "Contact"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"PermissionsRead": False}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
def test_senseless_grants_are_refused(open_org, change, code):
    """A grant of an unknown or required field, of another object, or of writing without reading."""
    api = open_org()
    make_field(api)
    made = create(api, "PermissionSet", Name="P", Label="P").json()["id"]
    body = {
        "ParentId": made,
        "SobjectType": "Lead",
        "Field": "Lead.Lifecycle_Stage__c",
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }
    assert (400, code) == code_of(create(api, "FieldPermissions", **body | change))


def test_a_restricted_custom_picklist_refuses_other_values(open_org, make_lead):
    """A value outside the own restricted list fails the row and names the field."""
    api = open_org(Lead=[make_lead(1)])
    make_field(api)
    grant(api)
    [result] = api.update({"id": make_lead(1)["Id"], "Lifecycle_Stage__c": "odd"}).json()
    error = result["errors"][0]
    expected = ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Lifecycle_Stage__c"])
    assert expected == (error["statusCode"], error["fields"])
    assert "Lifecycle Stage: bad value for restricted picklist field: odd" == error["message"]


def test_formulas_follow_their_source_without_a_stamp(open_org, id_of):
    """A formula field shows another record's value as it is now, takes no writes, and moves no stamp."""
    firm, person = id_of("Account", 1), id_of("Contact", 1)
    api = open_org(
        Account=[{"Id": firm, "Name": "Firm", "Rating": "Cold"}],
        Contact=[{"Id": person, "LastName": "Kay", "AccountId": firm}],
    )
    metadata = {"label": "Heat", "type": "Text", "formula": "Account.Rating"}
    body = {"FullName": "Contact.Heat__c", "Metadata": metadata}
    assert 201 == api.call("POST", "tooling/sobjects/CustomField", json=body).status_code
    made = api.call("POST", "sobjects/PermissionSet", json={"Name": "P", "Label": "P"}).json()["id"]
    grant = {"ParentId": made, "SobjectType": "Contact", "Field": "Contact.Heat__c"}
    answer = api.call("POST", "sobjects/FieldPermissions", json=grant | {"PermissionsRead": True})
    assert 201 == answer.status_code, answer.text
    assigned = {"PermissionSetId": made, "AssigneeId": api.sim.org.user_id}
    api.call("POST", "sobjects/PermissionSetAssignment", json=assigned)
    fields = api.call("GET", "sobjects/Contact/describe").json()["fields"]
    [field] = [each for each in fields if each["name"] == "Heat__c"]
    assert (True, False, "Account.Rating") == (
        field["calculated"],
        field["updateable"],
        field["calculatedFormula"],
    )
    soql = "SELECT Heat__c, SystemModstamp FROM Contact"
    [before] = api.rows(soql)
    api.advance(10)
    api.update({"id": firm, "Rating": "Hot"}, kind="Account")
    [after] = api.rows(soql)
    assert ("Cold", "Hot") == (before["Heat__c"], after["Heat__c"])
    assert before["SystemModstamp"] == after["SystemModstamp"]
    row = api.call("GET", f"sobjects/Contact/{person}?fields=Heat__c").json()
    assert "Hot" == row["Heat__c"]


def test_formulas_that_are_no_path_are_refused(open_org):
    """The simulator works out a path to a value and nothing else."""
    api = open_org()
    metadata = {"label": "Sum", "type": "Text", "formula": "1 + 1"}
    body = {"FullName": "Lead.Sum__c", "Metadata": metadata}
    answer = api.call("POST", "tooling/sobjects/CustomField", json=body)
    assert "FIELD_INTEGRITY_EXCEPTION" == answer.json()[0]["errorCode"]

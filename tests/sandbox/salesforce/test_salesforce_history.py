"""Field history: what is tracked, how a change is kept, what conversion adds."""

import pytest


@pytest.fixture
def api(open_org, make_lead, id_of):
    return open_org(
        Lead=[make_lead(1), make_lead(2)],
        Contact=[{"Id": id_of("Contact", 1), "LastName": "Kay"}],
        Account=[{"Id": id_of("Account", 1), "Name": "Firm"}],
        Opportunity=[
            {
                "Id": id_of("Opportunity", 1),
                "Name": "Deal",
                "StageName": "Prospecting",
                "CloseDate": "2026-12-01",
            }
        ],
    )


def history(api, kind="LeadHistory", columns="Field, OldValue, NewValue"):
    return [tuple(row.values()) for row in api.rows(f"SELECT {columns} FROM {kind}")]


def make_field(api, **more):
    metadata = {"label": "Own", "type": "Text", "length": 40, **more}
    body = {"FullName": "Lead.Own__c", "Metadata": metadata}
    return api.call("POST", "tooling/sobjects/CustomField", json=body)


def grant(api, field):
    made = api.call("POST", "sobjects/PermissionSet", json={"Name": "P", "Label": "P"}).json()["id"]
    whole = {"ParentId": made, "SobjectType": "Lead", "Field": field}
    rights = {"PermissionsRead": True, "PermissionsEdit": True}
    assert 201 == api.call("POST", "sobjects/FieldPermissions", json=whole | rights).status_code
    body = {"PermissionSetId": made, "AssigneeId": api.sim.org.user_id}
    assert 201 == api.call("POST", "sobjects/PermissionSetAssignment", json=body).status_code


def test_nothing_is_tracked_unless_chosen(api, make_lead):
    """Without tracking a change leaves no history, and choosing it later does not reach back."""
    api.update({"id": make_lead(1)["Id"], "Status": "Working - Contacted"})
    assert [] == history(api)
    api.switch(tracked_fields={"Lead": ["Status"]})
    assert [] == history(api)
    api.update({"id": make_lead(1)["Id"], "Status": "Closed - Not Converted"})
    assert [("Status", "Working - Contacted", "Closed - Not Converted")] == history(api)


def test_a_history_row_tells_who_and_when(api, make_lead, as_json, now):
    """A row of history names the lead, the moment, the user and the kind of value."""
    api.switch(tracked_fields={"Lead": ["Status"]})
    edit = {"object": "Lead", "id": make_lead(1)["Id"]}
    api.control("edit", edit | {"properties": {"Status": "Working - Contacted"}})
    columns = "LeadId, CreatedDate, CreatedById, DataType, IsDeleted, Lead.Company"
    [row] = api.rows(f"SELECT {columns} FROM LeadHistory")
    company = row.pop("Lead")["Company"]
    expected = [make_lead(1)["Id"], as_json(now // 1), api.sim.org.human_id, "DynamicEnum", False]
    assert [*expected, "Acme"] == [*row.values(), company]


def test_a_reference_leaves_two_rows(api, make_lead):
    """A change of owner is kept twice: by name and by id."""
    api.switch(tracked_fields={"Lead": ["OwnerId"]})
    api.update({"id": make_lead(1)["Id"], "OwnerId": api.sim.org.other_app_id})
    names = ("Owner", "Camille Rousseau", "Marketing App")
    ids = ("Owner", api.sim.org.human_id, api.sim.org.other_app_id)
    assert {names, ids} == set(history(api))


def test_of_a_long_text_only_the_fact_is_kept(api, make_lead):
    """A change of a long text shows neither the old nor the new value."""
    api.switch(tracked_fields={"Lead": ["Description"]})
    api.update({"id": make_lead(1)["Id"], "Description": "x"})
    assert [("Description", None, None)] == history(api)


def test_a_custom_field_made_with_track_history(api, make_lead):
    """trackHistory in the metadata of a field is enough."""
    assert 201 == make_field(api, trackHistory=True).status_code
    grant(api, "Lead.Own__c")
    api.update({"id": make_lead(1)["Id"], "Own__c": "a"})
    assert [("Own__c", None, "a")] == history(api)


def test_at_most_twenty_tracked_fields(api):
    """The twenty-first tracked field of an object is refused, as is a longer list in the switch."""
    names = list(api.sim.org.objects["Lead"].fields)[:20]
    api.switch(tracked_fields={"Lead": names})
    answer = make_field(api, trackHistory=True)
    assert (400, "FIELD_INTEGRITY_EXCEPTION") == (
        answer.status_code,
        answer.json()[0]["errorCode"],
    )
    too_many = {"tracked_fields": {"Lead": [*names, "Status"]}}
    assert 400 == api.control("settings", too_many, method="PUT").status_code


def test_opportunities_and_accounts_have_theirs(api, id_of):
    """The history of deals is OpportunityFieldHistory, that of accounts AccountHistory."""
    api.switch(tracked_fields={"Opportunity": ["StageName"], "Account": ["Rating"]})
    api.update({"id": id_of("Opportunity", 1), "StageName": "Closed Won"}, kind="Opportunity")
    api.update({"id": id_of("Account", 1), "Rating": "Hot"}, kind="Account")
    assert [("StageName", "Prospecting", "Closed Won")] == history(api, "OpportunityFieldHistory")
    assert [("Rating", None, "Hot")] == history(api, "AccountHistory")
    assert [id_of("Account", 1)] == api.values("SELECT AccountId FROM AccountHistory")


@pytest.mark.parametrize("reused", [False, True])
def test_conversion_leaves_its_mark(api, make_lead, id_of, reused):
    """The contact tells whether a lead made or updated it, the lead that it was converted."""
    api.switch(tracked_fields={"Lead": ["Title"], "Contact": ["Title"]})
    chosen = {"contact": id_of("Contact", 1)} if reused else {}
    api.control("convert", {"lead": make_lead(1)["Id"], **chosen})
    event = "contactUpdatedByLead" if reused else "contactCreatedByLead"
    assert event in [row[0] for row in history(api, "ContactHistory")]
    assert ["leadConverted"] == [row[0] for row in history(api)]


def test_a_new_record_leaves_created(api):
    """The first row of the history of a record made after tracking began says so."""
    api.switch(tracked_fields={"Contact": ["Title"]})
    api.call("POST", "sobjects/Contact", json={"LastName": "New", "Title": "x"})
    assert [("created", None, None)] == history(api, "ContactHistory")


def test_history_cannot_be_written_nor_filtered_by_value(api):
    """History rows are made by the org alone, and their values cannot stand in a filter."""
    answer = api.call("POST", "sobjects/LeadHistory", json={"Field": "Status"})
    assert 400 == answer.status_code
    answer = api.query("SELECT Id FROM LeadHistory WHERE NewValue = 'x'")
    assert "INVALID_FIELD" == answer.json()[0]["errorCode"]
    answer = api.query("SELECT SystemModstamp FROM LeadHistory")
    assert "INVALID_FIELD" == answer.json()[0]["errorCode"]


def test_a_write_taken_back_leaves_no_history(api, make_lead):
    """All-or-none undoes the history and the events of the good rows too."""
    api.switch(tracked_fields={"Lead": ["Title"]})
    api.update(
        {"id": make_lead(1)["Id"], "Title": "x"},
        {"id": make_lead(2)["Id"], "Email": "no mail"},
        allOrNone=True,
    )
    assert [] == history(api)
    assert [] == api.http.get(f"{api.url}/_sandbox/changes", timeout=10).json()


def test_history_is_forgotten_after_two_years(api, make_lead):
    """Twenty-four months later the API shows a change no more."""
    api.switch(tracked_fields={"Lead": ["Title"]})
    api.update({"id": make_lead(1)["Id"], "Title": "x"})
    api.advance(731 * 86_400)
    api.http.headers["Authorization"] = f"Bearer {api.login().json()['access_token']}"
    assert [] == history(api)


def test_field_definitions_tell_what_is_tracked(api):
    """FieldDefinition lists the fields of an object and says of each whether its history is kept."""
    api.switch(tracked_fields={"Lead": ["Status"]})
    soql = "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinitionId = 'Lead'"
    assert "Rating" in api.values(soql)
    assert ["Status"] == api.values(f"{soql} AND IsFieldHistoryTracked = true")


def test_users_tell_what_they_are(api):
    """The automated process has a type, an integration a licence of its own."""
    columns = "Username, UserType, Profile.UserLicense.Name"
    found = {
        row["Username"].partition("@")[0]: (
            row["UserType"],
            row["Profile"] and row["Profile"]["UserLicense"]["Name"],
        )
        for row in api.rows(f"SELECT {columns} FROM User")
    }
    assert ("AutomatedProcess", None) == found["autoproc"]
    assert ("Standard", "Salesforce Integration") == found["marketing.app"]
    assert ("Standard", "Salesforce") == found["camille.rousseau"]

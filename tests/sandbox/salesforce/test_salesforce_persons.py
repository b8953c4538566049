"""Person accounts: one human as an account and a contact."""

import pytest


@pytest.fixture
def api(open_org, make_lead, id_of):
    org = open_org(
        Lead=[make_lead(1, Company=None, FirstName="Ann", Title="Chief"), make_lead(2)],
        Account=[{"Id": id_of("Account", 1), "Name": "Firm"}],
        Contact=[{"Id": id_of("Contact", 1), "LastName": "Kay", "Own__c": "k"}],
    )
    org.switch(person_accounts=True)
    return org


def person(api, **more):
    body = {"FirstName": "Eve", "LastName": "Ray", "PersonEmail": "eve@ray.example", **more}
    headers = {"Sforce-Auto-Assign": "FALSE"}
    answer = api.call("POST", "sobjects/Account", json=body, headers=headers)
    assert 201 == answer.status_code, answer.text
    return answer.json()["id"]


def account(api, key, *names):
    [row] = api.rows(f"SELECT {', '.join(names)} FROM Account WHERE Id = '{key}'")
    return tuple(row.values())


def test_the_feature_is_off_unless_switched_on(open_org):
    """Without the feature accounts have no person fields, and it cannot be switched off again."""
    api = open_org()
    assert (
        "INVALID_FIELD" == api.query("SELECT IsPersonAccount FROM Account").json()[0]["errorCode"]
    )
    api.switch(person_accounts=True)
    assert [] == api.values("SELECT IsPersonAccount FROM Account")
    assert 400 == api.control("settings", {"person_accounts": False}, method="PUT").status_code


def test_describe_shows_the_feature(api):
    """Describe of Account shows the flag, the person fields and the mirrors of custom ones."""
    fields = api.call("GET", "sobjects/Account/describe").json()["fields"]
    found = {field["name"]: field for field in fields}
    assert not found["IsPersonAccount"]["updateable"]
    assert ("email", True) == (found["PersonEmail"]["type"], found["PersonEmail"]["updateable"])
    assert found["Own__pc"]["custom"]
    assert ["Contact"] == found["PersonContactId"]["referenceTo"]
    lead = api.call("GET", "sobjects/Lead/describe").json()["fields"]
    assert next(field["nillable"] for field in lead if field["name"] == "Company")


def test_a_person_is_an_account_and_a_contact(api):
    """An account written with a last name is a person, with a contact of the same stamp."""
    key = person(api, Own__pc="o")
    columns = ("Name", "IsPersonAccount", "PersonContactId", "PersonEmail", "SystemModstamp")
    name, flag, contact, email, stamp = account(api, key, *columns)
    assert ("Eve Ray", True, "eve@ray.example") == (name, flag, email)
    soql = (
        "SELECT Name, Email, Own__c, AccountId, IsPersonAccount, SystemModstamp"
        f" FROM Contact WHERE Id = '{contact}'"
    )
    [row] = api.rows(soql)
    assert ["Eve Ray", "eve@ray.example", "o", key, True, stamp] == list(row.values())


def test_firms_are_not_persons(api, id_of):
    """A plain account says so, and refuses the fields of persons."""
    assert (False, None) == account(api, id_of("Account", 1), "IsPersonAccount", "PersonContactId")
    [result] = api.update(
        {"id": id_of("Account", 1), "PersonEmail": "a@b.example"}, kind="Account"
    ).json()
    assert "INVALID_FIELD_FOR_INSERT_UPDATE" == result["errors"][0]["statusCode"]
    assert [id_of("Account", 1)] == api.values(
        "SELECT Id FROM Account WHERE IsPersonAccount = false"
    )


def test_the_contact_follows_the_account_and_takes_no_writes(api):
    """A change of the account shows on the contact; the contact itself refuses."""
    key = person(api)
    contact = account(api, key, "PersonContactId")[0]
    api.advance(10)
    api.update({"id": key, "PersonTitle": "Chief", "LastName": "Roy"}, kind="Account")
    soql = f"SELECT Title, Name FROM Contact WHERE Id = '{contact}'"
    assert [{"Title": "Chief", "Name": "Eve Roy"}] == api.rows(soql)
    [result] = api.update({"id": contact, "Title": "x"}, kind="Contact").json()
    assert "INVALID_FIELD_FOR_INSERT_UPDATE" == result["errors"][0]["statusCode"]
    [result] = api.update({"id": key, "Name": "x"}, kind="Account").json()
    assert "INVALID_FIELD_FOR_INSERT_UPDATE" == result["errors"][0]["statusCode"]
    assert 400 == api.call("DELETE", f"sobjects/Contact/{contact}").status_code


def test_a_change_of_a_person_makes_two_events(api):
    """The change log has one event for the account and one for the contact."""
    key = person(api)
    api.http.delete(f"{api.url}/_sandbox/changes", timeout=10)
    api.update({"id": key, "PersonTitle": "Chief"}, kind="Account")
    events = api.http.get(f"{api.url}/_sandbox/changes", timeout=10).json()
    headers = [event["ChangeEventHeader"] for event in events]
    assert ["Account", "Contact"] == [header["entityName"] for header in headers]
    assert "Title" in headers[1]["changedFields"]


def test_a_lead_without_company_becomes_a_person(api, make_lead):
    """Conversion of such a lead makes a person account, whose contact it names."""
    made = api.control("convert", {"lead": make_lead(1)["Id"]}).json()
    columns = ("IsPersonAccount", "PersonContactId", "PersonEmail", "PersonTitle", "Name")
    expected = (True, made["contact"], "p1@example.org", "Chief", "Ann Name 1")
    assert expected == account(api, made["account"], *columns)


def test_deleting_and_restoring_a_person(api):
    """Contact and account of a person go to the bin and come back together."""
    key = person(api)
    contact = account(api, key, "PersonContactId")[0]
    body = {"object": "Account", "id": key}
    soql = f"SELECT Id FROM Contact WHERE Id = '{contact}'"
    api.control("delete", body)
    assert [] == api.values(soql)
    api.control("undelete", body)
    assert [contact] == api.values(soql)


def test_merging_two_persons(api):
    """The loser's contact goes with its account, its tasks to the winner's contact."""
    keys = [person(api, PersonEmail=f"p{number}@x.example") for number in range(2)]
    contacts = [account(api, key, "PersonContactId")[0] for key in keys]
    api.call("POST", "sobjects/Task", json={"Subject": "Call", "WhoId": contacts[1]})
    body = {"object": "Account", "master": keys[0], "losers": [keys[1]]}
    assert 200 == api.control("merge", body).status_code
    assert [contacts[0]] == api.values("SELECT WhoId FROM Task")
    soql = "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true"
    assert [{"Id": contacts[1], "MasterRecordId": contacts[0]}] == api.rows(soql, everything=True)


def test_a_person_and_a_firm_do_not_merge(api, id_of):
    """A merge across the two kinds is refused."""
    body = {"object": "Account", "master": id_of("Account", 1), "losers": [person(api)]}
    assert 400 == api.control("merge", body).status_code


def test_the_mirror_of_a_custom_field_follows_it(api):
    """A field made on Contact shows as __pc once it is granted, and goes when it is deleted."""
    body = {"FullName": "Contact.New__c", "Metadata": {"label": "New", "type": "Date"}}
    assert 201 == api.call("POST", "tooling/sobjects/CustomField", json=body).status_code
    assert 400 == api.query("SELECT New__pc FROM Account").status_code
    made = api.call("POST", "sobjects/PermissionSet", json={"Name": "P", "Label": "P"}).json()["id"]
    rights = {"SobjectType": "Contact", "Field": "Contact.New__c", "PermissionsRead": True}
    api.call("POST", "sobjects/FieldPermissions", json=rights | {"ParentId": made})
    body = {"PermissionSetId": made, "AssigneeId": api.sim.org.user_id}
    api.call("POST", "sobjects/PermissionSetAssignment", json=body)
    assert 200 == api.query("SELECT New__pc FROM Account").status_code
    api.control("schema", {"object": "Contact", "field": "New__c", "action": "delete"})
    assert 400 == api.query("SELECT New__pc FROM Account").status_code

"""What people do in the CRM: conversion, merge, deletion."""

import pytest


@pytest.fixture
def api(open_org, make_lead, id_of):
    lead = make_lead(1, FirstName="Ann", City="Lyon", Title="Chief", Industry="Energy")
    contact = {"Id": id_of("Contact", 1), "LastName": "Kay", "Title": "Boss"}
    return open_org(
        Lead=[lead, make_lead(2), make_lead(3)],
        Contact=[contact | {"AccountId": id_of("Account", 1)}, {"Id": id_of("Contact", 2), "LastName": "Kay"}],
        Account=[{"Id": id_of("Account", 1), "Name": "Old firm"}],
        Task=[{"Id": id_of("Task", 1), "Status": "Completed", "WhoId": lead["Id"]}],
        Event=[{"Id": id_of("Event", 1), "WhoId": id_of("Contact", 2)}],
        Campaign=[{"Id": id_of("Campaign", 1), "Name": "Fair"}],
        CampaignMember=[
            {
                "Id": id_of("CampaignMember", 1),
                "CampaignId": id_of("Campaign", 1),
                "LeadId": lead["Id"],
                "Status": "Responded",
            }
        ],
    )  # fmt: skip


def test_conversion_makes_contact_account_and_opportunity(api, make_lead, as_json, now):
    """A converted lead stays with the ids of its new contact, account and opportunity."""
    made = api.control("convert", {"lead": make_lead(1)["Id"], "opportunity": True}).json()
    [row] = api.rows(
        "SELECT IsConverted, Status, ConvertedContactId, ConvertedAccountId, ConvertedOpportunityId,"
        f" SystemModstamp FROM Lead WHERE Id = '{make_lead(1)['Id']}'"
    )
    expected = [True, "Closed - Converted", made["contact"], made["account"], made["opportunity"]]
    assert [*expected, as_json(now // 1)] == list(row.values())
    soql = (
        f"SELECT Name, Title, MailingCity, Account.Name FROM Contact WHERE Id = '{made['contact']}'"
    )
    [contact] = api.rows(soql)
    assert ("Ann Name 1", "Chief", "Lyon") == tuple(list(contact.values())[:3])
    assert "Acme" == contact["Account"]["Name"]


def test_conversion_into_a_contact_fills_only_what_is_empty(api, make_lead, id_of):
    """An existing contact keeps its title and gets the missing city; its account is reused."""
    body = {"lead": make_lead(1)["Id"], "contact": id_of("Contact", 1)}
    made = api.control("convert", body).json()
    assert (id_of("Account", 1), None) == (made["account"], made["opportunity"])
    soql = f"SELECT LastName, Title, MailingCity FROM Contact WHERE Id = '{id_of('Contact', 1)}'"
    assert [{"LastName": "Kay", "Title": "Boss", "MailingCity": "Lyon"}] == api.rows(soql)


def test_conversion_moves_activities_and_memberships(api, make_lead, id_of, as_json, now):
    """Tasks move with new stamps; the campaign member gets the contact beside the lead, silently."""
    made = api.control("convert", {"lead": make_lead(1)["Id"]}).json()
    [task] = api.rows("SELECT WhoId, WhatId, LastModifiedDate FROM Task")
    assert [made["contact"], made["account"], as_json(now // 1)] == list(task.values())
    [member] = api.rows(
        "SELECT LeadId, ContactId, LeadOrContactId, HasResponded FROM CampaignMember"
    )
    assert [make_lead(1)["Id"], made["contact"], made["contact"], True] == list(member.values())


def test_a_converted_lead_is_closed(api, make_lead):
    """A converted lead refuses writes and a second conversion, until the switch allows writes."""
    body = {"lead": make_lead(1)["Id"]}
    api.control("convert", body)
    assert 400 == api.control("convert", body).status_code
    change = {"id": make_lead(1)["Id"], "Title": "x"}
    [result] = api.update(change).json()
    assert "CANNOT_UPDATE_CONVERTED_LEAD" == result["errors"][0]["statusCode"]
    api.switch(edit_converted_leads=True)
    assert api.update(change).json()[0]["success"]


def test_custom_fields_go_along_only_where_mapped(open_org, make_lead):
    """A custom lead field reaches the contact only by the org's field mapping."""
    api = open_org(
        Lead=[make_lead(1, Own__c="a"), make_lead(2, Own__c="b")],
        Contact=[{"Id": "003000000000001AAA", "LastName": "K", "Own__c": "k"}],
    )
    plain = api.control("convert", {"lead": make_lead(1)["Id"]}).json()
    api.switch(lead_field_mapping={"Own__c": "Own__c"})
    mapped = api.control("convert", {"lead": make_lead(2)["Id"]}).json()
    soql = "SELECT Own__c FROM Contact WHERE Id = '{}'"
    assert [None] == api.values(soql.format(plain["contact"]))
    assert ["b"] == api.values(soql.format(mapped["contact"]))


def test_merge_hides_the_loser_and_moves_its_children_silently(api, id_of, as_json, now):
    """The loser is deleted with the winner's id; its event moves without a new stamp."""
    winner, loser = id_of("Contact", 1), id_of("Contact", 2)
    stamp = api.values("SELECT SystemModstamp FROM Event")
    body = {"object": "Contact", "master": winner, "losers": [loser]}
    assert 200 == api.control("merge", body).status_code
    soql = "SELECT Id, MasterRecordId, SystemModstamp FROM Contact WHERE IsDeleted = true"
    expected = {"Id": loser, "MasterRecordId": winner, "SystemModstamp": as_json(now // 1)}
    assert [expected] == api.rows(soql, everything=True)
    assert [winner] == api.values("SELECT WhoId FROM Event")
    assert stamp == api.values("SELECT SystemModstamp FROM Event")
    touched = f"SELECT SystemModstamp FROM Contact WHERE Id = '{winner}'"
    assert [as_json(now // 1)] == api.values(touched)


def test_merge_can_move_stamps(api, id_of, now):
    """With the switch on, the moved children bear new stamps."""
    api.switch(merge_moves_child_stamps=True)
    api.advance(10)
    losers = [id_of("Contact", 2)]
    api.control("merge", {"object": "Contact", "master": id_of("Contact", 1), "losers": losers})
    assert now < api.sim.org.table("Event").rows[id_of("Event", 1)]["SystemModstamp"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"object": "Task"}, 400),
        ({"losers": []}, 400),
        ({"master": "00QSb0000000000"}, 404),
        ({"losers": "self"}, 400),
    ],
)
def test_senseless_merges(api, make_lead, change, status):
    """A merge of a wrong object, without losers, of unknown records or with oneself is refused."""
    body = {
        "object": "Lead",
        "master": make_lead(1)["Id"],
        "losers": [make_lead(2)["Id"]],
        **change,
    }
    if body["losers"] == "self":
        body["losers"] = [make_lead(1)["Id"]]
    assert status == api.control("merge", body).status_code


def test_deleting_an_account_takes_its_contacts(api, id_of):
    """A deleted account takes its contacts along; restoring brings back the account alone."""
    body = {"object": "Account", "id": id_of("Account", 1)}
    assert 200 == api.control("delete", body).status_code
    assert [id_of("Contact", 2)] == api.values("SELECT Id FROM Contact")
    assert 200 == api.control("undelete", body).status_code
    assert [id_of("Account", 1)] == api.values("SELECT Id FROM Account")
    assert [id_of("Contact", 2)] == api.values("SELECT Id FROM Contact")


def test_state_counts_rows(api, id_of):
    """The state tells live and deleted rows per object and the use of the limit."""
    api.control("delete", {"object": "Contact", "id": id_of("Contact", 2)})
    state = api.http.get(f"{api.url}/_sandbox/state", timeout=10).json()
    assert (1, 1) == (state["objects"]["Contact"], state["deleted"]["Contact"])
    assert {"used": 0, "most": 15000} == state["limits"]["daily"]


def test_a_merge_leaves_the_history_of_conversions(api, make_lead, id_of):
    """A converted lead keeps naming the contact it became, even when that one lost a merge."""
    became = id_of("Contact", 2)
    body = {"lead": make_lead(1)["Id"], "contact": became, "account": id_of("Account", 1)}
    api.control("convert", body)
    merge = {"object": "Contact", "master": id_of("Contact", 1), "losers": [became]}
    assert 200 == api.control("merge", merge).status_code
    soql = f"SELECT ConvertedContactId FROM Lead WHERE Id = '{make_lead(1)['Id']}'"
    assert [became] == api.values(soql)

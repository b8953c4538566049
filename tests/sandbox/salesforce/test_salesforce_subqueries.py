"""Subqueries in the select list."""

import pytest


@pytest.fixture
def api(open_org, id_of):
    firm, other, person = id_of("Account", 1), id_of("Account", 2), id_of("Contact", 1)
    return open_org(
        Account=[{"Id": firm, "Name": "Firm"}, {"Id": other, "Name": "Other"}],
        Contact=[
            {"Id": id_of("Contact", n), "LastName": f"C{n}", "AccountId": firm} for n in range(1, 4)
        ],
        Task=[{"Id": id_of("Task", 1), "Subject": "Call", "WhoId": person}],
    )


def test_children_nest_or_are_null(api):
    """Each account carries its contacts as a result of their own, or null without any."""
    soql = (
        "SELECT Name, (SELECT LastName, Account.Name FROM Contacts WHERE LastName != 'C2'"
        " ORDER BY LastName DESC) FROM Account ORDER BY Name"
    )
    firm, other = api.rows(soql)
    assert None is other["Contacts"]
    assert (2, True) == (firm["Contacts"]["totalSize"], firm["Contacts"]["done"])
    records = firm["Contacts"]["records"]
    assert ["C3", "C1"] == [row["LastName"] for row in records]
    assert ("Contact", "Firm") == (records[0]["attributes"]["type"], records[0]["Account"]["Name"])


def test_a_limit_holds_per_parent(api):
    """LIMIT inside a subquery counts for each record apart."""
    soql = "SELECT Id, (SELECT Id FROM Contacts LIMIT 1) FROM Account WHERE Name = 'Firm'"
    assert 1 == api.rows(soql)[0]["Contacts"]["totalSize"]


def test_tasks_of_contacts(api, id_of):
    """Activities hang below the person that they are about."""
    soql = f"SELECT Id, (SELECT Subject FROM Tasks) FROM Contact WHERE Id = '{id_of('Contact', 1)}'"
    assert "Call" == api.rows(soql)[0]["Tasks"]["records"][0]["Subject"]


def test_histories_of_leads(open_org, make_lead):
    """The history of a record is its child relationship Histories."""
    api = open_org(Lead=[make_lead(1)])
    api.switch(tracked_fields={"Lead": ["Title"]})
    api.update({"id": make_lead(1)["Id"], "Title": "x"})
    [row] = api.rows("SELECT Id, (SELECT Field, NewValue FROM Histories) FROM Lead")
    assert "x" == row["Histories"]["records"][0]["NewValue"]


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("SELECT Id FROM Nothings", "INVALID_TYPE"),
        ("SELECT Id FROM Contact", "INVALID_TYPE"),
        ("SELECT Nope FROM Contacts", "INVALID_FIELD"),
        ("SELECT Id FROM Contacts OFFSET 1", "MALFORMED_QUERY"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
    ],
)
def test_wrong_subqueries(api, inner, code):
    """An unknown relationship or field, an OFFSET and a torso are refused."""
    answer = api.query(f"SELECT Id, ({inner}) FROM Account")
    assert (400, code) == (answer.status_code, answer.json()[0]["errorCode"])

"""What the query language finds, and how it refuses."""

import pytest

PEOPLE = [
    {"FirstName": "Ann", "LastName": "Alpha", "Rating": "Hot", "AnnualRevenue": 10.0},
    {"FirstName": "Bob", "LastName": "beta", "Rating": None, "AnnualRevenue": 20.5},
    {"FirstName": None, "LastName": "Ga'mma", "Rating": "Cold", "AnnualRevenue": None},
    {"FirstName": "Dan", "LastName": "50%_off", "Rating": "hot", "AnnualRevenue": 40.0},
]


@pytest.fixture(scope="module")
def api(open_shared_org, make_lead):
    people = [make_lead(number, **more) for number, more in enumerate(PEOPLE)]
    people[2]["HasOptedOutOfEmail"] = True
    return open_shared_org(Lead=people)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("LastName = 'ALPHA'", [0]),
        ("LastName != 'alpha'", [1, 2, 3]),
        ("LastName <> 'alpha'", [1, 2, 3]),
        ("LastName = 'Ga\\'mma'", [2]),
        ("LastName LIKE 'a%'", [0]),
        ("LastName LIKE '_eta'", [1]),
        ("LastName LIKE '50\\%\\_%'", [3]),
        ("(NOT LastName LIKE '%a%')", [3]),
        ("Rating = null", [1]),
        ("Rating != null", [0, 2, 3]),
        ("Rating = ''", [1]),
        ("Rating = 'HOT'", [0, 3]),
        ("Rating != 'hot'", [1, 2]),
        ("Rating IN ('hot', 'cold')", [0, 2, 3]),
        ("Rating NOT IN ('hot')", [1, 2]),
        ("Rating IN ('hot', null)", [0, 1, 3]),
        ("AnnualRevenue > 10", [1, 3]),
        ("AnnualRevenue >= 10", [0, 1, 3]),
        ("AnnualRevenue <= 20.5", [0, 1]),
        ("AnnualRevenue = null", [2]),
        ("HasOptedOutOfEmail = TRUE", [2]),
        ("HasOptedOutOfEmail = false AND Rating = 'hot'", [0, 3]),
        ("Rating = 'hot' OR Rating = null OR LastName = 'zz'", [0, 1, 3]),
        ("Rating = 'hot' AND (AnnualRevenue = 40 OR AnnualRevenue = 1)", [3]),
        ("NOT (Rating = 'hot' OR Rating = null)", [2]),
        ("CreatedDate < 2027-01-01T00:00:00Z AND Rating = null", [1]),
        ("CreatedDate > 2026-01-01T00:00:00.000+02:00 AND Rating = null", [1]),
        ("Owner.Name = 'camille rousseau' AND Rating = null", [1]),
        ("Owner.Type = 'User' AND Rating = null", [1]),
        ("OwnerId IN (SELECT Id FROM User WHERE Alias = 'camille.') AND Rating = null", [1]),
        ("OwnerId NOT IN (SELECT Id FROM User)", []),
    ],
)
def test_conditions(api, where, found):
    """Each condition finds the rows that Salesforce's rules for null, case and kind say."""
    names = [PEOPLE[number]["LastName"] for number in found]
    soql = f"select LastName from lead where {where} order by SystemModstamp, Id"
    assert names == api.values(soql)


def test_ids_compare_in_both_lengths_and_with_case(api, make_lead):
    """A 15-character id finds its row; ids order by case-sensitive characters."""
    ids = sorted(make_lead(number)["Id"] for number in range(4))
    assert [ids[1]] == api.values(f"SELECT Id FROM Lead WHERE Id = '{ids[1][:15]}'")
    soql = f"SELECT Id FROM Lead WHERE Id > '{ids[1]}' ORDER BY Id"
    assert ids[2:] == api.values(soql)
    assert ids[:0:-1] == api.values(f"SELECT Id FROM Lead WHERE Id != '{ids[0]}' ORDER BY Id DESC")


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("AnnualRevenue", [2, 0, 1, 3]),
        ("AnnualRevenue ASC NULLS LAST", [0, 1, 3, 2]),
        ("AnnualRevenue DESC", [2, 3, 1, 0]),
        ("AnnualRevenue DESC NULLS LAST", [3, 1, 0, 2]),
        ("Rating DESC NULLS LAST, LastName", [3, 0, 2, 1]),
        ("SystemModstamp DESC", [3, 2, 1, 0]),
    ],
)
def test_order(api, order, found):
    """Rows come in the asked order, nulls first unless said otherwise."""
    names = [PEOPLE[number]["LastName"] for number in found]
    assert names == api.values(f"SELECT LastName FROM Lead ORDER BY {order}")


def test_limit_and_offset(api):
    """LIMIT and OFFSET cut a window, and totalSize is the size of the window."""
    body = api.query("SELECT LastName FROM Lead ORDER BY SystemModstamp LIMIT 2 OFFSET 1").json()
    assert (2, True) == (body["totalSize"], body["done"])
    assert ["beta", "Ga'mma"] == [row["LastName"] for row in body["records"]]


def test_count(api):
    """COUNT() gives only totalSize; COUNT(field) gives one aggregate row and skips nulls."""
    bare = api.query("SELECT COUNT() FROM Lead WHERE Rating = 'hot'").json()
    assert {"totalSize": 2, "done": True, "records": []} == bare
    assert 3 == api.query("SELECT COUNT() FROM Lead LIMIT 3").json()["totalSize"]
    counted = api.query("SELECT COUNT(Id), COUNT(Rating) rated FROM Lead").json()
    row = {"attributes": {"type": "AggregateResult"}, "expr0": 4, "rated": 3}
    assert [row] == counted["records"]


def test_group_by(api):
    """GROUP BY counts per value."""
    rows = api.rows("SELECT OwnerId, COUNT(Id) n, MAX(AnnualRevenue) FROM Lead GROUP BY OwnerId")
    assert [{"OwnerId": api.sim.org.human_id, "n": 4, "expr1": 40.0}] == rows


def test_record_shape(api, as_json, now, make_lead):
    """A record has attributes first, names as the schema spells them, and nested parents."""
    soql = "SELECT id, systemmodstamp, annualrevenue, owner.name, address FROM lead LIMIT 1"
    record = api.query(soql + " OFFSET 0").json()["records"][0]
    assert ["attributes", "Id", "SystemModstamp", "AnnualRevenue", "Owner", "Address"] == list(
        record
    )
    assert f"/services/data/v64.0/sobjects/Lead/{record['Id']}" == record["attributes"]["url"]
    assert "Camille Rousseau" == record["Owner"]["Name"]
    stamps = {as_json(make_lead(number)["SystemModstamp"]) for number in range(4)}
    assert record["SystemModstamp"] in stamps
    assert record["Address"] is None


def test_polymorphic_parent(open_org, make_lead, id_of):
    """Who.Type tells leads from contacts, and is null without a person."""
    person = make_lead(1)
    contact = {"Id": id_of("Contact", 1), "LastName": "Kay"}
    tasks = [
        {"Id": id_of("Task", n), "Status": "Completed", "WhoId": who}
        for n, who in enumerate([person["Id"], contact["Id"], None])
    ]
    api = open_org(Lead=[person], Contact=[contact], Task=tasks)
    rows = api.rows("SELECT Who.Type FROM Task ORDER BY Id")
    assert ["Lead", "Contact", None] == [(row["Who"] or {}).get("Type") for row in rows]
    assert [tasks[1]["Id"]] == api.values("SELECT Id FROM Task WHERE Who.Type IN ('Contact')")


@pytest.mark.parametrize(
    ("soql", "code", "part"),
    [
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "unexpected token: <EOF>"),
        ("SELECT Id Lead", "MALFORMED_QUERY", "unexpected token: 'Lead'"),
        ("SELECT * FROM Lead", "MALFORMED_QUERY", "unexpected token: '*'"),
        ("SELECT Id FROM Lead WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        (
            "SELECT Id FROM Lead WHERE Rating = 'a' AND Rating = 'b' OR Rating = 'c'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Id FROM Lead WHERE LastName = 'a\\x'", "MALFORMED_QUERY", "Illegal string"),
        ("SELECT SF_date__c FROM Lead", "INVALID_FIELD", "ERROR at Row:1:Column:8\nNo such column"),
        ("SELECT Id FROM Lead WHERE Nope = 1", "INVALID_FIELD", "'Nope' on entity 'Lead'"),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id, Id FROM Lead", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM XYZZY", "INVALID_TYPE", "sObject type 'XYZZY' is not supported."),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        (
            "SELECT Id FROM Lead WHERE AnnualRevenue = '1'",
            "INVALID_FIELD",
            "should not be enclosed",
        ),
        ("SELECT Id FROM Lead WHERE LastName = 1", "INVALID_FIELD", "should be enclosed"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2024-01-01", "INVALID_FIELD", "type dateTime"),
        (
            "SELECT Id FROM Lead WHERE CreatedDate > 2024-01-01T00:00:00",
            "INVALID_FIELD",
            "type dateTime",
        ),
        (
            "SELECT Id FROM Lead WHERE Id = 'abc'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field",
        ),
        ("SELECT Id FROM Lead LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT Name, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "grouped or aggregated: Name"),
        ("", "MALFORMED_QUERY", "unexpected token: <EOF>"),
    ],
)
def test_refused_queries(api, soql, code, part):
    """A wrong query is 400 with the vendor's code and a message that shows the place."""
    answer = api.query(soql)
    assert 400 == answer.status_code
    assert [code] == [error["errorCode"] for error in answer.json()]
    assert part in answer.json()[0]["message"]


def test_all_fields(api):
    """FIELDS(ALL) selects every visible field."""
    row = api.rows("SELECT FIELDS(ALL) FROM Lead LIMIT 1")[0]
    described = api.call("GET", "sobjects/Lead/describe").json()["fields"]
    assert [field["name"] for field in described] == list(row)


def test_blanks_by_plus_and_a_slash_before_the_question_mark(api):
    """The query path takes a slash at its end and both spellings of a blank."""
    for tail in ("query?q=SELECT+Id+FROM+Lead", "query/?q=SELECT%20Id%20FROM%20Lead"):
        answer = api.call("GET", f"{api.url}/services/data/v64.0/{tail}")
        assert 4 == answer.json()["totalSize"]


def test_a_plus_in_an_offset_must_be_escaped(api):
    """An unescaped + of a time zone arrives as a blank and breaks the query."""
    soql = "SELECT+Id+FROM+Lead+WHERE+CreatedDate+>+2024-01-01T00:00:00+02:00"
    assert 400 == api.call("GET", f"{api.url}/services/data/v64.0/query?q={soql}").status_code

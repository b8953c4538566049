"""Several calls in one request."""

import pytest


@pytest.fixture
def api(open_org, make_lead):
    return open_org(Lead=[make_lead(number) for number in range(3)])


def part(method, path, reference, **more):
    url = f"/services/data/v64.0/{path}"
    return {"method": method, "url": url, "referenceId": reference, **more}


def test_composite_runs_a_long_query(api):
    """A query too long for an address goes through as a part of a composite."""
    ids = ",".join(["'00QSb0000000000'"] * 1000)
    soql = f"SELECT Id FROM Lead WHERE LastName = 'Name 1' OR Id IN ({ids})"
    assert api.query(soql).status_code in {414, 431}
    body = {"compositeRequest": [part("GET", f"query?q={soql}", "q")]}
    answer = api.call("POST", "composite", json=body)
    [result] = answer.json()["compositeResponse"]
    assert (200, "q", 200) == (answer.status_code, result["referenceId"], result["httpStatusCode"])
    assert 1 == result["body"]["totalSize"]


def test_parts_refer_to_earlier_ones(api):
    """A part may use an id that an earlier part returned; a failed one halts those that need it."""
    account = part("POST", "sobjects/Account", "acc", body={"Name": "Acme"})
    contact = {"LastName": "Kay", "AccountId": "@{acc.id}"}
    found = "query?q=SELECT Name FROM Account WHERE Id = '@{acc.id}'"
    parts = [
        account,
        part("POST", "sobjects/Contact", "con", body=contact),
        part("GET", found, "q"),
    ]
    parts += [
        part("POST", "sobjects/Contact", "bad", body={}),
        part("GET", "sobjects/Contact/@{bad.id}", "halted"),
    ]
    results = api.call("POST", "composite", json={"compositeRequest": parts}).json()
    results = results["compositeResponse"]
    assert [201, 201, 200, 400, 400] == [result["httpStatusCode"] for result in results]
    assert "Acme" == results[2]["body"]["records"][0]["Name"]
    codes = [results[place]["body"][0]["errorCode"] for place in (3, 4)]
    assert ["REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"] == codes


def test_all_or_none_composite_undoes_everything(api):
    """With allOrNone a failing part takes the others with it."""
    parts = [
        part("POST", "sobjects/Account", "a", body={"Name": "Gone"}),
        part("POST", "sobjects/Account", "b", body={}),
    ]
    body = {"allOrNone": True, "compositeRequest": parts}
    results = api.call("POST", "composite", json=body).json()["compositeResponse"]
    codes = [result["body"][0]["errorCode"] for result in results]
    assert ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"] == codes
    assert [] == api.values("SELECT Id FROM Account")


def test_headers_of_the_outer_request_do_not_reach_the_parts(api, make_lead):
    """Sforce-Auto-Assign counts only when it stands on the part itself."""
    update = {"Title": "x"}
    inner = {"Sforce-Auto-Assign": "FALSE"}
    parts = [
        part("PATCH", f"sobjects/Lead/{make_lead(1)['Id']}", "a", body=update),
        part("PATCH", f"sobjects/Lead/{make_lead(2)['Id']}", "b", body=update, httpHeaders=inner),
    ]
    api.call("POST", "composite", json={"compositeRequest": parts}, headers=inner)
    soql = "SELECT OwnerId FROM Lead WHERE Title = 'x' ORDER BY LastName"
    assert [api.sim.org.queue_owner_id, api.sim.org.human_id] == api.values(soql)


@pytest.mark.parametrize(
    ("count", "path", "status"),
    [
        (25, "limits", 200),
        (26, "limits", 400),
        (5, "query?q=SELECT Id FROM Lead", 200),
        (6, "query?q=SELECT Id FROM Lead", 400),
    ],
)
def test_how_many_parts(api, count, path, status):
    """A composite takes 25 parts, at most five of them queries."""
    body = {"compositeRequest": [part("GET", path, f"r{n}") for n in range(count)]}
    assert status == api.call("POST", "composite", json=body).status_code


def test_batch(api):
    """A batch answers each part; after a failure with haltOnError the rest are 412."""
    urls = ["v64.0/limits", "v64.0/sobjects/Nothing/describe", "v64.0/limits"]
    requests = [{"method": "GET", "url": url} for url in urls]
    free = api.call("POST", "composite/batch", json={"batchRequests": requests}).json()
    assert (True, [200, 404, 200]) == (
        free["hasErrors"],
        [result["statusCode"] for result in free["results"]],
    )
    body = {"batchRequests": requests, "haltOnError": True}
    halted = api.call("POST", "composite/batch", json=body).json()
    assert [200, 404, 412] == [result["statusCode"] for result in halted["results"]]

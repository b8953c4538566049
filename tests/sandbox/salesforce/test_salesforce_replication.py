"""getUpdated, getDeleted, the recycle bin, archived rows, chains of merges."""

import pytest

DAY_S = 86_400


@pytest.fixture
def api(open_org, make_lead, id_of, now):
    old = {"Status": "Completed", "CompletedDateTime": now - 400 * DAY_S, "Subject": "Old"}
    contacts = [{"Id": id_of("Contact", n), "LastName": f"C{n}"} for n in range(1, 5)]
    return open_org(
        Lead=[make_lead(number) for number in range(5)],
        Contact=contacts,
        Task=[
            {"Id": id_of("Task", 1), **old},
            {"Id": id_of("Task", 2), "Subject": "New"},
        ],
    )


def span(api, what, start, end, kind="Lead"):
    params = {"start": start, "end": end}
    return api.call("GET", f"sobjects/{kind}/{what}/", params=params)


@pytest.fixture
def span_of(as_json, now):
    """Start and end, so many seconds from now, as the API writes them."""
    return lambda start, end: (as_json(now + start), as_json(now + end))


def relogin(api):
    api.http.headers["Authorization"] = f"Bearer {api.login().json()['access_token']}"


def test_updated_names_what_changed_in_the_span(api, make_lead, as_json, now):
    """Changed rows of the span are named, older ones and deleted ones are not."""
    api.update({"id": make_lead(1)["Id"], "Title": "x"}, {"id": make_lead(2)["Id"], "Title": "x"})
    api.control("delete", {"object": "Lead", "id": make_lead(2)["Id"]})
    api.advance(120)
    body = span(api, "updated", as_json(now - 60), as_json(now + 60)).json()
    assert [make_lead(1)["Id"]] == body["ids"]
    assert as_json((now + 60) // 60 * 60) == body["latestDateCovered"]


def test_deleted_names_what_went_to_the_bin(api, make_lead, as_json, now):
    """A deleted row is named with the moment of its deletion."""
    api.control("delete", {"object": "Lead", "id": make_lead(2)["Id"]})
    api.advance(120)
    body = span(api, "deleted", as_json(now - 60), as_json(now + 60)).json()
    expected = [{"id": make_lead(2)["Id"], "deletedDate": as_json(now // 1)}]
    assert expected == body["deletedRecords"]
    assert as_json(now // 1 + 120 - 15 * DAY_S) == body["earliestDateAvailable"]


def test_the_covered_span_ends_before_what_is_under_way(api, make_lead, as_json, now):
    """While an edit is uncommitted, latestDateCovered stays behind its stamp."""
    api.switch(commit_lag_share=1.0, commit_lag_max_s=600.0)
    edit = {"object": "Lead", "id": make_lead(1)["Id"], "properties": {"Title": "Late"}}
    api.control("edit", edit)
    api.advance(90)
    body = span(api, "updated", as_json(now - 60), as_json(now + 60)).json()
    assert [] == body["ids"]
    assert as_json(now // 60 * 60) == body["latestDateCovered"]


@pytest.mark.parametrize(
    ("what", "start", "status"),
    [
        ("updated", -29 * DAY_S, 200),
        ("updated", -31 * DAY_S, 400),
        ("deleted", -14 * DAY_S, 200),
        ("deleted", -16 * DAY_S, 400),
        ("updated", 0, 400),
        ("updated", 60, 400),
    ],
)
def test_spans_that_are_too_old_or_turned_round(api, span_of, what, start, status):
    """Updates reach back 30 days, deletions 15; the start lies before the end."""
    answer = span(api, what, *span_of(start, 0))
    assert status == answer.status_code
    if status == 400:
        assert "INVALID_REPLICATION_DATE" == answer.json()[0]["errorCode"]


def test_a_span_without_dates(api, as_json, now):
    """Missing dates are refused, and an object that does not exist is not found."""
    assert 400 == api.call("GET", "sobjects/Lead/updated").status_code
    answer = span(api, "deleted", as_json(now - 60), as_json(now), kind="Nothing")
    assert 404 == answer.status_code


def test_the_bin_is_emptied_after_15_days(api, make_lead):
    """A deleted row stays for queryAll until the bin's days are over, then it is gone."""
    api.control("delete", {"object": "Lead", "id": make_lead(2)["Id"]})
    soql = f"SELECT Id FROM Lead WHERE Id = '{make_lead(2)['Id']}'"
    api.advance(15 * DAY_S - 10)
    relogin(api)
    assert [make_lead(2)["Id"]] == api.values(soql, everything=True)
    api.advance(120)
    assert [] == api.values(soql, everything=True)
    body = {"object": "Lead", "id": make_lead(2)["Id"]}
    assert 404 == api.control("undelete", body).status_code
    [result] = api.update({"id": make_lead(2)["Id"], "Title": "x"}).json()
    assert "INVALID_CROSS_REFERENCE_KEY" == result["errors"][0]["statusCode"]


def test_undelete_brings_a_row_back_with_a_new_stamp(api, make_lead, as_json, now):
    """What is taken out of the bin is seen by plain queries again, newly stamped."""
    body = {"object": "Lead", "id": make_lead(2)["Id"]}
    api.control("delete", body)
    api.advance(30)
    assert 200 == api.control("undelete", body).status_code
    soql = f"SELECT SystemModstamp FROM Lead WHERE Id = '{make_lead(2)['Id']}'"
    assert [as_json(now // 1 + 30)] == api.values(soql)


def test_a_chain_of_merges(api, id_of):
    """A lost to B and B to C: each loser names its own winner, so a reader follows the chain."""
    a, b, c = (id_of("Contact", number) for number in (1, 2, 3))
    for master, loser in ((b, a), (c, b)):
        body = {"object": "Contact", "master": master, "losers": [loser]}
        assert 200 == api.control("merge", body).status_code
    soql = "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true"
    found = {row["Id"]: row["MasterRecordId"] for row in api.rows(soql, everything=True)}
    assert {a: b, b: c} == found


def test_archived_activities_are_seen_by_query_all_alone(api, id_of):
    """An old closed task is archived: queryAll shows it, flagged and not deleted."""
    assert [id_of("Task", 2)] == api.values("SELECT Id FROM Task")
    soql = "SELECT Id, IsArchived, IsDeleted FROM Task WHERE IsArchived = true"
    expected = [{"Id": id_of("Task", 1), "IsArchived": True, "IsDeleted": False}]
    assert expected == api.rows(soql, everything=True)

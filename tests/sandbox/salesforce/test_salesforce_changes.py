"""What an incremental reader sees: stamps, late commits, and who changed a row."""

import pytest


@pytest.fixture
def api(open_org, make_lead):
    return open_org(Lead=[make_lead(number) for number in range(20)])


def stamp_of(api, record_id):
    return api.values(f"SELECT SystemModstamp FROM Lead WHERE Id = '{record_id}'")[0]


def test_stamps_are_whole_seconds(api, make_lead, as_json, now):
    """A change at half a second past bears the stamp of the whole second."""
    api.update({"id": make_lead(1)["Id"], "Title": "Chief"})
    assert as_json(now // 1) == stamp_of(api, make_lead(1)["Id"])


def test_a_write_that_changes_nothing_moves_the_stamps(api, make_lead, as_json, now):
    """Writing the value that stands there moves LastModifiedDate and SystemModstamp."""
    api.update({"id": make_lead(1)["Id"], "Company": "Acme"})
    row = api.rows("SELECT LastModifiedDate, SystemModstamp, LastModifiedById FROM Lead "
                   f"WHERE Id = '{make_lead(1)['Id']}'")[0]  # fmt: skip
    expected = [as_json(now // 1)] * 2 + [api.sim.org.user_id]
    assert expected == list(row.values())


@pytest.mark.parametrize("actor", ["human", "other_app"])
def test_edits_of_others_bear_their_names(api, make_lead, actor):
    """An edit through the control call is signed by a person or by another integration."""
    edit = {"object": "Lead", "id": make_lead(1)["Id"], "properties": {"Title": "New"}}
    assert 204 == api.control("edit", edit | {"actor": actor}).status_code
    soql = f"SELECT LastModifiedById, Title FROM Lead WHERE Id = '{make_lead(1)['Id']}'"
    users = {"human": api.sim.org.human_id, "other_app": api.sim.org.other_app_id}
    assert [{"LastModifiedById": users[actor], "Title": "New"}] == api.rows(soql)


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        ({"id": "00QSb0000000000AAA"}, 404),
        ({"object": "Nothing"}, 404),
        ({"properties": {"Nope": 1}}, 400),
        ({"properties": {"Email": "no mail"}}, 400),
        ({"properties": {"LastName": None}}, 400),
    ],
)
def test_senseless_edits_are_refused(api, make_lead, edit, status):
    """An edit of an unknown record, object or field, or to a bad value, says so."""
    body = {"object": "Lead", "id": make_lead(1)["Id"], "properties": {"Title": "x"}, **edit}
    answer = api.control("edit", body)
    assert status == answer.status_code
    assert answer.json()["error"]


def test_a_late_edit_appears_behind_the_cursor(api, make_lead, as_soql, now):
    """An edit that commits late is unseen at first, then seen with its early stamp.

    So a reader that asks for rows later than the newest stamp it saw never sees it.
    """
    api.switch(commit_lag_share=1.0, commit_lag_max_s=5.0)
    slow, quick = make_lead(1)["Id"], make_lead(2)["Id"]
    edit = {"object": "Lead", "id": slow, "properties": {"Title": "Late"}}
    api.control("edit", edit)
    assert 1 == api.http.get(f"{api.url}/_sandbox/state", timeout=10).json()["uncommitted"]
    assert [] == api.values("SELECT Id FROM Lead WHERE Title = 'Late'")
    api.switch(commit_lag_share=0.0)
    api.advance(1)
    api.update({"id": quick, "Title": "Quick"})
    newest = api.rows("SELECT Id, SystemModstamp FROM Lead ORDER BY SystemModstamp DESC LIMIT 1")[0]
    assert quick == newest["Id"]
    api.advance(5)
    cursor = as_soql(now // 1 + 1)
    assert [] == api.values(f"SELECT Id FROM Lead WHERE SystemModstamp > {cursor}")
    assert [slow] == api.values("SELECT Id FROM Lead WHERE Title = 'Late'")


def test_a_write_by_api_is_seen_at_once_with_an_early_stamp(api, make_lead, as_json, now):
    """A slow write can be read back as soon as it is answered, and bears an early stamp."""
    api.switch(commit_lag_share=1.0, commit_lag_max_s=60.0)
    ids = [make_lead(number)["Id"] for number in range(20)]
    api.update(*({"id": record_id, "Title": "Slow"} for record_id in ids))
    rows = api.rows("SELECT SystemModstamp, Title FROM Lead")
    assert {"Slow"} == {row["Title"] for row in rows}
    stamps = {row["SystemModstamp"] for row in rows}
    assert len(stamps) > 1
    assert as_json(now // 1 - 61) <= min(stamps)
    assert max(stamps) <= as_json(now // 1)


def test_a_write_waits_for_the_edit_under_way(api, make_lead):
    """A write by API to a row under edit comes after it and keeps what the person changed."""
    api.switch(commit_lag_share=1.0, commit_lag_max_s=5.0)
    record_id = make_lead(1)["Id"]
    edit = {"object": "Lead", "id": record_id, "properties": {"Title": "Hers", "City": "Lyon"}}
    api.control("edit", edit)
    api.update({"id": record_id, "Title": "Ours"})
    soql = f"SELECT Title, City FROM Lead WHERE Id = '{record_id}'"
    assert [{"Title": "Ours", "City": "Lyon"}] == api.rows(soql)
    api.advance(10)
    assert [{"Title": "Ours", "City": "Lyon"}] == api.rows(soql)


def test_stamps_never_go_back(api, make_lead, now):
    """However slow a write, the stamp of a row does not move backwards."""
    api.update({"id": make_lead(1)["Id"], "Title": "a"})
    before = stamp_of(api, make_lead(1)["Id"])
    api.switch(commit_lag_share=1.0, commit_lag_max_s=3000.0)
    api.update({"id": make_lead(1)["Id"], "Title": "b"})
    assert before == stamp_of(api, make_lead(1)["Id"])


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("{s} = {5}", {5}),
        ("{s} != {5}", set(range(20)) - {5}),
        ("{s} > {17}", {18, 19}),
        ("{s} >= {17}", {17, 18, 19}),
        ("{s} < {2}", {0, 1}),
        ("{s} <= {2}", {0, 1, 2}),
        ("{s} IN ({2}, {4})", {2, 4}),
        ("{s} > {3} AND {s} < {6}", {4, 5}),
        ("{s} > {3} AND {s} < {6} AND LastName != 'Name 4'", {5}),
        ("{s} < {1} OR {s} > {18}", {0, 19}),
        ("{s} > {18} OR LastName = 'Name 2'", {2, 19}),
        ("(NOT {s} > {1})", {0, 1}),
        ("{s} > {9} AND {s} < {3}", set()),
        ("({s} > {17} OR ({s} = {17} AND Id > '{id}')) AND {s} <= {18}", {18}),
        ("({s} > {16} OR ({s} = {16} AND Id > '{id}')) AND {s} <= {17}", {17}),
    ],
)
def test_stamp_conditions_find_exactly_their_rows(api, make_lead, as_soql, where, found):
    """Conditions on SystemModstamp, which are answered from an index, miss and add nothing."""
    stamps = [as_soql(make_lead(number)["SystemModstamp"]) for number in range(20)]
    record_id = make_lead(17)["Id"]
    text = where.format(*stamps, s="SystemModstamp", id=record_id)
    soql = f"SELECT LastName FROM Lead WHERE {text} ORDER BY SystemModstamp, Id"
    assert [f"Name {number}" for number in sorted(found)] == api.values(soql)

"""Who changed what: the change log, the kinds of actors, imports, Shared Activities."""

import pytest

CLIENT = {"Sforce-Call-Options": "client=stagesync"}


@pytest.fixture
def api(open_org, make_lead, id_of):
    return open_org(
        Lead=[make_lead(number) for number in range(3)],
        Contact=[{"Id": id_of("Contact", n), "LastName": f"C{n}"} for n in range(60)],
        Task=[
            {
                "Id": id_of("Task", 1),
                "Status": "Not Started",
                "Priority": "Normal",
                "WhoId": id_of("Contact", 1),
            }
        ],
        Event=[{"Id": id_of("Event", 1), "Subject": "Visit", "WhoId": id_of("Contact", 2)}],
    )


def events(api):
    return api.http.get(f"{api.url}/_sandbox/changes", timeout=10).json()


def headers(api):
    return [event["ChangeEventHeader"] for event in events(api)]


def test_a_single_write_names_its_client(api, make_lead, now):
    """The event of a PATCH by an announced client says who, how, when and which fields."""
    path = f"sobjects/Lead/{make_lead(1)['Id']}"
    auto = {"Sforce-Auto-Assign": "FALSE"}
    api.call("PATCH", path, json={"Title": "Chief", "City": None}, headers=CLIENT | auto)
    [event] = events(api)
    header = event["ChangeEventHeader"]
    expected = {
        "entityName": "Lead",
        "recordIds": [make_lead(1)["Id"]],
        "changeType": "UPDATE",
        "changeOrigin": "com/salesforce/api/rest/64.0;client=stagesync",
        "commitTimestamp": int(now * 1000),
        "commitUser": api.sim.org.user_id,
        "nulledFields": [],
    }
    assert expected == {key: header[key] for key in expected}
    assert {"Title", "LastModifiedDate", "LastModifiedById"} == set(header["changedFields"])
    assert "Chief" == event["Title"]
    assert not {"SystemModstamp", "IsDeleted"} & event.keys()


@pytest.mark.parametrize("passes", [False, True])
def test_collections_pass_the_client_on_or_not(api, make_lead, passes):
    """Whether a collection names its client is undocumented, so a switch decides."""
    api.switch(collections_pass_client=passes)
    api.update({"id": make_lead(1)["Id"], "Title": "x"}, headers=CLIENT)
    end = ";client=stagesync" if passes else ""
    assert [f"com/salesforce/api/rest/64.0{end}"] == [h["changeOrigin"] for h in headers(api)]


def test_parts_of_a_composite_name_their_own_client(api, make_lead):
    """A part of a composite call is of the client that stands on the part."""
    parts = [
        {
            "method": "PATCH",
            "url": f"/services/data/v64.0/sobjects/Lead/{make_lead(number)['Id']}",
            "referenceId": f"r{number}",
            "body": {"Title": "x"},
            **({"httpHeaders": CLIENT} if number else {}),
        }
        for number in range(2)
    ]
    api.call("POST", "composite", json={"compositeRequest": parts}, headers=CLIENT)
    plain = "com/salesforce/api/rest/64.0"
    assert [plain, f"{plain};client=stagesync"] == [h["changeOrigin"] for h in headers(api)]


def test_creation_deletion_and_return(api):
    """CREATE carries the values, DELETE none, UNDELETE follows a restored record."""
    made = api.call("POST", "sobjects/Contact", json={"LastName": "Kay"}).json()["id"]
    api.call("DELETE", f"sobjects/Contact/{made}")
    api.control("undelete", {"object": "Contact", "id": made})
    created, deleted, restored = events(api)
    kinds = [e["ChangeEventHeader"]["changeType"] for e in (created, deleted, restored)]
    assert ["CREATE", "DELETE", "UNDELETE"] == kinds
    assert ("Kay", {"ChangeEventHeader"}) == (created["LastName"], set(deleted))


def test_the_event_of_a_conversion(api, make_lead):
    """A converted lead's event has its new ids and no LastModifiedDate."""
    api.control("convert", {"lead": make_lead(1)["Id"]})
    [event] = [e for e in events(api) if e["ChangeEventHeader"]["entityName"] == "Lead"]
    changed = set(event["ChangeEventHeader"]["changedFields"])
    assert {"Status", "IsConverted", "ConvertedDate", "ConvertedContactId"} <= changed
    assert "LastModifiedDate" not in changed


@pytest.mark.parametrize(
    ("actor", "origin"),
    [
        ("human", ""),
        ("automation", ""),
        ("other_app", "com/salesforce/api/rest/64.0;client=marketing_app"),
    ],
)
def test_each_actor_signs_with_a_user_of_its_own(api, make_lead, actor, origin):
    """A person, an automation and another app are told apart by user and origin."""
    edit = {"object": "Lead", "id": make_lead(1)["Id"], "properties": {"Title": "x"}}
    assert 204 == api.control("edit", edit | {"actor": actor}).status_code
    org = api.sim.org
    users = {
        "human": org.human_id,
        "automation": org.automation_id,
        "other_app": org.other_app_id,
    }
    [header] = headers(api)
    assert (users[actor], origin) == (header["commitUser"], header["changeOrigin"])
    soql = f"SELECT LastModifiedBy.Name FROM Lead WHERE Id = '{make_lead(1)['Id']}'"
    names = {
        "human": "Camille Rousseau",
        "automation": "Automated Process",
        "other_app": "Marketing App",
    }
    assert names[actor] == api.values(soql)[0]["Name"]


def test_an_unknown_actor_is_refused(api, make_lead):
    """The refusal lists the known kinds."""
    edit = {"object": "Lead", "id": make_lead(1)["Id"], "properties": {}, "actor": "ghost"}
    answer = api.control("edit", edit)
    assert 400 == answer.status_code
    assert "human, other_app, automation" in answer.json()["error"]


def test_an_event_comes_with_the_commit(api, make_lead):
    """The event of a slow edit is published when it commits, not when it is stamped."""
    api.switch(commit_lag_share=1.0, commit_lag_max_s=60.0)
    edit = {"object": "Lead", "id": make_lead(1)["Id"], "properties": {"Title": "x"}}
    api.control("edit", edit)
    assert [] == events(api)
    api.advance(60)
    assert 1 == len(events(api))


def test_an_import_stamps_all_its_rows_alike(api, make_lead, as_json, now):
    """Changed and new rows of an import share one stamp, and lie back by their own dates."""
    rows = [
        {"Id": make_lead(1)["Id"], "Title": "x", "LastModifiedDate": "2026-01-02T03:04:05Z"},
        {"LastName": "New", "Company": "Acme"},
        {"LastName": "Old", "Company": "Acme", "CreatedDate": "2025-01-01T00:00:00Z"},
    ]
    api.switch(commit_lag_share=1.0)
    answer = api.control("import", {"object": "Lead", "rows": rows})
    assert 200 == answer.status_code, answer.text
    ids = "','".join(answer.json()["ids"])
    soql = f"SELECT SystemModstamp, CreatedDate, LastModifiedDate FROM Lead WHERE Id IN ('{ids}')"
    found = api.rows(soql)
    here = as_json(now // 1)
    assert {here} == {row["SystemModstamp"] for row in found}
    dates = {"2026-01-02T03:04:05.000+0000", here}
    assert dates == {row["LastModifiedDate"] for row in found}
    assert "2025-01-01T00:00:00.000+0000" in {row["CreatedDate"] for row in found}
    assert {api.sim.org.other_app_id} == {header["commitUser"] for header in headers(api)}


def test_an_import_need_not_backdate(api, make_lead, as_json, now):
    """With the switch off the dates of an import are ignored."""
    api.switch(import_backdates=False)
    row = {"Id": make_lead(1)["Id"], "LastModifiedDate": "2026-01-02T03:04:05Z"}
    api.control("import", {"object": "Lead", "rows": [row]})
    soql = f"SELECT LastModifiedDate FROM Lead WHERE Id = '{make_lead(1)['Id']}'"
    assert [as_json(now // 1)] == api.values(soql)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"object": "Nothing"}, 404),
        ({"rows": "x"}, 400),
        ({"rows": [{"Id": "00QSb0000000009", "Title": "x"}]}, 404),
        ({"rows": [{"LastName": "No company"}]}, 400),
        ({"rows": [{"Nope": 1}]}, 400),
        ({"rows": [{"LastName": "x", "Company": "x", "CreatedDate": "x"}]}, 400),
    ],
)
def test_an_import_that_fails_leaves_nothing(api, body, status):
    """One wrong row refuses the whole import, rows before it included."""
    good = {"LastName": "Good", "Company": "Acme"}
    whole = {"object": "Lead", "rows": [good]} | body
    if isinstance(whole["rows"], list) and whole["rows"] != [good]:
        whole["rows"] = [good, *whole["rows"]]
    assert status == api.control("import", whole).status_code
    assert [] == api.values("SELECT Id FROM Lead WHERE LastName = 'Good'")
    assert [] == events(api)


def test_shared_activities_are_off_unless_switched_on(api):
    """TaskRelation does not exist in an org without Shared Activities."""
    answer = api.query("SELECT Id FROM TaskRelation")
    assert "INVALID_TYPE" == answer.json()[0]["errorCode"]


def test_shared_activities_relate_more_people(api, id_of):
    """An activity's WhoId shows as a relation; others can be added, up to fifty, once each."""
    api.switch(shared_activities=True)
    soql = "SELECT RelationId FROM TaskRelation WHERE IsWhat = false"
    assert [id_of("Contact", 1)] == api.values(soql)
    assert [id_of("Contact", 2)] == api.values("SELECT RelationId FROM EventRelation")

    def relate(number):
        body = {"TaskId": id_of("Task", 1), "RelationId": id_of("Contact", number)}
        return api.call("POST", "sobjects/TaskRelation", json=body)

    assert 201 == relate(5).status_code
    assert "DUPLICATE_VALUE" == relate(5).json()[0]["errorCode"]
    assert {201} == {relate(number).status_code for number in range(6, 54)}
    assert "LIMIT_EXCEEDED" == relate(54).json()[0]["errorCode"]
    body = api.call("GET", "sobjects/TaskRelation/describe").json()
    assert "0RT" == body["keyPrefix"]


def test_relations_follow_the_activity(api, id_of):
    """A task that changes hands has the new person in the place of the old one."""
    api.switch(shared_activities=True)
    api.update({"id": id_of("Task", 1), "WhoId": id_of("Contact", 9)}, kind="Task")
    assert [id_of("Contact", 9)] == api.values("SELECT RelationId FROM TaskRelation")


def test_activities_count_their_people(api, id_of):
    """WhoCount is there with Shared Activities alone, and follows the relations without a new stamp."""
    assert "INVALID_FIELD" == api.query("SELECT WhoCount FROM Task").json()[0]["errorCode"]
    api.switch(shared_activities=True)
    soql = "SELECT WhoCount, SystemModstamp FROM Task"
    [before] = api.rows(soql)
    api.advance(10)
    body = {"TaskId": id_of("Task", 1), "RelationId": id_of("Contact", 5)}
    assert 201 == api.call("POST", "sobjects/TaskRelation", json=body).status_code
    [after] = api.rows(soql)
    assert (1, 2) == (before["WhoCount"], after["WhoCount"])
    assert before["SystemModstamp"] == after["SystemModstamp"]


def test_relations_may_move_the_stamp(api, id_of):
    """With the switch, a person added to an activity gives it a new stamp."""
    api.switch(shared_activities=True, relations_move_stamps=True)
    [before] = api.values("SELECT SystemModstamp FROM Task")
    api.advance(10)
    body = {"TaskId": id_of("Task", 1), "RelationId": id_of("Contact", 5)}
    api.call("POST", "sobjects/TaskRelation", json=body)
    [after] = api.values("SELECT SystemModstamp FROM Task")
    assert before < after


def test_an_invitation_keeps_its_answer(api, id_of):
    """Somebody invited to a meeting is a relation of it, with what they answered."""
    api.switch(shared_activities=True)
    invited = {"EventId": id_of("Event", 1), "RelationId": id_of("Contact", 5)}
    body = invited | {"IsInvitee": True, "IsParent": False, "Status": "Accepted"}
    assert 201 == api.call("POST", "sobjects/EventRelation", json=body).status_code
    soql = "SELECT RelationId, Status FROM EventRelation WHERE IsInvitee = true"
    assert [{"RelationId": id_of("Contact", 5), "Status": "Accepted"}] == api.rows(soql)

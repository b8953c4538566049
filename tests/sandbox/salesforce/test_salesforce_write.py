"""Writes of single records and of collections: results by position, refusals, side effects."""

import pytest

KEYS = ("statusCode", "message", "fields")


@pytest.fixture
def api(open_org, make_lead, id_of):
    leads = [make_lead(number) for number in range(6)]
    leads[4] |= {"IsConverted": True, "Status": "Closed - Converted"}
    leads[5]["IsDeleted"] = True
    contacts = [{"Id": id_of("Contact", 1), "LastName": "Kay", "Email": "kay@example.org"}]
    return open_org(Lead=leads, Contact=contacts)


def errors_of(result):
    return [tuple(error[key] for key in KEYS) for error in result["errors"]]


def test_results_come_by_position_and_failures_have_no_id(api, make_lead):
    """A mixed batch answers 200; each result stands where its record stood."""
    good, other = make_lead(1)["Id"], make_lead(2)["Id"]
    answer = api.update(
        {"id": good, "Title": "a"}, {"id": "001xx000003DGb2"}, {"id": other, "Title": "b"}
    )
    assert 200 == answer.status_code
    bad = {
        "statusCode": "MALFORMED_ID",
        "message": "Lead ID: id value of incorrect type: 001xx000003DGb2",
        "fields": ["Id"],
    }
    expected = [
        {"id": good, "success": True, "errors": []},
        {"success": False, "errors": [bad]},
        {"id": other, "success": True, "errors": []},
    ]
    assert expected == answer.json()


@pytest.mark.parametrize(
    ("number", "change", "error"),
    [
        (4, {}, ("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])),
        (5, {}, ("ENTITY_IS_DELETED", "entity is deleted", [])),
        (9, {}, ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])),
        (
            1,
            {"Email": "badone"},
            ("INVALID_EMAIL_ADDRESS", "Email: invalid email address: badone", ["Email"]),
        ),
        (
            1,
            {"City": "x" * 41},
            (
                "STRING_TOO_LONG",
                f"City: data value too large: {'x' * 41} (max length=40)",
                ["City"],
            ),
        ),
        (
            1,
            {"LastName": None},
            ("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"]),
        ),
        (
            1,
            {"CleanStatus": "Dirty"},
            (
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                "Clean Status: bad value for restricted picklist field: Dirty",
                ["CleanStatus"],
            ),
        ),
        (
            1,
            {"OwnerId": "003000000000000AAA"},
            ("MALFORMED_ID", "Owner: id value of incorrect type: 003000000000000AAA", ["OwnerId"]),
        ),
        (
            1,
            {"NumberOfEmployees": 123456789},
            (
                "NUMBER_OUTSIDE_VALID_RANGE",
                "Number Of Employees: value outside of valid range on numeric field: 123456789",
                ["NumberOfEmployees"],
            ),
        ),
    ],
)
def test_refused_rows(api, make_lead, number, change, error):
    """Each kind of bad record fails with the vendor's code, message and fields."""
    change = {"Title": "New"} | change
    [result] = api.update({"id": make_lead(number)["Id"], **change}).json()
    assert [error] == errors_of(result)
    assert "id" not in result
    everything = "SELECT Id FROM Lead WHERE Title = 'New'"
    assert [] == api.values(everything, everything=True)


def test_read_only_fields_fail_the_row(api, make_lead):
    """A field that the API may not change fails its row, whoever writes."""
    [result] = api.update({"id": make_lead(1)["Id"], "IsConverted": True}).json()
    assert "INVALID_FIELD_FOR_INSERT_UPDATE" == result["errors"][0]["statusCode"]
    assert ["IsConverted"] == result["errors"][0]["fields"]


def test_values_outside_an_open_picklist_are_taken(api, make_lead):
    """Lead.Status is not restricted: the API stores what is not on the list."""
    [result] = api.update({"id": make_lead(1)["Id"], "Status": "Whatever"}).json()
    assert result["success"]
    assert ["Whatever"] == api.values(f"SELECT Status FROM Lead WHERE Id = '{make_lead(1)['Id']}'")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Nope__c": 1}, "INVALID_FIELD"),
        ({"Address": {"city": "Lyon"}}, "INVALID_FIELD"),
        ({"AnnualRevenue": "much"}, "JSON_PARSER_ERROR"),
        ({"AnnualRevenue": "NaN"}, "JSON_PARSER_ERROR"),
        ({"AnnualRevenue": True}, "JSON_PARSER_ERROR"),
        ({"NumberOfEmployees": "many"}, "JSON_PARSER_ERROR"),
        ({"NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR"),
        ({"DoNotCall": "maybe"}, "JSON_PARSER_ERROR"),
        ({"LastName": ["x"]}, "JSON_PARSER_ERROR"),
        ({"EmailBouncedDate": "2026-01-01"}, "JSON_PARSER_ERROR"),
        ({"EmailBouncedDate": "2026-01-01T10:00:00"}, "JSON_PARSER_ERROR"),
        ({"EmailBouncedDate": "2026-13-01T10:00:00Z"}, "JSON_PARSER_ERROR"),
    ],
)
def test_some_faults_fail_the_whole_request(api, make_lead, change, code):
    """An unknown name or a value of the wrong kind in one record fails all of them with 400."""
    answer = api.update(
        {"id": make_lead(1)["Id"], "Title": "x"}, {"id": make_lead(2)["Id"], **change}
    )
    assert (400, code) == (answer.status_code, answer.json()[0]["errorCode"])
    assert [] == api.values("SELECT Id FROM Lead WHERE Title = 'x'")


def test_the_same_id_twice(api, make_lead):
    """The second record with one id fails, also when the ids differ in length."""
    record_id = make_lead(1)["Id"]
    results = api.update(
        {"id": record_id, "Title": "a"}, {"id": record_id[:15], "Title": "b"}
    ).json()
    assert [True, False] == [result["success"] for result in results]
    assert "DUPLICATE_VALUE" == results[1]["errors"][0]["statusCode"]
    assert ["a"] == api.values(f"SELECT Title FROM Lead WHERE Id = '{record_id}'")


def test_all_or_none_rolls_back(api, make_lead):
    """With allOrNone one bad record undoes the rest, still under HTTP 200."""
    good = make_lead(1)["Id"]
    answer = api.update({"id": good, "Title": "x"}, {"id": make_lead(4)["Id"]}, allOrNone=True)
    assert 200 == answer.status_code
    first, second = answer.json()
    assert (good, False) == (first["id"], first["success"])
    assert "ALL_OR_NONE_OPERATION_ROLLED_BACK" == first["errors"][0]["statusCode"]
    assert "CANNOT_UPDATE_CONVERTED_LEAD" == second["errors"][0]["statusCode"]
    assert [] == api.values("SELECT Id FROM Lead WHERE Title = 'x'")


def test_two_hundred_records_are_the_most(api, make_lead):
    """A collection of 201 records is refused as a whole."""
    answer = api.update(*({"id": make_lead(1)["Id"]} for _ in range(201)))
    assert (400, "EXCEEDED_ID_LIMIT") == (answer.status_code, answer.json()[0]["errorCode"])


def test_eleven_changes_of_type_are_too_many(api, make_lead, id_of):
    """More than ten chunks of one type are refused; ten are served."""
    lead = {"attributes": {"type": "Lead"}, "id": make_lead(1)["Id"]}
    contact = {"attributes": {"type": "Contact"}, "id": id_of("Contact", 1)}
    statuses = [
        api.call("PATCH", "composite/sobjects", json={"records": records}).status_code
        for records in ([lead, contact] * 5, [lead, contact] * 5 + [lead])
    ]
    assert [200, 400] == statuses


def test_assignment_rules_take_the_owner(api, make_lead):
    """Without Sforce-Auto-Assign: FALSE a write hands the lead to the assignment rule's owner."""
    record_id = make_lead(1)["Id"]
    soql = f"SELECT OwnerId FROM Lead WHERE Id = '{record_id}'"
    before = api.values(soql)
    api.update({"id": record_id, "Title": "a"})
    assert before == api.values(soql)
    api.update({"id": record_id, "Title": "b"}, headers={"Sforce-Auto-Assign": "TRUE"})
    assert [api.sim.org.queue_owner_id] == api.values(soql)


def test_validation_rules_speak_with_the_administrators_words(api, make_lead):
    """A rule of the switch refuses the rows that would break it."""
    rule = {"object": "Lead", "field": "Rating", "equals": "Cold", "message": "No cold leads"}
    api.switch(validation_rules=[rule])
    results = api.update(
        {"id": make_lead(1)["Id"], "Rating": "Cold"}, {"id": make_lead(2)["Id"], "Rating": "Hot"}
    ).json()
    assert [("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No cold leads", [])] == errors_of(results[0])
    assert results[1]["success"]


def test_duplicate_rule(api):
    """A new lead with a known email is refused unless the header lets it through."""
    values = {"LastName": "Twin", "Company": "Acme", "Email": "P1@Example.org"}
    refused = api.call("POST", "sobjects/Lead", json=values)
    assert (400, "DUPLICATES_DETECTED") == (refused.status_code, refused.json()[0]["errorCode"])
    assert refused.json()[0]["duplicateResult"]["allowSave"] is True
    header = {"Sforce-Duplicate-Rule-Header": "allowSave=true; runAsCurrentUser=true"}
    assert 201 == api.call("POST", "sobjects/Lead", json=values, headers=header).status_code


def test_locked_rows_by_fault_and_by_chance(api, make_lead):
    """The fault locks every second record of one request; the switch locks by chance."""
    records = [{"id": make_lead(number)["Id"], "Title": "x"} for number in range(4)]
    api.fault("lock_row", match="composite")
    results = api.update(*records).json()
    assert [False, True, False, True] == [result["success"] for result in results]
    locked = records[0]["id"]
    message = f"unable to obtain exclusive access to this record or 1 records: {locked}"
    assert [("UNABLE_TO_LOCK_ROW", message, [])] == errors_of(results[0])
    assert all(result["success"] for result in api.update(*records).json())
    api.switch(lock_row_chance=1.0)
    assert not any(result["success"] for result in api.update(*records).json())


def test_null_empties_and_omission_keeps(api, make_lead):
    """JSON null empties a field, an omitted one stays."""
    record_id = make_lead(1)["Id"]
    api.update({"id": record_id, "Title": "a", "City": "Lyon"})
    api.update({"id": record_id, "Title": None})
    soql = f"SELECT Title, City FROM Lead WHERE Id = '{record_id}'"
    assert [{"Title": None, "City": "Lyon"}] == api.rows(soql)


def test_a_record_lives(api):
    """A record is created, read, changed and deleted by its own address."""
    made = api.call("POST", "sobjects/Lead", json={"LastName": "New", "Company": "Acme"})
    assert (201, True) == (made.status_code, made.json()["success"])
    path = f"sobjects/Lead/{made.json()['id']}"
    row = api.call("GET", path).json()
    assert ("New", "Open - Not Contacted") == (row["Name"], row["Status"])
    changed = api.call("PATCH", path, json={"FirstName": "Ann"})
    assert (204, b"") == (changed.status_code, changed.content)
    assert "Ann New" == api.call("GET", path, params={"fields": "Name"}).json()["Name"]
    assert 204 == api.call("DELETE", path).status_code
    for method in ("GET", "DELETE"):
        answer = api.call(method, path)
        assert (404, "ENTITY_IS_DELETED") == (answer.status_code, answer.json()[0]["errorCode"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "sobjects/Lead/00QSb0000000000AAA", 404),
        ("PATCH", "sobjects/Lead/00QSb0000000000", 404),
        ("GET", "sobjects/Nothing/00QSb0000000000", 404),
        ("GET", "nothing", 404),
        ("PUT", "sobjects/Lead", 405),
        ("POST", "query", 405),
    ],
)
def test_wrong_paths(api, method, path, status):
    """Unknown records, objects and paths are 404, a wrong method is 405."""
    assert status == api.call(method, path, json={}).status_code


def test_broken_json(api):
    """A body that is no JSON is 400 JSON_PARSER_ERROR."""
    answer = api.call("PATCH", "composite/sobjects", data=b"{")
    assert (400, "JSON_PARSER_ERROR") == (answer.status_code, answer.json()[0]["errorCode"])


def test_collections_create_read_and_delete(api):
    """POST creates many, the retrieve call reads them with null for the missing, DELETE deletes."""
    contacts = [{"attributes": {"type": "Contact"}, "LastName": name} for name in ("A", "B")]
    made = api.call("POST", "composite/sobjects", json={"records": contacts}).json()
    ids = [result["id"] for result in made]
    body = {"ids": [*ids, "003000000000000AAA"], "fields": ["LastName"]}
    found = api.call("POST", "composite/sobjects/Contact", json=body).json()
    assert ["A", "B", None] == [row and row["LastName"] for row in found]
    params = {"ids": ",".join([ids[0], "nonsense"]), "allOrNone": "false"}
    gone = api.call("DELETE", "composite/sobjects", params=params).json()
    assert [True, False] == [result["success"] for result in gone]
    assert [ids[1]] == api.values(f"SELECT Id FROM Contact WHERE Id IN ('{ids[0]}', '{ids[1]}')")


def test_upsert_by_external_id(api):
    """An external id creates once and updates from then on, one by one and in collections."""
    metadata = {"label": "Key", "type": "Text", "length": 64, "externalId": True, "unique": True}
    body = {"FullName": "Account.Key__c", "Metadata": metadata}
    api.call("POST", "tooling/sobjects/CustomField", json=body)
    made = api.call("POST", "sobjects/PermissionSet", json={"Name": "P", "Label": "P"}).json()["id"]
    grant = {"ParentId": made, "SobjectType": "Account", "Field": "Account.Key__c"}
    grant |= {"PermissionsRead": True, "PermissionsEdit": True}
    api.call("POST", "sobjects/FieldPermissions", json=grant)
    assignment = {"AssigneeId": api.sim.org.user_id, "PermissionSetId": made}
    api.call("POST", "sobjects/PermissionSetAssignment", json=assignment)
    path = "sobjects/Account/Key__c/k1"
    absent = api.call("PATCH", path, params={"updateOnly": "true"}, json={"Name": "One"})
    first = api.call("PATCH", path, json={"Name": "One"})
    second = api.call("PATCH", path, json={"Name": "Uno"})
    assert [404, 201, 200] == [absent.status_code, first.status_code, second.status_code]
    assert [True, False] == [first.json()["created"], second.json()["created"]]
    records = [
        {"attributes": {"type": "Account"}, "Key__c": key, "Name": key} for key in ("k1", "k2")
    ]
    many = api.call("PATCH", "composite/sobjects/Account/Key__c", json={"records": records}).json()
    assert [False, True] == [result["created"] for result in many]
    twin = api.call("POST", "sobjects/Account", json={"Name": "x", "Key__c": "K2"}).json()[0]
    expected = (
        f"duplicate value found: Key__c duplicates value on record with id: {many[1]['id'][:15]}"
    )
    assert ("DUPLICATE_VALUE", expected) == (twin["errorCode"], twin["message"])


def test_opportunity_follows_its_stage(api):
    """IsClosed, IsWon and Probability follow StageName."""
    body = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-12-01", "Amount": 100}
    record_id = api.call("POST", "sobjects/Opportunity", json=body).json()["id"]
    soql = f"SELECT IsClosed, IsWon, Probability, ExpectedRevenue FROM Opportunity WHERE Id = '{record_id}'"
    expected = {"IsClosed": True, "IsWon": True, "Probability": 100.0, "ExpectedRevenue": 100.0}
    assert [expected] == api.rows(soql)
    api.call("PATCH", f"sobjects/Opportunity/{record_id}", json={"StageName": "Prospecting"})
    expected = {"IsClosed": False, "IsWon": False, "Probability": 10.0, "ExpectedRevenue": 10.0}
    assert [expected] == api.rows(soql)


def test_numbers_are_rounded_to_their_scale(api):
    """A number is stored with the decimals of its field."""
    body = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-01", "Amount": 1.005}
    record_id = api.call("POST", "sobjects/Opportunity", json=body).json()["id"]
    assert [1.01] == api.values(f"SELECT Amount FROM Opportunity WHERE Id = '{record_id}'")


def test_values_are_read_as_their_fields_say(api, id_of):
    """Text for a flag or number, blanks around text and instants of other zones are understood."""
    body = {
        "LastName": "  Ray ",
        "Title": "   ",
        "DoNotCall": "TRUE",
        "Birthdate": "1990-02-28",
        "EmailBouncedDate": "2026-05-01T10:00:00.700+02:00",
        "MailingCity": 75001,
    }
    assert (
        204 == api.call("PATCH", f"sobjects/Contact/{id_of('Contact', 1)}", json=body).status_code
    )
    [row] = api.rows(f"SELECT {', '.join(body)} FROM Contact")
    expected = {
        "LastName": "Ray",
        "Title": None,
        "DoNotCall": True,
        "Birthdate": "1990-02-28",
        "EmailBouncedDate": "2026-05-01T08:00:00.000+0000",
        "MailingCity": "75001",
    }
    assert expected == row


def test_a_date_takes_the_day_of_an_instant(api):
    """A date field given an instant keeps its UTC day; what is no day is refused."""
    body = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-01T23:30:00-02:00"}
    record_id = api.call("POST", "sobjects/Opportunity", json=body).json()["id"]
    assert ["2026-12-02"] == api.values(
        f"SELECT CloseDate FROM Opportunity WHERE Id = '{record_id}'"
    )
    for wrong in ("2026-02-30", "soon", 5):
        assert (
            400
            == api.call(
                "POST", "sobjects/Opportunity", json=body | {"CloseDate": wrong}
            ).status_code
        )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"AccountId": "001Sb0000000000"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"ReportsToId": "00QSb0000000000"}, "MALFORMED_ID"),
    ],
)
def test_references_must_exist(api, values, code):
    """A reference to nothing, or to a record of another object, is refused."""
    answer = api.call("POST", "sobjects/Contact", json={"LastName": "K"} | values)
    assert code == answer.json()[0]["errorCode"]


def test_nothing_new_refers_to_a_converted_or_deleted_lead(api, make_lead):
    """A task for a converted or a deleted lead is refused."""
    codes = [
        api.call("POST", "sobjects/Task", json={"WhoId": make_lead(n)["Id"]}).json()[0]["errorCode"]
        for n in (4, 5)
    ]
    assert ["CANNOT_UPDATE_CONVERTED_LEAD", "ENTITY_IS_DELETED"] == codes


def test_set_up_lists_are_read_only(api):
    """The rows of LeadStatus cannot be written."""
    answer = api.call("POST", "sobjects/LeadStatus", json={})
    assert 400 == answer.status_code


def test_post_can_stand_for_patch(api, make_lead):
    """A POST with _HttpMethod=PATCH changes the record."""
    path = f"sobjects/Lead/{make_lead(1)['Id']}"
    answer = api.call("POST", path, params={"_HttpMethod": "PATCH"}, json={"Title": "x"})
    assert (204, "x") == (answer.status_code, api.call("GET", path).json()["Title"])


def test_collections_need_type_and_id(api, make_lead):
    """A record without a type fails the request, one without an id fails alone."""
    untyped = api.call("PATCH", "composite/sobjects", json={"records": [{"id": "x"}]})
    assert 400 == untyped.status_code
    assert 400 == api.call("PATCH", "composite/sobjects", json={"records": 5}).status_code
    results = api.update({"Title": "x"}, {"id": make_lead(1)["Id"], "Title": "y"}).json()
    assert [False, True] == [result["success"] for result in results]
    assert "MISSING_ARGUMENT" == results[0]["errors"][0]["statusCode"]


def test_campaign_members_respond_by_status(api, make_lead):
    """HasResponded follows the campaign's own list of statuses."""
    campaign = api.call("POST", "sobjects/Campaign", json={"Name": "Fair"}).json()["id"]
    body = {"CampaignId": campaign, "LeadId": make_lead(1)["Id"], "Status": "Met"}
    member = api.call("POST", "sobjects/CampaignMember", json=body).json()["id"]
    soql = f"SELECT HasResponded FROM CampaignMember WHERE Id = '{member}'"
    assert [False] == api.values(soql)
    status = {"CampaignId": campaign, "Label": "Met", "HasResponded": True}
    api.call("POST", "sobjects/CampaignMemberStatus", json=status)
    api.call("PATCH", f"sobjects/CampaignMember/{member}", json={"Status": "Met"})
    assert [True] == api.values(soql)
    nobody = api.call("POST", "sobjects/CampaignMember", json={"CampaignId": campaign})
    assert "REQUIRED_FIELD_MISSING" == nobody.json()[0]["errorCode"]

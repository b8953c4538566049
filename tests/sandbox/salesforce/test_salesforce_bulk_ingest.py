"""Bulk API 2.0 ingest jobs: upload, states, results per row, refusals, limits."""

import csv
import io

import pytest


@pytest.fixture
def api(open_org, make_lead):
    return open_org(Lead=[make_lead(number) for number in range(1200)])


def create(api, operation="update", **more):
    body = {"object": "Lead", "operation": operation, "contentType": "CSV", **more}
    return api.call("POST", "jobs/ingest", json=body)


def upload(api, job, text):
    headers = {"Content-Type": "text/csv"}
    data = text.encode()
    return api.call("PUT", f"jobs/ingest/{job}/batches", data=data, headers=headers)


def finish(api, job):
    return api.call("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})


def told(api, job):
    return api.call("GET", f"jobs/ingest/{job}").json()


def load(api, text, operation="update", **more):
    """A finished job with this data."""
    job = create(api, operation, **more).json()["id"]
    assert 201 == upload(api, job, text).status_code
    assert 200 == finish(api, job).status_code
    api.advance(5)
    return job


def sheet(api, job, which):
    answer = api.call("GET", f"jobs/ingest/{job}/{which}")
    assert 200 == answer.status_code, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_a_job_advances_from_open_to_complete(api, make_lead):
    """Open until the client says all is sent; the rows change only once the job has run."""
    made = create(api).json()
    job = made["id"]
    assert ("Open", "V2Ingest") == (made["state"], made["jobType"])
    assert f"services/data/v64.0/jobs/ingest/{job}/batches" == made["contentUrl"]
    answer = upload(api, job, f"Id,Title\n{make_lead(1)['Id']},Chief\n")
    assert (201, b"") == (answer.status_code, answer.content)
    assert "UploadComplete" == finish(api, job).json()["state"]
    api.advance(2)
    assert "InProgress" == told(api, job)["state"]
    soql = f"SELECT Title FROM Lead WHERE Id = '{make_lead(1)['Id']}'"
    assert [None] == api.values(soql)
    api.advance(3)
    body = told(api, job)
    assert ("JobComplete", 1, 0) == tuple(
        body[key] for key in ("state", "numberRecordsProcessed", "numberRecordsFailed")
    )
    assert ["Chief"] == api.values(soql)


def test_every_row_has_its_own_result(api, make_lead):
    """A complete job holds failed rows; a result carries the row as it was sent."""
    good, bad = make_lead(1)["Id"], make_lead(2)["Id"]
    text = f"Id,Title,Email\n{good},Chief,\n{bad},x,no mail\n00QSb0000000001,y,\n,z,\n"
    job = load(api, text)
    assert "JobComplete" == told(api, job)["state"]
    assert [
        {"sf__Id": good, "sf__Created": "false", "Id": good, "Title": "Chief", "Email": ""}
    ] == sheet(api, job, "successfulResults")
    errors = {row["Id"]: row["sf__Error"] for row in sheet(api, job, "failedResults")}
    assert "INVALID_EMAIL_ADDRESS:Email: invalid email address: no mail:Email --" == errors[bad]
    assert errors["00QSb0000000001"].startswith("INVALID_CROSS_REFERENCE_KEY:")
    assert errors[""].startswith("MISSING_ARGUMENT:")
    assert [] == sheet(api, job, "unprocessedrecords")


def test_results_do_not_keep_the_order(api, make_lead):
    """The rows of a result come in another order than they were sent in."""
    ids = [make_lead(number)["Id"] for number in range(1200)]
    job = load(api, "Id,Title\n" + "".join(f"{key},t\n" for key in ids))
    found = [row["Id"] for row in sheet(api, job, "successfulResults")]
    assert sorted(ids) == sorted(found)
    assert ids != found


def test_empty_cells_and_nulls(api, make_lead):
    """An empty cell leaves the field as it is, #N/A empties it."""
    key = make_lead(1)["Id"]
    api.update({"id": key, "Title": "Chief", "City": "Lyon"})
    load(api, f"Id,Title,City\n{key},,#N/A\n")
    soql = f"SELECT Title, City FROM Lead WHERE Id = '{key}'"
    assert [{"Title": "Chief", "City": None}] == api.rows(soql)


def test_insert_upsert_and_delete(api, make_lead):
    """Inserts make rows, upserts by Id change them, deletes bin them; created says which."""
    job = load(api, "LastName,Company\nAda,Acme\n,Acme\n", "insert")
    [made] = sheet(api, job, "successfulResults")
    assert "true" == made["sf__Created"]
    [failed] = sheet(api, job, "failedResults")
    expected = "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
    assert ("", expected) == (failed["sf__Id"], failed["sf__Error"])
    text = f"Id,LastName,Company\n{made['sf__Id']},Eve,Acme\n"
    job = load(api, text, "upsert", externalIdFieldName="Id")
    assert ["false"] == [row["sf__Created"] for row in sheet(api, job, "successfulResults")]
    load(api, f"Id\n{made['sf__Id']}\n", "delete")
    soql = f"SELECT LastName, IsDeleted FROM Lead WHERE Id = '{made['sf__Id']}'"
    assert [{"LastName": "Eve", "IsDeleted": True}] == api.rows(soql, everything=True)


def test_hard_delete_needs_a_permission(api, make_lead):
    """hardDelete is refused without its permission; with it the row leaves even the bin."""
    assert "FEATURENOTENABLED" == create(api, "hardDelete").json()[0]["errorCode"]
    api.switch(bulk_hard_delete=True)
    load(api, f"Id\n{make_lead(1)['Id']}\n", "hardDelete")
    soql = f"SELECT Id FROM Lead WHERE Id = '{make_lead(1)['Id']}'"
    assert [] == api.values(soql, everything=True)


def test_assignment_only_when_the_job_says_so(api, make_lead):
    """Assignment rules move leads only of a job with an assignmentRuleId."""
    key = make_lead(1)["Id"]
    soql = f"SELECT OwnerId FROM Lead WHERE Id = '{key}'"
    before = api.values(soql)
    load(api, f"Id,Title\n{key},a\n")
    assert before == api.values(soql)
    load(api, f"Id,Title\n{key},b\n", assignmentRuleId="01QSb0000000001")
    assert [api.sim.org.queue_owner_id] == api.values(soql)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Id,Nope\n00Q,x\n", "InvalidBatch : Field name not found : Nope"),
        ("Id,Title\r\n00Q,x\r\n", "ClientInputError : LineEnding is invalid on user data."),
        ("Id,Title\n00Q\n", "InvalidBatch : The number of columns in line 2"),
        ("", "InvalidBatch : Failed to parse CSV header."),
    ],
)
def test_data_that_fails_the_job(api, text, error):
    """An unknown column, another line ending, a ragged line or nothing at all fail the job."""
    job = load(api, text)
    body = told(api, job)
    assert ("Failed", 0) == (body["state"], body["numberRecordsProcessed"])
    assert body["errorMessage"].startswith(error)


def test_rows_that_nobody_got_to(api, make_lead):
    """A job that times out fails and lists the rows it left, as they were sent."""
    api.switch(bulk_unprocessed_share=0.5)
    ids = [make_lead(number)["Id"] for number in range(10)]
    job = load(api, "Id,Title\n" + "".join(f"{key},t\n" for key in ids))
    assert "Failed" == told(api, job)["state"]
    left = sheet(api, job, "unprocessedrecords")
    done = sheet(api, job, "successfulResults")
    assert (5, 5, {"Id", "Title"}) == (len(left), len(done), left[0].keys())
    assert sorted(ids) == sorted(row["Id"] for row in [*left, *done])


def test_the_same_row_twice(api, make_lead):
    """The second row with the same Id fails."""
    key = make_lead(1)["Id"]
    job = load(api, f"Id,Title\n{key},a\n{key},b\n")
    [failed] = sheet(api, job, "failedResults")
    assert failed["sf__Error"].startswith("DUPLICATE_VALUE:")


def test_values_of_the_wrong_kind_fail_their_row(api, make_lead):
    """A word where a number belongs fails one row, not the job."""
    text = f"Id,NumberOfEmployees\n{make_lead(1)['Id']},many\n{make_lead(2)['Id']},7\n"
    job = load(api, text)
    [failed] = sheet(api, job, "failedResults")
    assert failed["sf__Error"].startswith("INVALID_TYPE_ON_FIELD_IN_RECORD:")
    assert 1 == len(sheet(api, job, "successfulResults"))


def test_too_large_an_upload(api):
    """Data beyond the limit, 100 MB unless set, is refused and leaves the job open."""
    assert 100_000_000 == api.sim.switches.bulk_upload_bytes_most
    api.switch(bulk_upload_bytes_most=20)
    job = create(api).json()["id"]
    assert 413 == upload(api, job, "Id,Title\n" + "x" * 20).status_code
    assert "Open" == told(api, job)["state"]


def test_steps_out_of_order(api):
    """No second upload, no start without data, no results before the end, no removal while open."""
    job = create(api).json()["id"]
    path = f"jobs/ingest/{job}"
    assert 400 == finish(api, job).status_code
    assert 400 == api.call("GET", f"{path}/failedResults").status_code
    assert 400 == api.call("DELETE", path).status_code
    assert 201 == upload(api, job, "Id\n").status_code
    assert 400 == upload(api, job, "Id\n").status_code
    assert "Aborted" == api.call("PATCH", path, json={"state": "Aborted"}).json()["state"]
    assert [204, 404] == [api.call(method, path).status_code for method in ("DELETE", "GET")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"object": "Nothing"}, 400),
        ({"operation": "explode"}, 400),
        ({"contentType": "JSON"}, 400),
        ({"lineEnding": "CR"}, 400),
        ({"operation": "upsert"}, 404),
    ],
)
def test_senseless_jobs(api, body, status):
    """A job of an unknown object, operation, content type or line ending is not made."""
    answer = api.call("POST", "jobs/ingest", json={"object": "Lead", "operation": "update"} | body)
    assert status == answer.status_code


def test_batches_of_a_day(api, make_lead):
    """Each 10,000 rows count as one batch of the day, and /limits shows what is left."""
    api.switch(bulk_batches_most=2)
    text = "Id,Title\n" + f"{make_lead(1)['Id']},t\n" * 10_001
    load(api, text)
    assert 0 == api.call("GET", "limits").json()["DailyBulkApiBatches"]["Remaining"]
    assert "LIMIT_EXCEEDED" == create(api).json()[0]["errorCode"]


def test_jobs_are_listed(api):
    """The list of jobs shows each of them in short."""
    job = create(api).json()["id"]
    body = api.call("GET", "jobs/ingest").json()
    assert (True, [job]) == (body["done"], [entry["id"] for entry in body["records"]])


def test_a_bulk_write_names_its_client(api, make_lead):
    """The change log names the Bulk API and the client of the request that made the job."""
    api.http.headers["Sforce-Call-Options"] = "client=stagesync"
    load(api, f"Id,Title\n{make_lead(1)['Id']},t\n")
    [change] = api.http.get(f"{api.url}/_sandbox/changes", timeout=10).json()
    expected = "com/salesforce/api/bulkapi/64.0;client=stagesync"
    assert expected == change["ChangeEventHeader"]["changeOrigin"]


def test_a_row_that_is_too_long(api, make_lead):
    """A row of more than 400,000 characters fails alone; one column too many fails the job."""
    text = f"Id,Description\n{make_lead(1)['Id']},{'x' * 400_000}\n"
    [failed] = sheet(api, load(api, text), "failedResults")
    assert failed["sf__Error"].startswith("STRING_TOO_LONG:")
    wide = load(api, ",".join(["Id"] * 5001) + "\n")
    assert "More than 5000 fields" in told(api, wide)["errorMessage"]

"""Ingest jobs: ``/jobs/ingest``. A job can be complete with every one of its rows refused.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/
create_job.htm and get_job_failed_results.htm (seen 2026-11)
"""

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.bulk.jobs import (
    DELIMITERS,
    ENDED,
    LINE_ENDINGS,
    Job,
    Jobs,
    check_version,
    choice,
    told,
    wrong_state,
)
from stagesync.sandbox.salesforce.bulk.sheets import answer_sheet
from stagesync.sandbox.salesforce.changes import client_of
from stagesync.sandbox.salesforce.errors import ApiError, Problem, bad_request
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.records import external_field, typed_object

ROWS_PER_BATCH = 10_000
_OPERATIONS = dict.fromkeys(("insert", "update", "upsert", "delete", "hardDelete"), "")
_DELETABLE = ENDED | {"UploadComplete"}


def answer_ingest_jobs(org: Org, jobs: Jobs, request: ApiRequest) -> ApiAnswer:
    """``/jobs/ingest``: lists the jobs, or makes one."""
    if request.method == "GET":
        found = [told(job, whole=False) for job in jobs.all("ingest")]
        return ApiAnswer(body={"done": True, "records": found, "nextRecordsUrl": None})
    body = request.json_object()
    most = org.switches.bulk_batches_most
    if jobs.batches.used() >= most:
        sentence = f"Max bulk batches ({most}) per 24 hrs has been reached"
        raise bad_request("LIMIT_EXCEEDED", sentence)
    definition = typed_object(org, body.get("object"))
    operation = choice(body, "operation", _OPERATIONS, default="")
    choice(body, "contentType", {"CSV": ""}, default="CSV")
    external_id = str(body.get("externalIdFieldName") or "")
    if operation == "upsert":
        external_id = external_field(org, definition, external_id).name
    if operation == "hardDelete" and not org.switches.bulk_hard_delete:
        sentence = "hardDelete needs the permission Bulk API Hard Delete"
        raise bad_request("FEATURENOTENABLED", f"FeatureNotEnabled : {sentence}")
    job = Job(
        id=org.new_id("BulkJob"),
        kind="ingest",
        operation=operation,
        object=definition.name,
        version=request.version,
        created_by=request.user_id,
        created_at=org.clock.now(),
        state="Open",
        origin=f"com/salesforce/api/bulkapi/{request.version}{client_of(request)}",
        column_delimiter=choice(body, "columnDelimiter", DELIMITERS, default="COMMA"),
        line_ending=choice(body, "lineEnding", LINE_ENDINGS, default="LF"),
        external_id=external_id,
        assignment_rule=str(body.get("assignmentRuleId") or ""),
    )
    jobs.add(job)
    return ApiAnswer(body=told(job, whole=False))


def answer_upload(org: Org, jobs: Jobs, request: ApiRequest, *, job_id: str) -> ApiAnswer:
    """``PUT /jobs/ingest/<id>/batches``: takes the CSV, once."""
    job = jobs.find("ingest", job_id)
    check_version(job, request.version)
    if job.state != "Open" or job.upload is not None:
        raise wrong_state(job, "Open and without data")
    if not request.headers.get("content-type", "").lower().startswith("text/csv"):
        raise ApiError(415, [Problem("UNSUPPORTED_MEDIA_TYPE", "Content-Type must be text/csv")])
    most = org.switches.bulk_upload_bytes_most
    if len(request.raw) > most:
        sentence = f"The uploaded data must not be larger than {most} bytes"
        raise ApiError(413, [Problem("REQUEST_ENTITY_TOO_LARGE", sentence)])
    try:
        job.upload = request.raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_request("INVALIDBATCH", "InvalidBatch : the data is not UTF-8") from error
    return ApiAnswer(201)


def answer_ingest_job(org: Org, jobs: Jobs, request: ApiRequest, *, job_id: str) -> ApiAnswer:
    """``/jobs/ingest/<id>``: tells about, starts, aborts or removes a job."""
    job = jobs.find("ingest", job_id)
    check_version(job, request.version)
    if request.method == "GET":
        return ApiAnswer(body=told(job, whole=True))
    if request.method == "DELETE":
        if job.state not in _DELETABLE:
            raise wrong_state(job, ", ".join(sorted(_DELETABLE)))
        jobs.remove(job)
        return ApiAnswer(204)
    wanted = request.json_object().get("state")
    if wanted == "UploadComplete":
        _start(org, jobs, job)
    elif wanted == "Aborted":
        _abort(jobs, job)
    else:
        raise bad_request("INVALIDJOBSTATE", "A job can be set to UploadComplete or Aborted")
    return ApiAnswer(body=told(job, whole=False))


def _start(org: Org, jobs: Jobs, job: Job) -> None:
    if job.state != "Open" or job.upload is None:
        raise wrong_state(job, "Open and with data")
    jobs.move(job, "UploadComplete")
    job.queued_at = org.clock.now()
    lines = job.upload.count("\n")
    jobs.batches.count(max(1, -(-lines // ROWS_PER_BATCH)))


def _abort(jobs: Jobs, job: Job) -> None:
    if job.state in ENDED:
        raise wrong_state(job, "Open, UploadComplete, InProgress")
    jobs.move(job, "Aborted")


def answer_ingest_results(jobs: Jobs, request: ApiRequest, *, job_id: str, which: str) -> ApiAnswer:
    """``/jobs/ingest/<id>/successfulResults`` and its two sisters."""
    job = jobs.find("ingest", job_id)
    check_version(job, request.version)
    if job.state not in ENDED:
        raise wrong_state(job, ", ".join(sorted(ENDED)))
    match which.lower():
        case "successfulresults":
            return answer_sheet(job, ["sf__Id", "sf__Created", *job.header], job.succeeded)
        case "failedresults":
            return answer_sheet(job, ["sf__Id", "sf__Error", *job.header], job.failed)
        case _:
            return answer_sheet(job, job.header, job.undone)

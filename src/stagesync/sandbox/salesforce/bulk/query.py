"""Query jobs: ``/jobs/query``.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/
query_create_job.htm and query_get_job_results.htm (seen 2026-11)
"""

import base64
import binascii

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
from stagesync.sandbox.salesforce.bulk.sheets import answer_sheet, cell
from stagesync.sandbox.salesforce.errors import ApiError, bad_request
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.soql.columns import Column
from stagesync.sandbox.salesforce.soql.evaluate import run
from stagesync.sandbox.salesforce.soql.parser import parse
from stagesync.sandbox.salesforce.soql.tree import Query

_OPERATIONS = {"query": "", "queryAll": ""}


def answer_query_jobs(org: Org, jobs: Jobs, request: ApiRequest) -> ApiAnswer:
    """``/jobs/query``: lists the jobs, or makes one."""
    if request.method == "GET":
        found = [told(job, whole=False) for job in jobs.all("query")]
        return ApiAnswer(body={"done": True, "records": found, "nextRecordsUrl": None})
    body = request.json_object()
    _check_quota(org, jobs)
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise bad_request("INVALIDJOB", "InvalidJob : a query is required")
    query = parse(text)
    entity = org.definition(query.entity)
    job = Job(
        id=org.new_id("BulkJob"),
        kind="query",
        operation=choice(body, "operation", _OPERATIONS, default=""),
        object=entity.name if entity else query.entity,
        version=request.version,
        created_by=request.user_id,
        created_at=org.clock.now(),
        state="UploadComplete",
        query=text,
        column_delimiter=choice(body, "columnDelimiter", DELIMITERS, default="COMMA"),
        line_ending=choice(body, "lineEnding", LINE_ENDINGS, default="LF"),
        queued_at=org.clock.now(),
    )
    if org.switches.bulk_query_refusal == "request":
        check_query(org, query)
    jobs.add(job)
    jobs.query_jobs.count(1)
    return ApiAnswer(body=told(job, whole=False))


def _check_quota(org: Org, jobs: Jobs) -> None:
    most = org.switches.bulk_query_jobs_most
    if jobs.query_jobs.used() >= most:
        sentence = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached"
        raise bad_request("LIMIT_EXCEEDED", sentence)
    most = org.switches.bulk_result_kb_most
    if jobs.result_kb.used() >= most:
        sentence = f"Max bulk v2 query result size stored ({most}) kb per 24 hrs has been exceeded"
        raise bad_request("LIMIT_EXCEEDED", sentence)


def check_query(org: Org, query: Query) -> None:
    """Passes, or says what Bulk does not allow.

    Raises:
        ApiError: 400.
    """
    entity = org.definition(query.entity)
    if entity is not None and entity.name in org.switches.bulk_refused_objects:
        sentence = f"Entity '{entity.name}' is not supported by the Bulk API."
        raise bad_request("INVALIDENTITY", sentence)
    if query.aggregates or query.count_all or query.group_by:
        raise bad_request("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    if query.children:
        raise bad_request("API_ERROR", "Parent-to-child subqueries not supported in Bulk Query")
    if query.offset:
        raise bad_request("API_ERROR", "OFFSET is not supported in Bulk Query")
    fields = org.readable(entity) if entity else {}
    named = [fields.get(path.text.lower()) for path in query.fields]
    if any(field is not None and field.type == "address" for field in named):
        raise bad_request("API_ERROR", "Selecting compound data not supported in Bulk Query")


def run_query(org: Org, job: Job) -> None:
    """Finds the rows of a job, or leaves in it why it failed."""
    try:
        query = parse(job.query)
        check_query(org, query)
        found = run(org, query, everything=job.operation == "queryAll", root="")
    except ApiError as error:
        job.error = f"{error.problems[0].code} : {error.problems[0].message}"
        return
    columns = found.columns
    job.header = [_title(column) for column in columns]
    job.rows = [[cell(column.field, column.read(row)) for column in columns] for row in found.rows]


def _title(column: Column) -> str:
    return ".".join([*(str(step.relationship) for step in column.steps), column.field.name])


def answer_query_job(jobs: Jobs, request: ApiRequest, *, job_id: str) -> ApiAnswer:
    """``/jobs/query/<id>``: tells about, aborts or removes a job."""
    job = jobs.find("query", job_id)
    check_version(job, request.version)
    if request.method == "GET":
        return ApiAnswer(body=told(job, whole=True))
    if request.method == "DELETE":
        if job.state not in ENDED:
            raise wrong_state(job, ", ".join(sorted(ENDED)))
        jobs.remove(job)
        return ApiAnswer(204)
    if request.json_object().get("state") != "Aborted":
        raise bad_request("INVALIDJOBSTATE", "A query job can only be set to Aborted")
    if job.state in ENDED:
        raise wrong_state(job, "UploadComplete, InProgress")
    jobs.move(job, "Aborted")
    return ApiAnswer(body=told(job, whole=False))


def answer_results(org: Org, jobs: Jobs, request: ApiRequest, *, job_id: str) -> ApiAnswer:
    """``/jobs/query/<id>/results``: one page, whose locator leads to the next one."""
    job = jobs.find("query", job_id)
    check_version(job, request.version)
    if job.state != "JobComplete":
        raise wrong_state(job, "JobComplete")
    most = request.query.get("maxRecords", "")
    length = min(int(most) if most.isdigit() and int(most) else 10**9, org.switches.bulk_page_rows)
    start = _place(request.query.get("locator", ""), job)
    end = min(start + length, len(job.rows))
    rows = job.rows[start:end]
    following = _locator(end) if end < len(job.rows) else "null"
    headers = {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(len(rows))}
    return answer_sheet(job, job.header, rows, headers=headers)


def _locator(place: int) -> str:
    return base64.urlsafe_b64encode(f"{place:08d}".encode()).decode().rstrip("=")


def _place(locator: str, job: Job) -> int:
    if not locator:
        return 0
    try:
        place = int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except (binascii.Error, ValueError):
        place = -1
    if not 0 < place < len(job.rows):
        raise bad_request("INVALID_QUERY_LOCATOR", "invalid query locator")
    return place

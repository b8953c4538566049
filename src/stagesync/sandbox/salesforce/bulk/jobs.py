"""The jobs of an org, and how the simulated time moves them on.

A query job is born in UploadComplete, an ingest job reaches it when its client says that all is
sent. From there both stand in line, run, and end as JobComplete or Failed; ended jobs are kept for
a week.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/
bulk_api_2_0.htm (seen 2026-11). Which code goes with which refusal is an assumption, but for the
texts about the limits of 24 hours.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stagesync.sandbox.salesforce.errors import ApiError, Problem, bad_request, not_found
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.values import show_datetime

DAY_S = 86_400.0
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
Sheet = list[list[str]]


@dataclass(slots=True)
class Job:
    """One job.

    Attributes:
        kind: "query" or "ingest", as in its path.
        queued_at: when it reached UploadComplete; None while it is open.
        header, rows: the results of a query, or what was sent to an ingest job.
        succeeded, failed, undone: the results of an ingest job, without their header.
    """

    id: str
    kind: str
    operation: str
    object: str
    version: str
    created_by: str
    created_at: float
    state: str
    origin: str = ""
    query: str = ""
    column_delimiter: str = "COMMA"
    line_ending: str = "LF"
    external_id: str = ""
    assignment_rule: str = ""
    queued_at: float | None = None
    moved_at: float = 0.0
    error: str = ""
    upload: str | None = None
    header: list[str] = field(default_factory=list)
    rows: Sheet = field(default_factory=list)
    succeeded: Sheet = field(default_factory=list)
    failed: Sheet = field(default_factory=list)
    undone: Sheet = field(default_factory=list)

    @property
    def processed(self) -> int:
        return len(self.rows if self.kind == "query" else self.succeeded + self.failed)

    @property
    def delimiter(self) -> str:
        return DELIMITERS[self.column_delimiter]

    @property
    def line_end(self) -> str:
        return LINE_ENDINGS[self.line_ending]


Run = Callable[[Org, Job], None]


class Jobs:
    """Every job that is still kept."""

    def __init__(self, org: Org, *, runs: Mapping[str, Run]) -> None:
        self._org = org
        self._runs = runs
        self._kept: dict[str, Job] = {}
        self.query_jobs = Quota(org)
        self.result_kb = Quota(org)
        self.batches = Quota(org)

    def add(self, job: Job) -> None:
        self._kept[job.id] = job
        job.moved_at = job.created_at

    def find(self, kind: str, job_id: str) -> Job:
        """The job of an id of 15 or 18 characters.

        Raises:
            ApiError: 404 NOT_FOUND.
        """
        for job in self._kept.values():
            if job.kind == kind and job_id in {job.id, job.id[:15]}:
                return job
        raise not_found()

    def all(self, kind: str) -> list[Job]:
        return [job for job in self._kept.values() if job.kind == kind]

    def remove(self, job: Job) -> None:
        del self._kept[job.id]

    def advance(self) -> None:
        """Does what the passing of time asks for."""
        now, switches = self._org.clock.now(), self._org.switches
        for job in list(self._kept.values()):
            if now - job.moved_at > switches.bulk_keep_s and job.state in ENDED:
                self.remove(job)
            if job.queued_at is None or job.state in ENDED:
                continue
            age_s = now - job.queued_at
            if age_s >= switches.bulk_queued_s:
                self.move(job, "InProgress")
            if age_s >= switches.bulk_queued_s + switches.bulk_running_s:
                self._run(job)

    def move(self, job: Job, state: str) -> None:
        if job.state != state:
            job.state = state
            job.moved_at = self._org.clock.now()

    def _run(self, job: Job) -> None:
        origin, self._org.origin = self._org.origin, job.origin
        try:
            self._runs[job.kind](self._org, job)
        finally:
            self._org.origin = origin
        if job.kind == "query":
            size = sum(len(cell) + 3 for row in job.rows for cell in row)
            self.result_kb.count(size / 1000)
        self.move(job, "Failed" if job.error else "JobComplete")


class Quota:
    """An amount used up in the last 24 hours."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._used: deque[tuple[float, float]] = deque()

    def count(self, amount: float) -> None:
        self._used.append((self._org.clock.now(), amount))

    def used(self) -> float:
        """How much counts at this moment."""
        oldest = self._org.clock.now() - DAY_S
        while self._used and self._used[0][0] < oldest:
            self._used.popleft()
        return sum(amount for _, amount in self._used)


def told(job: Job, *, whole: bool) -> dict[str, Any]:
    """What the API tells of a job; `whole` adds what only its own page says."""
    body: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": show_datetime(job.created_at // 1),
        "systemModstamp": show_datetime(job.moved_at // 1),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.column_delimiter,
    }
    if job.kind == "ingest":
        body |= {"jobType": "V2Ingest"}
        body |= {"externalIdFieldName": job.external_id} if job.external_id else {}
        body |= {"assignmentRuleId": job.assignment_rule} if job.assignment_rule else {}
        if job.state == "Open":
            content = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
            body["contentUrl"] = content
    return body | (_progress(job) if whole else {})


def _progress(job: Job) -> dict[str, Any]:
    taken_ms = int((job.moved_at - job.created_at) * 1000)
    more: dict[str, Any] = {
        "numberRecordsProcessed": job.processed,
        "retries": 0,
        "totalProcessingTime": taken_ms,
    }
    if job.kind == "query":
        more["jobType"] = "V2Query"
    else:
        spent = {"apiActiveProcessingTime": taken_ms, "apexProcessingTime": 0}
        more |= {"numberRecordsFailed": len(job.failed)} | spent
    return more | ({"errorMessage": job.error} if job.error else {})


def choice(body: Mapping[str, Any], key: str, known: Mapping[str, str], *, default: str) -> str:
    """One of a closed set of settings of a new job.

    Raises:
        ApiError: 400 INVALIDJOB.
    """
    value = str(body.get(key, default))
    if value not in known:
        raise bad_request("INVALIDJOB", f"InvalidJob : {key} {value} is not supported")
    return value


def wrong_state(job: Job, wanted: str) -> ApiError:
    sentence = f"Job {job.id} is {job.state}, which does not allow this; it must be {wanted}"
    return bad_request("INVALIDJOBSTATE", sentence)


def check_version(job: Job, version: str) -> None:
    """Passes when a job is asked for in the version that made it.

    Raises:
        ApiError: 409.
    """
    if job.version != version:
        sentence = f"The API version in the URI is {version}, the one of the job {job.version}"
        raise ApiError(409, [Problem("API_ERROR", sentence)])

"""The daily limit of API requests: counted over the last 24 hours, shown on every answer."""

from collections import deque

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.bulk.jobs import Jobs
from stagesync.sandbox.salesforce.errors import ApiError, forbidden, invalid_type
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.switches import SalesforceSwitches

DAY_S = 86_400.0
_STEP_S = 60.0


class DailyLimit:
    """Requests of the last 24 hours, counted by the minute."""

    def __init__(self, *, clock: SimClock, switches: SalesforceSwitches) -> None:
        self._clock = clock
        self._switches = switches
        self._minutes: deque[tuple[float, int]] = deque()
        self._total = 0

    @property
    def most(self) -> int:
        return self._switches.daily_limit

    def used(self) -> int:
        """How many requests count at this moment."""
        oldest = self._clock.now() - DAY_S
        while self._minutes and self._minutes[0][0] < oldest:
            self._total -= self._minutes.popleft()[1]
        return self._total + self._switches.used_before

    def count(self) -> None:
        """Counts one request.

        Raises:
            ApiError: 403 REQUEST_LIMIT_EXCEEDED when none is left; that one is not counted.
        """
        switches = self._switches
        if switches.long_requests_of_others >= switches.long_requests_most:
            raise concurrent_exceeded()
        if switches.limits_on and self.used() >= self.most * (1 + switches.soft_margin):
            raise total_exceeded()
        minute = self._clock.now() // _STEP_S * _STEP_S
        if self._minutes and self._minutes[-1][0] == minute:
            minute, before = self._minutes.pop()
            self._minutes.append((minute, before + 1))
        else:
            self._minutes.append((minute, 1))
        self._total += 1

    def header(self) -> str:
        plain = f"api-usage={self.used()}/{self.most}"
        match self._switches.usage_header:
            case "bursts":
                return f"{plain}; api-bursts=1/750"
            case "per_app":
                return f"{plain}; per-app-api-usage={self._total}/{self.most}(appName=stagesync)"
            case _:
                return plain


def total_exceeded() -> ApiError:
    return forbidden("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def concurrent_exceeded() -> ApiError:
    message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    return forbidden("REQUEST_LIMIT_EXCEEDED", message)


# Limits the simulator does not count; they show as untouched.
_UNTOUCHED = {
    "ConcurrentAsyncGetReportInstances": 200,
    "DailyAsyncApexExecutions": 250_000,
    "DailyStreamingApiEvents": 10_000,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
    "HourlyTimeBasedWorkflow": 1_000,
}


def answer_limits(org: Org, limit: DailyLimit, jobs: Jobs) -> ApiAnswer:
    """Every limit with what is left of it."""
    switches = org.switches
    if not switches.may_view_limits:
        raise forbidden("INSUFFICIENT_ACCESS", "This needs View Setup and Configuration")
    left = max(0, limit.most - limit.used())
    body = {name: {"Max": most, "Remaining": most} for name, most in _UNTOUCHED.items()}
    body["DailyApiRequests"] = {"Max": limit.most, "Remaining": left}
    for name, most, used in (
        ("DailyBulkApiBatches", switches.bulk_batches_most, jobs.batches.used()),
        ("DailyBulkV2QueryJobs", switches.bulk_query_jobs_most, jobs.query_jobs.used()),
        (
            "DailyBulkV2QueryFileStorageMB",
            switches.bulk_result_kb_most // 1024,
            jobs.result_kb.used() / 1024,
        ),
    ):
        body[name] = {"Max": most, "Remaining": max(0, int(most - used))}
    return ApiAnswer(body=dict(sorted(body.items())))


def answer_record_count(org: Org, request: ApiRequest) -> ApiAnswer:
    """How many live rows the named objects have; all data objects when none is named."""
    asked = [name for name in request.query.get("sObjects", "").split(",") if name]
    found = []
    for name in asked or list(org.objects):
        definition = org.definition(name.strip())
        if definition is None:
            raise invalid_type(name)
        found.append({"count": org.table(definition.name).live, "name": definition.name})
    return ApiAnswer(body={"sObjects": found})

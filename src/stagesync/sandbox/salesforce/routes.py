"""Which call answers which path below ``/services/data/vXX.X/``."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from functools import partial
from urllib.parse import unquote

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest, refusal
from stagesync.sandbox.salesforce.bulk.ingest import (
    answer_ingest_job,
    answer_ingest_jobs,
    answer_ingest_results,
    answer_upload,
)
from stagesync.sandbox.salesforce.bulk.jobs import Jobs
from stagesync.sandbox.salesforce.bulk.query import (
    answer_query_job,
    answer_query_jobs,
    answer_results,
)
from stagesync.sandbox.salesforce.changes import origin_of
from stagesync.sandbox.salesforce.collection import (
    answer_collection,
    answer_retrieve,
    answer_upserts,
)
from stagesync.sandbox.salesforce.composite import answer_batch, answer_composite
from stagesync.sandbox.salesforce.describe import describe_global, describe_object
from stagesync.sandbox.salesforce.errors import (
    ApiError,
    Problem,
    RowRefusedError,
    method_not_allowed,
    not_found,
)
from stagesync.sandbox.salesforce.limits import DailyLimit, answer_limits, answer_record_count
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.query import Cursors, answer_more, answer_query
from stagesync.sandbox.salesforce.records import (
    answer_external,
    answer_object,
    answer_record,
    known_object,
)
from stagesync.sandbox.salesforce.replication import answer_deleted, answer_updated
from stagesync.sandbox.salesforce.tooling import answer_tooling_object, answer_tooling_record

VERSIONS = tuple(f"{number}.0" for number in range(59, 68))
LAST_RETIRED = 30
_SEASONS = ("Winter", "Spring", "Summer")
_RESOURCES = ("tooling", "query", "queryAll", "sobjects", "limits", "composite", "jobs")


@dataclass(frozen=True, slots=True)
class Backend:
    """What the calls work on."""

    org: Org
    cursors: Cursors
    limit: DailyLimit
    jobs: Jobs


Call = Callable[[Backend, ApiRequest, tuple[str, ...]], ApiAnswer]


def serve(backend: Backend, request: ApiRequest) -> ApiAnswer:
    """The answer to a request, a refusal among them."""
    org = backend.org
    outer, org.origin = org.origin, origin_of(org, request)
    try:
        _check_version(request.version)
        for pattern, methods, call in _CALLS:
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            if methods and request.method not in methods.split(","):
                raise method_not_allowed(request.method, methods)
            return call(backend, request, tuple(map(unquote, match.groups())))
        raise not_found()
    except RowRefusedError as error:
        return refusal(error.as_api_error())
    except ApiError as error:
        return refusal(error)
    finally:
        org.origin = outer


def _check_version(version: str) -> None:
    if version in VERSIONS:
        return
    if float(version) <= LAST_RETIRED:
        message = "The requested resource is no longer available. This API version is retired."
        raise ApiError(410, [Problem("GONE", message)])
    raise not_found()


def list_versions() -> list[dict[str, str]]:
    """The versions served, the oldest first. Version 65.0 is that of Winter '26."""
    return [
        {
            "label": f"{_SEASONS[(int(version[:2]) - 65) % 3]} '{26 + (int(version[:2]) - 65) // 3}",
            "url": f"/services/data/v{version}",
            "version": version,
        }
        for version in VERSIONS
    ]


def _resources(_: Backend, request: ApiRequest, __: tuple[str, ...]) -> ApiAnswer:
    return ApiAnswer(body={name: f"{request.root}/{name}" for name in _RESOURCES})


def _query(
    backend: Backend,
    request: ApiRequest,
    _: tuple[str, ...],
    *,
    everything: bool = False,
    tooling: bool = False,
) -> ApiAnswer:
    return answer_query(
        backend.org, backend.cursors, request, everything=everything, tooling=tooling
    )


def _more(
    backend: Backend, request: ApiRequest, path: tuple[str, ...], *, tooling: bool = False
) -> ApiAnswer:
    return answer_more(backend.org, backend.cursors, request, locator=path[0], tooling=tooling)


def _global(backend: Backend, request: ApiRequest, _: tuple[str, ...]) -> ApiAnswer:
    return ApiAnswer(body=describe_global(backend.org, root=request.root))


def _describe(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    definition = known_object(backend.org, path[0])
    changed = {"Last-Modified": formatdate(backend.org.setup_at, usegmt=True)}
    if _unchanged(request.headers.get("if-modified-since", ""), backend.org.setup_at):
        return ApiAnswer(304, headers=changed)
    body = describe_object(backend.org, definition, root=request.root)
    return ApiAnswer(body=body, headers=changed)


def _unchanged(since: str, changed_at: float) -> bool:
    """Whether nothing changed since the moment that a header names; a bad one names none."""
    try:
        return parsedate_to_datetime(since).timestamp() >= changed_at
    except ValueError:
        return False


def _object(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_object(backend.org, request, name=path[0])


def _record(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_record(backend.org, request, name=path[0], record_id=path[1])


def _external(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_external(backend.org, request, name=path[0], field=path[1], value=path[2])


def _collection(backend: Backend, request: ApiRequest, _: tuple[str, ...]) -> ApiAnswer:
    return answer_collection(backend.org, request)


def _retrieve(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_retrieve(backend.org, request, name=path[0])


def _upserts(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_upserts(backend.org, request, name=path[0], field=path[1])


def _composite(backend: Backend, request: ApiRequest, _: tuple[str, ...]) -> ApiAnswer:
    return answer_composite(backend.org, request, serve=partial(serve, backend))


def _batch(backend: Backend, request: ApiRequest, _: tuple[str, ...]) -> ApiAnswer:
    return answer_batch(request, serve=partial(serve, backend))


def _limits(backend: Backend, _: ApiRequest, __: tuple[str, ...]) -> ApiAnswer:
    return answer_limits(backend.org, backend.limit, backend.jobs)


def _record_count(backend: Backend, request: ApiRequest, _: tuple[str, ...]) -> ApiAnswer:
    return answer_record_count(backend.org, request)


def _tooling(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_tooling_object(backend.org, request, name=path[0])


def _tooling_record(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_tooling_record(backend.org, request, name=path[0], record_id=path[1])


def _updated(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_updated(backend.org, request, name=path[0])


def _deleted(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_deleted(backend.org, request, name=path[0])


def _query_jobs(backend: Backend, request: ApiRequest, _: tuple[str, ...]) -> ApiAnswer:
    return answer_query_jobs(backend.org, backend.jobs, request)


def _query_job(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_query_job(backend.jobs, request, job_id=path[0])


def _results(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_results(backend.org, backend.jobs, request, job_id=path[0])


def _ingest_jobs(backend: Backend, request: ApiRequest, _: tuple[str, ...]) -> ApiAnswer:
    return answer_ingest_jobs(backend.org, backend.jobs, request)


def _ingest_job(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_ingest_job(backend.org, backend.jobs, request, job_id=path[0])


def _upload(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_upload(backend.org, backend.jobs, request, job_id=path[0])


def _ingest_results(backend: Backend, request: ApiRequest, path: tuple[str, ...]) -> ApiAnswer:
    return answer_ingest_results(backend.jobs, request, job_id=path[0], which=path[1])


# Pattern of the path without slashes at its ends, methods (none: the call looks itself), call.
_TABLE: tuple[tuple[str, str, Call], ...] = (
    (r"", "GET", _resources),
    (r"query", "GET", _query),
    (r"queryAll", "GET", partial(_query, everything=True)),
    (r"query(?:All)?/([\w-]+)", "GET", _more),
    (r"limits", "GET", _limits),
    (r"limits/recordCount", "GET", _record_count),
    (r"composite", "POST", _composite),
    (r"composite/batch", "POST", _batch),
    (r"composite/sobjects", "", _collection),
    (r"composite/sobjects/(\w+)", "POST", _retrieve),
    (r"composite/sobjects/(\w+)/(\w+)", "PATCH", _upserts),
    (r"sobjects", "GET", _global),
    (r"sobjects/(\w+)/describe", "GET", _describe),
    (r"sobjects/(\w+)", "", _object),
    (r"sobjects/(\w+)/updated", "GET", _updated),
    (r"sobjects/(\w+)/deleted", "GET", _deleted),
    (r"sobjects/(\w+)/(\w+)", "", _record),
    (r"sobjects/(\w+)/(\w+)/([^/]+)", "", _external),
    (r"tooling/query", "GET", partial(_query, tooling=True)),
    (r"tooling/query/([\w-]+)", "GET", partial(_more, tooling=True)),
    (r"tooling/sobjects/(CustomField|GlobalValueSet)", "", _tooling),
    (r"tooling/sobjects/(CustomField|GlobalValueSet)/(\w+)", "", _tooling_record),
    (r"jobs/query", "GET,POST", _query_jobs),
    (r"jobs/query/(\w+)", "GET,PATCH,DELETE", _query_job),
    (r"jobs/query/(\w+)/results", "GET", _results),
    (r"jobs/ingest", "GET,POST", _ingest_jobs),
    (r"jobs/ingest/(\w+)", "GET,PATCH,DELETE", _ingest_job),
    (r"jobs/ingest/(\w+)/batches", "PUT", _upload),
    (
        r"jobs/ingest/(\w+)/((?:successful|failed)Results|unprocessed[rR]ecords)",
        "GET",
        _ingest_results,
    ),
)
_CALLS = tuple((re.compile(pattern), methods, call) for pattern, methods, call in _TABLE)

"""Update jobs of Bulk API 2.0: for writes so large that a job costs fewer requests than batches do.

A job can be complete with every row refused, and keeps no order: its three lists of results are
always read, and a row is found by its id. What a job leaves undone, for whatever reason, is simply
not answered here and goes out in batches as usual; every value is absolute, so twice is safe.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/create_job.htm
and .../get_job_failed_results.htm (seen 2026-11)
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import structlog

from stagesync.connector import (
    FieldValue,
    PermissionMissing,
    RequestRefused,
    Write,
    WriteResult,
    without_secrets,
)
from stagesync_salesforce import api
from stagesync_salesforce.bulk import wait_for
from stagesync_salesforce.client import Sheet
from stagesync_salesforce.transport import Transport

# In a cell: make the field empty. An empty cell leaves it as it is.
NOTHING = "#N/A"
_DONE, _REFUSED = "successfulResults", "failedResults"

log = structlog.get_logger()


def write_by_job(transport: Transport, writes: Sequence[Write]) -> dict[str, WriteResult]:
    """The results of one object's writes by id; those that the job left undone are missing."""
    path = _upload(transport, writes)
    if path is None:
        return {}
    state = wait_for(transport, path)
    if state not in {"JobComplete", "Failed", "Aborted"}:
        return {}
    by_id = {item.id: item for item in writes}
    found = {
        row["sf__Id"]: WriteResult(by_id[row["sf__Id"]])
        for row in _results(transport, f"{path}/{_DONE}")
        if row["sf__Id"] in by_id
    }
    found |= {
        row["Id"]: refused(by_id[row["Id"]], row["sf__Error"])
        for row in _results(transport, f"{path}/{_REFUSED}")
        if row.get("Id") in by_id
    }
    log.info("salesforce_bulk_written", rows=len(writes), answered=len(found), state=state)
    return found


def sheet_of(writes: Sequence[Write]) -> bytes:
    """The rows as CSV: a field that a row does not set is left as it is."""
    names = list(dict.fromkeys(name for item in writes for name in item.values))
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["Id", *names])
    for item in writes:
        cells = (_cell(item.values[name]) if name in item.values else "" for name in names)
        lines.writerow([item.id, *cells])
    return text.getvalue().encode()


def refused(item: Write, error: str) -> WriteResult:
    """The result in an `sf__Error`, which says `CODE:message:fields --`."""
    code, _, rest = without_secrets(error).partition(":")
    message, _, names = rest.rpartition(":")
    fields = tuple(name.strip() for name in names.replace("--", "").split(",") if name.strip())
    return WriteResult(
        item, refusal=api.refusal_of(code, message), fields=fields, code=code, message=message
    )


def _cell(value: FieldValue) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _upload(transport: Transport, writes: Sequence[Write]) -> str | None:
    """The path of a job that was given these rows; None where the org does not take it."""
    kind = api.sobject(writes[0].object).name
    body = {"object": kind, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    try:
        path = f"{api.INGEST_JOBS}/{transport.call('POST', api.INGEST_JOBS, body=body)['id']}"
    except (RequestRefused, PermissionMissing) as error:
        log.warning("salesforce_bulk_refused", code=getattr(error, "code", ""))
        return None
    try:
        transport.call("PUT", f"{path}/batches", body=sheet_of(writes))
        transport.call("PATCH", path, body={"state": "UploadComplete"})
    except RequestRefused as error:
        log.warning("salesforce_bulk_refused", code=error.code)
        _abort(transport, path)
        return None
    return path


def _abort(transport: Transport, path: str) -> None:
    """Ends a job that we give up, unless it has ended."""
    with suppress(RequestRefused):
        transport.call("PATCH", path, body={"state": "Aborted"})


def _results(transport: Transport, path: str) -> Iterator[Mapping[str, str]]:
    sheet = transport.call("GET", path)
    if isinstance(sheet, Sheet):
        yield from csv.DictReader(io.StringIO(sheet.text, newline=""))

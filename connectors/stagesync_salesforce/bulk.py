"""Query jobs of Bulk API 2.0: for first loads, where they cost fewer requests than pages do.

A page of a REST query holds 2,000 rows, one of a job's results many times that; a job costs a
request to make it and some to wait for it. So the first page of a first load decides by the total
that it tells. A job promises no order: how far a load came is not a row but the job and the locator
of its next page, which live for a week and may be read again.

What a job cannot do goes on over REST as it began: objects that Bulk refuses, compound fields, jobs
that fail, are aborted or take too long.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_create_job.htm
and .../query_get_job_results.htm (seen 2026-11)
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

import structlog

from stagesync.connector import (
    AnswerUnreadable,
    FieldDescription,
    FieldType,
    FieldValue,
    PermissionMissing,
    RequestRefused,
)
from stagesync_salesforce import api
from stagesync_salesforce.client import Sheet
from stagesync_salesforce.describe import describe
from stagesync_salesforce.failures import QueryExpired
from stagesync_salesforce.transport import Transport

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 30.0
LONGEST_JOB_S = 3_600.0
_ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
_FLAGS = {"true": True, "false": False}

Row = dict[str, FieldValue]
log = structlog.get_logger()

# The parser's own bound for one cell is below the vendor's.
csv.field_size_limit(10_000_000)


def begin(transport: Transport, text: str, *, everything: bool) -> str | None:
    """The id of a new job for a query; None where the org does not take it.

    Args:
        everything: with archived rows, as `queryAll`.
    """
    body = {"operation": "queryAll" if everything else "query", "query": text}
    try:
        made = transport.call("POST", api.QUERY_JOBS, body=body)
    except (RequestRefused, PermissionMissing) as error:
        log.warning("salesforce_bulk_refused", code=getattr(error, "code", ""))
        return None
    return str(made["id"])


def is_done(transport: Transport, job_id: str) -> bool:
    """Waits for a query job; false when it came to nothing, or was forgotten."""
    state = wait_for(transport, f"{api.QUERY_JOBS}/{job_id}")
    if state != "JobComplete":
        log.warning("salesforce_bulk_failed", job=job_id, state=state)
    return state == "JobComplete"


def wait_for(transport: Transport, path: str) -> str:
    """The state in which a job ended; a job that takes too long is aborted."""
    wait_s, since_s = FIRST_WAIT_S, transport.now_s()
    while True:
        try:
            state = str(transport.call("GET", path).get("state"))
            if state not in _ENDED and transport.now_s() - since_s > LONGEST_JOB_S:
                transport.call("PATCH", path, body={"state": "Aborted"})
                return "Aborted"
        except RequestRefused as error:
            return error.code
        if state in _ENDED:
            return state
        transport.hold_off(wait_s)
        wait_s = min(wait_s * 1.5, LONGEST_WAIT_S)


def page(transport: Transport, job_id: str, *, locator: str, rows: int) -> Sheet:
    """A page of a job's results.

    Raises:
        QueryExpired: the job or its results are gone.
    """
    params = {"maxRecords": str(rows)} | ({"locator": locator} if locator else {})
    try:
        sheet = transport.call("GET", f"{api.QUERY_JOBS}/{job_id}/results", params=params)
    except RequestRefused as error:
        raise QueryExpired("Salesforce has forgotten a query job") from error
    if not isinstance(sheet, Sheet):
        raise AnswerUnreadable("the results of a query job are no CSV")
    return sheet


def types_of(
    transport: Transport, object_name: str, columns: Sequence[str]
) -> dict[str, FieldType] | None:
    """The type of each column, by its lower-case name; None where Bulk cannot bring one of them."""
    fields: Mapping[str, FieldDescription] = describe(transport, [object_name])[object_name].fields
    known = {name.lower(): field.type for name, field in fields.items()}
    found = {name.lower(): known.get(name.lower(), FieldType.OTHER) for name in columns}
    # A compound such as an address, or a file: a job refuses both.
    return None if FieldType.OTHER in found.values() else found


def rows_of(sheet: Sheet, types: Mapping[str, FieldType], columns: Iterable[str]) -> Iterator[Row]:
    """The rows of a page with their values as a REST query would give them."""
    names = {name.lower(): name for name in columns}
    lines = csv.reader(io.StringIO(sheet.text, newline=""))
    try:
        header = [name.lower() for name in next(lines, [])]
        if set(header) != set(names):
            raise AnswerUnreadable("the results of a query job have other columns than asked for")
        for line in lines:
            cells = zip(header, line, strict=True)
            yield {names[key]: value_of(text, types[key]) for key, text in cells}
    except (csv.Error, ValueError, KeyError) as error:
        raise AnswerUnreadable("a row of a query job cannot be read") from error


def value_of(text: str, kind: FieldType) -> FieldValue:
    """A cell as REST gives it: empty is None, and an instant bears its offset."""
    if not text:
        return None
    match kind:
        case FieldType.FLAG:
            return _FLAGS[text]
        case FieldType.NUMBER:
            return float(text) if set(text) & set(".eE") else int(text)
        case FieldType.INSTANT:
            return f"{text.removesuffix('Z')}+0000" if text.endswith("Z") else text
        case _:
            return text


def next_locator(sheet: Sheet) -> str:
    """Where the results go on; empty behind the last page, which the vendor calls `null`."""
    return "" if sheet.locator == "null" else sheet.locator

"""Setting values, 200 records to a request and five requests to a call.

An answer of HTTP 200 says nothing: each row has its own result, found by its place, since a failed
row bears no id. Every write sets absolute values by id, so sending one again after a lost answer
is safe.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-update
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import structlog

from stagesync.connector import (
    AnswerUnreadable,
    CrmError,
    Refusal,
    RequestRefused,
    Write,
    WriteResult,
)
from stagesync_salesforce import api
from stagesync_salesforce.transport import Part, Transport

# The vendor itself has waited some ten seconds for the lock before it refuses.
LOCK_WAITS_S = (2.0, 4.0, 8.0)

Key = tuple[str, str]
"""Object and id: a record comes once in a call."""

log = structlog.get_logger()


def write(transport: Transport, writes: Sequence[Write]) -> list[WriteResult]:
    """Set values; see `Connector.write`."""
    for item in writes:
        if not api.sobject(item.object).kind.writable:
            raise RequestRefused(f"stagesync writes nothing to {item.object}")
    results: dict[Key, WriteResult] = {}
    waits = iter(LOCK_WAITS_S)
    pending = list(writes)
    while pending:
        _send_all(transport, pending, results=results, every=writes)
        pending = [item for item in pending if _is_locked(results[_key(item)])]
        if not pending or (wait_s := next(waits, None)) is None:
            break
        log.info("salesforce_rows_locked", records=len(pending), wait_s=wait_s)
        transport.hold_off(wait_s)
    return [results[_key(item)] for item in writes]


def _key(item: Write) -> Key:
    return item.object, item.id


def _is_locked(result: WriteResult) -> bool:
    return result.refusal is Refusal.LOCKED


def chunks(writes: Sequence[Write]) -> list[list[Write]]:
    """The requests: one object each, those that belong together next to each other.

    Contacts lock their account, so the rows of one account go in one request, and requests follow
    one another.
    """
    ordered = sorted(writes, key=lambda item: (item.object, item.together, item.id))
    found: list[list[Write]] = []
    for _, group in groupby(ordered, key=lambda item: item.object):
        rows = list(group)
        while rows:
            size = _cut(rows)
            found.append(rows[:size])
            rows = rows[size:]
    return found


def _cut(rows: Sequence[Write]) -> int:
    """How many rows the next request takes, so that none of a group stays behind if it fits."""
    size = min(api.COLLECTION_SIZE, len(rows))
    if size == len(rows) or not rows[size].together:
        return size
    start = size
    while start and rows[start - 1].together == rows[size].together:
        start -= 1
    return start or size


def _send_all(
    transport: Transport,
    writes: Sequence[Write],
    *,
    results: dict[Key, WriteResult],
    every: Sequence[Write],
) -> None:
    requests = chunks(writes)
    for start in range(0, len(requests), api.HEAVY_PARTS):
        asked = requests[start : start + api.HEAVY_PARTS]
        try:
            _take(asked, _send(transport, asked), results=results)
        except CrmError as error:
            error.results = [results[_key(item)] for item in every if _key(item) in results]
            raise


def _take(
    requests: Sequence[Sequence[Write]],
    answers: Sequence[Any],
    *,
    results: dict[Key, WriteResult],
) -> None:
    """Keeps the results of every request that was answered before it raises for one that was not."""
    for rows, answer in zip(requests, answers, strict=True):
        if not isinstance(answer, CrmError):
            results.update(_results(rows, answer))
    for answer in answers:
        if isinstance(answer, CrmError):
            raise answer


def _send(transport: Transport, requests: Sequence[Sequence[Write]]) -> list[Any]:
    bodies = [_body(rows) for rows in requests]
    if len(bodies) == 1 or any(_holds_reference(rows) for rows in requests):
        return [transport.call("PATCH", api.COLLECTIONS, body=body) for body in bodies]
    path = api.data_path(transport.version, api.COLLECTIONS)
    # The headers of a call are not said to reach its parts.
    return transport.composite(
        [Part("PATCH", path, body=body, headers=api.WRITE_HEADERS) for body in bodies]
    )


def _holds_reference(rows: Sequence[Write]) -> bool:
    """True when a composite call would take a value for a reference to another of its parts."""
    return any(
        "@{" in value for row in rows for value in row.values.values() if isinstance(value, str)
    )


def _body(rows: Sequence[Write]) -> dict[str, object]:
    records = [
        {"attributes": {"type": api.sobject(row.object).name}, "id": row.id, **row.values}
        for row in rows
    ]
    return {"allOrNone": False, "records": records}


def _results(rows: Sequence[Write], answer: Any) -> Mapping[Key, WriteResult]:
    if not isinstance(answer, list) or len(answer) != len(rows):
        raise AnswerUnreadable("a write was not answered row by row")
    return {_key(row): result_of(row, item) for row, item in zip(rows, answer, strict=True)}


def result_of(row: Write, item: Mapping[str, Any]) -> WriteResult:
    """What became of one row, given the vendor's result at its place."""
    if item.get("success"):
        return WriteResult(row)
    errors = item.get("errors") or [{}]
    code, message = str(errors[0].get("statusCode") or ""), str(errors[0].get("message") or "")
    fields = tuple(str(name) for name in errors[0].get("fields") or ())
    return WriteResult(
        row, refusal=api.refusal_of(code, message), fields=fields, code=code, message=message
    )

"""Setting values, 200 records to a request and five requests to a call.

An answer of HTTP 200 says nothing: each row has its own result, found by its place, since a failed
row bears no id. Every write sets absolute values by id, so sending one again after a lost answer
is safe.

A row is taken whole or not at all. So that an admin's rule on one field does not keep our own field
from being written, a row refused for some of its fields is sent again without them; where the
vendor names no field, with the custom fields alone.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-update
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    WrongCall,
)
from stagesync_salesforce import api, ingest, persons
from stagesync_salesforce.failures import first_problem
from stagesync_salesforce.known import Known
from stagesync_salesforce.transport import Part, Transport

# The vendor itself has waited some ten seconds for the lock before it refuses.
LOCK_WAITS_S = (2.0, 4.0, 8.0)

# What may concern some fields of a row only.
_PARTIAL = frozenset({Refusal.INVALID, Refusal.FORBIDDEN, Refusal.OTHER})

Key = tuple[str, str]
"""Object and id: a record comes once in a call."""

log = structlog.get_logger()


def write(
    transport: Transport, writes: Sequence[Write], *, known: Known, bulk_from: int | None = None
) -> list[WriteResult]:
    """Set values; see `Connector.write`.

    A write to a lead that is known to be converted is refused as the vendor would, without a call.

    Args:
        bulk_from: rows of one object from which on they go by a Bulk job; None for never.
    """
    if len({_key(item) for item in writes}) < len(writes):
        raise WrongCall("a record appears twice in one call")
    for item in writes:
        if not api.sobject(item.object).kind.writable:
            raise RequestRefused(f"stagesync writes nothing to {item.object}")
    results = {_key(item): _of_converted(item) for item in writes if item.id in known.converted}
    through = persons.through_accounts(transport, writes, known)
    left = [through.get(_key(item), item) for item in writes if _key(item) not in results]
    try:
        while left:
            answers = _by_jobs(transport, left, bulk_from=bulk_from)
            try:
                _settle(transport, left, answers=answers)
            finally:
                left = _judge(left, answers, results=results)
    except CrmError as error:
        error.results = _told(writes, through, results=results)
        raise
    found = _told(writes, through, results=results)
    known.converted.update(r.write.id for r in found if r.refusal is Refusal.CONVERTED)
    return found


def _told(
    writes: Sequence[Write],
    through: Mapping[Key, Write],
    *,
    results: Mapping[Key, WriteResult],
) -> list[WriteResult]:
    """The results there are, in the order of the writes and as results of these."""
    found: list[WriteResult] = []
    for item in writes:
        sent = through.get(_key(item), item)
        if (result := results.get(_key(sent))) is not None:
            found.append(result if sent is item else persons.back(result, item))
    return found


def _of_converted(item: Write) -> WriteResult:
    return WriteResult(
        item, refusal=Refusal.CONVERTED, code=api.CONVERTED, message=api.CONVERTED_WORDS
    )


def _settle(
    transport: Transport, writes: Sequence[Write], *, answers: dict[Key, WriteResult]
) -> None:
    """Sends the writes, those that met a lock again after growing waits."""
    pending, waits = [item for item in writes if _is_open(item, answers)], iter(LOCK_WAITS_S)
    while pending:
        _send_all(transport, pending, answers=answers)
        pending = [item for item in pending if answers[_key(item)].refusal is Refusal.LOCKED]
        if not pending or (wait_s := next(waits, None)) is None:
            return
        log.info("salesforce_rows_locked", records=len(pending), wait_s=wait_s)
        transport.hold_off(wait_s)


def _is_open(item: Write, answers: Mapping[Key, WriteResult]) -> bool:
    answer = answers.get(_key(item))
    return answer is None or answer.refusal is Refusal.LOCKED


def _by_jobs(
    transport: Transport, writes: Sequence[Write], *, bulk_from: int | None
) -> dict[Key, WriteResult]:
    """What Bulk jobs did of these writes: nothing unless an object has so many."""
    found: dict[Key, WriteResult] = {}
    if bulk_from is None:
        return found
    ordered = sorted(writes, key=lambda item: (item.object, item.together, item.id))
    for name, group in groupby(ordered, key=lambda item: item.object):
        rows = list(group)
        if len(rows) >= bulk_from:
            results = ingest.write_by_job(transport, rows)
            found |= {(name, key): result for key, result in results.items()}
    return found


def _judge(
    writes: Sequence[Write],
    answers: Mapping[Key, WriteResult],
    *,
    results: dict[Key, WriteResult],
) -> list[Write]:
    """Settles the results that the answers allow; what is left to be sent in a smaller form."""
    left: list[Write] = []
    for item in writes:
        key = _key(item)
        if (answer := answers.get(key)) is None:
            continue
        if answer.refusal is not None:
            results.setdefault(key, replace(answer, fields=()))
            left.extend(_smaller(item, answer))
        elif (refused := results.get(key)) is None:
            results[key] = answer
        else:  # taken at last, without the fields that it was refused for
            dropped = tuple(name for name in refused.write.values if name not in item.values)
            results[key] = replace(refused, fields=dropped)
    return left


def _smaller(item: Write, answer: WriteResult) -> list[Write]:
    """The write without the fields it was refused for; none when that leaves all or nothing."""
    if answer.refusal not in _PARTIAL:
        return []
    named = {name.lower() for name in answer.fields}
    kept = {
        name: value
        for name, value in item.values.items()
        if (name.lower() not in named if named else name.endswith(("__c", "__pc")))
    }
    return [replace(item, values=kept)] if 0 < len(kept) < len(item.values) else []


def _key(item: Write) -> Key:
    return item.object, item.id


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
    transport: Transport, writes: Sequence[Write], *, answers: dict[Key, WriteResult]
) -> None:
    requests = chunks(writes)
    for start in range(0, len(requests), api.HEAVY_PARTS):
        asked = requests[start : start + api.HEAVY_PARTS]
        _take(asked, _send(transport, asked), results=answers)


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
    code, message = first_problem(errors)
    fields = tuple(str(name) for name in errors[0].get("fields") or ())
    return WriteResult(
        row, refusal=api.refusal_of(code, message), fields=fields, code=code, message=message
    )

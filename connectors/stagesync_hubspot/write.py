"""Values to HubSpot in batches of a hundred, with an answer for each record.

HubSpot refuses a whole batch for one bad value and does not say whose it is; so a refused batch is
halved until the bad record stands alone and all others are written. Where the answer names a
property that nobody may set, or a value is one that was proven bad, no halving is needed. Values
are absolute: sending one again after a lost answer changes nothing more.

Source: https://developers.hubspot.com/docs/api-reference/error-handling (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog

from stagesync.connector import FieldValue, Refusal, Write, WriteResult
from stagesync_hubspot import api, failures
from stagesync_hubspot.transport import Transport

log = structlog.get_logger()

_HALVED_STATUSES = frozenset({400, 409})
_REFUSALS = {"OBJECT_NOT_FOUND": Refusal.GONE, "READ_ONLY_VALUE": Refusal.FORBIDDEN}

Pair = tuple[str, str]
"""A property and the text written to it."""


def write_batch(transport: Transport, writes: Sequence[Write]) -> Iterator[WriteResult]:
    """The result of each write, in any order; at most a hundred of one object.

    Raises:
        CrmError: when a request cannot be sent; the results given before stand.
    """
    bad: dict[Pair, WriteResult] = {}
    waiting = [list(writes)]
    while waiting:
        batch = []
        for write in waiting.pop():
            if proof := next((bad[pair] for pair in _pairs(write) if pair in bad), None):
                yield _refusal(write, code=proof.code, message=proof.message, fields=proof.fields)
            else:
                batch.append(write)
        if not batch:
            continue
        try:
            answer = _update(transport, batch)
        except failures.Refused as error:
            if error.status not in _HALVED_STATUSES:
                raise
            results, again = _split(batch, error)
            yield from results
            waiting += again
            bad |= {pair: one for one in results for pair in _proven_bad(one, error)}
        else:
            with failures.readable("the result of a batch"):
                results = list(_results(answer, batch))
            yield from results


def text_of(value: FieldValue) -> str:
    """A value as HubSpot takes it: text always; the empty text clears."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _update(transport: Transport, batch: Sequence[Write]) -> dict[str, Any]:
    inputs = [{"id": one.id, "properties": dict(_pairs(one))} for one in batch]
    plural = api.OBJECTS[batch[0].object].plural
    answer = transport.call(transport.batches.update, plural, {"inputs": inputs})
    log.info("hubspot_batch_written", object=batch[0].object, records=len(batch))
    return answer


def _pairs(write: Write) -> set[Pair]:
    return {(name, text_of(value)) for name, value in write.values.items()}


def _split(
    batch: list[Write], error: failures.Refused
) -> tuple[list[WriteResult], list[list[Write]]]:
    """What a refused batch proves already, and the batches that the rest is sent in."""
    untakable = {name for name, code in error.codes.items() if code in api.PROPERTY_CODES}
    guilty = [one for one in batch if untakable & one.values.keys()]
    if len(batch) == 1:
        guilty = batch
    results = [
        _refusal(one, code=error.code, message=str(error), fields=_named(one, error))
        for one in guilty
    ]
    if guilty:
        rest = [one for one in batch if one not in guilty]
        return results, [rest] if rest else []
    middle = len(batch) // 2
    return [], [batch[middle:], batch[:middle]]


def _named(write: Write, error: failures.Refused) -> tuple[str, ...]:
    return tuple(name for name in error.codes if name in write.values)


def _proven_bad(result: WriteResult, error: failures.Refused) -> Iterator[Pair]:
    """Values that HubSpot refuses on any record, not only beside the others of this one."""
    for name, text in _pairs(result.write):
        if error.codes.get(name, "").startswith("INVALID_"):
            yield name, text


def _results(answer: Mapping[str, Any], batch: Sequence[Write]) -> Iterator[WriteResult]:
    """By id: the answer's order is its own, and a 207 tells in `errors` which ids failed."""
    written = {str(one["id"]): one for one in answer.get("results") or ()}
    failed = {
        str(one): error
        for error in answer.get("errors") or ()
        for one in (error.get("context") or {}).get("ids") or ()
    }
    merged = bool(written.keys() - {one.id for one in batch})
    for write in batch:
        if write.id in written:
            yield _taken(write, written[write.id])
        elif error := failed.get(write.id):
            code = str(error.get("category") or "")
            message = failures.without_addresses(error.get("message"))
            yield _refusal(write, code=code, message=message)
        else:
            yield _unanswered(write, merged=merged)


def _taken(write: Write, written: Mapping[str, Any]) -> WriteResult:
    """Compared with the wish where HubSpot can refuse in silence."""
    echo = written.get("properties") or {}
    now: dict[str, FieldValue] = {name: echo[name] or None for name in write.values if name in echo}
    kept = tuple(
        name
        for name in write.values
        if name in api.FORWARD_ONLY
        and name in now
        and text_of(now[name]) != text_of(write.values[name])
    )
    if not kept:
        return WriteResult(write, now=now)
    message = "HubSpot kept the value it had: it moves forward only"
    return WriteResult(write, Refusal.NOT_FORWARD, fields=kept, message=message, now=now)


def _unanswered(write: Write, *, merged: bool) -> WriteResult:
    if merged:
        message = "HubSpot answered under another id: the record was merged"
        return WriteResult(write, Refusal.GONE, code="MERGED", message=message)
    message = "HubSpot did not confirm this record"
    return WriteResult(write, Refusal.OTHER, code="NOT_CONFIRMED", message=message)


def _refusal(write: Write, *, code: str, message: str, fields: tuple[str, ...] = ()) -> WriteResult:
    kind = _REFUSALS.get(code, Refusal.INVALID)
    # A record is refused whole: to name the bad property alone would say that the others were taken.
    named = fields if set(fields) == write.values.keys() else ()
    return WriteResult(write, kind, fields=named, code=code, message=message)

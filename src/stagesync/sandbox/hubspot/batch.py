"""Batches of up to 100 records: one bad value refuses all of them, an unknown id only itself.

Source: https://developers.hubspot.com/docs/guides/api/crm/using-object-apis (seen 2026-11).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stagesync.sandbox.hubspot.automation import write
from stagesync.sandbox.hubspot.call import Answer, Call, names, record_id
from stagesync.sandbox.hubspot.checking import (
    accepted,
    demand,
    properties_of,
    taken,
    unique_property,
)
from stagesync.sandbox.hubspot.errors import Refusal, invalid
from stagesync.sandbox.hubspot.model import Record
from stagesync.sandbox.hubspot.objects import created, echoed, made, wanted_links
from stagesync.sandbox.hubspot.records import shown_record
from stagesync.sandbox.hubspot.removing import archive
from stagesync.sandbox.hubspot.values import iso

Item = Mapping[str, Any]
READ_WITH_HISTORY = 50


def read_many(call: Call) -> Answer:
    """`batch/read`: 200, or 207 when ids are missing."""
    body = call.json()
    asked, past = names(body.get("properties"), "properties"), body.get("propertiesWithHistory")
    history = names(past, "propertiesWithHistory")
    call.asking([*asked, *history])
    inputs = call.inputs(READ_WITH_HISTORY if history else 100)
    by = body.get("idProperty")
    if by is not None:
        unique_property(call, str(by), doing="read")
    rows, missing = [], []
    for item in inputs:
        record = _record(call, item, by=by)
        if record is None:
            missing.append(str(item.get("id")))
        else:
            row = shown_record(call.portal, call.kind, record, names=asked, history=history)
            rows.append(row)
    return _answer(call, rows, errors=_lost(call, missing))


def create_many(call: Call) -> Answer:
    """`batch/create`: all or nothing, unless every input bears an `objectWriteTraceId`."""
    inputs = call.inputs()
    if _traced(inputs):
        return _one_by_one(call, inputs, _create, status=201)
    values = accepted(call, inputs)
    fresh: set[str] = set()
    for found in values:
        demand(call, found, before=None)
        if refusal := taken(call, found, by_other_than=None) or _twice(found, fresh):
            raise refusal
    links = [wanted_links(call, item) for item in inputs]
    rows = [
        made(call, item, values=found, links=wanted)
        for item, found, wanted in zip(inputs, values, links, strict=True)
    ]
    return _answer(call, rows, status=201)


def update_many(call: Call) -> Answer:
    """`batch/update`."""
    inputs = call.inputs()
    _refuse_twins(inputs)
    for item in inputs:
        if (by := item.get("idProperty")) is not None:
            unique_property(call, str(by), doing="update")
    if call.portal.switches.trace_ids_on_update and _traced(inputs):
        return _one_by_one(call, inputs, _update, status=200)
    values = accepted(call, inputs)
    # An id that is no number and names no idProperty is passed over without a word.
    plain = [
        (item, found)
        for item, found in zip(inputs, values, strict=True)
        if item.get("idProperty") is not None or record_id(item.get("id")) is not None
    ]
    records = [_record(call, item, by=item.get("idProperty")) for item, _ in plain]
    for (_, found), record in zip(plain, records, strict=True):
        if record is not None:
            demand(call, found, before=record.values)
            if refusal := taken(call, found, by_other_than=record.id):
                raise refusal
    return _written(call, plain, records)


def upsert_many(call: Call) -> Answer:
    """`batch/upsert`: by a unique property, which every input must name."""
    inputs = call.inputs()
    for item in inputs:
        if item.get("idProperty") is None:
            raise invalid("idProperty is required for upsert")
        unique_property(call, str(item["idProperty"]), doing="upsert")
    _refuse_twins(inputs)
    if _traced(inputs):
        return _one_by_one(call, inputs, _upsert, status=200)
    accepted(call, [_with_id(item) for item in inputs])
    return _answer(call, [_upsert(call, item) for item in inputs])


def archive_many(call: Call) -> Answer:
    """`batch/archive`: 204; ids that are gone already are no error."""
    inputs = call.inputs()
    records = [_record(call, item, by=None) for item in inputs]
    gone = {record.id: record for record in records if record is not None}
    for record in gone.values():
        archive(call.portal, call.kind, record, source=call.source)
    return Answer(status=204, records=len(gone))


def _written(
    call: Call, plain: Sequence[tuple[Item, dict[str, str]]], records: Sequence[Record | None]
) -> Answer:
    rows, missing = [], []
    for (item, found), record in zip(plain, records, strict=True):
        if record is None:
            missing.append(str(item["id"]))
            continue
        write(call.portal, call.kind, record=record, values=found, source=call.source)
        rows.append(echoed(call, record, item=item, values=found))
    return _answer(call, rows, errors=_lost(call, missing))


def _one_by_one(call: Call, inputs: Sequence[Item], act: Any, *, status: int) -> Answer:
    rows, errors = [], []
    for item in inputs:
        try:
            rows.append(act(call, item))
        except Refusal as refusal:
            body = dict(refusal.body) if isinstance(refusal.body, Mapping) else {}
            context = {
                **body.get("context", {}),
                "objectWriteTraceId": [item["objectWriteTraceId"]],
            }
            errors.append({"status": "error", **body, "context": context})
    return _answer(call, rows, errors=errors, status=status)


def _create(call: Call, item: Item) -> dict[str, Any]:
    return {**created(call, item), "objectWriteTraceId": item.get("objectWriteTraceId")}


def _update(call: Call, item: Item) -> dict[str, Any]:
    values = accepted(call, [item])[0]
    record = _record(call, item, by=item.get("idProperty"))
    if record is None:
        raise Refusal(404, _lost(call, [str(item.get("id"))])[0])
    demand(call, values, before=record.values)
    if refusal := taken(call, values, by_other_than=record.id):
        raise refusal
    write(call.portal, call.kind, record=record, values=values, source=call.source)
    return echoed(call, record, item=item, values=values)


def _upsert(call: Call, item: Item) -> dict[str, Any]:
    full = _with_id(item)
    record = _record(call, item, by=item["idProperty"])
    row = _create(call, full) if record is None else _update(call, full)
    row.pop("objectWriteTraceId", None)
    return {**row, "new": record is None}


def _with_id(item: Item) -> dict[str, Any]:
    properties = {str(item["idProperty"]): item.get("id"), **properties_of(item)}
    return {**item, "properties": properties}


def _record(call: Call, item: Item, *, by: Any) -> Record | None:
    store = call.portal.stores[call.kind.name]
    if by is not None:
        return store.find_unique(str(by), str(item.get("id")))
    number = record_id(item.get("id"))
    return None if number is None else store.find(number)


def _traced(inputs: Iterable[Item]) -> bool:
    traces = [item.get("objectWriteTraceId") for item in inputs]
    return bool(traces) and None not in traces and len(set(traces)) == len(traces)


def _refuse_twins(inputs: Iterable[Item]) -> None:
    seen: set[str] = set()
    twins: list[str] = []
    for item in inputs:
        sought = str(item.get("id"))
        (twins.append if sought in seen else seen.add)(sought)
    if twins:
        listed = list(dict.fromkeys(twins))
        message = f"Duplicate IDs found in batch input: [{', '.join(listed)}]. IDs must be unique"
        raise invalid(message, context={"ids": listed})


def _twice(values: Mapping[str, str], fresh: set[str]) -> Refusal | None:
    email = values.get("email")
    if email and email in fresh:
        return Refusal(409, {"message": "Contact already exists.", "category": "CONFLICT"})
    if email:
        fresh.add(email)
    return None


def _lost(call: Call, missing: list[str]) -> list[dict[str, Any]]:
    if not missing:
        return []
    message = (
        f"Could not get some {call.kind.shout} objects, they may be deleted or not exist. "
        "Check that ids are valid."
    )
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message}
    return [{**error, "context": {"ids": missing}}]


def _answer(
    call: Call,
    rows: list[dict[str, Any]],
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    status: int = 200,
) -> Answer:
    if call.portal.switches.shuffle_batches:
        call.portal.random.shuffle(rows)
    now = iso(call.portal.now_ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": rows}
    if errors:
        body |= {"numErrors": len(errors), "errors": list(errors)}
    body |= {"startedAt": now, "completedAt": now}
    return Answer(body, 207 if errors else status, len(rows))

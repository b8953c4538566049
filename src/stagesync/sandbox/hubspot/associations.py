"""Associations API: batches of up to 1,000 records to read, 2,000 to write.

Source: https://developers.hubspot.com/docs/guides/api/crm/associations (seen 2026-11).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stagesync.sandbox.hubspot.automation import link, unlink
from stagesync.sandbox.hubspot.call import Answer, Call, named_kind, record_id
from stagesync.sandbox.hubspot.errors import invalid, not_found
from stagesync.sandbox.hubspot.links import TYPE_IDS, type_rows
from stagesync.sandbox.hubspot.model import Kind
from stagesync.sandbox.hubspot.values import iso

READ_LIMIT = 1_000
WRITE_LIMIT = 2_000
PAGE = 500


def read_many(call: Call) -> Answer:
    """`batch/read`: a record without associations is an error row, and makes the answer a 207."""
    to = _other(call)
    rows, errors = [], []
    for item in call.inputs(READ_LIMIT):
        number = record_id(item.get("id"))
        if number is None:
            errors.append(_error(call, item.get("id"), "INVALID_IDENTIFIER", to=to))
            continue
        linked, more = _linked(call, number, to=to, after=record_id(item.get("after")) or 0)
        if not linked:
            errors.append(_error(call, number, "NO_ASSOCIATIONS_FOUND", to=to))
            continue
        row: dict[str, Any] = {"from": {"id": str(number)}, "to": linked}
        if more:
            row["paging"] = {"next": {"after": str(linked[-1]["toObjectId"])}}
        rows.append(row)
    return _answer(call, rows, errors=errors, records=sum(len(row["to"]) for row in rows))


def read_one(call: Call) -> Answer:
    """`GET /objects/{type}/{id}/associations/{to}`."""
    limit = call.whole("limit", PAGE)
    if not 1 <= limit <= PAGE:
        raise invalid(f"Invalid limit: {limit}. The limit must be between 1 and {PAGE}.")
    number = _existing(call, call.kind, call.path["id"])
    rows, more = _linked(call, number, to=_other(call), after=call.whole("after", 0), limit=limit)
    body: dict[str, Any] = {"results": rows}
    if more:
        body["paging"] = {"next": {"after": str(rows[-1]["toObjectId"])}}
    return Answer(body, records=len(rows))


def create_many(call: Call) -> Answer:
    """`batch/create`: with type ids."""
    return _associate(call, labelled=True, status=201)


def create_default_many(call: Call) -> Answer:
    """`batch/associate/default`: without type ids."""
    return _associate(call, labelled=False, status=200)


def archive_many(call: Call) -> Answer:
    """`batch/archive`."""
    to = _other(call)
    pairs = [
        (_end(item.get("from")), _end(other))
        for item in call.inputs(WRITE_LIMIT)
        for other in _list(item.get("to"))
    ]
    for number, other in pairs:
        unlink(call.portal, (call.kind.name, number), (to.name, other), source=call.source)
    return Answer(status=204, records=len(pairs))


def put_one(call: Call) -> Answer:
    """`PUT /objects/{type}/{id}/associations/{to}/{other}`: with type ids."""
    to = _other(call)
    types = call.json_list()
    _check_types(call, to, types)
    pair = _put(call, call.path["id"], call.path["other"], to=to, types=types)
    status = 201 if call.version == "v4" else 200
    return Answer(_labelled(call, pair, to=to), status, 1)


def put_default(call: Call) -> Answer:
    """`PUT /objects/{type}/{id}/associations/default/{to}/{other}`: without."""
    to = _other(call)
    pair = _put(call, call.path["id"], call.path["other"], to=to, types=())
    return _answer(call, _defaults(call, pair, to=to), records=1)


def delete_one(call: Call) -> Answer:
    """`DELETE /objects/{type}/{id}/associations/{to}/{other}`."""
    number, other = record_id(call.path["id"]) or 0, record_id(call.path["other"]) or 0
    to = _other(call)
    unlink(call.portal, (call.kind.name, number), (to.name, other), source=call.source)
    return Answer(status=204, records=1)


def labels(call: Call) -> Answer:
    """`GET /associations/{type}/{to}/labels`."""
    rows = type_rows(call.kind.name, _other(call).name, primary=True)
    return Answer({"results": rows}, records=len(rows))


def _end(given: Any) -> int:
    """The id of one side of an association; 0, which nobody has, when it is none."""
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON: from and to must be objects with an id")
    return record_id(given.get("id")) or 0


def _list(given: Any) -> list[Any]:
    if given is not None and not isinstance(given, list):
        raise invalid("Invalid input JSON: Expected a list")
    return given or []


def _check_types(call: Call, to: Kind, types: Iterable[Any]) -> None:
    known = TYPE_IDS[call.kind.name, to.name]
    for entry in types:
        if not isinstance(entry, dict) or entry.get("associationTypeId") not in known:
            raise invalid(f"Association type does not exist from {call.kind.shout} to {to.shout}")


def _other(call: Call) -> Kind:
    to = named_kind(call.path["to"])
    if (call.kind.name, to.name) not in TYPE_IDS:
        raise invalid(f"No association between {call.kind.shout} and {to.shout} exists")
    return to


def _existing(call: Call, kind: Kind, text: Any) -> int:
    record = call.portal.stores[kind.name].find(record_id(text) or 0)
    if record is None:
        raise not_found()
    return record.id


def _linked(
    call: Call, number: int, *, to: Kind, after: int, limit: int = PAGE
) -> tuple[list[dict[str, Any]], bool]:
    record = call.portal.stores[call.kind.name].find(number)
    known = (
        {} if record is None else call.portal.links.of(call.kind.name, record.id, to_kind=to.name)
    )
    ids = sorted(other for other in known if other > after)
    rows = [
        {
            "toObjectId": other,
            "associationTypes": type_rows(call.kind.name, to.name, primary=known[other]),
        }
        for other in ids[:limit]
    ]
    return rows, len(ids) > limit


def _associate(call: Call, *, labelled: bool, status: int) -> Answer:
    to = _other(call)
    inputs = call.inputs(WRITE_LIMIT)
    for item in inputs:
        types = _list(item.get("types"))
        if labelled and not types:
            raise invalid("Invalid input JSON: Some required fields were not set: [types]")
        _check_types(call, to, types if labelled else ())
        for kind, side in ((call.kind, "from"), (to, "to")):
            _existing(call, kind, _end(item.get(side)))
    rows = []
    for item in inputs:
        meant = item["types"] if labelled else ()
        pair = _put(call, item["from"]["id"], item["to"]["id"], to=to, types=meant)
        rows += [_labelled(call, pair, to=to)] if labelled else _defaults(call, pair, to=to)
    return _answer(call, rows, status=status, records=len(inputs))


def _put(
    call: Call, from_id: Any, to_id: Any, *, to: Kind, types: Iterable[Any]
) -> tuple[int, int]:
    number, other = _existing(call, call.kind, from_id), _existing(call, to, to_id)
    marked = TYPE_IDS[call.kind.name, to.name][1]
    primary = any(entry["associationTypeId"] == marked for entry in types if marked is not None)
    ends, others = (call.kind.name, number), (to.name, other)
    link(call.portal, ends, others, source=call.source, primary=primary)
    return number, other


def _labelled(call: Call, pair: tuple[int, int], *, to: Kind) -> dict[str, Any]:
    return {
        "fromObjectTypeId": call.kind.type_id,
        "fromObjectId": pair[0],
        "toObjectTypeId": to.type_id,
        "toObjectId": pair[1],
        "labels": [],
    }


def _defaults(call: Call, pair: tuple[int, int], *, to: Kind) -> list[dict[str, Any]]:
    """One row for each direction, as the default association is made in both."""
    ends = ((call.kind, pair[0]), (to, pair[1]))
    return [
        {
            "from": {"id": str(one_id)},
            "to": {"id": str(other_id)},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": TYPE_IDS[one.name, other.name][0],
            },
        }
        for (one, one_id), (other, other_id) in (ends, ends[::-1])
    ]


def _error(call: Call, given: Any, reason: str, *, to: Kind) -> dict[str, Any]:
    message = f"No {to.one} is associated with {call.kind.one} {given}."
    if reason == "INVALID_IDENTIFIER":
        message = f"The identifier {given} is not valid."
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND" if reason == "NO_ASSOCIATIONS_FOUND" else "VALIDATION_ERROR",
        "subCategory": f"crm.associations.{reason}",
        "message": message,
        "context": {
            "fromObjectId": [str(given)],
            "fromObjectType": [call.kind.one],
            "toObjectType": [to.one],
        },
    }


def _answer(
    call: Call,
    rows: list[dict[str, Any]],
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    status: int = 200,
    records: int,
) -> Answer:
    now = iso(call.portal.now_ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": rows}
    if errors:
        body |= {"numErrors": len(errors), "errors": list(errors)}
    body |= {"startedAt": now, "completedAt": now}
    return Answer(body, 207 if errors else status, records)

"""Associations in the shapes of version 3: types by name, ids as text.

HubSpot's own client packages still have these calls.
Source: https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v3 (seen 2026-11).
"""

from collections.abc import Mapping
from typing import Any

from stagesync.sandbox.hubspot.automation import link, unlink
from stagesync.sandbox.hubspot.call import Answer, Call, named_kind, record_id
from stagesync.sandbox.hubspot.errors import invalid, not_found
from stagesync.sandbox.hubspot.links import TYPE_IDS
from stagesync.sandbox.hubspot.model import Kind
from stagesync.sandbox.hubspot.records import inline_links
from stagesync.sandbox.hubspot.values import iso

READ_LIMIT = 1_000
WRITE_LIMIT = 100


def read_many(call: Call) -> Answer:
    """`batch/read`: 207 with an error row for each record that has none."""
    to, rows, errors = _other(call), [], []
    for item in call.inputs(READ_LIMIT):
        record = call.portal.stores[call.kind.name].find(record_id(item.get("id")) or 0)
        found = {} if record is None else inline_links(call.portal, call.kind, record, to=[to])
        if record is None or not found:
            errors.append(_missing(call, item, to=to))
        else:
            rows.append({"from": {"id": str(record.id)}, "to": found[to.name]["results"]})
    return _answer(call, rows, errors=errors)


def create_many(call: Call) -> Answer:
    """`batch/create`."""
    to, rows = _other(call), []
    pairs = [_pair(call, item, to=to) for item in call.inputs(WRITE_LIMIT)]
    for (number, other), type_ in pairs:
        ends, others = (call.kind.name, number), (to.name, other)
        link(call.portal, ends, others, source=call.source)
        rows.append({"from": {"id": str(number)}, "to": {"id": str(other)}, "type": type_})
    return _answer(call, rows, status=201)


def archive_many(call: Call) -> Answer:
    """`batch/archive`."""
    to = _other(call)
    pairs = [_pair(call, item, to=to) for item in call.inputs(WRITE_LIMIT)]
    for (number, other), _ in pairs:
        unlink(call.portal, (call.kind.name, number), (to.name, other), source=call.source)
    return Answer(status=204, records=len(pairs))


def types(call: Call) -> Answer:
    """`GET /associations/{type}/{to}/types`."""
    to = _other(call)
    rows = [{"id": str(TYPE_IDS[call.kind.name, to.name][0]), "name": _name(call.kind, to)}]
    return Answer({"results": rows})


def _name(kind: Kind, to: Kind) -> str:
    return f"{kind.one}_to_{to.one}"


def _pair(call: Call, item: Mapping[str, Any], *, to: Kind) -> tuple[tuple[int, int], str]:
    type_ = item.get("type")
    if type_ not in {_name(call.kind, to), f"{_name(call.kind, to)}_unlabeled"}:
        raise invalid(f"Association type {type_} does not exist")
    numbers = []
    for kind, side in ((call.kind, "from"), (to, "to")):
        given = item.get(side)
        text = given.get("id") if isinstance(given, dict) else None
        record = call.portal.stores[kind.name].find(record_id(text) or 0)
        if record is None:
            raise not_found()
        numbers.append(record.id)
    return (numbers[0], numbers[1]), str(type_)


def _other(call: Call) -> Kind:
    to = named_kind(call.path["to"])
    if (call.kind.name, to.name) not in TYPE_IDS:
        raise invalid(f"No association between {call.kind.shout} and {to.shout} exists")
    return to


def _missing(call: Call, item: Mapping[str, Any], *, to: Kind) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {to.one} is associated with {call.kind.one} {item.get('id')}.",
        "context": {
            "fromObjectId": [str(item.get("id"))],
            "fromObjectType": [call.kind.one],
            "toObjectType": [to.one],
        },
    }


def _answer(
    call: Call,
    rows: list[dict[str, Any]],
    *,
    errors: list[dict[str, Any]] | None = None,
    status: int = 200,
) -> Answer:
    now = iso(call.portal.now_ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": rows}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    body |= {"startedAt": now, "completedAt": now}
    return Answer(body, 207 if errors else status, len(rows))

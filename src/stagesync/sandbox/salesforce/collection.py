"""The sObject collection calls: up to 200 records at once, one result per record, by position.

The HTTP status says nothing about the records: it is 200 even when all of them fail.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections
(seen 2026-11)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.checks import duplicate_value
from stagesync.sandbox.salesforce.errors import RowRefusedError, bad_request, method_not_allowed
from stagesync.sandbox.salesforce.ids import PREFIXES, full_id
from stagesync.sandbox.salesforce.incoming import read_values
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.records import (
    columns,
    external_field,
    find_external,
    known_object,
    typed_object,
    write_options,
)
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import ObjectDef
from stagesync.sandbox.salesforce.soql.shape import make_renderer
from stagesync.sandbox.salesforce.writing import (
    WriteOptions,
    checked_id,
    create_row,
    delete_row,
    update_row,
)

MOST_RECORDS = 200
MOST_READ = 2_000
MOST_CHUNKS = 10
_ROLLED_BACK = "Record rolled back because not all records were valid and the request was using AllOrNone header"
_BY_PREFIX = {prefix: name for name, prefix in PREFIXES.items()}

# Does one record and returns its id and whether it is new (None where that is not said).
Action = Callable[[], tuple[str, bool | None]]


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a write: its object, what was sent for it, and the values read from that."""

    definition: ObjectDef
    sent: Mapping[str, Any]
    values: Row


def answer_collection(org: Org, request: ApiRequest) -> ApiAnswer:
    """``/composite/sobjects``: creates, changes or deletes."""
    match request.method:
        case "POST":
            items, all_or_none = _items(org, request)
            options = write_options(org, request)
            return _carry_out(
                org, [_create(org, item, options) for item in items], all_or_none=all_or_none
            )
        case "PATCH":
            items, all_or_none = _items(org, request)
            options = write_options(org, request)
            return _carry_out(org, _updates(org, items, options), all_or_none=all_or_none)
        case "DELETE":
            return _delete_all(org, request)
        case _:
            raise method_not_allowed(request.method, "DELETE,PATCH,POST")


def answer_upserts(org: Org, request: ApiRequest, *, name: str, field: str) -> ApiAnswer:
    """``PATCH /composite/sobjects/<Type>/<external id>``."""
    definition = known_object(org, name)
    key = external_field(org, definition, field)
    items, all_or_none = _items(org, request)
    options = write_options(org, request)
    return _carry_out(
        org, [_upsert(org, item, key.name, options) for item in items], all_or_none=all_or_none
    )


def answer_retrieve(org: Org, request: ApiRequest, *, name: str) -> ApiAnswer:
    """``POST /composite/sobjects/<Type>``: reads by id; a missing record is null."""
    definition = known_object(org, name)
    body = request.json_object()
    ids, names = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(names, list) or not names:
        raise bad_request("MISSING_ARGUMENT", "ids and fields are required")
    if len(ids) > MOST_READ:
        raise _too_many(MOST_READ)
    render = make_renderer(
        org, entity=definition, columns=columns(org, definition, names), root=request.root
    )
    rows = (org.table(definition.name).rows.get(full_id(key) or "") for key in ids)
    found = [None if row is None or row.get("IsDeleted") else render(row) for row in rows]
    return ApiAnswer(body=found, records=sum(row is not None for row in found))


def _items(org: Org, request: ApiRequest) -> tuple[list[Item], bool]:
    body = request.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise bad_request("JSON_PARSER_ERROR", "records must be a list at [line:1, column:1]")
    if len(records) > MOST_RECORDS:
        raise _too_many(MOST_RECORDS)
    items = [_item(org, record) for record in records]
    changes = sum(first.definition is not second.definition for first, second in pairwise(items))
    if 1 + changes > MOST_CHUNKS:
        sentence = (
            "Cannot have more than 10 chunks in a single operation. "
            "Please rearrange the data to reduce chunking."
        )
        raise bad_request("INVALID_INPUT", sentence)
    return items, body.get("allOrNone") is True


def _item(org: Org, record: Mapping[str, Any]) -> Item:
    attributes = record.get("attributes")
    if not isinstance(attributes, dict):
        raise bad_request("INVALID_INPUT", "attributes with a type are required for each record")
    definition = typed_object(org, attributes.get("type"))
    return Item(
        definition, record, read_values(definition, record, fields=org.readable(definition))
    )


def _too_many(most: int) -> Exception:
    sentence = f"record limit reached. cannot submit more than {most} records into this call"
    return bad_request("EXCEEDED_ID_LIMIT", sentence)


def _create(org: Org, item: Item, options: WriteOptions) -> Action:
    def act() -> tuple[str, bool | None]:
        return create_row(org, item.definition, item.values, options=options)["Id"], None

    return act


def _updates(org: Org, items: list[Item], options: WriteOptions) -> list[Action]:
    seen: set[str] = set()

    def action(item: Item) -> Action:
        def act() -> tuple[str, bool | None]:
            record_id = _sent_id(item)
            if record_id in seen:
                raise duplicate_value("Id", record_id)
            seen.add(record_id)
            update_row(org, item.definition, record_id, values=item.values, options=options)
            return record_id, None

        return act

    return [action(item) for item in items]


def _sent_id(item: Item) -> str:
    sent = item.sent.get("id", item.sent.get("Id"))
    if sent is None:
        raise RowRefusedError("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
    return checked_id(item.definition, sent)


def _upsert(org: Org, item: Item, key: str, options: WriteOptions) -> Action:
    def act() -> tuple[str, bool | None]:
        value = item.values.get(key)
        if value is None:
            raise RowRefusedError("MISSING_ARGUMENT", f"{key} not specified", key)
        found = find_external(org, item.definition, field=key, value=str(value))
        if not found:
            return create_row(org, item.definition, item.values, options=options)["Id"], True
        update_row(org, item.definition, found[0]["Id"], values=item.values, options=options)
        return found[0]["Id"], False

    return act


def _delete_all(org: Org, request: ApiRequest) -> ApiAnswer:
    ids = [key for key in request.query.get("ids", "").split(",") if key]
    if len(ids) > MOST_RECORDS:
        raise _too_many(MOST_RECORDS)

    def action(sent: str) -> Action:
        def act() -> tuple[str, bool | None]:
            record_id = full_id(sent)
            definition = org.definition(_BY_PREFIX.get((record_id or "")[:3], ""))
            if record_id is None or definition is None:
                raise RowRefusedError("MALFORMED_ID", f"malformed id {sent}")
            delete_row(org, definition, record_id, user_id=request.user_id)
            return record_id, None

        return act

    all_or_none = request.query.get("allOrNone", "").lower() == "true"
    return _carry_out(org, [action(key) for key in ids], all_or_none=all_or_none)


def _carry_out(org: Org, actions: list[Action], *, all_or_none: bool) -> ApiAnswer:
    place = org.ledger.begin()
    results = [_result(act) for act in actions]
    failed = any(not result["success"] for result in results)
    keep = not (all_or_none and failed)
    org.ledger.end(place, keep=keep)
    if not keep:
        org.setup_changed()
        results = [_rolled_back(result) for result in results]
    return ApiAnswer(body=results, records=len(results))


def _result(act: Action) -> dict[str, Any]:
    try:
        record_id, created = act()
    except RowRefusedError as error:
        return {"success": False, "errors": [error.problem.as_row_error()]}
    result = {"id": record_id, "success": True, "errors": []}
    return result if created is None else result | {"created": created}


def _rolled_back(result: dict[str, Any]) -> dict[str, Any]:
    if not result["success"]:
        return result
    error = {
        "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "message": _ROLLED_BACK,
        "fields": [],
    }
    return {"id": result["id"], "success": False, "errors": [error]}

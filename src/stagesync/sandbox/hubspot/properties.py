"""The properties API: definitions and their options.

Source: https://developers.hubspot.com/docs/guides/api/crm/properties (seen 2026-11).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call
from stagesync.sandbox.hubspot.errors import Refusal, invalid
from stagesync.sandbox.hubspot.model import Option, Property
from stagesync.sandbox.hubspot.schema import Schema
from stagesync.sandbox.hubspot.values import iso

# Which field types go with which type.
FIELD_TYPES = {
    "bool": {"booleancheckbox", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"booleancheckbox", "checkbox", "radio", "select", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "phone_number": {"phonenumber"},
    "string": {"text", "textarea", "html", "file", "phonenumber", "calculation_equation"},
}
PROPERTY_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_REQUIRED = ("name", "label", "type", "fieldType", "groupName")
MAX_UNIQUE = 10


def schema_of(call: Call) -> Schema:
    """The schema of the object type in the address."""
    return call.portal.schemas[call.kind.name]


def list_all(call: Call) -> Answer:
    """`GET /properties/{type}`: every definition in one answer."""
    wanted = call.flag("archived")
    found = [p for p in schema_of(call).properties.values() if p.archived == wanted]
    return Answer({"results": [shown(prop) for prop in found]}, records=len(found))


def read(call: Call) -> Answer:
    """`GET /properties/{type}/{name}`."""
    return Answer(shown(_known(call, call.path["name"])), records=1)


def create(call: Call) -> Answer:
    """`POST /properties/{type}`: also brings an archived property back."""
    prop = _made(call, call.json())
    _keep(call, prop)
    where = f"https://api.hubapi.com/crm/v3/properties/{call.kind.name}/{prop.name}"
    return Answer(shown(prop), 201, 1, {"Location": where})


def create_many(call: Call) -> Answer:
    """`POST /properties/{type}/batch/create`: 207 when some of them are refused."""
    rows, errors = [], []
    for item in call.inputs():
        try:
            prop = _made(call, item)
        except Refusal as refusal:
            body = dict(refusal.body) if isinstance(refusal.body, Mapping) else {}
            context = {"name": [str(item.get("name"))]}
            errors.append({"status": "error", **body, "context": context})
            continue
        _keep(call, prop)
        rows.append(shown(prop))
    return _batch(call, rows, errors, status=201)


def read_many(call: Call) -> Answer:
    """`POST /properties/{type}/batch/read`."""
    named = [str(item.get("name")) for item in call.inputs()]
    found = {name: schema_of(call).get(name) for name in named}
    rows = [shown(prop) for prop in found.values() if prop is not None]
    errors = [
        {"status": "error", **_missing(name), "context": {"name": [name]}}
        for name, prop in found.items()
        if prop is None
    ]
    return _batch(call, rows, errors, status=200)


def change(call: Call) -> Answer:
    """`PATCH /properties/{type}/{name}`: `options` replaces the whole list.

    Of HubSpot's own properties only the options can change, as they do in its settings.
    """
    prop, body = _known(call, call.path["name"]), call.json()
    if prop.fixed and set(body) - {"options"}:
        message = f"Property {prop.name} is read only and its definition cannot be changed."
        raise invalid(message, subCategory="PropertyValidationError.PROPERTY_READ_ONLY")
    kept: dict[str, Any] = {
        "label": str(body.get("label") or prop.label),
        "description": str(body.get("description", prop.description)),
        "group": _group(call, body.get("groupName", prop.group)),
        "hidden": bool(body.get("hidden", prop.hidden)),
        "order": order_of(body, prop.order),
        "form_field": bool(body.get("formField", prop.form_field)),
        "options": _options(body["options"]) if "options" in body else prop.options,
    }
    changed = replace(prop, **kept, updated_ms=call.portal.now_ms())
    schema_of(call).put(changed)
    return Answer(shown(changed), records=1)


def archive(call: Call) -> Answer:
    """`DELETE /properties/{type}/{name}`."""
    prop = _known(call, call.path["name"])
    if prop.fixed:
        message = f"Property {prop.name} is in use and cannot be deleted."
        raise invalid(message, subCategory="PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE")
    schema_of(call).put(replace(prop, archived=True))
    return Answer(status=204, records=1)


def shown(prop: Property) -> dict[str, Any]:
    """A definition as the API answers it."""
    return {
        "name": prop.name,
        "label": prop.label,
        "type": prop.type,
        "fieldType": prop.field_type,
        "description": prop.description,
        "groupName": prop.group,
        "options": [_shown_option(option) for option in prop.options],
        "displayOrder": prop.order,
        "calculated": prop.calculated,
        "externalOptions": prop.external_options,
        "archived": prop.archived,
        "hasUniqueValue": prop.unique,
        "hidden": prop.hidden,
        "hubspotDefined": prop.fixed,
        "modificationMetadata": {
            "archivable": not prop.fixed,
            "readOnlyDefinition": prop.fixed,
            "readOnlyValue": not prop.writable,
        },
        "formField": prop.form_field,
        "dataSensitivity": "non_sensitive",
        "createdAt": iso(prop.created_ms),
        "updatedAt": iso(prop.updated_ms),
    }


def _shown_option(option: Option) -> dict[str, Any]:
    return {
        "label": option.label,
        "value": option.value,
        "description": option.description,
        "displayOrder": option.order,
        "hidden": option.hidden,
    }


def _known(call: Call, name: str) -> Property:
    prop = schema_of(call).get(name)
    if prop is None:
        raise Refusal(404, _missing(name))
    return prop


def _missing(name: str) -> dict[str, Any]:
    return {"message": f"No property found with name: {name}", "category": "OBJECT_NOT_FOUND"}


def _made(call: Call, body: Mapping[str, Any]) -> Property:
    """A checked new definition."""
    missing = [key for key in _REQUIRED if not isinstance(body.get(key), str) or not body[key]]
    if missing:
        raise invalid(f"Invalid input JSON: Some required fields were not set: {missing}")
    name, type_, field_type = body["name"], body["type"], body["fieldType"]
    if not PROPERTY_NAME.fullmatch(name):
        raise invalid(f"Property name {name} is not valid: lower-case letters, digits, underscores")
    if field_type not in FIELD_TYPES.get(type_, ()):
        raise invalid(f"Field type {field_type} does not fit type {type_}")
    if schema_of(call).get(name) is not None:
        sub = "Properties.PROPERTY_WITH_NAME_EXISTS"
        message = f"A property named '{name}' already exists."
        raise Refusal(
            409, {"message": message, "category": "OBJECT_ALREADY_EXISTS", "subCategory": sub}
        )
    return _defined(call, body)


def _defined(call: Call, body: Mapping[str, Any]) -> Property:
    options = _options(body.get("options") or [])
    if body["type"] == "bool" and {option.value for option in options} != {"true", "false"}:
        raise invalid("A bool property needs exactly the options true and false")
    unique = bool(body.get("hasUniqueValue", False))
    taken = schema_of(call).unique_names() - set(call.kind.unique)
    if unique and len(taken) >= MAX_UNIQUE:
        raise invalid(f"At most {MAX_UNIQUE} properties of an object may be unique")
    now_ms = call.portal.now_ms()
    return Property(
        name=body["name"],
        label=body["label"],
        type=body["type"],
        field_type=body["fieldType"],
        group=_group(call, body["groupName"]),
        options=options,
        description=str(body.get("description") or ""),
        order=order_of(body, -1),
        hidden=bool(body.get("hidden", False)),
        form_field=bool(body.get("formField", False)),
        unique=unique,
        created_ms=now_ms,
        updated_ms=now_ms,
    )


def _keep(call: Call, prop: Property) -> None:
    schema_of(call).put(prop)
    if prop.unique:
        call.portal.stores[call.kind.name].watch_unique(prop.name)


def _group(call: Call, name: Any) -> str:
    if not isinstance(name, str) or name not in schema_of(call).groups:
        raise invalid(f"Property group {name} does not exist")
    return name


def order_of(body: Mapping[str, Any], default: int) -> int:
    """The `displayOrder` of a body, checked."""
    order = body.get("displayOrder", default)
    if type(order) is not int:
        raise invalid("Invalid input JSON: displayOrder must be a whole number")
    return order


def _options(given: Any) -> tuple[Option, ...]:
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise invalid("Invalid input JSON: options must be a list of objects")
    rows = [_option(row, order) for order, row in enumerate(given)]
    values = [option.value for option in rows]
    labels = [option.label for option in rows]
    if len(set(values)) < len(values) or len(set(labels)) < len(labels):
        raise invalid("Property options must have unique labels and values")
    return tuple(rows)


def _option(row: Mapping[str, Any], order: int) -> Option:
    value, label = row.get("value"), row.get("label")
    if not isinstance(value, str) or not isinstance(label, str) or not value or not label:
        raise invalid("Every property option needs a label and a value")
    place = order_of(row, order)
    hidden, text = bool(row.get("hidden", False)), str(row.get("description") or "")
    return Option(value, label, place, hidden, text)


def _batch(
    call: Call, rows: list[dict[str, Any]], errors: list[dict[str, Any]], *, status: int
) -> Answer:
    now = iso(call.portal.now_ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": rows}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Answer(
        {**body, "startedAt": now, "completedAt": now}, 207 if errors else status, len(rows)
    )

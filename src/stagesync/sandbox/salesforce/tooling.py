"""The Tooling API: making custom fields, and reading which there are.

A field made here is hidden from everybody, administrators included, until a permission set grants
it. Source: https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/
tooling_api_objects_customfield.htm (seen 2026-11)
"""

import re
from collections.abc import Mapping
from typing import Any

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.errors import (
    RowRefusedError,
    method_not_allowed,
    not_found,
)
from stagesync.sandbox.salesforce.ids import full_id
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.schema.picklists import PicklistValue
from stagesync.sandbox.salesforce.values import show_datetime

_FULL_NAME = re.compile(r"(\w+)\.([A-Za-z]\w{0,39})__c")
# The metadata type, and the type that describe shows for it.
_TYPES = {
    "Checkbox": "boolean",
    "Currency": "currency",
    "Date": "date",
    "DateTime": "datetime",
    "Email": "email",
    "Number": "double",
    "Percent": "percent",
    "Phone": "phone",
    "Picklist": "picklist",
    "Text": "string",
    "TextArea": "textarea",
    "Url": "url",
}
_NUMBERS = frozenset({"Currency", "Number", "Percent"})
_LENGTHS = {"Email": 80, "Phone": 40, "Picklist": 255, "TextArea": 255, "Url": 255}
_TAKES_FIELDS = ("Account", "Contact", "Lead", "Opportunity", "Task", "Event", "Campaign")


def answer_custom_fields(org: Org, request: ApiRequest) -> ApiAnswer:
    """``POST /tooling/sobjects/CustomField``: makes a field."""
    if request.method != "POST":
        raise method_not_allowed(request.method, "HEAD,GET,POST")
    body = request.json_object()
    try:
        record_id = make_custom_field(org, body, user_id=request.user_id)
    except RowRefusedError as error:
        raise error.as_api_error() from error
    made = {"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}
    return ApiAnswer(201, made, records=1)


def make_custom_field(org: Org, body: Mapping[str, Any], *, user_id: str) -> str:
    """Adds a field to an object and returns its id.

    Raises:
        RowRefusedError: as the API words it.
    """
    definition, name = _target(org, body.get("FullName"))
    metadata = body.get("Metadata")
    if not isinstance(metadata, dict):
        raise RowRefusedError(
            "REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]", "Metadata"
        )
    if name.lower() in definition.by_lower:
        message = (
            f"There is already a field named {name.removesuffix('__c')} on {definition.label}."
        )
        raise RowRefusedError("DUPLICATE_DEVELOPER_NAME", message, "DeveloperName")
    definition.fields[name] = _field(name, metadata)
    definition.index()
    org.setup_changed()
    return _remember(org, definition, name, metadata=metadata, user_id=user_id)


def _target(org: Org, full_name: object) -> tuple[ObjectDef, str]:
    match = _FULL_NAME.fullmatch(full_name) if isinstance(full_name, str) else None
    if match is None:
        message = "Custom field names must have the form Object.Name__c"
        raise RowRefusedError("FIELD_INTEGRITY_EXCEPTION", message, "FullName")
    if match[1] not in _TAKES_FIELDS:
        message = f"Entity Enumeration Or ID: bad value for restricted picklist field: {match[1]}"
        raise RowRefusedError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, "TableEnumOrId")
    return org.objects[match[1]], f"{match[2]}__c"


def _field(name: str, metadata: Mapping[str, Any]) -> FieldDef:
    kind = metadata.get("type")
    if kind not in _TYPES:
        raise _incomplete(f"Metadata type {kind} is not a type of custom field")
    if not metadata.get("label"):
        raise _incomplete("You must specify a label for the CustomField")
    is_number = kind in _NUMBERS
    for key in ("precision", "scale") if is_number else ("length",) if kind == "Text" else ():
        if not isinstance(metadata.get(key), int):
            raise _incomplete(f"Must specify '{key}' for a CustomField of type {kind}")
    value_set = metadata.get("valueSet") or {}
    return FieldDef(
        name=name,
        type=_TYPES[kind],
        label=str(metadata["label"]),
        length=int(metadata.get("length") or _LENGTHS.get(kind, 0)),
        precision=int(metadata["precision"]) if is_number else 0,
        scale=int(metadata["scale"]) if is_number else 0,
        required=bool(metadata.get("required")),
        restricted=bool(value_set.get("restricted")),
        picklist=_values(value_set) if kind == "Picklist" else (),
        external_id=bool(metadata.get("externalId")),
        unique=bool(metadata.get("unique")),
        custom=True,
    )


def _values(value_set: Mapping[str, Any]) -> tuple[PicklistValue, ...]:
    given = (value_set.get("valueSetDefinition") or {}).get("value")
    if not isinstance(given, list) or not given:
        raise _incomplete("Must specify valueSet with at least one value for a Picklist")
    entries = []
    for entry in given:
        value = entry.get("fullName") or entry.get("valueName")
        if not value:
            raise _incomplete("A value of a valueSet needs a fullName")
        entries.append(
            PicklistValue(
                str(value),
                str(entry.get("label") or value),
                bool(entry.get("default")),
                entry.get("isActive") is not False,
            )
        )
    return tuple(entries)


def _incomplete(message: str) -> RowRefusedError:
    return RowRefusedError("FIELD_INTEGRITY_EXCEPTION", message, "Metadata")


def _remember(
    org: Org, definition: ObjectDef, name: str, *, metadata: Mapping[str, Any], user_id: str
) -> str:
    record_id = org.new_id("CustomField")
    stamp = org.stamp()
    row = {
        "Id": record_id,
        "DeveloperName": name.removesuffix("__c"),
        "TableEnumOrId": definition.name,
        "Length": metadata.get("length"),
        "Description": metadata.get("description"),
        "CreatedDate": stamp,
        "CreatedById": user_id,
        "LastModifiedDate": stamp,
        "LastModifiedById": user_id,
        "SystemModstamp": stamp,
        # Not columns of a query: only the record's own page shows them.
        "FullName": f"{definition.name}.{name}",
        "Metadata": dict(metadata),
    }
    org.table("CustomField").put(row)
    return record_id


def answer_custom_field(org: Org, request: ApiRequest, *, record_id: str) -> ApiAnswer:
    """``GET /tooling/sobjects/CustomField/<id>``: a field with its metadata."""
    if request.method != "GET":
        raise method_not_allowed(request.method, "HEAD,GET")
    row = org.table("CustomField").rows.get(full_id(record_id) or "")
    if row is None:
        raise not_found()
    url = f"{request.root}/tooling/sobjects/CustomField/{row['Id']}"
    dated = {
        key: show_datetime(row[key])
        for key in ("CreatedDate", "LastModifiedDate", "SystemModstamp")
    }
    body = {"attributes": {"type": "CustomField", "url": url}} | row | dated
    return ApiAnswer(body=body, records=1)

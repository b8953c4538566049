"""The Tooling API: custom fields and global value sets, made, read, changed and taken away.

A field made here is hidden from everybody, administrators included, until a permission set grants
it. Source: https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/
tooling_api_objects_customfield.htm (seen 2026-11)
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.errors import RowRefusedError, method_not_allowed, not_found
from stagesync.sandbox.salesforce.fieldmaking import (
    check_tracking,
    drop_field,
    global_values,
    incomplete,
    merged_values,
    read_metadata,
)
from stagesync.sandbox.salesforce.ids import full_id
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import ObjectDef
from stagesync.sandbox.salesforce.values import show_datetime

_FULL_NAME = re.compile(r"(\w+)\.([A-Za-z]\w{0,39})__c")
_SET_NAME = re.compile(r"[A-Za-z]\w{0,79}")
_TAKES_FIELDS = ("Account", "Contact", "Lead", "Opportunity", "Task", "Event", "Campaign")
_INSTANTS = ("CreatedDate", "LastModifiedDate", "SystemModstamp")


def answer_tooling_object(org: Org, request: ApiRequest, *, name: str) -> ApiAnswer:
    """``POST /tooling/sobjects/<Type>``: makes a field or a value set."""
    if request.method != "POST":
        raise method_not_allowed(request.method, "HEAD,GET,POST")
    make = make_custom_field if name == "CustomField" else _make_value_set
    record_id = make(org, request.json_object(), user_id=request.user_id)
    made = {"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}
    return ApiAnswer(201, made, records=1)


def answer_tooling_record(org: Org, request: ApiRequest, *, name: str, record_id: str) -> ApiAnswer:
    """``/tooling/sobjects/<Type>/<id>``: reads it with its metadata, changes or removes it."""
    row = org.table(name).rows.get(full_id(record_id) or "")
    if row is None:
        raise not_found()
    match request.method:
        case "GET":
            return ApiAnswer(body=_shown(row, f"{request.root}/tooling/sobjects/{name}"), records=1)
        case "PATCH":
            metadata = _metadata(request.json_object())
            change = _change_field if name == "CustomField" else _change_value_set
            change(org, row, metadata)
            _sign(org, name, row, metadata=metadata, user_id=request.user_id)
            return ApiAnswer(204, records=1)
        case "DELETE" if name == "CustomField":
            object_name, _, field = row["FullName"].partition(".")
            drop_field(org, org.objects[object_name], field)
            return ApiAnswer(204, records=1)
        case _:
            raise method_not_allowed(request.method, "HEAD,GET,PATCH,DELETE")


def _shown(row: Row, base: str) -> dict[str, Any]:
    name = base.rpartition("/")[2]
    attributes = {"type": name, "url": f"{base}/{row['Id']}"}
    return {"attributes": attributes} | row | {key: show_datetime(row[key]) for key in _INSTANTS}


def _metadata(body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = body.get("Metadata")
    if not isinstance(metadata, dict):
        message = "Required fields are missing: [Metadata]"
        raise RowRefusedError("REQUIRED_FIELD_MISSING", message, "Metadata")
    return metadata


def make_custom_field(org: Org, body: Mapping[str, Any], *, user_id: str) -> str:
    """Adds a field to an object and returns its id.

    Raises:
        RowRefusedError: as the API words it.
    """
    definition, name = _target(org, body.get("FullName"))
    metadata = _metadata(body)
    if name.lower() in definition.by_lower:
        message = (
            f"There is already a field named {name.removesuffix('__c')} on {definition.label}."
        )
        raise RowRefusedError("DUPLICATE_DEVELOPER_NAME", message, "DeveloperName")
    field = read_metadata(org, name, metadata)
    check_tracking(org, definition, field)
    definition.fields[name] = field
    definition.index()
    org.setup_changed()
    columns = {
        "DeveloperName": name.removesuffix("__c"),
        "TableEnumOrId": definition.name,
        "Length": metadata.get("length"),
        "Description": metadata.get("description"),
        "FullName": f"{definition.name}.{name}",
    }
    return _remember(org, "CustomField", columns, metadata=metadata, user_id=user_id)


def _target(org: Org, full_name: object) -> tuple[ObjectDef, str]:
    match = _FULL_NAME.fullmatch(full_name) if isinstance(full_name, str) else None
    if match is None:
        message = "Custom field names must have the form Object.Name__c"
        raise RowRefusedError("FIELD_INTEGRITY_EXCEPTION", message, "FullName")
    if match[1] not in _TAKES_FIELDS:
        message = f"Entity Enumeration Or ID: bad value for restricted picklist field: {match[1]}"
        raise RowRefusedError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, "TableEnumOrId")
    return org.objects[match[1]], f"{match[2]}__c"


def _change_field(org: Org, row: Row, metadata: Mapping[str, Any]) -> None:
    object_name, _, name = row["FullName"].partition(".")
    definition = org.objects[object_name]
    before = definition.fields[name]
    field = read_metadata(org, name, metadata)
    if field.type != before.type:
        raise incomplete(f"Cannot change the type of {name} from {before.type} to {field.type}")
    check_tracking(org, definition, field)
    values = merged_values(before.picklist, field.picklist)
    definition.fields[name] = replace(field, picklist=values, open_to_all=before.open_to_all)
    definition.index()
    org.setup_changed()


def _make_value_set(org: Org, body: Mapping[str, Any], *, user_id: str) -> str:
    metadata, name = _metadata(body), body.get("FullName")
    if not isinstance(name, str) or not _SET_NAME.fullmatch(name):
        raise RowRefusedError("FIELD_INTEGRITY_EXCEPTION", "Invalid FullName", "FullName")
    if not metadata.get("masterLabel"):
        raise incomplete("You must specify a masterLabel for the GlobalValueSet")
    global_values(metadata)
    known = org.table("GlobalValueSet").rows.values()
    if any(row["DeveloperName"].lower() == name.lower() for row in known):
        message = f"This Global Value Set Name already exists: {name}"
        raise RowRefusedError("DUPLICATE_DEVELOPER_NAME", message, "FullName")
    columns = {
        "DeveloperName": name,
        "MasterLabel": str(metadata["masterLabel"]),
        "Description": metadata.get("description"),
        "FullName": name,
    }
    return _remember(org, "GlobalValueSet", columns, metadata=metadata, user_id=user_id)


def _change_value_set(org: Org, row: Row, metadata: Mapping[str, Any]) -> None:
    """The fields that take their values from the set follow at once."""
    wanted = global_values(metadata)
    for definition in org.objects.values():
        for name, field in list(definition.fields.items()):
            if field.value_set.removesuffix("__gvs").lower() == row["DeveloperName"].lower():
                values = merged_values(field.picklist, wanted)
                definition.fields[name] = replace(field, picklist=values)
    org.setup_changed()


def _remember(
    org: Org, table: str, columns: Row, *, metadata: Mapping[str, Any], user_id: str
) -> str:
    # FullName and Metadata are no columns of a query: only the record's own page shows them.
    row = columns | {
        "Id": org.new_id(table),
        "CreatedById": user_id,
        "LastModifiedById": user_id,
        "Metadata": dict(metadata),
    }
    org.table(table).put(row | dict.fromkeys(_INSTANTS, org.stamp()))
    return str(row["Id"])


def _sign(org: Org, table: str, row: Row, *, metadata: Mapping[str, Any], user_id: str) -> None:
    after = row | {"Metadata": dict(metadata), "LastModifiedById": user_id}
    stamp = org.stamp()
    org.table(table).put(after | {"LastModifiedDate": stamp, "SystemModstamp": stamp})

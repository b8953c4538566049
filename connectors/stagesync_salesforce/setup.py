"""Own fields, and the right to see and edit them.

A field made by the Tooling API is hidden from everybody, administrators included, until a
permission set or profile shows it: describe leaves it out and a query calls it unknown. So setup
asks the Tooling API as well, tells hidden fields from missing ones, and gives access through a
permission set of our own, assigned to the user that we run as.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
and .../object_reference/sforce_api_objects_fieldpermissions.htm (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from stagesync.connector import FieldDescription, FieldType, OwnField, RequestRefused, SetupStep
from stagesync_salesforce import api, soql
from stagesync_salesforce.describe import describe
from stagesync_salesforce.transport import Part, Transport, answered

PERMISSION_SET = "Stagesync_Integration"
PERMISSION_SET_LABEL = "stagesync integration"
_TEXT_LENGTH = 255
_WHOLE_DIGITS = 5
_VENDOR_TYPES = {
    FieldType.TEXT: "Text",
    FieldType.NUMBER: "Number",
    FieldType.INSTANT: "DateTime",
    FieldType.CHOICE: "Picklist",
}

Act = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Access:
    """What our permission set grants so far.

    Attributes:
        granted: full names of the fields it lets edit.
    """

    exists: bool
    granted: frozenset[str]
    assigned: bool


def look(transport: Transport, fields: Sequence[OwnField]) -> list[tuple[SetupStep, Act]]:
    """What is missing of these fields, each with the act that makes it; see `Connector.setup`.

    Every act may be carried out again: it leaves what is there already.
    """
    for field in fields:
        _check_wish(field)
    if not fields:
        return []
    seen = describe(transport, [field.object for field in fields])
    made = _made(transport, fields)
    steps: list[tuple[SetupStep, Act]] = []
    without_access: list[OwnField] = []
    for field in fields:
        described = seen[field.object].fields.get(field.name)
        if described is not None:
            _check_type(field, described)
            steps.extend(_value_steps(transport, field, described, made=made))
        elif full_name(field) not in made:
            steps.append(_field_step(transport, field))
        if described is None or not described.writable:
            without_access.append(field)
    if without_access:
        steps.extend(_access_steps(transport, without_access))
    return steps


def full_name(field: OwnField) -> str:
    """The field as the vendor's metadata names it: `Lead.Lifecycle_Stage__c`."""
    return f"{api.sobject(field.object).name}.{field.name}"


def metadata(field: OwnField) -> dict[str, Any]:
    """The definition of the field for the Tooling API."""
    body: dict[str, Any] = {"label": field.label, "type": _VENDOR_TYPES[field.type]}
    match field.type:
        case FieldType.TEXT:
            body["length"] = _TEXT_LENGTH
        case FieldType.NUMBER:
            body |= {"precision": _WHOLE_DIGITS + field.decimals, "scale": field.decimals}
        case FieldType.CHOICE:
            values = [_value(value, label) for value, label in field.options]
            body["valueSet"] = {
                "restricted": True,
                "valueSetDefinition": {"sorted": False, "value": values},
            }
    return body


def _value(value: str, label: str) -> dict[str, Any]:
    return {"fullName": value, "default": False, "label": label}


def _check_wish(field: OwnField) -> None:
    if not api.sobject(field.object).kind.writable:
        raise RequestRefused(f"stagesync makes no fields on {field.object}")
    if field.type not in _VENDOR_TYPES:
        raise RequestRefused(f"field {field.name}: no own field can be of type {field.type}")
    if not field.name.endswith("__c"):
        raise RequestRefused(
            f"field {field.name}: the API name of an own field ends with __c",
            hint="correct the mapping",
        )


def _check_type(field: OwnField, described: FieldDescription) -> None:
    if described.type is not field.type:
        raise RequestRefused(
            f"{full_name(field)} exists as {described.type}, but {field.type} is needed",
            hint="give our field another name in the mapping, or change the field in Salesforce",
        )


def _made(transport: Transport, fields: Iterable[OwnField]) -> dict[str, str]:
    """Ids of the custom fields of these names that exist, hidden or not, by full name."""
    names = sorted({field.name.removesuffix("__c") for field in fields})
    query = soql.select(
        ("Id", "DeveloperName", "TableEnumOrId"),
        "CustomField",
        soql.within("DeveloperName", names),
        "NamespacePrefix = null",
    )
    answer = transport.call("GET", api.TOOLING_QUERY, params={"q": query})
    return {
        f"{row['TableEnumOrId']}.{row['DeveloperName']}__c": row["Id"] for row in answer["records"]
    }


def _field_step(transport: Transport, field: OwnField) -> tuple[SetupStep, Act]:
    name = full_name(field)
    kind = f"{len(field.options)} values" if field.options else _VENDOR_TYPES[field.type]
    step = SetupStep(f"field:{name}", f"field {name} ({kind})")
    return step, partial(_make_field, transport, field)


def _make_field(transport: Transport, field: OwnField) -> None:
    body = {"FullName": full_name(field), "Metadata": metadata(field)}
    _create(transport, api.CUSTOM_FIELDS, body)


def _create(transport: Transport, path: str, body: Mapping[str, object]) -> None:
    """Makes a row of set-up, unless it is there: an earlier answer may have been lost."""
    try:
        transport.call("POST", path, body=body)
    except RequestRefused as error:
        if not error.code.startswith("DUPLICATE"):
            raise


def _value_steps(
    transport: Transport,
    field: OwnField,
    described: FieldDescription,
    *,
    made: Mapping[str, str],
) -> list[tuple[SetupStep, Act]]:
    present = {option.value for option in described.options}
    missing = [item for item in field.options if item[0] not in present]
    if not missing:
        return []
    name = full_name(field)
    if name not in made:
        raise RequestRefused(
            f"{name} lacks {len(missing)} values and is not a field that can be changed by API",
            hint="add the values in Setup > Object Manager",
        )
    step = SetupStep(f"values:{name}", f"{len(missing)} more values of {name}")
    return [(step, partial(_add_values, transport, made[name], options=field.options))]


def _add_values(transport: Transport, field_id: str, *, options: Sequence[tuple[str, str]]) -> None:
    """Adds what is missing to the values the field has; none is taken away."""
    path = f"{api.CUSTOM_FIELDS}/{field_id}"
    body = transport.call("GET", path)
    definition = (body["Metadata"].get("valueSet") or {}).get("valueSetDefinition")
    if not definition:
        raise RequestRefused(
            f"{body.get('FullName', field_id)} takes its values from a global value set",
            hint="add the missing values to that set in Setup > Picklist Value Sets",
        )
    present = {item.get("fullName") or item.get("valueName") for item in definition["value"]}
    missing = [_value(value, label) for value, label in options if value not in present]
    if missing:
        definition["value"] = [*definition["value"], *missing]
        transport.call("PATCH", path, body={"Metadata": body["Metadata"]})


def _access_steps(transport: Transport, fields: Sequence[OwnField]) -> list[tuple[SetupStep, Act]]:
    access = _access(transport, fields)
    steps: list[tuple[SetupStep, Act]] = []
    if not access.exists:
        step = SetupStep("permission_set", f"permission set {PERMISSION_SET}")
        steps.append((step, partial(_make_permission_set, transport)))
    for field in fields:
        name = full_name(field)
        if name not in access.granted:
            step = SetupStep(f"permission:{name}", f"read and edit {name} in {PERMISSION_SET}")
            steps.append((step, partial(_make_permission, transport, field)))
    if not access.assigned:
        step = SetupStep("assignment", f"permission set {PERMISSION_SET} for the user we run as")
        steps.append((step, partial(_make_assignment, transport)))
    return steps


def _access(transport: Transport, fields: Iterable[OwnField]) -> _Access:
    sets, permissions, assignments = _rows(
        transport,
        soql.select(["Id"], "PermissionSet", soql.equal("Name", PERMISSION_SET)),
        soql.select(
            ["Field"],
            "FieldPermissions",
            soql.equal("Parent.Name", PERMISSION_SET),
            "PermissionsEdit = true",
            soql.within("Field", map(full_name, fields)),
        ),
        soql.select(
            ["Id"],
            "PermissionSetAssignment",
            soql.equal("PermissionSet.Name", PERMISSION_SET),
            soql.equal("AssigneeId", transport.user_id()),
        ),
    )
    return _Access(bool(sets), frozenset(row["Field"] for row in permissions), bool(assignments))


def _rows(transport: Transport, *queries: str) -> list[list[Any]]:
    """The rows of up to five small queries in one call."""
    parts = [Part("GET", api.query_path(transport.version, text)) for text in queries]
    return [answered(answer)["records"] for answer in transport.composite(parts)]


def _make_permission_set(transport: Transport) -> None:
    _create(
        transport,
        "sobjects/PermissionSet",
        {"Name": PERMISSION_SET, "Label": PERMISSION_SET_LABEL},
    )


def _permission_set_id(transport: Transport) -> str:
    [rows] = _rows(
        transport, soql.select(["Id"], "PermissionSet", soql.equal("Name", PERMISSION_SET))
    )
    if not rows:
        raise RequestRefused(f"there is no permission set {PERMISSION_SET}", hint="run setup again")
    return str(rows[0]["Id"])


def _make_permission(transport: Transport, field: OwnField) -> None:
    parent, name = _permission_set_id(transport), full_name(field)
    rights = {"PermissionsRead": True, "PermissionsEdit": True}
    query = soql.select(
        ["Id"], "FieldPermissions", soql.equal("ParentId", parent), soql.equal("Field", name)
    )
    [rows] = _rows(transport, query)
    if rows:  # it may grant reading only
        transport.call("PATCH", f"sobjects/FieldPermissions/{rows[0]['Id']}", body=rights)
        return
    body = {"ParentId": parent, "SobjectType": name.partition(".")[0], "Field": name, **rights}
    _create(transport, "sobjects/FieldPermissions", body)


def _make_assignment(transport: Transport) -> None:
    body = {
        "AssigneeId": transport.user_id(),
        "PermissionSetId": _permission_set_id(transport),
    }
    _create(transport, "sobjects/PermissionSetAssignment", body)

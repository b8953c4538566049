"""Makes a field out of the metadata of a custom field, and takes one away.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm
(seen 2026-11). That values left out of an update become inactive is an assumption.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from stagesync.sandbox.salesforce.errors import RowRefusedError
from stagesync.sandbox.salesforce.history import tracked_fields
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.schema.picklists import PicklistValue
from stagesync.sandbox.salesforce.switches import MOST_TRACKED

# The metadata type, and the type that describe shows for it.
TYPES = {
    "Checkbox": "boolean",
    "Currency": "currency",
    "Date": "date",
    "DateTime": "datetime",
    "Email": "email",
    "LongTextArea": "textarea",
    "Number": "double",
    "Percent": "percent",
    "Phone": "phone",
    "Picklist": "picklist",
    "Text": "string",
    "TextArea": "textarea",
    "Url": "url",
}
_NUMBERS = frozenset({"Currency", "Number", "Percent"})
_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
_SIZED = frozenset({"Text", "LongTextArea"})
_LENGTHS = {"Email": 80, "Phone": 40, "Picklist": 255, "TextArea": 255, "Url": 255}


def read_metadata(org: Org, name: str, metadata: Mapping[str, Any]) -> FieldDef:
    """The field that metadata describes.

    Raises:
        RowRefusedError: FIELD_INTEGRITY_EXCEPTION.
    """
    kind = metadata.get("type")
    if kind not in TYPES:
        raise incomplete(f"Metadata type {kind} is not a type of custom field")
    if not metadata.get("label"):
        raise incomplete("You must specify a label for the CustomField")
    is_number, formula = kind in _NUMBERS, _formula(metadata)
    sizes = ("precision", "scale") if is_number else ("length",) if kind in _SIZED else ()
    for key in sizes if not formula or is_number else ():
        if not isinstance(metadata.get(key), int):
            raise incomplete(f"Must specify '{key}' for a CustomField of type {kind}")
    value_set = metadata.get("valueSet") or {}
    return FieldDef(
        name=name,
        type=TYPES[kind],
        label=str(metadata["label"]),
        length=int(metadata.get("length") or _LENGTHS.get(kind, 0)),
        precision=int(metadata["precision"]) if is_number else 0,
        scale=int(metadata["scale"]) if is_number else 0,
        required=bool(metadata.get("required")),
        createable=not formula,
        updateable=not formula,
        restricted=bool(value_set.get("restricted") or value_set.get("valueSetName")),
        picklist=_values(org, value_set) if kind == "Picklist" else (),
        filterable=kind != "LongTextArea",
        external_id=bool(metadata.get("externalId")),
        unique=bool(metadata.get("unique")),
        custom=True,
        track_history=bool(metadata.get("trackHistory")),
        value_set=str(value_set.get("valueSetName") or ""),
        formula=formula,
    )


def _formula(metadata: Mapping[str, Any]) -> str:
    """The path that a formula consists of; no other formulas are worked out here."""
    text = str(metadata.get("formula") or "").strip()
    if text and not _PATH.fullmatch(text):
        raise incomplete(f"Error: Syntax error in formula {text}")
    return text


def check_tracking(org: Org, definition: ObjectDef, field: FieldDef) -> None:
    """Passes when the object may have one more tracked field.

    Raises:
        RowRefusedError: FIELD_INTEGRITY_EXCEPTION.
    """
    others = [f for f in tracked_fields(org, definition.name) if f.name != field.name]
    if field.track_history and len(others) >= MOST_TRACKED:
        raise incomplete(f"At most {MOST_TRACKED} fields of {definition.label} can be tracked")


def _values(org: Org, value_set: Mapping[str, Any]) -> tuple[PicklistValue, ...]:
    if name := value_set.get("valueSetName"):
        return global_values(global_set(org, str(name))["Metadata"])
    given = (value_set.get("valueSetDefinition") or {}).get("value")
    if not isinstance(given, list) or not given:
        raise incomplete("Must specify valueSet with at least one value for a Picklist")
    return entries(given)


def global_set(org: Org, name: str) -> Row:
    """The global value set of that name.

    Raises:
        RowRefusedError: FIELD_INTEGRITY_EXCEPTION.
    """
    for row in org.table("GlobalValueSet").rows.values():
        if row["DeveloperName"].lower() == name.removesuffix("__gvs").lower():
            return row
    raise incomplete(f"There is no global value set {name}")


def global_values(metadata: Mapping[str, Any]) -> tuple[PicklistValue, ...]:
    """The values of a global value set.

    Raises:
        RowRefusedError: FIELD_INTEGRITY_EXCEPTION.
    """
    given = metadata.get("customValue")
    if not isinstance(given, list) or not given:
        raise incomplete("Must specify at least one customValue for a GlobalValueSet")
    return entries(given)


def entries(given: Sequence[Mapping[str, Any]]) -> tuple[PicklistValue, ...]:
    """The values that a list of metadata names."""
    found = []
    for entry in given:
        value = entry.get("fullName") or entry.get("valueName")
        if not value:
            raise incomplete("A value of a valueSet needs a fullName")
        label, active = str(entry.get("label") or value), entry.get("isActive") is not False
        found.append(PicklistValue(str(value), label, bool(entry.get("default")), active))
    return tuple(found)


def merged_values(
    before: Sequence[PicklistValue], wanted: Sequence[PicklistValue]
) -> tuple[PicklistValue, ...]:
    """The wanted values, and those left out as inactive ones: records may still bear them."""
    named = {entry.value for entry in wanted}
    left = [replace(e, active=False, is_default=False) for e in before if e.value not in named]
    return (*wanted, *left)


def incomplete(message: str) -> RowRefusedError:
    return RowRefusedError("FIELD_INTEGRITY_EXCEPTION", message, "Metadata")


def drop_field(org: Org, definition: ObjectDef, name: str) -> None:
    """Takes a custom field away with its values, its permissions and its metadata."""
    del definition.fields[name]
    definition.index()
    full_name = f"{definition.name}.{name}"
    for table_name, key in (("FieldPermissions", "Field"), ("CustomField", "FullName")):
        table = org.table(table_name)
        for row in [row for row in table.rows.values() if row[key] == full_name]:
            table.remove(row["Id"])
    rows = org.table(definition.name).rows
    for record_id, row in rows.items():
        if name in row:
            rows[record_id] = {key: value for key, value in row.items() if key != name}
    org.setup_changed()

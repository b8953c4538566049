"""What makes Salesforce refuse one record of a write.

Each check raises RowRefusedError; `check_row` runs them in the order in which the real ones speak.
"""

import re
from dataclasses import dataclass

from stagesync.sandbox.salesforce.errors import RowRefusedError
from stagesync.sandbox.salesforce.ids import PREFIXES, full_id
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef

_EMAIL = re.compile(r"[^@\s,;:<>()\[\]\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
_DEFAULTED = {"Status", "Priority", "StageName"}


@dataclass(frozen=True, slots=True)
class Change:
    """One write of one record: what was sent, and the row before and after it."""

    definition: ObjectDef
    values: Row
    before: Row | None
    after: Row
    by_api: bool = True
    allow_duplicates: bool = False


def check_row(org: Org, change: Change) -> None:
    """Passes, or raises the refusal."""
    _check_converted(org, change)
    if change.by_api:
        _check_access(org, change)
    for name, value in change.values.items():
        if value is not None:
            _check_value(org, change.definition.fields[name], value)
    _check_required(change)
    _check_unique(org, change)
    _check_rules(org, change)
    if change.by_api and not change.allow_duplicates:
        _check_duplicates(org, change)


def _check_converted(org: Org, change: Change) -> None:
    converted = change.before is not None and change.before.get("IsConverted")
    if converted and not org.switches.edit_converted_leads:
        raise RowRefusedError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def _check_access(org: Org, change: Change) -> None:
    creating = change.before is None
    refused = [
        name
        for name in change.values
        if not _allowed(org, change.definition, change.definition.fields[name], creating=creating)
    ]
    if refused:
        listed = ", ".join(refused)
        message = (
            f"Unable to create/update fields: {listed}. Please check the security settings of this "
            "field and verify that it is read/write for your profile or permission set."
        )
        raise RowRefusedError("INVALID_FIELD_FOR_INSERT_UPDATE", message, *refused)


def _allowed(org: Org, definition: ObjectDef, field: FieldDef, *, creating: bool) -> bool:
    open_field = field.createable if creating else field.updateable
    return open_field and org.may_write(definition, field)


def _check_value(org: Org, field: FieldDef, value: object) -> None:
    if isinstance(value, str):
        _check_text(field, value)
    elif isinstance(value, (int, float)) and field.precision:
        _check_number(field, value)
    if field.type == "reference":
        _check_reference(org, field, str(value))


def _check_text(field: FieldDef, value: str) -> None:
    if field.type == "email" and not _EMAIL.fullmatch(value):
        message = f"{field.label}: invalid email address: {value}"
        raise RowRefusedError("INVALID_EMAIL_ADDRESS", message, field.name)
    if field.length and field.type not in {"reference", "id"} and len(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise RowRefusedError("STRING_TOO_LONG", message, field.name)
    if field.restricted and field.picklist:
        active = {entry.value for entry in field.picklist if entry.active}
        if value not in active:
            code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
            message = f"{field.label}: bad value for restricted picklist field: {value}"
            raise RowRefusedError(code, message, field.name)


def _check_number(field: FieldDef, value: float) -> None:
    if abs(value) >= 10 ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise RowRefusedError("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)


def _check_reference(org: Org, field: FieldDef, value: str) -> None:
    record_id = full_id(value)
    prefixes = {PREFIXES[name] for name in field.refers_to if name in PREFIXES}
    if record_id is None or record_id[:3] not in prefixes:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise RowRefusedError("MALFORMED_ID", message, field.name)
    found = org.row(record_id)
    if found is None:
        raise RowRefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if found[1].get("IsDeleted"):
        raise RowRefusedError("ENTITY_IS_DELETED", "entity is deleted")
    if found[0] == "Lead" and found[1].get("IsConverted"):
        raise RowRefusedError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def _check_required(change: Change) -> None:
    missing = [
        field.name
        for field in change.definition.fields.values()
        if field.required and change.after.get(field.name) is None
    ]
    if change.definition.name == "CampaignMember" and not (
        change.after.get("LeadId") or change.after.get("ContactId")
    ):
        missing.append("LeadId")
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise RowRefusedError("REQUIRED_FIELD_MISSING", message, *missing)


def _check_unique(org: Org, change: Change) -> None:
    rows = org.table(change.definition.name).rows.values()
    for name, value in change.values.items():
        if value is None or not change.definition.fields[name].unique:
            continue
        for row in rows:
            same = str(row.get(name, "")).lower() == str(value).lower()
            if same and row["Id"] != change.after["Id"] and not row.get("IsDeleted"):
                raise duplicate_value(name, row["Id"])


def duplicate_value(field: str, record_id: str) -> RowRefusedError:
    message = f"duplicate value found: {field} duplicates value on record with id: {record_id[:15]}"
    return RowRefusedError("DUPLICATE_VALUE", message)


def _check_rules(org: Org, change: Change) -> None:
    for rule in org.switches.validation_rules:
        here = rule["object"] == change.definition.name
        if here and change.after.get(rule["field"]) == rule["equals"]:
            code = rule.get("code", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
            raise RowRefusedError(code, rule["message"], *rule.get("fields", ()))


def _check_duplicates(org: Org, change: Change) -> None:
    """The alerting rule on emails, which looks only when an email is new to its record."""
    name = change.definition.name
    email = change.values.get("Email")
    if not org.switches.duplicate_rule or name not in {"Lead", "Contact"} or not email:
        return
    if change.before is not None and change.before.get("Email") == email:
        return
    for row in org.table(name).rows.values():
        same = str(row.get("Email", "")).lower() == email.lower()
        if same and row["Id"] != change.after["Id"] and not row.get("IsDeleted"):
            raise RowRefusedError(
                "DUPLICATES_DETECTED",
                "Use one of these records?",
                duplicateResult=_duplicate_result(name, row["Id"]),
            )


def _duplicate_result(name: str, record_id: str) -> dict[str, object]:
    record = {"attributes": {"type": name}, "Id": record_id}
    match = {
        "additionalInformation": [],
        "fieldDiffs": [],
        "matchConfidence": 100.0,
        "record": record,
    }
    found = {
        "entityType": name,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": [match],
        "rule": f"Standard_{name}_Match_Rule",
        "size": 1,
        "success": True,
    }
    return {
        "allowSave": True,
        "duplicateRule": f"Standard_{name}_Duplicate_Rule",
        "duplicateRuleEntityType": name,
        "errorMessage": "Use one of these records?",
        "matchResults": [found],
    }

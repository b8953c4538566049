"""What administrators do to the schema while clients run: options, fields, types.

Nothing here exists in the vendor's REST API in this form; it is what a person does in Setup.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stagesync.sandbox.salesforce.fieldmaking import drop_field, read_metadata
from stagesync.sandbox.salesforce.furnish import add_stage_row, refresh_lead_status
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.schema.fields import FieldDef, ObjectDef
from stagesync.sandbox.salesforce.schema.picklists import (
    LEAD_STATUS_SETS,
    LeadStatusRow,
    PicklistValue,
    StageRow,
)


def edit_options(org: Org, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Edits the values of a picklist and returns what describe now lists.

    Args:
        payload: "object", "field"; "add": a list of texts or {"value", "label"} (for Lead.Status
            also "is_converted", for Opportunity.StageName "probability", "is_closed", "is_won",
            "forecast"); "deactivate" and "remove": values; "relabel": {value: label}.

    Raises:
        LookupError: for an unknown object, field or value.
        ValueError: for a field that is no picklist.
    """
    definition, field = _field(org, payload)
    if field.type != "picklist":
        raise ValueError(f"{definition.name}.{field.name} is no picklist")
    gone = [*payload.get("deactivate", []), *payload.get("remove", [])]
    known = {entry.value for entry in field.picklist}
    if unknown := [value for value in [*gone, *payload.get("relabel", {})] if value not in known]:
        raise LookupError(f"{definition.name}.{field.name} has no value {unknown[0]}")
    full_name = f"{definition.name}.{field.name}"
    if full_name == "Lead.Status":
        _edit_lead_statuses(org, payload, gone=gone)
    values = _edited(field.picklist, payload)
    definition.fields[field.name] = replace(field, picklist=values)
    if full_name == "Opportunity.StageName":
        _edit_stages(org, payload, gone=gone)
    org.setup_changed()
    refresh_lead_status(org)
    shown = definition.fields[field.name].picklist
    return {"values": [entry.value for entry in shown if entry.active]}


def _field(org: Org, payload: Mapping[str, Any]) -> tuple[ObjectDef, FieldDef]:
    definition = org.definition(str(payload.get("object")))
    if definition is None:
        raise LookupError(f"there is no object {payload.get('object')}")
    name = definition.by_lower.get(str(payload.get("field")).lower())
    if name is None:
        raise LookupError(f"there is no field {definition.name}.{payload.get('field')}")
    return definition, definition.fields[name]


def _added(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = payload.get("add", [])
    return [{"value": item} if isinstance(item, str) else dict(item) for item in given]


def _edited(
    values: tuple[PicklistValue, ...], payload: Mapping[str, Any]
) -> tuple[PicklistValue, ...]:
    labels, inactive = payload.get("relabel", {}), payload.get("deactivate", [])
    kept = [
        replace(
            entry,
            label=labels.get(entry.value, entry.label),
            active=entry.active and entry.value not in inactive,
        )
        for entry in values
        if entry.value not in payload.get("remove", [])
    ]
    new = [PicklistValue(e["value"], e.get("label", e["value"])) for e in _added(payload)]
    return (*kept, *new)


def _edit_lead_statuses(org: Org, payload: Mapping[str, Any], *, gone: list[str]) -> None:
    present = org.lead_statuses or (
        *LEAD_STATUS_SETS[org.switches.lead_status_set],
        *(LeadStatusRow(entry.value) for entry in org.added_values.get(("Lead", "Status"), ())),
    )
    labels = payload.get("relabel", {})
    kept = [
        replace(row, label=labels.get(row.name, row.label))
        for row in present
        if row.name not in gone
    ]
    new = [
        LeadStatusRow(e["value"], bool(e.get("is_converted")), label=e.get("label", ""))
        for e in _added(payload)
    ]
    org.lead_statuses = (*kept, *new)


def _edit_stages(org: Org, payload: Mapping[str, Any], *, gone: list[str]) -> None:
    table = org.table("OpportunityStage")
    for row in list(table.rows.values()):
        if row["ApiName"] in gone:
            table.put(row | {"IsActive": False})
        elif row["ApiName"] in payload.get("relabel", {}):
            table.put(row | {"MasterLabel": payload["relabel"][row["ApiName"]]})
    for entry in _added(payload):
        stage = StageRow(
            entry["value"],
            int(entry.get("probability", 0)),
            str(entry.get("forecast", "Pipeline")),
            is_closed=bool(entry.get("is_closed")),
            is_won=bool(entry.get("is_won")),
        )
        org.stages[stage.name.lower()] = stage
        add_stage_row(org, stage, label=entry.get("label", stage.name))


def edit_schema(org: Org, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes, retypes or hides a custom field, as somebody in Setup would.

    Args:
        payload: "object", "field", "action": "delete", "retype" (with "metadata" as the Tooling
            API takes it) or "hide" (takes away every permission).

    Raises:
        LookupError: for an unknown object or field.
        ValueError: for a standard field or another action.
        RowRefusedError: for metadata that makes no field.
    """
    definition, field = _field(org, payload)
    if not field.custom:
        raise ValueError(f"{definition.name}.{field.name} is a standard field")
    match payload.get("action"):
        case "delete":
            drop_field(org, definition, field.name)
        case "retype":
            made = read_metadata(org, field.name, payload.get("metadata") or {})
            definition.fields[field.name] = replace(made, open_to_all=field.open_to_all)
        case "hide":
            definition.fields[field.name] = replace(field, open_to_all=False)
            _forget_permissions(org, f"{definition.name}.{field.name}")
        case other:
            raise ValueError(f"action must be delete, retype or hide, given {other!r}")
    definition.index()
    org.setup_changed()
    return {"field": f"{definition.name}.{field.name}", "action": payload["action"]}


def _forget_permissions(org: Org, full_name: str) -> None:
    table = org.table("FieldPermissions")
    for row in [row for row in table.rows.values() if row["Field"] == full_name]:
        table.remove(row["Id"])

"""Field history: one row per change of a tracked field, two for a reference (its label, its id).

Tracking is chosen per field and never reaches back. Of a long text only the fact is kept.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_leadhistory.htm (seen 2026-11)
"""

from typing import Any

from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef
from stagesync.sandbox.salesforce.soql.shape import show

# The object of the history rows and their key, by the object whose fields are tracked.
HISTORIES = {
    "Account": ("AccountHistory", "AccountId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Lead": ("LeadHistory", "LeadId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
LONG_TEXT = 255
_DATA_TYPES = {
    "boolean": "Boolean",
    "currency": "Currency",
    "date": "DateOnly",
    "datetime": "DateTime",
    "double": "Double",
    "email": "Email",
    "int": "Integer",
    "percent": "Percent",
    "phone": "Phone",
    "picklist": "DynamicEnum",
    "reference": "EntityId",
    "textarea": "TextArea",
    "url": "Url",
}


def tracked_fields(org: Org, name: str) -> list[FieldDef]:
    """The fields of an object whose changes are kept."""
    chosen = org.switches.tracked_fields.get(name, [])
    fields = org.objects[name].fields.values()
    return [field for field in fields if field.track_history or field.name in chosen]


def define_fields(org: Org) -> None:
    """Lists the fields of all objects, with which of them are tracked, as FieldDefinition shows them."""
    org.table("FieldDefinition").clear()
    org.table("FieldDefinition").fill(
        _definition(name, field, tracked=field in tracked_fields(org, name))
        for name, definition in org.objects.items()
        for field in org.readable(definition).values()
    )


def _definition(name: str, field: FieldDef, *, tracked: bool) -> Row:
    return {
        "Id": f"{name}.{field.name}",
        "DurableId": f"{name}.{field.name}",
        "EntityDefinitionId": name,
        "QualifiedApiName": field.name,
        "Label": field.label,
        "DataType": field.type,
        "IsFieldHistoryTracked": tracked,
    }


def track(org: Org, name: str, *, before: Row | None, after: Row, visible_at: float | None) -> None:
    """Keeps what a change did to the tracked fields."""
    if name not in HISTORIES:
        return
    fields = tracked_fields(org, name)
    if before is None:
        if fields:
            _keep(org, name, after, event=("created", None, None, "Text"), visible_at=visible_at)
        return
    for field in fields:
        old, new = before.get(field.name), after.get(field.name)
        if old != new:
            for event in _events(org, field, old, new):
                _keep(org, name, after, event=event, visible_at=visible_at)


def note_event(org: Org, name: str, row: Row, *, event: str) -> None:
    """Keeps that something happened to a record, where any of its fields is tracked."""
    if tracked_fields(org, name):
        _keep(org, name, row, event=(event, None, None, "Text"), visible_at=None)


_Event = tuple[str, Any, Any, str]


def _events(org: Org, field: FieldDef, old: Any, new: Any) -> list[_Event]:
    kind = _DATA_TYPES.get(field.type, "Text")
    if field.type == "textarea" and field.length > LONG_TEXT:
        return [(field.name, None, None, kind)]
    if field.type != "reference":
        return [(field.name, show(field, old), show(field, new), kind)]
    name = field.relationship or field.name
    return [(name, _label(org, old), _label(org, new), "Text"), (name, old, new, kind)]


def _label(org: Org, record_id: str | None) -> str | None:
    found = org.row(record_id) if record_id else None
    return None if found is None else found[1].get("Name")


def _keep(org: Org, name: str, row: Row, *, event: _Event, visible_at: float | None) -> None:
    history, key = HISTORIES[name]
    field, old, new, kind = event
    made: Row = {
        "Id": org.new_id(history),
        key: row["Id"],
        "Field": field,
        "OldValue": old,
        "NewValue": new,
        "DataType": kind,
        "CreatedDate": row["SystemModstamp"],
        "CreatedById": row["LastModifiedById"],
        "IsDeleted": False,
    }
    if visible_at is None:
        org.table(history).put(made)
    else:
        org.table(history).put_later(made, visible_at=visible_at)

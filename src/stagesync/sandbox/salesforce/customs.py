"""What the company of a generated world has added to its org: fields, values, member statuses.

The world says it as plain data; a seed made by a test may have custom fields of its own, whose kind
is then read off their values.
"""

from collections.abc import Iterable
from dataclasses import replace

from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import FieldDef, label_of
from stagesync.sandbox.salesforce.schema.picklists import PicklistValue, plain_values
from stagesync.sandbox.world import EXTRA_PICKLIST_VALUES, MEMBER_STATUSES, SALESFORCE_FIELDS

_PLAIN_STATUSES = {"Sent": False, "Responded": True}
_BY_NAME = {(field.object, field.name): field for field in SALESFORCE_FIELDS}


def add_seeded_fields(org: Org, name: str, rows: Iterable[Row]) -> None:
    """Adds the custom fields that seeded rows have; every user may see and change them.

    Raises:
        ValueError: for a standard field that the object does not have.
    """
    definition = org.objects[name]
    found: Row = {}
    for row in rows:
        found |= {key: value for key, value in row.items() if found.get(key) is None}
    unknown = sorted(found.keys() - definition.fields.keys())
    if wrong := [key for key in unknown if not key.endswith("__c")]:
        raise ValueError(f"the seed has unknown fields of {name}: {', '.join(wrong)}")
    for key in unknown:
        definition.fields[key] = _custom_field(name, key, found[key])
    definition.index()
    org.setup_changed()


def _custom_field(object_name: str, name: str, value: object) -> FieldDef:
    known = _BY_NAME.get((object_name, name))
    kind = known.type if known else _kind_of(value)
    return FieldDef(
        name=name,
        type=kind,
        label=known.label if known else label_of(name.removesuffix("__c").replace("_", " ")),
        length=255 if kind in {"string", "picklist"} else 0,
        precision=18 if kind == "double" else 0,
        scale=2 if kind == "double" else 0,
        picklist=plain_values(*known.values) if known else (),
        custom=True,
        open_to_all=True,
    )


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "double" if isinstance(value, (int, float)) else "string"


def add_seeded_values(org: Org, name: str, rows: list[Row]) -> None:
    """Adds the picklist values of the world's company that the rows use."""
    for (object_name, field_name), values in EXTRA_PICKLIST_VALUES.items():
        used = {row.get(field_name) for row in rows} if object_name == name else set()
        added = tuple(PicklistValue(value, value) for value in values if value in used)
        if added:
            org.added_values[object_name, field_name] = added
            field = org.objects[name].fields[field_name]
            org.objects[name].fields[field_name] = replace(field, picklist=field.picklist + added)
    org.setup_changed()


def add_member_statuses(org: Org, campaign: Row) -> None:
    """Gives a campaign the list of statuses that its members may have."""
    statuses = MEMBER_STATUSES.get(campaign.get("Type", ""), _PLAIN_STATUSES)
    _list_statuses(org, statuses)
    for place, (label, responded) in enumerate(statuses.items(), 1):
        row = {
            "Id": org.new_id("CampaignMemberStatus"),
            "CampaignId": campaign["Id"],
            "Label": label,
            "HasResponded": responded,
            "IsDefault": place == 1,
            "SortOrder": place,
            "IsDeleted": False,
            "CreatedById": campaign["CreatedById"],
            "LastModifiedById": campaign["CreatedById"],
        }
        stamps = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
        org.table("CampaignMemberStatus").put(row | dict.fromkeys(stamps, campaign["CreatedDate"]))
    org.setup_changed()


def _list_statuses(org: Org, labels: Iterable[str]) -> None:
    """Describe lists the statuses of all campaigns together."""
    fields = org.objects["CampaignMember"].fields
    listed = fields["Status"].picklist
    known = {entry.value for entry in listed}
    added = plain_values(*(label for label in labels if label not in known))
    if added:
        fields["Status"] = replace(fields["Status"], picklist=listed + added)

"""Record types: kinds of one object that an administrator has set up.

An object without any has no RecordTypeId at all. New records get the first kind unless they name
another; records of before have none.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_recordtype.htm (seen 2026-11)
"""

from typing import Any

from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import read_field

MASTER = "012000000000000AAA"
_KEY = "RecordTypeId reference >RecordType:RecordType"


def refresh(org: Org) -> None:
    """Makes the record types that the switch names, once each; none goes away again."""
    for name, kinds in org.switches.record_types.items():
        known = {row["Name"] for row in kinds_of(org, name)}
        for kind in kinds:
            if kind not in known and name in org.objects:
                _add(org, name, kind)


def kinds_of(org: Org, name: str) -> list[Row]:
    """The record types of an object, the default one first."""
    rows = org.table("RecordType").rows.values()
    return [row for row in rows if row["SobjectType"] == name]


def _add(org: Org, name: str, kind: str) -> None:
    definition = org.objects[name]
    if "RecordTypeId" not in definition.fields:
        definition.fields["RecordTypeId"] = read_field(_KEY)
        definition.index()
        org.setup_changed()
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), org.stamp())
    row: Row = {
        "Id": org.new_id("RecordType"),
        "Name": kind,
        "DeveloperName": kind.replace(" ", "_"),
        "SobjectType": name,
        "IsActive": True,
        "CreatedById": org.human_id,
        "LastModifiedById": org.human_id,
    }
    org.table("RecordType").put(row | stamps)


def default_kind(org: Org, name: str) -> str | None:
    """The id of the record type that a new record gets; None without any."""
    found = kinds_of(org, name)
    return found[0]["Id"] if found else None


def record_type_infos(org: Org, name: str, *, root: str) -> list[dict[str, Any]]:
    """What describe tells of the record types of an object; Master is always among them."""
    kinds = [(row["Id"], row["Name"], row["DeveloperName"]) for row in kinds_of(org, name)]
    return [
        _info(name, found, default=place == 0, root=root)
        for place, found in enumerate([*kinds, (MASTER, "Master", "Master")])
    ]


def _info(name: str, found: tuple[str, str, str], *, default: bool, root: str) -> dict[str, Any]:
    record_type, label, developer_name = found
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": default,
        "developerName": developer_name,
        "master": record_type == MASTER,
        "name": label,
        "recordTypeId": record_type,
        "urls": {"layout": f"{root}/sobjects/{name}/describe/layouts/{record_type}"},
    }

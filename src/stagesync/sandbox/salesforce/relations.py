"""Shared Activities: TaskRelation and EventRelation, the people and things an activity is about.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_taskrelation.htm (seen 2026-11)
"""

from stagesync.sandbox.salesforce.errors import RowRefusedError
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import read_field
from stagesync.sandbox.salesforce.schema.objects import make_relation_objects

MOST_CONTACTS = 50
RELATIONS = {"Task": ("TaskRelation", "TaskId"), "Event": ("EventRelation", "EventId")}
_ACTIVITIES = {relation: (name, key) for name, (relation, key) in RELATIONS.items()}
# Fields that activities have with Shared Activities only.
_COUNTS = ("WhoCount int(9) -c -u", "WhatCount int(9) -c -u")


def enable(org: Org) -> None:
    """Adds the two objects, once, with a row for whom each activity is about already."""
    if "TaskRelation" in org.objects:
        return
    org.add_objects(make_relation_objects())
    for name in RELATIONS:
        definition = org.objects[name]
        definition.fields.update((field.name, field) for field in map(read_field, _COUNTS))
        definition.index()
        for row in list(org.table(name).rows.values()):
            relate(org, name, before=None, after=row)
    org.setup_changed()


def relate(org: Org, name: str, *, before: Row | None, after: Row) -> None:
    """Keeps the rows of an activity in step with its WhoId and WhatId, and its counts with the rows."""
    if name in _ACTIVITIES:
        activity, key = _ACTIVITIES[name]
        _recount(org, activity, after[key], moved=org.switches.relations_move_stamps)
    if name not in RELATIONS or RELATIONS[name][0] not in org.objects:
        return
    for key in ("WhoId", "WhatId"):
        old, new = (before or {}).get(key), after.get(key)
        if old == new:
            continue
        if old:
            _part(org, name, after["Id"], target=old)
        if new:
            _join(org, name, after, target=new, is_what=key == "WhatId")
    _recount(org, name, after["Id"], moved=False)


def _recount(org: Org, name: str, activity: str, *, moved: bool) -> None:
    """Counts the people and things of an activity, with a new stamp or silently."""
    table, (relation, key) = org.table(name), RELATIONS[name]
    row = table.rows.get(activity)
    if row is None:
        return
    rows = [each for each in org.table(relation).rows.values() if each[key] == activity]
    kinds = [bool(each.get("IsWhat")) for each in rows if not each.get("IsDeleted")]
    counts = {"WhoCount": kinds.count(False), "WhatCount": kinds.count(True)}
    stamps = dict.fromkeys(("LastModifiedDate", "SystemModstamp"), org.stamp()) if moved else {}
    table.put(row | counts | stamps)


def _join(org: Org, name: str, row: Row, *, target: str, is_what: bool) -> None:
    relation, key = RELATIONS[name]
    table = org.table(relation)
    stamps = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
    made: Row = {
        "Id": org.new_id(relation),
        key: row["Id"],
        "RelationId": target,
        "IsWhat": is_what,
        "AccountId": row.get("AccountId"),
        "IsDeleted": False,
        "CreatedById": row["LastModifiedById"],
        "LastModifiedById": row["LastModifiedById"],
    } | dict.fromkeys(stamps, row["SystemModstamp"])
    if relation == "EventRelation":
        made |= {"IsParent": True, "IsInvitee": False, "Status": "New"}
    table.put(made)


def _part(org: Org, name: str, activity: str, *, target: str) -> None:
    relation, key = RELATIONS[name]
    table = org.table(relation)
    for row in list(table.rows.values()):
        if row[key] == activity and row["RelationId"] == target:
            table.remove(row["Id"])


def check_relation(org: Org, name: str, after: Row) -> None:
    """Passes, or raises the refusal: at most 50 people per activity, each of them once."""
    key = dict(RELATIONS.values()).get(name)
    if key is None:
        return
    others = [
        row
        for row in org.table(name).rows.values()
        if row[key] == after[key] and row["Id"] != after["Id"] and not row.get("IsDeleted")
    ]
    if any(row["RelationId"] == after["RelationId"] for row in others):
        message = f"duplicate value found: {key}, RelationId"
        raise RowRefusedError("DUPLICATE_VALUE", message)
    if sum(not row.get("IsWhat") for row in others) >= MOST_CONTACTS:
        message = f"You can relate at most {MOST_CONTACTS} contacts to an activity"
        raise RowRefusedError("LIMIT_EXCEEDED", message, "RelationId")

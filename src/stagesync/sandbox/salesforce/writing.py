"""Creates, changes and deletes single rows, with everything the org does beside.

A write that changes nothing moves LastModifiedDate and SystemModstamp all the same, as the real one
does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stagesync.sandbox.salesforce.checks import Change, check_row
from stagesync.sandbox.salesforce.customs import add_member_statuses
from stagesync.sandbox.salesforce.derive import derive
from stagesync.sandbox.salesforce.effects import commit
from stagesync.sandbox.salesforce.errors import RowRefusedError
from stagesync.sandbox.salesforce.ids import PREFIXES, full_id
from stagesync.sandbox.salesforce.org import SETUP_OBJECTS, Org
from stagesync.sandbox.salesforce.persons import prepare
from stagesync.sandbox.salesforce.recordtypes import default_kind
from stagesync.sandbox.salesforce.relations import check_relation
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.schema.fields import ObjectDef
from stagesync.sandbox.salesforce.setup_rules import check_setup_row

_ASSIGNED = frozenset({"Lead", "Account"})
# Rows below a deleted one that go with it: (object, key).
_CASCADES = {
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId")),
    "Contact": (("OpportunityContactRole", "ContactId"), ("CampaignMember", "ContactId")),
    "Lead": (("CampaignMember", "LeadId"),),
    "Opportunity": (("OpportunityContactRole", "OpportunityId"),),
    "Campaign": (("CampaignMember", "CampaignId"),),
    "Task": (("TaskRelation", "TaskId"),),
    "Event": (("EventRelation", "EventId"),),
}


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a write is meant: the headers of the request and who makes it.

    Attributes:
        late: the change may commit after its stamp, instead of bearing an early stamp.
        lock: tells whether another transaction holds a given record.
        on_time: the stamp is the present second, whatever the commit lag.
        dates: CreatedDate and LastModifiedDate of an import, which then lie in the past.
    """

    user_id: str
    auto_assign: bool = True
    allow_duplicates: bool = False
    by_api: bool = True
    late: bool = False
    lock: Callable[[str], bool] = lambda _: False
    on_time: bool = False
    dates: Mapping[str, float] = field(default_factory=dict)


def create_row(org: Org, definition: ObjectDef, values: Row, *, options: WriteOptions) -> Row:
    """A new committed row.

    Raises:
        RowRefusedError: as the API words it.
    """
    if not definition.createable:
        raise _no_access(definition)
    after: Row = {"Id": org.new_id(definition.name), **_defaults(org, definition)}
    after.update((key, value) for key, value in values.items() if value is not None)
    return _write(org, definition, values, before=None, after=after, options=options)


def update_row(
    org: Org, definition: ObjectDef, record_id: str, *, values: Row, options: WriteOptions
) -> Row:
    """The changed, committed row.

    Raises:
        RowRefusedError: as the API words it.
    """
    if not definition.updateable:
        raise _no_access(definition)
    before = existing(org, definition, record_id)
    if options.lock(record_id):
        raise _locked(record_id)
    after = {key: value for key, value in (before | values).items() if value is not None}
    return _write(org, definition, values, before=before, after=after, options=options)


def existing(org: Org, definition: ObjectDef, record_id: str) -> Row:
    """The row of an id for a writer, who waits until a transaction under way has committed.

    Raises:
        RowRefusedError: for an unknown or a deleted row.
    """
    table = org.table(definition.name)
    table.commit(record_id)
    row = table.rows.get(record_id)
    if row is None:
        raise RowRefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row.get("IsDeleted"):
        raise RowRefusedError("ENTITY_IS_DELETED", "entity is deleted")
    return row


def checked_id(definition: ObjectDef, text: object) -> str:
    """The 18-character form of the id of a record of this object.

    Raises:
        RowRefusedError: MALFORMED_ID.
    """
    record_id = full_id(text)
    if record_id is None or record_id[:3] != PREFIXES[definition.name]:
        message = f"{definition.label} ID: id value of incorrect type: {text}"
        raise RowRefusedError("MALFORMED_ID", message, "Id")
    return record_id


def _write(
    org: Org,
    definition: ObjectDef,
    values: Row,
    *,
    before: Row | None,
    after: Row,
    options: WriteOptions,
) -> Row:
    _complete_ids(definition, after)
    prepare(org, definition.name, values=values, after=after)
    change = Change(definition, values, before, after, options.by_api, options.allow_duplicates)
    check_row(org, change)
    check_setup_row(org, change)
    check_relation(org, definition.name, after)
    if options.auto_assign and org.switches.assignment_rules and definition.name in _ASSIGNED:
        after["OwnerId"] = org.queue_owner_id
    lag_s = 0.0 if options.on_time else commit_lag(org)
    stamp = (org.clock.now() - (0.0 if options.late else lag_s)) // 1
    if "SystemModstamp" in definition.fields:
        _sign(after, before, stamp=stamp, user_id=options.user_id)
        after |= options.dates
    derive(org, definition.name, after, before=before)
    visible_at = org.clock.now() + lag_s if options.late and lag_s else None
    commit(org, definition.name, before=before, after=after, visible_at=visible_at)
    if before is None and definition.name == "Campaign":
        add_member_statuses(org, after)
    if definition.name in SETUP_OBJECTS:
        org.setup_changed()
    return after


def _sign(row: Row, before: Row | None, *, stamp: float, user_id: str) -> None:
    if before is None:
        row |= {"CreatedDate": stamp, "CreatedById": user_id}
    else:
        stamp = max(stamp, before["SystemModstamp"])
    row |= {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": user_id}


def _defaults(org: Org, definition: ObjectDef) -> Row:
    found: Row = {}
    for item in definition.fields.values():
        if item.type == "boolean":
            found[item.name] = False
        elif item.name == "OwnerId":
            found[item.name] = org.user_id
        elif item.name == "RecordTypeId":
            found[item.name] = default_kind(org, definition.name)
        else:
            default = next((entry for entry in item.picklist if entry.is_default), None)
            if default is not None:
                found[item.name] = default.value
    return found


def _complete_ids(definition: ObjectDef, row: Row) -> None:
    for item in definition.fields.values():
        if item.type == "reference" and item.name in row:
            row[item.name] = full_id(row[item.name]) or row[item.name]


def commit_lag(org: Org) -> float:
    """Seconds between the stamp of the next change and its commit."""
    if org.random.random() >= org.switches.commit_lag_share:
        return 0.0
    return org.random.uniform(0.0, org.switches.commit_lag_max_s)


def _locked(record_id: str) -> RowRefusedError:
    message = f"unable to obtain exclusive access to this record or 1 records: {record_id}"
    return RowRefusedError("UNABLE_TO_LOCK_ROW", message)


def _no_access(definition: ObjectDef) -> RowRefusedError:
    message = f"entity type {definition.name} does not support this operation"
    return RowRefusedError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def delete_row(org: Org, definition: ObjectDef, record_id: str, *, user_id: str) -> None:
    """Moves a row, and what hangs on it, to the recycle bin.

    Raises:
        RowRefusedError: for an unknown or an already deleted row.
    """
    if not definition.deletable:
        raise _no_access(definition)
    row = existing(org, definition, record_id)
    if definition.name == "Contact" and row.get("IsPersonAccount"):
        raise RowRefusedError("DELETE_FAILED", "Delete the person account of this contact instead")
    if "IsDeleted" not in definition.fields:
        org.table(definition.name).remove(record_id)
        org.setup_changed()
        return
    touch(org, definition.name, record_id, changes={"IsDeleted": True}, user_id=user_id)
    for child_name, key in _CASCADES.get(definition.name, ()):
        for child in list(org.table(child_name).rows.values()):
            if child.get(key) == record_id and not child.get("IsDeleted"):
                delete_row(org, org.objects[child_name], child["Id"], user_id=user_id)


def touch(org: Org, name: str, record_id: str, *, changes: Mapping[str, Any], user_id: str) -> Row:
    """Commits changes of the system's own, past all rules, with new stamps."""
    table = org.table(name)
    table.commit(record_id)
    row = table.rows[record_id]
    stamp = max(org.stamp(), row.get("SystemModstamp", 0.0))
    after = row | dict(changes)
    after |= {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": user_id}
    derive(org, name, after, before=row)
    commit(org, name, before=row, after=after)
    return after


def move_silently(org: Org, name: str, record_id: str, *, changes: Mapping[str, Any]) -> Row:
    """Commits changes of the system's own without a trace in the stamps."""
    table = org.table(name)
    table.commit(record_id)
    row = table.rows[record_id]
    after = row | dict(changes)
    derive(org, name, after, before=row)
    table.put(after)
    return after

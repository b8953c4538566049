"""Merging records, and deleting and restoring them by hand.

A loser is deleted and bears the winner's id; only queryAll shows it. What hung on it moves to the
winner, by default without new stamps.

Source: https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/
apex_triggers_merge_statements.htm (seen 2026-11)
"""

from collections.abc import Mapping
from typing import Any

from stagesync.sandbox.salesforce.convert import live_row, move_child
from stagesync.sandbox.salesforce.ids import full_id
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.writing import delete_row, touch

MOST_LOSERS = 2
_MERGEABLE = ("Account", "Contact", "Lead")


def merge_records(org: Org, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Merges one or two losers into a master.

    Args:
        payload: "object", "master", "losers" (a list of ids).

    Raises:
        LookupError: for a record that does not exist.
        ValueError: for an object that cannot be merged, a wrong number of losers or a converted
            lead as the master.
    """
    name = payload.get("object")
    if name not in _MERGEABLE:
        raise ValueError(f"object must be one of {', '.join(_MERGEABLE)}, given {name!r}")
    losers = payload.get("losers")
    if not isinstance(losers, list) or not 1 <= len(losers) <= MOST_LOSERS:
        raise ValueError(f"losers must be a list of one to {MOST_LOSERS} ids")
    master = live_row(org, name, payload.get("master"))
    if master.get("IsConverted"):
        raise ValueError("a converted lead cannot be the master of a merge")
    rows = [live_row(org, name, loser) for loser in losers]
    if any(row["Id"] == master["Id"] for row in rows):
        raise ValueError("the master cannot be one of the losers")
    if any(bool(r.get("IsPersonAccount")) != bool(master.get("IsPersonAccount")) for r in rows):
        raise ValueError("a person account and a business account cannot be merged")
    for row in rows:
        _lose(org, name, row, master=master)
    touch(org, name, master["Id"], changes={}, user_id=org.human_id)
    return {"master": master["Id"], "losers": [row["Id"] for row in rows]}


def _lose(org: Org, name: str, row: Row, *, master: Row) -> None:
    _move_children(org, name, row["Id"], master["Id"])
    changes = {"IsDeleted": True, "MasterRecordId": master["Id"]}
    touch(org, name, row["Id"], changes=changes, user_id=org.human_id)
    if name == "Account" and row.get("IsPersonAccount"):
        _move_children(org, "Contact", row["PersonContactId"], master["PersonContactId"])
        told = {"MasterRecordId": master["PersonContactId"], "AccountId": row["Id"]}
        touch(org, "Contact", row["PersonContactId"], changes=told, user_id=org.human_id)


def _move_children(org: Org, name: str, loser: str, master: str) -> None:
    for child_name, key in _references_to(org, name):
        for row in list(org.table(child_name).rows.values()):
            if row.get(key) == loser:
                move_child(org, child_name, row["Id"], changes={key: master})


def _references_to(org: Org, name: str) -> list[tuple[str, str]]:
    """Every key that a merge moves. What a converted lead became is history and stays."""
    return [
        (child.name, field.name)
        for child in org.objects.values()
        for field in child.fields.values()
        if name in field.refers_to
        and field.name != "MasterRecordId"
        and not field.name.startswith("Converted")
    ]


def delete_by_hand(org: Org, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a record and what hangs on it.

    Raises:
        LookupError: for a record or object that does not exist.
    """
    definition = org.definition(str(payload.get("object")))
    if definition is None:
        raise LookupError(f"there is no object {payload.get('object')}")
    row = live_row(org, definition.name, payload.get("id"))
    delete_row(org, definition, row["Id"], user_id=org.human_id)
    return {"deleted": row["Id"]}


def undelete_by_hand(org: Org, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Takes a record out of the recycle bin; what was deleted with it stays there.

    Raises:
        LookupError: for a record that does not exist or is not deleted.
    """
    row = _deleted_row(org, payload.get("object"), payload.get("id"))
    name = org.row(row["Id"])
    assert name is not None
    changes = {"IsDeleted": False, "MasterRecordId": None}
    touch(org, name[0], row["Id"], changes=changes, user_id=org.human_id)
    return {"undeleted": row["Id"]}


def _deleted_row(org: Org, object_name: object, record_id: object) -> Row:
    found = org.row(full_id(record_id) or "")
    if found is None or found[0] != object_name or not found[1].get("IsDeleted"):
        raise LookupError(f"there is no deleted {object_name} {record_id}")
    return found[1]

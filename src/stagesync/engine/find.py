"""Finds whom an e-mail, a record id or an id of ours names."""

from __future__ import annotations

from sqlalchemy import Connection

from stagesync.domain.transforms import NotUnderstood, read_email
from stagesync.errors import ArgumentError
from stagesync.store import aliases, people, records
from stagesync.store.people import KINDS, Kind
from stagesync.store.records import StoredRecord


def find(tx: Connection, who: str) -> tuple[Kind, str]:
    """The person or account that an e-mail, a CRM record id or an id of ours names.

    Raises:
        ArgumentError: nobody, or several.
    """
    for kind in KINDS:
        if people.placed(tx, kind, [who]):
            return kind, who
    found = records_named(tx, who)
    holders: set[tuple[Kind, str]] = {("person", each.person) for each in found if each.person}
    holders |= {("account", each.account) for each in found if each.account}
    if len(holders) == 1:
        return holders.pop()
    if not holders:
        raise ArgumentError(
            "nobody here has that e-mail, record id or person id",
            hint="stagesync status shows when each CRM was last pulled",
        )
    names = ", ".join(sorted(name for _, name in holders))
    raise ArgumentError(f"that names several: {names}", hint="ask for one of these ids")


def records_named(tx: Connection, who: str) -> list[StoredRecord]:
    """The records with this e-mail, this id, or named `connection/object/id`."""
    connection, _, rest = who.partition("/")
    object_name, slash, record_id = rest.partition("/")
    if slash:
        return list(records.records_of(tx, connection, object_name, [record_id]).values())
    try:
        email = read_email(who)
    except NotUnderstood:
        email = None
    found = records.records_where(tx, "email", [email]) if email else []
    if email and not found:
        found = records.records_where(tx, "pk", sorted(aliases.bearers_of(tx, [email])))
    return found or records.records_with_id(tx, who)

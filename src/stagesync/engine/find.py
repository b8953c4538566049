"""Finds whom an e-mail, a record id or an id of ours names."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from stagesync.domain.transforms import NotUnderstood, read_email
from stagesync.engine.whose import went_to
from stagesync.errors import ArgumentError
from stagesync.store import aliases, history, log, people, records
from stagesync.store.people import KINDS, PREFIXES, Kind, kind_of
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
    if not found and is_id(who):
        holders = _gone_on_as(tx, who)
    if len(holders) == 1:
        return holders.pop()
    if not holders:
        raise ArgumentError(
            "nobody here has that e-mail, record id or person id",
            hint="stagesync status shows when each CRM was last pulled",
        )
    names = ", ".join(sorted(name for _, name in holders))
    raise ArgumentError(f"that names several: {names}", hint="ask for one of these ids")


def is_id(who: str) -> bool:
    """Whether it is written as our ids are."""
    return any(re.fullmatch(f"{prefix}[0-9a-z]+", who) for prefix in PREFIXES.values())


def _gone_on_as(tx: Connection, ended: str) -> set[tuple[Kind, str]]:
    """Who has the records of somebody who turned out to be one with others.

    Raises:
        ArgumentError: the log tells of the id, and nobody goes on for it.
    """
    found = went_to(tx, ended)
    if found is not None and not found:
        raise ArgumentError(
            f"{ended} is nobody any more, and all of their records are gone",
            hint=f"stagesync audit --person {ended} shows what the log tells; stagesync forget erases it",
        )
    return {(kind_of(ended), each) for each in found or ()}


def find_in_log(tx: Connection, who: str) -> str:
    """The same, or an id of ours that nobody bears any more, where something is still told of it.

    Raises:
        ArgumentError: as `find`.
    """
    try:
        return find(tx, who)[1]
    except ArgumentError:
        if is_id(who) and (log.about(tx, people=[who]) or history.transitions_of(tx, who)):
            return who
        raise


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

"""Forgets a record of a person whom a CRM has erased: of the row its id stays."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from stagesync.store import saved
from stagesync.store.records import name_records, records_of

_BLANKED = text(
    "UPDATE record SET held = 1, gone = 1, erased = 1, fields = '{}', merged_into = '', email = '',"
    " mail_domain = '', first_name = '', last_name = '', domain = '', created_at_s = NULL"
    " WHERE pk = :pk"
)
_FORGOTTEN = tuple(
    text(f"DELETE FROM {table} WHERE {column} = :pk")  # noqa: S608  the literals below
    for table, column in (
        ("link", "from_pk"),
        ("link", "to_pk"),
        ("activity", "owner_pk"),
        ("activity", "source_pk"),
        ("deal", "record_pk"),
        ("fact_since", "record_pk"),
        ("alias", "record_pk"),
        ("baseline", "record_pk"),
        ("difference", "record_pk"),
        ("plan_entry", "record_pk"),
        ("own_write", "record_pk"),
        ("edit", "record_pk"),
        ("watch", "record_pk"),
        ("hold", "record_pk"),
        ("clearing", "record_pk"),
    )
)
"""Every table that says something of a record."""


def erase(tx: Connection, connection: str, refs: Iterable[tuple[str, str]]) -> list[int]:
    """Blank these records (object, id), and those that had become part of them.

    What a CRM's index still shows of them is not stored again: the row stays, without a value.

    Returns:
        The store's numbers of all that were blanked, to be resolved again.
    """
    asked = list(refs)
    pks = set(name_records(tx, [(connection, *each) for each in asked]).values())
    for object_name, record_id in asked:
        pks |= _merged_into(tx, connection, object_name, ids={record_id})
    rows = [{"pk": pk} for pk in sorted(pks)]
    for each in (_BLANKED, *_FORGOTTEN) if rows else ():
        tx.execute(each, rows)
    saved.forget_records(tx, pks)
    return sorted(pks)


def _merged_into(tx: Connection, connection: str, object_name: str, *, ids: set[str]) -> set[int]:
    """Records that became part of these, through any number of merges."""
    sql = text(
        "SELECT id, merged_into FROM record WHERE connection = :connection AND object = :object"
        " AND merged_into <> ''"
    )
    rows = tx.execute(sql, {"connection": connection, "object": object_name})
    into = {row.id: row.merged_into for row in rows}
    found, fresh = set[str](), ids
    while fresh:
        fresh = {old for old, new in into.items() if new in fresh} - found
        found |= fresh
    return {each.pk for each in records_of(tx, connection, object_name, found).values()}

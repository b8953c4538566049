"""Queries about who is on the lists that a scope names."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, text

from stagesync.store.keys import chunks

_IS_ON = "connection = :connection AND object = :object AND list = :list"


def read_at_s(tx: Connection, connection: str, object_name: str, list_name: str) -> float | None:
    """When a list was last read whole; None when it never was."""
    found = tx.execute(
        text(f"SELECT at_s FROM member WHERE {_IS_ON} AND record_id = ''"),  # noqa: S608  a literal
        {"connection": connection, "object": object_name, "list": list_name},
    ).scalar()
    return None if found is None else float(found)


def replace_members(
    tx: Connection, place: tuple[str, str, str], ids: Iterable[str], *, at_s: float
) -> set[str]:
    """Keep who is on a list now.

    Args:
        place: connection, object, list.

    Returns:
        Those who came or went.
    """
    connection, object_name, list_name = place
    keys = {"connection": connection, "object": object_name, "list": list_name}
    sql = f"SELECT record_id FROM member WHERE {_IS_ON} AND record_id <> ''"  # noqa: S608  a literal
    before = {row.record_id for row in tx.execute(text(sql), keys)}
    now = set(ids)
    tx.execute(text(f"DELETE FROM member WHERE {_IS_ON}"), keys)  # noqa: S608  a literal
    # The row without a record says that the list was read, though nobody be on it.
    rows = [{**keys, "record_id": each, "at_s": at_s} for each in ("", *sorted(now))]
    tx.execute(
        text(
            "INSERT INTO member (connection, object, list, record_id, at_s)"
            " VALUES (:connection, :object, :list, :record_id, :at_s)"
        ),
        rows,
    )
    return before ^ now


def lists_of(
    tx: Connection, connection: str, object_name: str, ids: Iterable[str]
) -> dict[str, frozenset[str]]:
    """Record id -> the lists that it is on, absent when on none; "" -> the lists that were ever read."""
    sql = text(
        "SELECT record_id, list FROM member WHERE connection = :connection AND object = :object"
        " AND record_id IN :keys"
    ).bindparams(bindparam("keys", expanding=True))
    found: dict[str, set[str]] = {"": set()}
    for batch in chunks(["", *ids]):
        values = {"connection": connection, "object": object_name, "keys": batch}
        for row in tx.execute(sql, values):
            found.setdefault(row.record_id, set()).add(row.list)
    return {each: frozenset(lists) for each, lists in found.items()}

"""Erases somebody from every table, and takes their traces out of what is kept of several people at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, text

from stagesync.store import plans, saved
from stagesync.store.forgotten import Traces
from stagesync.store.keys import among, chunks
from stagesync.store.personal import HOLDINGS, Key, keys_of


def erase(tx: Connection, traces: Traces) -> dict[str, int]:
    """Delete whatever tells of somebody, the log apart: see `engine.audit.forget`.

    Returns:
        Table -> rows that were deleted or changed; tables without any are absent.
    """
    erased = {table: _delete(tx, table, traces) for table in HOLDINGS}
    if erased["plan_entry"]:
        plans.note_change(tx)
    erased["dirty"] = _strike(tx, traces)
    erased["verdict"] = _unsay(tx, traces)
    erased["saved_plan"] = saved.forget_people(tx, traces.pks, traces.people)
    return {table: count for table, count in erased.items() if count}


def _delete(tx: Connection, table: str, traces: Traces) -> int:
    count = 0
    for column, key in HOLDINGS[table].by.items():
        if key is not Key.CRM_ID:
            sql = f"DELETE FROM {table} WHERE {column} IN :keys"  # noqa: S608  literals of `HOLDINGS`
            count += _changed(tx, sql, keys_of(traces, key))
            continue
        kinds = {(connection, object_name) for connection, object_name, _ in traces.refs}
        for connection, object_name in sorted(kinds):
            ids = [
                each for c, o, each in sorted(traces.refs) if (c, o) == (connection, object_name)
            ]
            sql = (
                f"DELETE FROM {table} WHERE connection = :connection AND object = :object"  # noqa: S608  the same
                f" AND {column} IN :keys"
            )
            count += _changed(tx, sql, ids, connection=connection, object=object_name)
    return count


def _changed(tx: Connection, sql: str, keys: Iterable[Any], **values: str) -> int:
    """Rows that a statement changed whose IN list is `:keys`."""
    statement = text(sql).bindparams(bindparam("keys", expanding=True))
    return sum(
        max(0, tx.execute(statement, {"keys": batch, **values}).rowcount) for batch in chunks(keys)
    )


def _strike(tx: Connection, traces: Traces) -> int:
    """Nothing of them is to be looked at again."""
    keys = [*map(str, sorted(traces.pks)), *sorted(traces.people)]
    return _changed(tx, "DELETE FROM dirty WHERE key IN :keys", keys)


def _unsay(tx: Connection, traces: Traces) -> int:
    """Take their records out of verdicts; one that is left with one side alone says nothing."""
    changed = 0
    for row in tx.execute(text("SELECT id, one, other, before FROM verdict")).all():
        told = {"one": orjson.loads(row.one), "other": orjson.loads(row.other)}
        sides = {side: [pk for pk in pks if pk not in traces.pks] for side, pks in told.items()}
        stood = orjson.loads(row.before)
        before = {
            "records": {
                pk: who
                for pk, who in stood["records"].items()
                if int(pk) not in traces.pks and who not in traces.people
            },
            "people": [each for each in stood["people"] if each["id"] not in traces.people],
        }
        if (sides, before) == (told, stood):
            continue
        changed += 1
        if all(sides.values()):
            kept = {
                key: orjson.dumps(each).decode()
                for key, each in (sides | {"before": before}).items()
            }
            sql = "UPDATE verdict SET one = :one, other = :other, before = :before WHERE id = :id"
            tx.execute(text(sql), {**kept, "id": row.id})
        else:
            tx.execute(text("DELETE FROM verdict WHERE id = :id"), {"id": row.id})
    return changed


def merged_into(tx: Connection, refs: set[tuple[str, str, str]]) -> set[int]:
    """The store's numbers of records that became part of these, through any number of merges."""
    found, fresh = set[int](), refs
    seen = set(refs)
    while fresh:
        sql = "SELECT pk, connection, object, id, merged_into FROM record"
        sql += " WHERE merged_into <> '' AND merged_into IN :keys"
        rows = [
            row
            for row in among(tx, sql, {record_id for _, _, record_id in fresh})
            if (row.connection, row.object, row.merged_into) in fresh
        ]
        found |= {row.pk for row in rows}
        fresh = {(row.connection, row.object, row.id) for row in rows} - seen
        seen |= fresh
    return found

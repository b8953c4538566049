"""Somebody of whom every table has something: a marker in each column that may tell of a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Float, Integer, LargeBinary, insert

from stagesync.engine import audit
from stagesync.store import saved
from stagesync.store.forgotten import Traces
from stagesync.store.personal import HOLDINGS, Key
from stagesync.store.schema import metadata

ME = "p_marked00000"
REF = ("north", "contact", "crm-id-marked-4711")
SEEN_IN_NO_TEXT = ("took_place", "times", "stage_other")
"""Counts and flags are shown, but bear no marker; a rival's stage is not shown."""

OWN_WAY = ("link", "dirty", "verdict", "saved_plan", "audit", "forgetting")
"""Tables whose rows are not somebody's alone; planted by hand below."""


def marker(table: str, column: str) -> str:
    return f"marked-{table}-{column}"


def instant(table: str, column: str) -> float:
    """An instant that stands nowhere else."""
    places = [(t.name, c.name) for t in metadata.sorted_tables for c in t.columns]
    return 1_000_000_000.0 + 86_400 * places.index((table, column))


def plant(tx: Connection, *, company: int) -> Traces:
    """Make somebody of two records, one merged into the other, with markers everywhere.

    Args:
        company: the number of a record that theirs names.
    """
    own = _record(tx, 7001, REF[2], marker("record", "merged_into"))
    for table, holding in HOLDINGS.items():
        if holding.personal and table not in OWN_WAY and table != "record":
            tx.execute(insert(metadata.tables[table]).values(_row(table, own)))
    for near, far in ((own, company),):
        tx.execute(insert(metadata.tables["link"]).values(from_pk=near, to_pk=far))
    tx.execute(insert(metadata.tables["dirty"]).values(kind="plan", key=ME, cause="facts"))
    tx.execute(insert(metadata.tables["verdict"]).values(_verdict(own, company)))
    tx.execute(insert(metadata.tables["saved_plan"]).values(_saved(own)))
    audit.append(tx, [_entry()])
    return Traces(frozenset({ME}), frozenset({own}), frozenset({REF}))


def _record(tx: Connection, pk: int, record_id: str, merged: str) -> int:
    values = _row("record", pk) | {"pk": pk, "id": record_id, "person": ME, "gone": 0, "held": 1}
    values |= {"connection": REF[0], "object": REF[1], "merged_into": merged}
    values["fields"] = orjson.dumps({"email": marker("record", "fields")}).decode()
    tx.execute(insert(metadata.tables["record"]).values(values))
    return pk


def _row(table: str, pk: int) -> dict[str, Any]:
    holding = HOLDINGS[table]
    found: dict[str, Any] = {}
    for column in metadata.tables[table].columns:
        match holding.by.get(column.name):
            case Key.RECORD:
                found[column.name] = pk
            case Key.SUBJECT:
                found[column.name] = ME
            case Key.CRM_ID:
                found[column.name] = REF[2]
            case None:
                is_told = column.name in holding.personal
                found[column.name] = _told(table, column) if is_told else _plain(column)
    if {"connection", "object"} <= found.keys():
        found |= {"connection": REF[0], "object": REF[1]}
    return found


def _told(table: str, column: Column[Any]) -> Any:
    if isinstance(column.type, Float):
        return instant(table, column.name)
    if isinstance(column.type, Integer):
        return 1
    found = marker(table, column.name)
    return f'"{found}"' if column.name in ("position", "scores", "stages") else found


def _plain(column: Column[Any]) -> Any:
    if isinstance(column.type, LargeBinary):
        return b""
    return 0 if isinstance(column.type, (Integer, Float)) else f"plain-{column.name}"


def _verdict(own: int, other: int) -> dict[str, Any]:
    placed = {"id": ME, "position": {"fit": marker("verdict", "before")}}
    before = {"records": {str(own): ME, str(other): "p_other"}, "people": [placed]}
    return {
        "id": "v_1", "seq": 1, "together": 1, "one": f"[{own}]", "other": f"[{other}]",
        "said_by": "bea", "said_at_s": 0.0, "before": orjson.dumps(before).decode(), "undone_by": "",
    }  # fmt: skip


def _saved(own: int) -> dict[str, Any]:
    told = marker("saved_plan", "body")
    line = [
        own,
        *REF,
        "stage",
        ME,
        "1",
        orjson.dumps(told).decode(),
        "a",
        "b",
        "held",
        "facts",
        "plain",
    ]
    other = [
        9,
        "north",
        "contact",
        "9",
        "stage",
        "p_other",
        "1",
        "2",
        "a",
        "b",
        "held",
        "facts",
        "plain",
    ]
    body = saved._packed([orjson.dumps(line), orjson.dumps(other)])
    return {
        "plan": "pl_1",
        "saved_at_s": 0.0,
        "entries": 2,
        "subjects": 2,
        "causes": "{}",
        "body": body,
    }


def _entry() -> dict[str, Any]:
    return {
        "at": "2026-11-20T12:00:00Z", "run": "r_1", "actor": "stagesync", "person": ME,
        "connection": REF[0], "object": REF[1], "id": REF[2], "field": "stage",
        "after": marker("audit", "part"), "result": {"written": True},
    }  # fmt: skip


def planted() -> Iterator[tuple[str, str, str]]:
    """Table, column, and the text by which its marker is known wherever it is shown."""
    from stagesync.engine.instants import iso

    for table, holding in HOLDINGS.items():
        for name in holding.personal:
            column = metadata.tables[table].columns[name]
            key = holding.by.get(name)
            if name in SEEN_IN_NO_TEXT or table == "forgetting" or key is Key.RECORD:
                continue
            if key is Key.CRM_ID or (table, name) in {("record", "id"), ("audit", "id")}:
                yield table, name, REF[2]
            elif key is Key.SUBJECT or name == "person" or (table, name) == ("dirty", "key"):
                yield table, name, ME
            elif table == "verdict":
                yield table, name, marker("verdict", "before")
            elif isinstance(column.type, Float):
                yield table, name, iso(instant(table, name))
            else:
                yield table, name, marker(table, name)


def whole_store(tx: Connection) -> str:
    """Every value of every table, as text; packed plans unpacked."""
    found = []
    for table in metadata.sorted_tables:
        for row in tx.execute(table.select()):
            values = [saved._unpacked(v) if isinstance(v, bytes) else v for v in row]
            found.append(f"{table.name}: {values!r}")
    return "\n".join(found)

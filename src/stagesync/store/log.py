"""The audit log: append-only rows, each with the hash of the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text


def last_entry(tx: Connection) -> tuple[int, str]:
    """Sequence number and hash of the newest entry; (0, "") for an empty log."""
    row = tx.execute(text("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")).one_or_none()
    return (0, "") if row is None else (row.seq, row.hash)


def append(tx: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Add complete entries, with `seq`, `prev_hash` and `hash`."""
    if not entries:
        return
    tx.execute(
        text(
            "INSERT INTO audit (seq, at, run, person, connection, entry, prev_hash, hash)"
            " VALUES (:seq, :at, :run, :person, :connection, :entry, :prev_hash, :hash)"
        ),
        [
            {
                "seq": entry["seq"],
                "at": entry["at"],
                "run": entry["run"] or "",
                "person": entry["person"] or "",
                "connection": entry["connection"] or "",
                "entry": orjson.dumps(entry).decode(),
                "prev_hash": entry["prev_hash"],
                "hash": entry["hash"],
            }
            for entry in entries
        ],
    )


def read(
    tx: Connection,
    *,
    since: str = "",
    until: str = "",
    person: str = "",
    run: str = "",
    connection: str = "",
) -> Iterator[dict[str, Any]]:
    """Entries in order; an empty filter takes all. `since` and `until` are ISO instants, both included."""
    wanted = {
        "at >= :since": since,
        "at <= :until": until,
        "person = :person": person,
        "run = :run": run,
        "connection = :connection": connection,
    }
    clauses = [clause for clause, value in wanted.items() if value]
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    rows = tx.execute(
        text(f"SELECT entry FROM audit{where} ORDER BY seq"),  # noqa: S608  literal clauses
        {
            "since": since,
            "until": until,
            "person": person,
            "run": run,
            "connection": connection,
        },
    )
    for row in rows:
        yield orjson.loads(row.entry)

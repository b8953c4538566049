"""The audit log: rows that are only added, and of which only what tells of a person is ever blanked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, text

from stagesync.domain.chain import BLANKED, Sealed, entry_of
from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import among

HEADS = ""
"""Stands for the chain of heads where a run would stand."""

AT_ONCE = 1_000
"""Rows that are fetched at once from a server."""


_COLUMNS = ("seq", "at", "run", "person", "connection", "id", "kept", "part", "hash")


@dataclass(frozen=True, slots=True)
class End:
    """Where a chain of the log ends.

    Attributes:
        entries: how many entries the segment has; of the chain of heads: the whole log, which is the
            number of the newest entry.
        hash: of the newest entry in the chain.
    """

    entries: int = 0
    hash: str = ""


def ends(tx: Connection, *, locked: bool = False) -> dict[str, End]:
    """Run with an open segment -> its end; and the end of the chain of heads.

    Args:
        locked: nobody else appends until this transaction ends.
    """
    if locked:
        # An update also where nothing changes: that is what makes others wait, on SQLite and on Postgres.
        tx.execute(
            text(
                "INSERT INTO log_end (run, entries, hash) VALUES ('', 0, '')"
                " ON CONFLICT (run) DO UPDATE SET entries = log_end.entries"
            )
        )
    rows = tx.execute(text("SELECT run, entries, hash FROM log_end"))
    return {HEADS: End(), **{row.run: End(row.entries, row.hash) for row in rows}}


def append(
    tx: Connection,
    sealed: Sequence[tuple[Mapping[str, Any], Sealed]],
    found: Mapping[str, End],
) -> None:
    """Add entries, and say where their chains end now.

    Args:
        sealed: each entry with its form; never empty.
        found: run -> the end; a run that is not in it has no open segment any more.
    """
    rows = (
        (
            entry["seq"],
            entry["at"],
            entry.get("run") or "",
            entry.get("person") or "",
            entry.get("connection") or "",
            entry.get("id") or "",
            each.kept,
            each.part,
            each.hash,
        )
        for entry, each in sealed
    )
    store_rows(tx, Put("audit", _COLUMNS), rows)
    tx.execute(
        text(
            "INSERT INTO log_end (run, entries, hash) VALUES (:run, :entries, :hash)"
            " ON CONFLICT (run) DO UPDATE SET entries = excluded.entries, hash = excluded.hash"
        ),
        [{"run": run, "entries": end.entries, "hash": end.hash} for run, end in found.items()],
    )
    of_policies = {(entry.get("policy"), entry.get("run")) for entry, _ in sealed}
    if rows_ := [{"policy": p, "run": run} for p, run in sorted(of_policies, key=str) if p and run]:
        tx.execute(
            text(
                "INSERT INTO log_policy (policy, run) VALUES (:policy, :run)"
                " ON CONFLICT (policy, run) DO NOTHING"
            ),
            rows_,
        )


def close(tx: Connection, run: str) -> None:
    """The run has no open segment any more."""
    tx.execute(text("DELETE FROM log_end WHERE run = :run"), {"run": run})


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with the columns that it is found by."""

    seq: int
    at: str
    run: str
    person: str
    connection: str
    id: str
    sealed: Sealed


def rows(
    tx: Connection,
    *,
    since: str = "",
    until: str = "",
    person: str = "",
    run: str = "",
    connection: str = "",
) -> Iterator[Row]:
    """Entries in order, as they are kept; an empty filter takes all. Read one by one, never held together.

    Args:
        since, until: ISO instants, both included.
    """
    wanted = {
        "at >= :since": since,
        "at <= :until": until,
        "person = :person": person,
        "run = :run": run,
        "connection = :connection": connection,
    }
    clauses = [clause for clause, value in wanted.items() if value]
    told: dict[str, Any] = {
        "since": since,
        "until": until,
        "person": person,
        "run": run,
        "connection": connection,
    }
    if since or until:
        clauses.append("seq BETWEEN :first AND :last")
        first, last = between(tx, since, until)
        told |= {"first": first, "last": last}
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    sql = text(f"SELECT * FROM audit{where} ORDER BY seq")  # noqa: S608  literal clauses
    # Whoever stops reading in the middle leaves no cursor open on the server.
    with tx.execute(sql.execution_options(yield_per=AT_ONCE), told) as found:
        for row in found:
            yield row_of(row)


def between(tx: Connection, since: str, until: str) -> tuple[int, int]:
    """The first and the last number of a span of time, by the index on it: entries stand nearly in its order."""
    sql = "SELECT MIN(seq + 0) AS first, MAX(seq + 0) AS last FROM audit WHERE at >= :since AND at <= :until"
    found = tx.execute(text(sql), {"since": since, "until": until or "9"}).one()
    return found.first or 0, found.last or 0


def row_of(row: Any) -> Row:
    """The entry in a row of the table."""
    sealed = Sealed(row.kept, row.part, row.hash)
    return Row(row.seq, row.at, row.run, row.person, row.connection, row.id, sealed)


def read(tx: Connection, **wanted: str) -> Iterator[dict[str, Any]]:
    """Entries in order; takes the filters of `rows`."""
    for each in rows(tx, **wanted):
        yield entry_of(each.sealed)


def about(tx: Connection, *, people: Iterable[str] = (), ids: Iterable[str] = ()) -> list[Row]:
    """Entries that name one of these people, or a record by one of these ids; blanked ones name nobody."""
    found: dict[int, Row] = {}
    for column, keys in (("person", people), ("id", ids)):
        sql = f"SELECT * FROM audit WHERE {column} IN :keys"  # noqa: S608  the literals above
        found |= {row.seq: row_of(row) for row in among(tx, sql, keys)}
    return [found[seq] for seq in sorted(found)]


def taken_from(tx: Connection, subject: str) -> list[Row]:
    """Entries of records that belonged to this person or account before; reads all of the log."""
    pattern = f'%"before":"{subject}"%'
    rows_ = tx.execute(
        text("SELECT * FROM audit WHERE part LIKE :pattern ORDER BY seq"), {"pattern": pattern}
    )
    found = [row_of(row) for row in rows_]
    return [each for each in found if entry_of(each.sealed)["before"] == subject]


def runs_under(tx: Connection, policy: str) -> list[str]:
    """The runs that have entries under a policy."""
    sql = text("SELECT run FROM log_policy WHERE policy = :policy ORDER BY run")
    return [row.run for row in tx.execute(sql, {"policy": policy})]


def older(tx: Connection, *, after: int, before: str, at_most: int) -> tuple[list[int], int]:
    """The next entries that are older than an instant.

    Args:
        after: number of the last entry that was looked at.
        before: ISO instant.

    Returns:
        Numbers of those whose part still stands, and of the last one looked at.
    """
    told = {"next": after + 1, "last": after + at_most, "blanked": BLANKED}
    first = tx.execute(text("SELECT at FROM audit WHERE seq = :next"), told).scalar()
    if first is None or first >= before:
        return [], after
    found = tx.execute(
        text(
            "SELECT seq, at, CASE WHEN part IN ('', :blanked) THEN 0 ELSE 1 END AS stands"
            " FROM audit WHERE seq BETWEEN :next AND :last ORDER BY seq"
        ),
        told,
    )
    old = list(takewhile(lambda row: row.at < before, found))
    return [row.seq for row in old if row.stands], old[-1].seq


def blank(tx: Connection, seqs: Sequence[int]) -> None:
    """Take out of these entries what tells of a person; everything else of them stays."""
    if seqs:
        tx.execute(
            text(f"UPDATE audit SET person = '', id = '', part = '{BLANKED}' WHERE seq = :seq"),  # noqa: S608  a literal
            [{"seq": seq} for seq in seqs],
        )

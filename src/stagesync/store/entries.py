"""Queries that leaf through the log, newest first, in a time that does not grow with it.

What no index finds is looked for in so many entries at a time, and no more: a page that is not full then tells
how far back it looked, and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, text

from stagesync.store import log
from stagesync.store.log import Row, row_of

LOOK = 40_000
"""Entries that a page looks at, at most."""

AT_ONCE = 2_000
"""Entries that are fetched at a time when all are asked for."""

CLOSED = "run <> '' AND person = '' AND id = '' AND kept LIKE '%\"closed\":%'"
"""Tells that an entry closes a segment."""

KINDS = {
    "written": "part LIKE '%\"written\"\\:true%'",
    "refused": "part LIKE '%\"refused\":%'",
    "identity": "(part LIKE '%\"identity\":%' OR part LIKE '%\"verdict\":%' OR part LIKE '%\"join\":%')",
    "hold": "(part LIKE '%\"hold\":%' OR part LIKE '%\"release\":%') AND part NOT LIKE '%\"edit\":%'",
    "edit": "part LIKE '%\"edit\":%'",
    "hand": "run = '' AND substr(kept, 1, 20) <> '{\"actor\":\"stagesync\"'",
    "closed": CLOSED,
}
"""Kind of entry -> what finds it; a blanked one tells nothing that finds it by its result."""

_ACTOR = '{"actor":'
"""What the kept text of every entry begins with: its keys are sorted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; what is empty takes all.

    Attributes:
        since, until: ISO instants, both included.
        actor: what the actor's name begins with.
        kind: a key of `KINDS`.
    """

    since: str = ""
    until: str = ""
    run: str = ""
    connection: str = ""
    actor: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first.

    Attributes:
        next: number before which the following page begins; None after the last one.
        looked: the oldest number that was looked at.
    """

    rows: Sequence[Row]
    next: int | None
    looked: int


def page(tx: Connection, wanted: Wanted, *, before: int | None = None, most: int) -> Page:
    """The next entries before a number; None: the newest."""
    first, last = _bounds(tx, wanted)
    last = last if before is None else min(last, before - 1)
    floor = max(first, last - LOOK + 1) if _is_searched(wanted) else first
    clauses, told = _where(wanted)
    sql = (
        f"SELECT * FROM audit WHERE seq BETWEEN :floor AND :last{clauses}"  # noqa: S608  literal clauses
        " ORDER BY seq DESC LIMIT :most"
    )
    told |= {"floor": floor, "last": last, "most": most + 1}
    found = [row_of(row) for row in tx.execute(text(sql), told)]
    if len(found) > most:
        return Page(found[:most], found[most - 1].seq, found[most - 1].seq)
    return Page(found, floor if floor > first else None, floor)


def all_of(tx: Connection, wanted: Wanted, *, after: int, last: int) -> Page:
    """Entries after a number, oldest first, for whoever wants all of them up to a last one, a part at a time."""
    first, end = _bounds(tx, wanted)
    first, end = max(first, after + 1), min(end, last)
    stop = min(end, first + LOOK - 1) if _is_searched(wanted) else end
    clauses, told = _where(wanted)
    sql = (
        f"SELECT * FROM audit WHERE seq BETWEEN :first AND :stop{clauses}"  # noqa: S608  literal clauses
        " ORDER BY seq LIMIT :most"
    )
    told |= {"first": first, "stop": stop, "most": AT_ONCE}
    found = [row_of(row) for row in tx.execute(text(sql), told)]
    if len(found) == AT_ONCE:
        return Page(found, found[-1].seq, found[-1].seq)
    return Page(found, stop if stop < end else None, stop)


def entry(tx: Connection, seq: int) -> Row | None:
    """One entry; None where there is none of that number."""
    row = tx.execute(text("SELECT * FROM audit WHERE seq = :seq"), {"seq": seq}).one_or_none()
    return None if row is None else row_of(row)


@dataclass(frozen=True, slots=True)
class Around:
    """The entries that one stands between in its chain; None where it is the first, or the last so far.

    Attributes:
        before: which it must name.
        after: which must name it.
    """

    before: Row | None
    after: Row | None


def around(tx: Connection, row: Row, *, closes: bool) -> Around:
    """The neighbours of an entry in its chain: the segment of its run, or the chain of heads.

    Args:
        closes: it ends the segment of its run, and so stands in the chain of heads.
    """
    chain = f"(run = '' OR {CLOSED})" if closes or not row.run else f"run = :run AND NOT ({CLOSED})"
    found = []
    for side, order in (("<", "DESC"), (">", "ASC")):
        sql = f"SELECT * FROM audit WHERE seq {side} :seq AND {chain} ORDER BY seq {order} LIMIT 1"  # noqa: S608  literals
        told = tx.execute(text(sql), {"seq": row.seq, "run": row.run}).one_or_none()
        found.append(None if told is None else row_of(told))
    return Around(*found)


def _is_searched(wanted: Wanted) -> bool:
    """Whether no index finds what is wanted."""
    found = wanted.run or wanted.kind == "hand"
    return not found and replace(wanted, since="", until="") != Wanted()


def _bounds(tx: Connection, wanted: Wanted) -> tuple[int, int]:
    """The first and the last number that the instants allow."""
    if wanted.since and wanted.until:
        return log.between(tx, wanted.since, wanted.until)
    # A sum, so that the index on `at` is asked, and not the entries one after the other from an end.
    up_to = "SELECT MAX(seq + 0) FROM audit WHERE at <= :until"
    since = "SELECT MIN(seq + 0) FROM audit WHERE at >= :since"
    told = {"since": wanted.since, "until": wanted.until}
    newest = log.ends(tx)[log.HEADS].entries
    last = tx.execute(text(up_to), told).scalar() if wanted.until else newest
    first = tx.execute(text(since), told).scalar() if wanted.since else 1
    return first or (last or 0) + 1, last or 0


def _where(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    told: dict[str, Any] = {
        name: value
        for name in ("since", "until", "run", "connection")
        if (value := getattr(wanted, name))
    }
    # Not by the index on `at`, which would be sorted anew: the bounds have done its work.
    compared = {"since": "at || '' >= ", "until": "at || '' <= "}
    clauses = [f"{compared.get(name, f'{name} = ')}:{name}" for name in told]
    if wanted.actor:
        told["actor"] = _ACTOR + orjson.dumps(wanted.actor).decode()[:-1]
        told["length"] = len(told["actor"])
        clauses.append("substr(kept, 1, :length) = :actor")
    if wanted.kind:
        clauses.append(KINDS[wanted.kind])
    return "".join(f" AND {each}" for each in clauses), told

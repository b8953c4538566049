"""Positions repeat: each is kept once, as a place with a number, and whoever stands there bears the number.

So counting and finding people by stage, in any vocabulary, or by level is a matter of small indexes: the
definitions are asked once per place, not once per person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import Connection, text

from stagesync.store.keys import among
from stagesync.store.people import Kind

Position = Mapping[str, str]
"""Axis -> level."""


def numbers(tx: Connection, positions: Sequence[Position | None]) -> list[int | None]:
    """The place of each position, None of None; one where nobody stood before is added."""
    spelled = [
        None if each is None else orjson.dumps(each, option=orjson.OPT_SORT_KEYS).decode()
        for each in positions
    ]
    levels = {each for each in spelled if each is not None}
    sql = "SELECT id, levels FROM place WHERE levels IN :keys"
    found = {row.levels: row.id for row in among(tx, sql, levels)}
    fresh = sorted(levels - found.keys())
    if fresh:
        tx.execute(
            text("INSERT INTO place (levels) VALUES (:levels)"),
            [{"levels": each} for each in fresh],
        )
        found |= {row.levels: row.id for row in among(tx, sql, fresh)}
    return [None if each is None else found[each] for each in spelled]


def all_places(tx: Connection) -> dict[int, Position]:
    """Number -> position, of every place that somebody ever stood in."""
    rows = tx.execute(text("SELECT id, levels FROM place"))
    return {row.id: orjson.loads(row.levels) for row in rows}


def counts(tx: Connection, kind: Kind) -> dict[int | None, int]:
    """Place -> how many stand there; None for those who were never placed."""
    sql = f"SELECT place, COUNT(*) AS n FROM {kind} GROUP BY place"  # noqa: S608  a literal
    return {row.place: row.n for row in tx.execute(text(sql))}

"""Queries of a funnel: stays at stages, counted in the database from the narrow history.

A funnel is measured in one vocabulary. The caller says which stage each place is, by number; the history of
all is then cut into stays, one row for each time that somebody came to a stage, in a table that lasts as long
as the measuring. Everything else is counted from it.

Times are ranked, not averaged: a median is a value that somebody had, the lower one of two in the middle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, text

from stagesync.store.people import PREFIXES, Kind

DAY_S = 86_400.0


UNTOLD = -1
"""The stage of a place whose axes or levels the definitions no longer know."""


_GONE = -2


_NOBODY = -3


Span = tuple[float, float]
"""From an instant, included, to another one, excluded."""


@dataclass(frozen=True, slots=True)
class PlaceTold:
    """What a place is in the funnel's vocabulary.

    Attributes:
        stage: its number, or `UNTOLD`.
        rung: on the ladder; None off it.
        accepted: sales took on who stands here.
    """

    stage: int
    rung: int | None = None
    accepted: bool = False


_TABLES = {
    "funnel_place": "place INTEGER PRIMARY KEY, stage INTEGER NOT NULL, rung INTEGER,"
    " accepted INTEGER NOT NULL",
    "funnel_stay": "subject TEXT NOT NULL, since_s DOUBLE PRECISION NOT NULL, until_s DOUBLE PRECISION,"
    " stage INTEGER NOT NULL, rung INTEGER, was INTEGER, was_rung INTEGER, next_rung INTEGER,"
    " how TEXT NOT NULL, next_how TEXT, entered INTEGER NOT NULL",
    "funnel_span": "n INTEGER PRIMARY KEY, from_s DOUBLE PRECISION, to_s DOUBLE PRECISION",
}


# The two by time hold all that is asked of a span: a look into the table for each stay would cost ten times as much.
# What reads nearly everything says `+since_s`, so that it goes through the table and not through an index.
_INDEXES = {
    "funnel_stay_subject": "subject, since_s",
    "funnel_stay_since": "since_s, entered, stage, was, subject",
    "funnel_stay_until": "until_s, stage, rung, next_rung, next_how",
}

# Somebody enters a stage who was seen to come to it, and not from above.
_CUT = f"""
INSERT INTO funnel_stay
SELECT subject, since_s, until_s, stage, rung, was, was_rung, next_rung, how, next_how,
       CASE WHEN how IN ('moved', 'arrived')
             AND (rung IS NULL OR was_rung IS NULL OR was_rung < rung) THEN 1 ELSE 0 END
FROM (
  SELECT subject, since_s, stage, rung, how,
         LEAD(since_s) OVER w AS until_s, LAG(stage) OVER w AS was, LAG(rung) OVER w AS was_rung,
         LEAD(rung) OVER w AS next_rung, LEAD(how) OVER w AS next_how
  FROM (
    SELECT subject, since_s, how, stage, rung,
           LAG(stage, 1, {_NOBODY}) OVER (PARTITION BY subject ORDER BY since_s) AS stage_before
    FROM (
      SELECT s.subject, s.since_s, s.how, COALESCE(p.stage, {_GONE}) AS stage, p.rung
      FROM stood s LEFT JOIN funnel_place p ON p.place = s.place
      WHERE s.since_s < :before_s AND SUBSTR(s.subject, 1, 2) = :prefix
    ) told
  ) seen
  WHERE stage_before <> stage
  WINDOW w AS (PARTITION BY subject ORDER BY since_s)
) turns
WHERE stage <> {_GONE}
"""  # noqa: S608  numbers of this module  # noqa: S608  numbers of this module


@contextmanager
def measuring(
    tx: Connection, places: Mapping[int, PlaceTold], *, rungs: int, kind: Kind, before_s: float
) -> Iterator[None]:
    """The stays of all people, or accounts, that began before an instant; while the block lasts.

    Args:
        rungs: of the ladder, in all.
    """
    # SQLite makes tables outside the transaction: one that broke off left its own behind.
    _drop(tx)
    for name, columns in _TABLES.items():
        tx.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns})"))
    rows = [
        {"place": n, "stage": told.stage, "rung": told.rung, "accepted": int(told.accepted)}
        for n, told in places.items()
    ]
    # A rung on which nobody ever stood is passed all the same: it needs a place, where nobody is.
    rows += [
        {"place": -1 - rung, "stage": UNTOLD, "rung": rung, "accepted": 0} for rung in range(rungs)
    ]
    tx.execute(text("INSERT INTO funnel_place VALUES (:place, :stage, :rung, :accepted)"), rows)
    tx.execute(text(_CUT), {"before_s": before_s, "prefix": PREFIXES[kind]})
    for name, columns in _INDEXES.items():
        tx.execute(text(f"CREATE INDEX {name} ON funnel_stay ({columns})"))
    tx.execute(text("ANALYZE funnel_stay"))
    yield
    _drop(tx)


def _drop(tx: Connection) -> None:
    for name in _TABLES:
        tx.execute(text(f"DROP TABLE IF EXISTS {name}"))


def known_since(tx: Connection) -> float | None:
    """When the first of them was first seen; None when nobody was."""
    found = tx.execute(text("SELECT MIN(since_s) FROM funnel_stay")).scalar()
    return None if found is None else float(found)


def standing(tx: Connection) -> dict[int, int]:
    """Stage -> how many stand there at the end."""
    sql = "SELECT stage, COUNT(*) AS n FROM funnel_stay WHERE +until_s IS NULL GROUP BY stage"
    return {row.stage: row.n for row in tx.execute(text(sql))}


def stood_during(tx: Connection, from_s: float) -> set[int]:
    """Stages at which somebody stood at some time since then."""
    sql = "SELECT DISTINCT stage FROM funnel_stay WHERE until_s IS NULL OR +until_s > :from_s"
    return {row.stage for row in tx.execute(text(sql), {"from_s": from_s})}


def came(tx: Connection, from_s: float) -> dict[int, dict[str, int]]:
    """Stage -> `entered`, `fell`, `found`: people who came since then, those who came from above, and those
    who were first seen there or brought there by other definitions."""
    rows = tx.execute(
        text(
            "SELECT stage, COUNT(DISTINCT CASE WHEN entered = 1 THEN subject END) AS entered,"
            " COUNT(DISTINCT CASE WHEN entered = 0 AND how = 'moved' THEN subject END) AS fell,"
            " COUNT(DISTINCT CASE WHEN how IN ('found', 'redefined') THEN subject END) AS found"
            " FROM funnel_stay WHERE +since_s >= :from_s GROUP BY stage"
        ),
        {"from_s": from_s},
    )
    return {
        row.stage: {"entered": row.entered, "fell": row.fell, "found": row.found} for row in rows
    }


def moves(tx: Connection, from_s: float) -> dict[tuple[int, int], int]:
    """Stage, next stage -> how often somebody went from one to the other since then."""
    sql = (
        "SELECT was, stage, COUNT(*) AS n FROM funnel_stay"
        " WHERE how = 'moved' AND was >= 0 AND stage >= 0 AND +since_s >= :from_s GROUP BY was, stage"
    )
    return {(row.was, row.stage): row.n for row in tx.execute(text(sql), {"from_s": from_s})}


def set_spans(tx: Connection, spans: Sequence[Span]) -> None:
    """Say which spans of time the next questions are about; they are numbered from 0."""
    tx.execute(text("DELETE FROM funnel_span"))
    rows = [{"n": n, "from_s": start, "to_s": end} for n, (start, end) in enumerate(spans)]
    if rows:
        tx.execute(text("INSERT INTO funnel_span VALUES (:n, :from_s, :to_s)"), rows)


OF_SPANS = " FROM funnel_span p CROSS JOIN funnel_stay s WHERE s.{column} >= p.from_s AND s.{column} < p.to_s"
"""Written so that SQLite goes through the spans, and for each through an index."""


def entered_by_span(tx: Connection) -> dict[tuple[int, int], int]:
    """Span, stage -> people who entered it then."""
    sql = (
        "SELECT p.n, s.stage, COUNT(DISTINCT s.subject) AS people"
        + OF_SPANS.format(column="since_s")
        + " AND s.entered = 1 GROUP BY p.n, s.stage"
    )
    return {(row.n, row.stage): row.people for row in tx.execute(text(sql))}


def counted_by_span(tx: Connection, stages: Collection[int]) -> dict[int, int]:
    """Span -> people who entered one of these stages then, from none of them."""
    sql = (
        "SELECT p.n, COUNT(DISTINCT s.subject) AS people"
        + OF_SPANS.format(column="since_s")
        + " AND s.entered = 1 AND s.stage IN :stages AND (s.was IS NULL OR s.was NOT IN :stages)"
        " GROUP BY p.n"
    )
    rows = tx.execute(with_stages(sql), {"stages": list(stages)})
    return {row.n: row.people for row in rows}


def with_stages(sql: str) -> Any:
    return text(sql).bindparams(bindparam("stages", expanding=True))

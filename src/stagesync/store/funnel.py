"""What is reckoned from stays: who came how far, how long it took, and what became of the handed over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.engine import Row

from stagesync.store.stays import DAY_S, OF_SPANS, with_stages

_STEPS = (1, 2, 3)
"""Quarters of the way: lower quartile, median, upper quartile."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Of those who came to a rung, how many came to a higher one, and how long that took half of them."""

    people: int
    median_days: float | None


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of those who were handed to sales.

    Attributes:
        waiting: still there, and not accepted.
        returned: went back down, or off the ladder, from where they were handed over.
    """

    people: int = 0
    accepted: int = 0
    returned: int = 0
    waiting: int = 0
    median_days: float | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """People who were referred, among those who stand somewhere.

    Attributes:
        arrived: of them, who came in the period.
        by_advocates: whose referrer stands where advocates stand.
        clients: who are clients by now.
    """

    referred: int
    arrived: int
    by_advocates: int
    clients: int


def reached(tx: Connection, from_s: float) -> dict[tuple[int, int], Reached]:
    """Rung, higher rung -> of those who entered the one since then, who came to the other or beyond it.

    Each counts once, from when they first entered; pairs that nobody went are absent.
    """
    rows = tx.execute(
        text(
            "WITH cohort AS (SELECT subject, rung, MIN(since_s) AS since_s FROM funnel_stay"
            "  WHERE entered = 1 AND rung IS NOT NULL AND +since_s >= :from_s GROUP BY subject, rung),"
            " ways AS (SELECT c.rung AS low, r.rung AS high, c.subject,"
            "  MIN(s.since_s) - c.since_s AS took_s"
            "  FROM cohort c JOIN funnel_stay s ON s.subject = c.subject AND s.since_s > c.since_s"
            "  AND s.how = 'moved' AND s.rung > c.rung"
            "  JOIN (SELECT DISTINCT rung FROM funnel_place WHERE rung IS NOT NULL) r"
            "  ON r.rung > c.rung AND r.rung <= s.rung GROUP BY c.rung, r.rung, c.subject, c.since_s),"
            " ranked AS (SELECT low, high, took_s,"
            "  ROW_NUMBER() OVER (PARTITION BY low, high ORDER BY took_s) AS k,"
            "  COUNT(*) OVER (PARTITION BY low, high) AS n FROM ways)"
            " SELECT low, high, n, MAX(CASE WHEN k = (n + 1) / 2 THEN took_s END) AS median_s"
            " FROM ranked GROUP BY low, high, n"
        ),
        {"from_s": from_s},
    )
    return {(row.low, row.high): Reached(row.n, row.median_s / DAY_S) for row in rows}


def cohorts(tx: Connection, from_s: float) -> dict[int, int]:
    """Rung -> how many entered it since then."""
    sql = (
        "SELECT rung, COUNT(DISTINCT subject) AS n FROM funnel_stay"
        " WHERE entered = 1 AND rung IS NOT NULL AND +since_s >= :from_s GROUP BY rung"
    )
    return {row.rung: row.n for row in tx.execute(text(sql), {"from_s": from_s})}


def _quarters(what: str, where: str) -> str:
    """Stage -> `n` and the quartiles of a time, which is a literal of this module."""
    picked = ", ".join(f"MAX(CASE WHEN k = ({q} * n + 3) / 4 THEN t END) AS q{q}" for q in _STEPS)
    return (
        f"SELECT stage, n, {picked}, MAX(t) AS longest FROM (SELECT stage, {what} AS t,"  # noqa: S608
        f" ROW_NUMBER() OVER (PARTITION BY stage ORDER BY {what}) AS k,"
        f" COUNT(*) OVER (PARTITION BY stage) AS n FROM funnel_stay WHERE {where}) ranked"
        " GROUP BY stage, n"
    )


def times_left(tx: Connection, from_s: float) -> Sequence[Row[Any]]:
    """How long those stayed who left since then, and were seen both to come and to go."""
    where = (
        "how IN ('moved', 'arrived') AND next_how = 'moved' AND +until_s >= :from_s AND stage >= 0"
    )
    return tx.execute(text(_quarters("until_s - since_s", where)), {"from_s": from_s}).fetchall()


def times_so_far(tx: Connection, at_s: float) -> Sequence[Row[Any]]:
    """How long those have been there who stand there at the end, and were seen to come."""
    where = "how IN ('moved', 'arrived') AND +until_s IS NULL AND stage >= 0"
    return tx.execute(text(_quarters(":at_s - since_s", where)), {"at_s": at_s}).fetchall()


def unknown_beginnings(tx: Connection, at_s: float) -> dict[int, tuple[int, float]]:
    """Stage -> how many stand there since nobody knows when, and how long the longest of them at least."""
    sql = (
        "SELECT stage, COUNT(*) AS n, :at_s - MIN(since_s) AS longest FROM funnel_stay"
        " WHERE +until_s IS NULL AND how IN ('found', 'redefined') GROUP BY stage"
    )
    return {row.stage: (row.n, row.longest) for row in tx.execute(text(sql), {"at_s": at_s})}


def flows(tx: Connection, first_s: float) -> tuple[dict[int, int], dict[tuple[int, int], Any]]:
    """Who stood at each stage at an instant, and per span and stage who came, who left, and who left upwards."""
    at_first = text(
        "SELECT stage, COUNT(*) AS n FROM funnel_stay WHERE +since_s < :first_s"
        " AND (until_s IS NULL OR +until_s >= :first_s) GROUP BY stage"
    )
    before = {row.stage: row.n for row in tx.execute(at_first, {"first_s": first_s})}
    came_sql = (
        "SELECT p.n, s.stage, COUNT(*) AS people"
        + OF_SPANS.format(column="since_s")
        + " GROUP BY p.n, s.stage"
    )
    left_sql = (
        "SELECT p.n, s.stage, COUNT(*) AS people, SUM(CASE WHEN s.next_how = 'moved'"
        " AND s.next_rung > s.rung THEN 1 ELSE 0 END) AS up"
        + OF_SPANS.format(column="until_s")
        + " GROUP BY p.n, s.stage"
    )
    found = {(row.n, row.stage): [row.people, 0, 0] for row in tx.execute(text(came_sql))}
    for row in tx.execute(text(left_sql)):
        found.setdefault((row.n, row.stage), [0, 0, 0])[1:] = [row.people, int(row.up)]
    return before, found


def handed_over(
    tx: Connection, stages: Collection[int], *, from_s: float, before_s: float
) -> Handed:
    """What became of those who were handed to sales since then, by coming to one of these stages."""
    sql = (
        "WITH handed AS (SELECT * FROM funnel_stay WHERE entered = 1 AND stage IN :stages"
        "  AND (was IS NULL OR was NOT IN :stages) AND +since_s >= :from_s),"
        " taken AS (SELECT h.subject, h.since_s, MIN(s.since_s) AS at_s FROM handed h"
        "  JOIN stood s ON s.subject = h.subject AND s.since_s >= h.since_s AND s.since_s < :before_s"
        "  AND (h.until_s IS NULL OR s.since_s < h.until_s)"
        "  JOIN funnel_place p ON p.place = s.place AND p.accepted = 1 GROUP BY h.subject, h.since_s),"
        " fates AS (SELECT COALESCE(t.at_s, CASE WHEN h.next_how = 'moved' AND h.next_rung > h.rung"
        "  THEN h.until_s END) - h.since_s AS took_s, h.until_s,"
        "  CASE WHEN h.next_how = 'moved' AND (h.next_rung IS NULL OR h.next_rung < h.rung)"
        "  THEN 1 ELSE 0 END AS returned"
        "  FROM handed h LEFT JOIN taken t ON t.subject = h.subject AND t.since_s = h.since_s),"
        " ranked AS (SELECT took_s, until_s, returned, ROW_NUMBER() OVER"
        "  (ORDER BY CASE WHEN took_s IS NULL THEN 1 ELSE 0 END, took_s) AS k,"
        "  COUNT(took_s) OVER () AS n FROM fates)"
        " SELECT COUNT(*) AS people, COUNT(took_s) AS accepted, COALESCE(SUM(returned), 0) AS returned,"
        " COUNT(CASE WHEN took_s IS NULL AND until_s IS NULL THEN 1 END) AS waiting,"
        " MAX(CASE WHEN k = (n + 1) / 2 THEN took_s END) AS median_s FROM ranked"
    )
    values = {"stages": list(stages), "from_s": from_s, "before_s": before_s}
    row = tx.execute(with_stages(sql), values).one()
    median = None if row.median_s is None else row.median_s / DAY_S
    return Handed(row.people, row.accepted, int(row.returned), row.waiting, median)


def referred(
    tx: Connection, *, clients: Collection[int], advocates: Collection[int], from_s: float
) -> Loop:
    """People who were referred, among those who stand somewhere at the end."""
    sql = text(
        "SELECT COUNT(*) AS referred,"
        " COUNT(CASE WHEN first.since_s >= :from_s AND first.how = 'arrived' THEN 1 END) AS arrived,"
        " COUNT(CASE WHEN other.stage IN :advocates THEN 1 END) AS by_advocates,"
        " COUNT(CASE WHEN s.stage IN :clients THEN 1 END) AS clients"
        " FROM person p JOIN funnel_stay s ON s.subject = p.id AND s.until_s IS NULL"
        " JOIN (SELECT subject, MIN(since_s) AS since_s FROM funnel_stay GROUP BY subject) begun"
        " ON begun.subject = p.id"
        " JOIN funnel_stay first ON first.subject = p.id AND first.since_s = begun.since_s"
        " LEFT JOIN funnel_stay other ON other.subject = p.referrer AND other.until_s IS NULL"
        " WHERE p.referrer IS NOT NULL"
    ).bindparams(bindparam("clients", expanding=True), bindparam("advocates", expanding=True))
    values = {"clients": list(clients), "advocates": list(advocates), "from_s": from_s}
    row = tx.execute(sql, values).one()
    return Loop(row.referred, row.arrived, row.by_advocates, row.clients)

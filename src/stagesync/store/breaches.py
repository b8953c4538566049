"""Queries about what was done against a treatment, and what a treatment asks for that is late."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from stagesync.domain.breach import Breach

LATE = {"next_contact": "next_contact_at_s", "acceptance": "accept_by_s"}
"""What a treatment asks for by an instant -> the column of people that holds the instant."""


def save_breaches(
    tx: Connection, found: Iterable[tuple[str, Breach]], *, found_at_s: float
) -> None:
    """Keep breaches, each with the person it was done to; one that is kept already stays as it was."""
    rows = [
        {
            "subject": who,
            "rule": each.rule,
            "at_s": each.at_s,
            "activity": each.activity,
            "stage": each.stage,
            "found_at_s": found_at_s,
        }
        for who, each in found
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO breach (subject, rule, at_s, activity, stage, found_at_s)"
                " VALUES (:subject, :rule, :at_s, :activity, :stage, :found_at_s)"
                " ON CONFLICT (subject, rule, at_s) DO NOTHING"
            ),
            rows,
        )


def count_breaches(tx: Connection, *, since_s: float) -> dict[str, int]:
    """Rule -> how many since then."""
    sql = (
        "SELECT rule, COUNT(*) AS n FROM breach WHERE at_s >= :since_s GROUP BY rule ORDER BY rule"
    )
    return {row.rule: row.n for row in tx.execute(text(sql), {"since_s": since_s})}


def newest_breaches(tx: Connection, *, since_s: float, most: int) -> list[tuple[str, Breach]]:
    """The newest since then, each with the person it was done to."""
    rows = tx.execute(
        text(
            "SELECT subject, rule, stage, activity, at_s FROM breach WHERE at_s >= :since_s"
            " ORDER BY at_s DESC, subject, rule LIMIT :most"
        ),
        {"since_s": since_s, "most": most},
    )
    return [(row.subject, Breach(row.rule, row.stage, row.activity, row.at_s)) for row in rows]


def breaches_of(tx: Connection, subject: str) -> list[Breach]:
    """Everything that was done to somebody, newest first."""
    sql = text(
        "SELECT rule, stage, activity, at_s FROM breach WHERE subject = :subject"
        " ORDER BY at_s DESC, rule"
    )
    rows = tx.execute(sql, {"subject": subject})
    return [Breach(row.rule, row.stage, row.activity, row.at_s) for row in rows]


def count_late(tx: Connection, what: str, *, now_s: float) -> int:
    """How many people wait for what was due before now; `what` is a key of `LATE`."""
    sql = f"SELECT COUNT(*) FROM person WHERE {LATE[what]} < :now_s"  # noqa: S608  a literal
    return int(tx.execute(text(sql), {"now_s": now_s}).scalar_one())


def latest(tx: Connection, what: str, *, now_s: float, most: int) -> list[tuple[str, str, float]]:
    """Those who wait longest: id, content of their treatment, and when it was due."""
    sql = (
        f"SELECT id, content, {LATE[what]} AS due_s FROM person WHERE {LATE[what]} < :now_s"  # noqa: S608
        f" ORDER BY {LATE[what]}, id LIMIT :most"
    )
    rows = tx.execute(text(sql), {"now_s": now_s, "most": most})
    return [(row.id, row.content or "", row.due_s) for row in rows]

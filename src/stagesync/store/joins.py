"""Queries about joins of two known people that wait for a person to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class HeldJoin:
    """Two people who look like one, and whose stages differ.

    Attributes:
        one, other: ids of people, in order.
        state: `held`, `approved` or `dropped`.
    """

    id: str
    one: str
    other: str
    stage_one: str
    stage_other: str
    state: str
    raised_at_s: float


def all_joins(tx: Connection, *states: str) -> list[HeldJoin]:
    """Those in these states, oldest first."""
    rows = tx.execute(text("SELECT * FROM held_join ORDER BY raised_at_s, id"))
    return [
        HeldJoin(r.id, r.one, r.other, r.stage_one, r.stage_other, r.state, r.raised_at_s)
        for r in rows
        if r.state in states
    ]


def count(tx: Connection, state: str) -> int:
    """How many are in this state."""
    sql = text("SELECT COUNT(*) FROM held_join WHERE state = :state")
    return int(tx.execute(sql, {"state": state}).scalar_one())


def hold(tx: Connection, found: Sequence[HeldJoin]) -> None:
    """Keep joins to be decided; one that is known already stays as it is."""
    sql = text(
        "INSERT INTO held_join (id, one, other, stage_one, stage_other, state, raised_at_s, decided_by)"
        " VALUES (:id, :one, :other, :stage_one, :stage_other, 'held', :at_s, '')"
        " ON CONFLICT (id) DO NOTHING"
    )
    for each in found:
        stages = {"stage_one": each.stage_one, "stage_other": each.stage_other}
        people = {"id": each.id, "one": each.one, "other": each.other}
        tx.execute(sql, people | stages | {"at_s": each.raised_at_s})


def withdraw(tx: Connection, ids: Iterable[str]) -> None:
    """Forget joins that nothing suggests any more."""
    for each in ids:
        tx.execute(text("DELETE FROM held_join WHERE id = :id"), {"id": each})


def decide(tx: Connection, join_id: str, state: str, *, by: str, at_s: float) -> None:
    """Approve or drop a join."""
    sql = (
        "UPDATE held_join SET state = :state, decided_by = :by, decided_at_s = :at_s WHERE id = :id"
    )
    tx.execute(text(sql), {"id": join_id, "state": state, "by": by, "at_s": at_s})

"""Queries about totals: numbers that only grow, added to in the transaction in which what they count is kept."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

Of = tuple[str, str]
"""What a number is of, such as a connection, or a stage and the next one; what does not apply is empty."""

NOTHING: Of = ("", "")


def add(tx: Connection, found: Mapping[str, Mapping[Of, float]]) -> None:
    """Add to totals.

    Args:
        found: name of the total -> what it is of -> how much more.
    """
    rows = [
        {"name": name, "one": one, "other": other, "value": value}
        for name, values in found.items()
        for (one, other), value in values.items()
        if value
    ]
    if rows:
        sql = (
            "INSERT INTO total (name, one, other, value) VALUES (:name, :one, :other, :value)"
            " ON CONFLICT (name, one, other) DO UPDATE SET value = total.value + excluded.value"
        )
        tx.execute(text(sql), rows)


def total(tx: Connection, name: str) -> float:
    """One of them, of everything together."""
    sql = text("SELECT COALESCE(SUM(value), 0) FROM total WHERE name = :name")
    return float(tx.execute(sql, {"name": name}).scalar_one())


def totals(tx: Connection) -> dict[str, dict[Of, float]]:
    """Name -> what it is of -> how much since the store was made; those of which there was nothing are absent."""
    found: dict[str, dict[Of, float]] = {}
    for row in tx.execute(text("SELECT * FROM total ORDER BY name, one, other")):
        found.setdefault(row.name, {})[row.one, row.other] = row.value
    return found

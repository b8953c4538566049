"""Queries about kept documents: what takes long to make, as it was last made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Kept:
    """A document, with when and from what it was made.

    Attributes:
        made_at_s: how things stood then; Unix seconds.
        took_s: seconds of a processor.
        basis: another text whenever what it is made from has changed.
    """

    made_at_s: float
    took_s: float
    basis: str
    document: Any


def keep(tx: Connection, name: str, made: Kept) -> None:
    """Keep a document in place of the last one of that name."""
    sql = (
        "INSERT INTO kept (name, made_at_s, took_s, basis, document)"
        " VALUES (:name, :made_at_s, :took_s, :basis, :document)"
        " ON CONFLICT (name) DO UPDATE SET made_at_s = excluded.made_at_s,"
        " took_s = excluded.took_s, basis = excluded.basis, document = excluded.document"
    )
    values = {
        "name": name,
        "made_at_s": made.made_at_s,
        "took_s": made.took_s,
        "basis": made.basis,
        "document": orjson.dumps(made.document).decode(),
    }
    tx.execute(text(sql), values)


def find(tx: Connection, name: str) -> Kept | None:
    """The document of this name; None when it was never made."""
    row = tx.execute(text("SELECT * FROM kept WHERE name = :name"), {"name": name}).one_or_none()
    if row is None:
        return None
    return Kept(row.made_at_s, row.took_s, row.basis, orjson.loads(row.document))

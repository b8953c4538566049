"""Queries about fields that are emptied on their way back, from before the request until a value is seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import orjson
from sqlalchemy import Connection, bindparam, text

from stagesync.store.keys import chunks
from stagesync.store.plans import StoredEntry


@dataclass(frozen=True, slots=True)
class Clearing:
    """A backward move that was begun and is not known to be finished.

    Attributes:
        entry: as it was sent; `before` is what the field held.
        is_refused: the CRM refused the value once the field was empty: what it held is to be restored.
    """

    entry: StoredEntry
    is_refused: bool = False

    @property
    def key(self) -> tuple[int, str]:
        """The record and the field."""
        return self.entry.record_pk, self.entry.field


def save_clearings(tx: Connection, begun: Iterable[Clearing]) -> None:
    """Note them, in place of what was noted of their fields; call it before the request goes out."""
    rows = [
        {
            "pk": each.entry.record_pk,
            "field": each.entry.field,
            "entry": orjson.dumps(asdict(each.entry)).decode(),
            "refused": int(each.is_refused),
        }
        for each in begun
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO clearing (record_pk, field, entry, refused)"
                " VALUES (:pk, :field, :entry, :refused) ON CONFLICT (record_pk, field)"
                " DO UPDATE SET entry = excluded.entry, refused = excluded.refused"
            ),
            rows,
        )


def clearings_of(tx: Connection, pks: Iterable[int]) -> dict[tuple[int, str], Clearing]:
    """(record, field) -> what is not finished there."""
    sql = text("SELECT * FROM clearing WHERE record_pk IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    rows = [row for batch in chunks(pks) for row in tx.execute(sql, {"keys": batch})]
    return {(row.record_pk, row.field): _clearing(row.entry, row.refused) for row in rows}


def all_clearings(tx: Connection) -> list[Clearing]:
    """Every one that is not finished, by record and field."""
    rows = tx.execute(text("SELECT * FROM clearing ORDER BY record_pk, field"))
    return [_clearing(row.entry, row.refused) for row in rows]


def _clearing(entry: str, refused: int) -> Clearing:
    return Clearing(StoredEntry(**orjson.loads(entry)), bool(refused))


def drop_clearings(tx: Connection, keys: Sequence[tuple[int, str]]) -> None:
    """Forget those of these records and fields."""
    if keys:
        rows = [{"pk": pk, "field": field} for pk, field in keys]
        tx.execute(text("DELETE FROM clearing WHERE record_pk = :pk AND field = :field"), rows)

"""Queries about deals and whom they concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from stagesync.store.keys import among


@dataclass(frozen=True, slots=True)
class StoredDeal:
    """A live deal record."""

    pk: int
    connection: str
    id: str
    status: str
    at_s: float | None
    amount: float | None


_SAVE_DEAL = text(
    "INSERT INTO deal (record_pk, status, at_s, amount) VALUES (:pk, :status, :at_s, :amount)"
    " ON CONFLICT (record_pk) DO UPDATE SET status = excluded.status, at_s = excluded.at_s,"
    " amount = excluded.amount"
)


def save_deals(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store deals: `pk`, `status`, `at_s`, `amount`."""
    if rows:
        tx.execute(_SAVE_DEAL, list(rows))


def drop_deals(tx: Connection, pks: Iterable[int]) -> None:
    """Forget the status of these records, before they tell it anew."""
    rows = [{"pk": pk} for pk in pks]
    if rows:
        tx.execute(text("DELETE FROM deal WHERE record_pk = :pk"), rows)


_DEALS = (
    "SELECT l.to_pk AS named, d.record_pk AS pk, d.status, d.at_s, d.amount, r.connection, r.id"
    " FROM link l JOIN deal d ON d.record_pk = l.from_pk JOIN record r ON r.pk = d.record_pk"
    " WHERE l.to_pk IN :keys AND r.gone = 0"
)
_DEALS_BY_ROLE = (
    "SELECT l.to_pk AS named, d.record_pk AS pk, d.status, d.at_s, d.amount, r.connection, r.id"
    " FROM link l JOIN record j ON j.pk = l.from_pk JOIN link m ON m.from_pk = l.from_pk"
    " JOIN deal d ON d.record_pk = m.to_pk JOIN record r ON r.pk = d.record_pk"
    " WHERE l.to_pk IN :keys AND m.to_pk <> l.to_pk AND r.gone = 0 AND j.gone = 0"
)


def deals_naming(tx: Connection, pks: Iterable[int]) -> dict[int, dict[int, StoredDeal]]:
    """Live deals that name each record, directly or through a joining record, by deal key."""
    wanted = list(pks)
    found: dict[int, dict[int, StoredDeal]] = {}
    for sql in (_DEALS, _DEALS_BY_ROLE):
        for row in among(tx, sql, wanted):
            told = StoredDeal(row.pk, row.connection, row.id, row.status, row.at_s, row.amount)
            found.setdefault(row.named, {})[row.pk] = told
    return found

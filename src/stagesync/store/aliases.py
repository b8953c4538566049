"""Queries about further addresses of people's records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import among


def save_aliases(tx: Connection, told: Mapping[int, Iterable[str]]) -> None:
    """Keep the further addresses that these records have now."""
    if not told:
        return
    tx.execute(text("DELETE FROM alias WHERE record_pk = :pk"), [{"pk": pk} for pk in told])
    rows = ((pk, email) for pk, emails in told.items() for email in emails)
    store_rows(tx, Put("alias", ("record_pk", "email")), rows)


def aliases_of(tx: Connection, pks: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Record -> its further addresses; records without are absent."""
    found: dict[int, tuple[str, ...]] = {}
    sql = "SELECT record_pk, email FROM alias WHERE record_pk IN :keys"
    for row in among(tx, sql, pks):
        found[row.record_pk] = (*found.get(row.record_pk, ()), row.email)
    return {pk: tuple(sorted(emails)) for pk, emails in found.items()}


def bearers_of(tx: Connection, emails: Iterable[str]) -> set[int]:
    """Records that have one of these as a further address."""
    sql = "SELECT record_pk FROM alias WHERE email IN :keys"
    return {row.record_pk for row in among(tx, sql, emails)}

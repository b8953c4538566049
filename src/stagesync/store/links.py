"""Queries about what records name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import among


def save_links(tx: Connection, links: Mapping[int, Iterable[int]]) -> None:
    """Replace what each of these records names."""
    if not links:
        return
    tx.execute(text("DELETE FROM link WHERE from_pk = :pk"), [{"pk": pk} for pk in links])
    rows = ((pk, to_pk) for pk, targets in links.items() for to_pk in set(targets))
    store_rows(tx, Put("link", ("from_pk", "to_pk")), rows)


def links_from(tx: Connection, pks: Iterable[int]) -> dict[int, list[int]]:
    """What each record names; records that name nothing are absent."""
    found: dict[int, list[int]] = {}
    sql = "SELECT from_pk, to_pk FROM link WHERE from_pk IN :keys"
    for row in among(tx, sql, pks):
        found.setdefault(row.from_pk, []).append(row.to_pk)
    return found


def links_to(tx: Connection, pks: Iterable[int]) -> dict[int, list[int]]:
    """Who names each record; records that nobody names are absent."""
    found: dict[int, list[int]] = {}
    sql = "SELECT from_pk, to_pk FROM link WHERE to_pk IN :keys"
    for row in among(tx, sql, pks):
        found.setdefault(row.to_pk, []).append(row.from_pk)
    return found

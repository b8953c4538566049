"""People or accounts in the order in which they moved, a page at a time, found by where they stand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, text

from stagesync.store.keys import among
from stagesync.store.people import Kind

FEW = 5_000
"""So many are sorted; of more, the index of moves is read until the page is full."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody, and when the main vocabulary's stage last changed; the key of a list's order."""

    at_s: float
    id: str


def page(
    tx: Connection,
    kind: Kind,
    *,
    places: Collection[int] | None = None,
    account: str | None = None,
    expected: int,
    after: Moved | None = None,
    most: int,
) -> list[Moved]:
    """Those who were placed, who moved last first.

    Args:
        places: where they stand; None means anywhere.
        account: whose they are; None means anybody's.
        expected: about how many there are in all, which decides how they are looked up.
        after: the last one of the page before.
    """
    if places is not None and not places:
        return []
    # A plus keeps the planner from the index that is not meant.
    few = account is not None or (places is not None and expected <= FEW)
    where = ["staged_at_s IS NOT NULL"]
    values: dict[str, Any] = {"most": most}
    if account is not None:
        where.append("account = :account")
        values["account"] = account
    if places is not None:
        where.append(f"{'' if few and account is None else '+'}place IN :places")
        values["places"] = sorted(places)
    moved = "+staged_at_s" if few else "staged_at_s"
    if after is not None:
        where.append(f"({moved}, id) < (:at_s, :after)")
        values |= {"at_s": after.at_s, "after": after.id}
    sql = text(
        f"SELECT id, staged_at_s FROM {kind} WHERE {' AND '.join(where)}"  # noqa: S608  literals
        f" ORDER BY {moved} DESC, id DESC LIMIT :most"
    )
    if places is not None:
        sql = sql.bindparams(bindparam("places", expanding=True))
    return [Moved(row.staged_at_s, row.id) for row in tx.execute(sql, values)]


def places_in(tx: Connection, account: str) -> dict[int, int]:
    """Place -> how many people of an account stand there."""
    sql = (
        "SELECT place, COUNT(*) AS n FROM person WHERE account = :account AND place IS NOT NULL"
        " GROUP BY place"
    )
    return {row.place: row.n for row in tx.execute(text(sql), {"account": account})}


def members(tx: Connection, accounts: Collection[str]) -> dict[str, int]:
    """Account -> how many people it has; those without any are absent."""
    sql = "SELECT account, COUNT(*) AS n FROM person WHERE account IN :keys GROUP BY account"
    return {row.account: row.n for row in among(tx, sql, sorted(accounts))}

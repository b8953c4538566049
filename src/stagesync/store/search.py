"""Who is found by the beginning of a name, an address, a web domain or a CRM's id.

Every question is a range of one index in the order of bytes; names stand in the store folded, so that
case and accents play no part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from stagesync.store.people import Kind
from stagesync.store.records import objects

LAST = "\U0010ffff"
"""Beyond whatever text begins alike."""

_LIVE = "r.held = 1 AND r.gone = 0"


def by_name(tx: Connection, kind: Kind, *, first: str = "", last: str = "", most: int) -> list[str]:
    """Those whose first and last name begin so, in the order of the last name, else of the first."""
    where, order = [], "r.first_name, r.last_name"
    if first:
        where.append("r.first_name <> '' AND r.first_name >= :first AND r.first_name < :first_end")
    if last:
        where.append("r.last_name <> '' AND r.last_name >= :last AND r.last_name < :last_end")
        order = "r.last_name, r.first_name"
    if kind == "account":
        where.append("r.first_name = ''")
    values = {"first": first, "first_end": first + LAST, "last": last, "last_end": last + LAST}
    return _holders(tx, kind, " AND ".join(where), order=order, most=most, **values)


def by_email(tx: Connection, beginning: str, *, most: int) -> list[str]:
    """People with an address that begins so, the first one or a further one."""
    where, values = "r.email >= :low AND r.email < :high", _range(beginning)
    found = _holders(tx, "person", where, order="r.email", most=most, **values)
    further = (
        "r.pk IN (SELECT a.record_pk FROM alias a WHERE a.email >= :low AND a.email < :high"
        " ORDER BY a.email LIMIT :most)"
    )
    also = _holders(tx, "person", further, order="r.pk", most=most, **values)
    return list(dict.fromkeys([*found, *also]))[:most]


def by_employer(tx: Connection, domain: str, *, most: int) -> list[str]:
    """People whose address is of the company with this web domain."""
    return _holders(
        tx, "person", "r.mail_domain = :domain", order="r.email", most=most, domain=domain
    )


def by_domain(tx: Connection, beginning: str, *, most: int) -> list[str]:
    """Accounts with a web domain that begins so."""
    where = "r.domain >= :low AND r.domain < :high"
    return _holders(tx, "account", where, order="r.domain", most=most, **_range(beginning))


def by_record(tx: Connection, kind: Kind, beginning: str, *, most: int) -> list[str]:
    """Those with a record whose id in its CRM begins so."""
    found: list[str] = []
    where = "r.connection = :connection AND r.object = :object AND r.id >= :low AND r.id < :high"
    for connection, object_name in objects(tx):
        found += _holders(
            tx,
            kind,
            where,
            order="r.id",
            most=most,
            connection=connection,
            object=object_name,
            **_range(beginning),
        )
    return list(dict.fromkeys(found))[:most]


def _range(beginning: str) -> dict[str, str]:
    return {"low": beginning, "high": beginning + LAST}


def _holders(
    tx: Connection, kind: Kind, where: str, *, order: str, most: int, **values: Any
) -> list[str]:
    """Whose the live records of a condition are, each once."""
    sql = (
        f"SELECT r.{kind} AS holder FROM record r WHERE {where} AND {_LIVE}"  # noqa: S608  literals
        f" AND COALESCE(r.{kind}, '') <> '' ORDER BY {order} LIMIT :most"
    )
    # Somebody has a record in each CRM, or several.
    rows: Iterable[Any] = tx.execute(text(sql), {**values, "most": 4 * most})
    return list(dict.fromkeys(row.holder for row in rows))[:most]

"""Queries about values that a mapping does not understand, kept beside the records that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text

from stagesync.store.bulk import Put, store_rows


@dataclass(frozen=True, slots=True)
class Unmapped:
    """One value of one field.

    Attributes:
        records: how many hold it.
    """

    connection: str
    object: str
    field: str
    value: str
    records: int


_KEYS = ("record_pk", "field", "value")
_ADD = Put("unmapped", (*_KEYS, "connection", "object"), _KEYS, ("connection",))


def replace_unmapped(
    tx: Connection,
    connection: str,
    object_name: str,
    found: Mapping[int, Iterable[tuple[str, str]]],
) -> None:
    """Keep what these records say that nobody understands, in place of what they said before.

    Args:
        found: record -> (field, value); none for a record that is gone.
    """
    if not found:
        return
    tx.execute(text("DELETE FROM unmapped WHERE record_pk = :pk"), [{"pk": pk} for pk in found])
    rows = {
        (pk, field, value, connection, object_name)
        for pk, told in found.items()
        for field, value in told
    }
    store_rows(tx, _ADD, sorted(rows))


def ranked(tx: Connection, connections: Sequence[str], *, most: int) -> list[Unmapped]:
    """The values of most records first."""
    sql = text(
        "SELECT connection, object, field, value, COUNT(*) AS records FROM unmapped"
        " WHERE connection IN :names GROUP BY connection, object, field, value"
        " ORDER BY records DESC, connection, object, field, value LIMIT :most"
    ).bindparams(bindparam("names", expanding=True))
    rows = tx.execute(sql, {"names": list(connections), "most": most})
    return [Unmapped(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A value of ours that a field of a CRM has nothing for.

    Attributes:
        wanted: the stage, as JSON.
        records: how many would hold it.
    """

    connection: str
    object: str
    field: str
    wanted: str
    records: int


def unsaid(tx: Connection, *, most: int) -> list[Unsaid]:
    """What could not be written because the CRM has no value for it, that of most records first."""
    sql = text(
        "SELECT r.connection, r.object, d.field, d.wanted, COUNT(*) AS records"
        " FROM difference d JOIN record r ON r.pk = d.record_pk"
        " WHERE d.reason = 'unmapped' AND r.gone = 0"
        " GROUP BY r.connection, r.object, d.field, d.wanted"
        " ORDER BY records DESC, r.connection, r.object, d.field, d.wanted LIMIT :most"
    )
    return [Unsaid(*row) for row in tx.execute(sql, {"most": most})]


def examples(tx: Connection, each: Unmapped, *, most: int) -> list[str]:
    """Ids of records that hold the value."""
    sql = text(
        "SELECT r.id FROM unmapped u JOIN record r ON r.pk = u.record_pk WHERE u.connection = :connection"
        " AND u.object = :object AND u.field = :field AND u.value = :value"
        " ORDER BY u.record_pk LIMIT :most"
    )
    place = {"connection": each.connection, "object": each.object, "field": each.field}
    return [row.id for row in tx.execute(sql, {**place, "value": each.value, "most": most})]

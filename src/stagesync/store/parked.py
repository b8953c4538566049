"""Queries about values that a CRM refused and that wait."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text

from stagesync.store.keys import chunks


@dataclass(frozen=True, slots=True)
class Refused:
    """Values that a CRM refused in the same words.

    Attributes:
        words: the CRM's; they may repeat what somebody typed.
        count: values.
        since_s: since when the first of them waits.
    """

    connection: str
    object: str
    field: str
    words: str = dataclasses.field(repr=False)
    count: int
    since_s: float


def groups(tx: Connection) -> list[Refused]:
    """All refused values, by field and words."""
    sql = text(
        "SELECT r.connection, r.object, d.field, d.words, COUNT(*) AS n, MIN(d.at_s) AS since_s"
        " FROM difference d JOIN record r ON r.pk = d.record_pk"
        " WHERE d.reason = 'refused' AND r.gone = 0"
        " GROUP BY r.connection, r.object, d.field, d.words"
        " ORDER BY r.connection, r.object, d.field, d.words"
    )
    return [Refused(*row) for row in tx.execute(sql)]


@dataclass(frozen=True, slots=True)
class Parked:
    """A record with a refused value.

    Attributes:
        subject: the person or account that it belongs to; empty when to nobody.
    """

    connection: str
    object: str
    id: str
    subject: str
    words: str = dataclasses.field(repr=False)
    since_s: float


def subjects_refused(tx: Connection, place: tuple[str, str], words: Sequence[str]) -> list[str]:
    """People and accounts of whom a value was refused in one of these words.

    Args:
        place: connection and object.
    """
    sql = text(
        "SELECT DISTINCT COALESCE(r.person, r.account) AS subject"
        " FROM difference d JOIN record r ON r.pk = d.record_pk"
        " WHERE d.reason = 'refused' AND r.gone = 0 AND r.connection = :connection"
        " AND r.object = :object AND d.words IN :words"
    ).bindparams(bindparam("words", expanding=True))
    found: set[str] = set()
    for some in chunks(words):
        rows = tx.execute(sql, {"connection": place[0], "object": place[1], "words": some})
        found.update(row.subject for row in rows if row.subject)
    return sorted(found)


def examples(tx: Connection, *, most: int) -> list[Parked]:
    """Records of each complaint as the CRM worded it, the longest waiting first.

    Args:
        most: of each wording; a record counts once for each of its fields.
    """
    sql = text(
        "SELECT connection, object, id, subject, words, at_s FROM ("
        "SELECT r.connection, r.object, r.id, COALESCE(r.person, r.account, '') AS subject, d.words,"
        " d.at_s, ROW_NUMBER() OVER (PARTITION BY r.connection, r.object, d.words"
        " ORDER BY d.at_s, r.id) AS place"
        " FROM difference d JOIN record r ON r.pk = d.record_pk"
        " WHERE d.reason = 'refused' AND r.gone = 0) AS told"
        " WHERE place <= :most ORDER BY at_s, id"
    )
    return [Parked(*row) for row in tx.execute(sql, {"most": most})]

"""Queries about records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.engine import Row

from stagesync.store.bulk import Change, Put, store_rows
from stagesync.store.keys import among, chunks

Ref = tuple[str, str, str]
"""Connection, object, id."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it was last seen.

    Attributes:
        held: false for one that only another record named so far.
        fields: the mapped fields alone.
        changed_at_s: the CRM's stamp as last seen.
        told_at_s: its stamp when it last held something new: our own writes do not make it newer.
        merged_into: id of the record that it became part of; empty otherwise.
        employer: domain of the company of its address; empty for free mail.
    """

    pk: int
    connection: str
    object: str
    id: str
    held: bool
    fields: Mapping[str, Any] = field(repr=False)
    changed_at_s: float
    told_at_s: float
    gone: bool
    person: str | None
    account: str | None
    email: str = field(repr=False)
    name: tuple[str, str] = field(repr=False)
    domain: str = field(repr=False)
    merged_into: str
    created_at_s: float | None = None
    employer: str = field(default="", repr=False)

    @property
    def mail_domain(self) -> str:
        """Of its address; of an account its own."""
        return self.email.rpartition("@")[2] or self.domain


_COLUMNS = (
    "pk, connection, object, id, held, fields, changed_at_s, told_at_s, created_at_s, gone, person, account,"
    " email, mail_domain, first_name, last_name, domain, merged_into"
)


def _stored(row: Row[Any]) -> StoredRecord:
    return StoredRecord(
        pk=row.pk,
        connection=row.connection,
        object=row.object,
        id=row.id,
        held=bool(row.held),
        fields=orjson.loads(row.fields),
        changed_at_s=row.changed_at_s,
        told_at_s=row.told_at_s,
        gone=bool(row.gone),
        person=row.person,
        account=row.account,
        email=row.email,
        name=(row.first_name, row.last_name),
        domain=row.domain,
        merged_into=row.merged_into,
        created_at_s=row.created_at_s,
        employer=row.mail_domain,
    )


def records_where(tx: Connection, column: str, keys: Iterable[Any]) -> list[StoredRecord]:
    """Records whose `column` is one of the keys; column is one of this module's callers' literals."""
    sql = f"SELECT {_COLUMNS} FROM record WHERE {column} IN :keys"  # noqa: S608  literal columns
    return [_stored(row) for row in among(tx, sql, keys)]


def records_of(
    tx: Connection, connection: str, object_name: str, ids: Iterable[str]
) -> dict[str, StoredRecord]:
    """Held or merely named records of one object, by id."""
    sql = text(
        f"SELECT {_COLUMNS} FROM record"  # noqa: S608  literal columns
        " WHERE connection = :connection AND object = :object AND id IN :keys"
    ).bindparams(bindparam("keys", expanding=True))
    found = {}
    for batch in chunks(ids):
        values = {"connection": connection, "object": object_name, "keys": batch}
        for row in tx.execute(sql, values):
            found[row.id] = _stored(row)
    return found


def objects(tx: Connection) -> list[tuple[str, str]]:
    """Every connection and object that a record is of, by one look into the index for each."""
    next_connection = text("SELECT MIN(connection) FROM record WHERE connection > :after")
    next_object = text(
        "SELECT MIN(object) FROM record WHERE connection = :connection AND object > :after"
    )
    found: list[tuple[str, str]] = []
    connection = tx.execute(next_connection, {"after": ""}).scalar()
    while connection is not None:
        values = {"connection": connection, "after": ""}
        while (name := tx.execute(next_object, values).scalar()) is not None:
            found.append((connection, name))
            values = {"connection": connection, "after": name}
        connection = tx.execute(next_connection, {"after": connection}).scalar()
    return found


def records_with_id(tx: Connection, record_id: str) -> list[StoredRecord]:
    """Records of any connection and object that have this id."""
    return [
        each
        for connection, object_name in objects(tx)
        for each in records_of(tx, connection, object_name, [record_id]).values()
    ]


def records_with_mail_at(tx: Connection, domains: Iterable[str]) -> list[StoredRecord]:
    """Person records whose address is of a company of one of these web domains."""
    sql = f"SELECT {_COLUMNS} FROM record WHERE mail_domain IN :keys"  # noqa: S608  literal columns
    return [_stored(row) for row in among(tx, sql, domains)]


AT_ONCE = 1_000
"""Rows that are fetched at once from a server."""


def all_records(tx: Connection, objects: Sequence[tuple[str, str]]) -> Iterator[StoredRecord]:
    """Every held record of these (connection, object) pairs."""
    sql = text(
        f"SELECT {_COLUMNS} FROM record"  # noqa: S608  literal columns
        " WHERE connection = :connection AND object = :object AND held = 1 ORDER BY pk"
    )
    for connection, object_name in objects:
        for row in tx.execute(sql, {"connection": connection, "object": object_name}):
            yield _stored(row)


def of_shared_people(tx: Connection) -> Iterator[StoredRecord]:
    """The live records of people whom several connections hold, person by person; read one by one."""
    sql = text(
        f"SELECT {_COLUMNS} FROM record WHERE held = 1 AND gone = 0 AND person IN"  # noqa: S608  literal columns
        " (SELECT person FROM record WHERE person <> '' AND held = 1 AND gone = 0 GROUP BY person"
        " HAVING MIN(connection) <> MAX(connection)) ORDER BY person"
    ).execution_options(yield_per=AT_ONCE)
    with tx.execute(sql) as rows:
        for row in rows:
            yield _stored(row)


_IDENTITY = ("email", "mail_domain", "first_name", "last_name", "domain")
_UNSEEN = {
    "held": 0,
    "fields": "{}",
    **dict.fromkeys(("changed_at_s", "told_at_s", "gone"), 0),
    **dict.fromkeys(("merged_into", *_IDENTITY), ""),
}
_REF = ("connection", "object", "id")
_NAME = Put("record", (*_REF, *_UNSEEN), _REF)


def name_records(tx: Connection, refs: Iterable[Ref]) -> dict[Ref, int]:
    """The store's number of each record, making a place for those never heard of."""
    wanted = sorted(set(refs))
    store_rows(tx, _NAME, ((*ref, *_UNSEEN.values()) for ref in wanted))
    found: dict[Ref, int] = {}
    by_kind: dict[tuple[str, str], list[str]] = {}
    for connection, object_name, record_id in wanted:
        by_kind.setdefault((connection, object_name), []).append(record_id)
    sql = text(
        "SELECT pk, id FROM record WHERE connection = :connection AND object = :object"
        " AND id IN :keys"
    ).bindparams(bindparam("keys", expanding=True))
    for (connection, object_name), ids in by_kind.items():
        for batch in chunks(ids):
            values = {"connection": connection, "object": object_name, "keys": batch}
            for row in tx.execute(sql, values):
                found[connection, object_name, row.id] = row.pk
    return found


_TOLD = ("created_at_s", "gone", "merged_into", *_IDENTITY)
_SAVE = Change(
    "record", ("held", "fields", "changed_at_s", "told_at_s", "gone_at_s", *_TOLD), ("pk",)
)
_SAVE_IDENTITY = Change("record", _IDENTITY, ("pk",))
_SAVE_FIELDS = Change("record", ("fields",), ("pk",))
_SAVE_STAMP = Change("record", ("changed_at_s",), ("pk",))


def save_records(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what records hold now; each row has `pk`, `fields` as a mapping, `changed_at_s` and `_TOLD`."""
    values = (
        (
            1,
            orjson.dumps(row["fields"]).decode(),
            row["changed_at_s"],
            row["changed_at_s"],
            None,
            *(row[name] for name in _TOLD),
            row["pk"],
        )
        for row in rows
    )
    store_rows(tx, _SAVE, values)


def save_identities(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store by what records are known again: each row has `pk` and `_IDENTITY`."""
    store_rows(tx, _SAVE_IDENTITY, ([row[name] for name in (*_IDENTITY, "pk")] for row in rows))


def set_fields(tx: Connection, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Replace the stored fields of records, after a write that the CRM took."""
    store_rows(tx, _SAVE_FIELDS, ((orjson.dumps(dict(told)).decode(), pk) for pk, told in rows))


def drop_fields(
    tx: Connection, connection: str, object_name: str, names: Sequence[str]
) -> list[int]:
    """Forget these fields of every record of an object.

    Returns:
        The records that held something there.
    """
    held = [
        each
        for each in all_records(tx, [(connection, object_name)])
        if any(name in each.fields for name in names)
    ]
    kept = (
        (each.pk, {name: value for name, value in each.fields.items() if name not in names})
        for each in held
    )
    set_fields(tx, kept)
    return [each.pk for each in held if any(each.fields.get(name) for name in names)]


def count_shared_emails(tx: Connection, connection: str) -> int:
    """How many addresses several people of a connection have."""
    sql = text(
        "SELECT COUNT(*) FROM (SELECT email FROM record WHERE connection = :connection"
        " AND held = 1 AND gone = 0 AND email <> '' AND person IS NOT NULL"
        " GROUP BY email HAVING COUNT(DISTINCT person) > 1) shared"
    )
    return int(tx.execute(sql, {"connection": connection}).scalar_one())


def count_live(tx: Connection, connection: str, object_name: str) -> int:
    """How many live records of an object are held."""
    sql = text(
        "SELECT COUNT(*) FROM record WHERE connection = :connection AND object = :object"
        " AND held = 1 AND gone = 0"
    )
    return int(tx.execute(sql, {"connection": connection, "object": object_name}).scalar_one())


def set_stamps(tx: Connection, rows: Iterable[tuple[int, float]]) -> None:
    """Keep records' modification stamps, when nothing else of them changed."""
    store_rows(tx, _SAVE_STAMP, ((changed_at_s, pk) for pk, changed_at_s in rows))


def since_of(tx: Connection, pks: Iterable[int]) -> dict[int, dict[str, float]]:
    """Record -> flag -> the instant since which the record has told it; records without are absent."""
    found: dict[int, dict[str, float]] = {}
    sql = "SELECT record_pk, fact, since_s FROM fact_since WHERE record_pk IN :keys"
    for row in among(tx, sql, pks):
        found.setdefault(row.record_pk, {})[row.fact] = row.since_s
    return found


def save_since(
    tx: Connection, told: Mapping[int, Iterable[str]], at_s: Mapping[int, float]
) -> None:
    """Keep which flags these records tell now; one that was told before keeps its instant.

    Args:
        told: record -> flags; a flag that is not among them is forgotten.
        at_s: record -> the instant from which new ones count.
    """
    if not told:
        return
    known = since_of(tx, told)
    rows = [
        {"pk": pk, "fact": fact, "since_s": known.get(pk, {}).get(fact, at_s[pk])}
        for pk, facts in told.items()
        for fact in facts
    ]
    tx.execute(text("DELETE FROM fact_since WHERE record_pk = :pk"), [{"pk": pk} for pk in told])
    if rows:
        sql = "INSERT INTO fact_since (record_pk, fact, since_s) VALUES (:pk, :fact, :since_s)"
        tx.execute(text(sql), rows)


def all_refs(tx: Connection) -> Iterator[Ref]:
    """Every record's connection, object and id."""
    for row in tx.execute(text("SELECT connection, object, id FROM record")):
        yield row.connection, row.object, row.id

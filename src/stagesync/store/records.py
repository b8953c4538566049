"""Queries about records, what they name, and what happened to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.engine import Row

BEFORE_ALL_S = -1e15
"""An instant before everything, which every database can compare."""

CHUNK = 500
"""Keys per IN list."""

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
    """

    pk: int
    connection: str
    object: str
    id: str
    held: bool
    fields: Mapping[str, Any]
    changed_at_s: float
    told_at_s: float
    gone: bool
    person: str | None
    account: str | None
    email: str
    name: tuple[str, str]
    domain: str
    merged_into: str
    created_at_s: float | None = None

    @property
    def mail_domain(self) -> str:
        """Of its address; of an account its own."""
        return self.email.rpartition("@")[2] or self.domain


_COLUMNS = (
    "pk, connection, object, id, held, fields, changed_at_s, told_at_s, created_at_s, gone, person, account,"
    " email, first_name, last_name, domain, merged_into"
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
    )


def chunks(keys: Iterable[Any]) -> Iterator[list[Any]]:
    """Keys in lists of at most `CHUNK`."""
    batch: list[Any] = []
    for key in keys:
        batch.append(key)
        if len(batch) == CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch


def _among(tx: Connection, sql: str, keys: Iterable[Any]) -> Iterator[Row[Any]]:
    statement = text(sql).bindparams(bindparam("keys", expanding=True))
    for batch in chunks(keys):
        yield from tx.execute(statement, {"keys": batch})


def records_where(tx: Connection, column: str, keys: Iterable[Any]) -> list[StoredRecord]:
    """Records whose `column` is one of the keys; column is one of this module's callers' literals."""
    sql = f"SELECT {_COLUMNS} FROM record WHERE {column} IN :keys"  # noqa: S608  literal columns
    return [_stored(row) for row in _among(tx, sql, keys)]


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


def records_with_mail_at(tx: Connection, domains: Iterable[str]) -> list[StoredRecord]:
    """Person records whose address lies in one of these web domains."""
    sql = f"SELECT {_COLUMNS} FROM record WHERE mail_domain IN :keys"  # noqa: S608  literal columns
    return [_stored(row) for row in _among(tx, sql, domains)]


def all_records(tx: Connection, objects: Sequence[tuple[str, str]]) -> Iterator[StoredRecord]:
    """Every held record of these (connection, object) pairs."""
    sql = text(
        f"SELECT {_COLUMNS} FROM record"  # noqa: S608  literal columns
        " WHERE connection = :connection AND object = :object AND held = 1 ORDER BY pk"
    )
    for connection, object_name in objects:
        for row in tx.execute(sql, {"connection": connection, "object": object_name}):
            yield _stored(row)


def name_records(tx: Connection, refs: Iterable[Ref]) -> dict[Ref, int]:
    """The store's number of each record, making a place for those never heard of."""
    wanted = sorted(set(refs))
    tx_insert = text(
        "INSERT INTO record (connection, object, id, held, fields, changed_at_s, told_at_s, gone, merged_into,"
        " email, mail_domain, first_name, last_name, domain)"
        " VALUES (:connection, :object, :id, 0, '{}', 0, 0, 0, '', '', '', '', '', '')"
        " ON CONFLICT (connection, object, id) DO NOTHING"
    )
    if wanted:
        rows = [{"connection": c, "object": o, "id": i} for c, o, i in wanted]
        tx.execute(tx_insert, rows)
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


_SAVE_RECORD = text(
    "UPDATE record SET held = 1, fields = :fields, changed_at_s = :changed_at_s,"
    " told_at_s = :changed_at_s, created_at_s = :created_at_s, gone = :gone, merged_into = :merged_into, email = :email,"
    " mail_domain = :mail_domain, first_name = :first_name, last_name = :last_name, domain = :domain WHERE pk = :pk"
)


def save_records(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what records hold now; each row has the columns of the statement, `fields` as a mapping."""
    if rows:
        encoded = [{**row, "fields": orjson.dumps(row["fields"]).decode()} for row in rows]
        tx.execute(_SAVE_RECORD, encoded)


def set_fields(tx: Connection, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Replace the stored fields of records, after a write that the CRM took."""
    encoded = [{"pk": pk, "fields": orjson.dumps(dict(fields)).decode()} for pk, fields in rows]
    if encoded:
        tx.execute(text("UPDATE record SET fields = :fields WHERE pk = :pk"), encoded)


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
    values = [{"pk": pk, "changed_at_s": changed_at_s} for pk, changed_at_s in rows]
    if values:
        tx.execute(text("UPDATE record SET changed_at_s = :changed_at_s WHERE pk = :pk"), values)


def save_links(tx: Connection, links: Mapping[int, Iterable[int]]) -> None:
    """Replace what each of these records names."""
    if not links:
        return
    tx.execute(text("DELETE FROM link WHERE from_pk = :pk"), [{"pk": pk} for pk in links])
    rows = [
        {"from_pk": pk, "to_pk": to_pk} for pk, targets in links.items() for to_pk in set(targets)
    ]
    if rows:
        tx.execute(text("INSERT INTO link (from_pk, to_pk) VALUES (:from_pk, :to_pk)"), rows)


def links_from(tx: Connection, pks: Iterable[int]) -> dict[int, list[int]]:
    """What each record names; records that name nothing are absent."""
    found: dict[int, list[int]] = {}
    sql = "SELECT from_pk, to_pk FROM link WHERE from_pk IN :keys"
    for row in _among(tx, sql, pks):
        found.setdefault(row.from_pk, []).append(row.to_pk)
    return found


def links_to(tx: Connection, pks: Iterable[int]) -> dict[int, list[int]]:
    """Who names each record; records that nobody names are absent."""
    found: dict[int, list[int]] = {}
    sql = "SELECT from_pk, to_pk FROM link WHERE to_pk IN :keys"
    for row in _among(tx, sql, pks):
        found.setdefault(row.to_pk, []).append(row.from_pk)
    return found


def since_of(tx: Connection, pks: Iterable[int]) -> dict[int, dict[str, float]]:
    """Record -> flag -> the instant since which the record has told it; records without are absent."""
    found: dict[int, dict[str, float]] = {}
    sql = "SELECT record_pk, fact, since_s FROM fact_since WHERE record_pk IN :keys"
    for row in _among(tx, sql, pks):
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


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """An activity of the person whose record is `owner_pk`, told by the record `source_pk`."""

    owner_pk: int
    at_s: float
    type: str
    source_pk: int
    took_place: bool


_SAVE_ACTIVITY = text(
    "INSERT INTO activity (owner_pk, at_s, type, source_pk, took_place)"
    " VALUES (:owner_pk, :at_s, :type, :source_pk, :took_place)"
    " ON CONFLICT (owner_pk, at_s, type, source_pk) DO UPDATE SET took_place = excluded.took_place"
)


def save_activities(tx: Connection, activities: Sequence[StoredActivity]) -> None:
    """Store activities; one that is there already is only brought up to date."""
    if activities:
        rows = [
            {
                "owner_pk": each.owner_pk,
                "at_s": each.at_s,
                "type": each.type,
                "source_pk": each.source_pk,
                "took_place": int(each.took_place),
            }
            for each in activities
        ]
        tx.execute(_SAVE_ACTIVITY, rows)


def drop_activities_told_by(tx: Connection, source_pks: Iterable[int]) -> None:
    """Forget what these activity records told, before they tell it anew."""
    rows = [{"pk": pk} for pk in source_pks]
    if rows:
        tx.execute(text("DELETE FROM activity WHERE source_pk = :pk"), rows)


def activities_of(
    tx: Connection, owner_pks: Iterable[int], windows: Mapping[str, float | None], *, from_s: float
) -> dict[int, list[tuple[StoredActivity, str, str]]]:
    """Activities that the policy can still look at, by owner, with the source's connection and id.

    What a record told before it was merged into another one goes on counting.

    Args:
        windows: activity type -> seconds looked back; None means for ever; other types are left out.
        from_s: the earliest instant that is looked back from; minus infinite takes everything.
    """
    for_ever = [name for name, window in windows.items() if window is None] or [""]
    finite = [window for window in windows.values() if window is not None]
    oldest_s = max(from_s - max(finite, default=0.0), BEFORE_ALL_S)
    sql = text(
        "SELECT a.owner_pk, a.at_s, a.type, a.source_pk, a.took_place, r.connection, r.object, r.id"
        " FROM activity a JOIN record r ON r.pk = a.source_pk"
        " WHERE a.owner_pk IN :keys AND (a.at_s >= :oldest_s OR a.type IN :for_ever)"
        " AND (r.gone = 0 OR r.merged_into <> '')"
    ).bindparams(bindparam("keys", expanding=True), bindparam("for_ever", expanding=True))
    found: dict[int, list[tuple[StoredActivity, str, str]]] = {}
    for batch in chunks(owner_pks):
        values = {"keys": batch, "oldest_s": oldest_s, "for_ever": for_ever}
        for row in tx.execute(sql, values):
            told = StoredActivity(
                row.owner_pk, row.at_s, row.type, row.source_pk, bool(row.took_place)
            )
            source = f"{row.object}/{row.id}"
            found.setdefault(row.owner_pk, []).append((told, row.connection, source))
    return found


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
        for row in _among(tx, sql, wanted):
            told = StoredDeal(row.pk, row.connection, row.id, row.status, row.at_s, row.amount)
            found.setdefault(row.named, {})[row.pk] = told
    return found

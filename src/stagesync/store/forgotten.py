"""Queries about who was forgotten, known by keyed digests alone.

The key is random, made with the first digest, and kept in `meta`: a digest tells nobody's id to whoever has
it without the store. With the store an id can be tried, and that is all it is for.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, text

from stagesync.store import state
from stagesync.store.keys import among
from stagesync.store.records import Ref

_KEY = "forgotten.key"


@dataclass(frozen=True, slots=True)
class Digest:
    """A record that is not taken in any more.

    Attributes:
        digest: HMAC-SHA256 over connection, object and id, in hexadecimal.
        at_s: when it was forgotten.
    """

    digest: str
    connection: str
    object: str
    at_s: float


def key_of(tx: Connection) -> str:
    """The key of the digests, in hexadecimal; empty while nobody was forgotten."""
    return state.get_meta(tx, _KEY) or ""


def set_key(tx: Connection, key: str) -> None:
    """Take another store's key over; only while nobody was forgotten here."""
    state.set_meta(tx, _KEY, key)


def is_any(tx: Connection) -> bool:
    """Whether anybody was ever forgotten."""
    return bool(key_of(tx))


def digest_of(key: str, ref: Ref) -> str:
    """The digest of a record."""
    return hmac.digest(bytes.fromhex(key), "\x00".join(ref).encode(), "sha256").hex()


def remember(tx: Connection, refs: Iterable[Ref], *, at_s: float) -> None:
    """Take these records in no more."""
    wanted = sorted(set(refs))
    if not wanted:
        return
    if not (key := key_of(tx)):
        set_key(tx, key := secrets.token_hex(32))
    add(tx, [Digest(digest_of(key, ref), ref[0], ref[1], at_s) for ref in wanted])


def add(tx: Connection, digests: Iterable[Digest]) -> None:
    """Keep digests; one that is known stays as it is."""
    rows = [
        {"digest": e.digest, "connection": e.connection, "object": e.object, "at_s": e.at_s}
        for e in digests
    ]
    if rows:
        tx.execute(
            text(
                "INSERT INTO forgotten (digest, connection, object, at_s)"
                " VALUES (:digest, :connection, :object, :at_s) ON CONFLICT (digest) DO NOTHING"
            ),
            rows,
        )


def readmit(tx: Connection, refs: Iterable[Ref]) -> int:
    """Let these records be taken in again; how many had been forgotten."""
    key = key_of(tx)
    rows = [{"digest": digest_of(key, ref)} for ref in refs] if key else []
    gone = [row for row in rows if known(tx, [row["digest"]])]
    if gone:
        tx.execute(text("DELETE FROM forgotten WHERE digest = :digest"), gone)
    return len(gone)


def known(tx: Connection, digests: Iterable[str]) -> set[str]:
    """Those of these digests that are kept."""
    sql = "SELECT digest FROM forgotten WHERE digest IN :keys"
    return {row.digest for row in among(tx, sql, digests)}


def forgotten_among(tx: Connection, refs: Collection[Ref]) -> set[Ref]:
    """Those of these records that were forgotten; asks for none while nobody was."""
    key = key_of(tx) if refs else ""
    if not key:
        return set()
    digests = {digest_of(key, ref): ref for ref in refs}
    return {digests[each] for each in known(tx, digests)}


def all_digests(tx: Connection) -> list[Digest]:
    """Every one that is kept, oldest first."""
    rows = tx.execute(text("SELECT * FROM forgotten ORDER BY at_s, digest"))
    return [Digest(row.digest, row.connection, row.object, row.at_s) for row in rows]


def count(tx: Connection, connection: str = "", object_name: str = "") -> int:
    """How many records are taken in no more; of one object, or of all."""
    sql = text(
        "SELECT COUNT(*) FROM forgotten WHERE (connection = :connection OR :connection = '')"
        " AND (object = :object OR :object = '')"
    )
    told = {"connection": connection, "object": object_name}
    return int(tx.execute(sql, told).scalar_one())


@dataclass(frozen=True, slots=True)
class Traces:
    """What somebody was known by.

    Attributes:
        people: ids of ours, those that ended included.
        pks: the store's numbers of their records, and of what was told of them alone.
        refs: those records as the CRMs name them.
    """

    people: frozenset[str]
    pks: frozenset[int]
    refs: frozenset[Ref]


def look_again(tx: Connection, traces: Traces, *, at_s: float) -> None:
    """Have the next run erase these once more: one that is under way may note something of them yet."""
    what = orjson.dumps([sorted(traces.people), sorted(traces.pks), sorted(traces.refs)]).decode()
    sql = "INSERT INTO forgetting (id, what, at_s) VALUES (:id, :what, :at_s)"
    tx.execute(text(sql), {"id": secrets.token_hex(8), "what": what, "at_s": at_s})


def to_look_for(tx: Connection) -> list[Traces]:
    """What must be erased once more."""
    found = [orjson.loads(row.what) for row in tx.execute(text("SELECT what FROM forgetting"))]
    return [
        Traces(frozenset(people), frozenset(pks), frozenset((c, o, i) for c, o, i in refs))
        for people, pks, refs in found
    ]


def looked(tx: Connection) -> None:
    """Nothing must be erased once more."""
    tx.execute(text("DELETE FROM forgetting"))

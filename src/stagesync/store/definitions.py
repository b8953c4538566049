"""Queries about the definitions that were in force, and those that somebody proposes."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b85decode, b85encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from stagesync.store.keys import among

OPEN, ADOPTED, WITHDRAWN = "open", "adopted", "withdrawn"
"""States of a proposal."""

Files = Mapping[str, str]
"""File of a set -> digest of its text."""


@dataclass(frozen=True, slots=True)
class StoredSet:
    """Definitions that were in force from an instant on, until the next set.

    Attributes:
        seq: counts from 1.
        digest: of all files, word by word.
        policy: name and version.
        adopted_by: who adopted them in the console; empty when somebody changed the files.
        note: what they said of it.
    """

    seq: int
    at_s: float
    digest: str
    policy: str
    adopted_by: str
    note: str
    files: Files


@dataclass(frozen=True, slots=True)
class Proposal:
    """A set that somebody would have in force.

    Attributes:
        state: `open`, `adopted` or `withdrawn`.
        policy: name and version.
        base: digest of the set that was in force when it was made.
        result: of the backtest, without examples; None when none was made.
    """

    id: str
    state: str
    made_at_s: float
    made_by: str
    note: str
    policy: str
    base: str
    files: Files
    result: Mapping[str, Any] | None = None
    decided_at_s: float | None = None
    decided_by: str = ""


def keep_texts(tx: Connection, texts: Mapping[str, str]) -> dict[str, str]:
    """Keep the texts of files, each once; file -> digest."""
    found = {name: hashlib.sha256(each.encode()).hexdigest() for name, each in texts.items()}
    rows = [
        {"digest": found[name], "packed": b85encode(zlib.compress(each.encode(), 9)).decode()}
        for name, each in texts.items()
    ]
    if rows:
        sql = "INSERT INTO definition_text (digest, packed) VALUES (:digest, :packed) ON CONFLICT (digest) DO NOTHING"
        tx.execute(text(sql), rows)
    return found


def texts_of(tx: Connection, files: Files) -> dict[str, str]:
    """The texts of files."""
    sql = "SELECT digest, packed FROM definition_text WHERE digest IN :keys"
    found = {
        row.digest: zlib.decompress(b85decode(row.packed)).decode()
        for row in among(tx, sql, set(files.values()))
    }
    return {name: found[digest] for name, digest in files.items()}


def add_set(tx: Connection, told: StoredSet) -> None:
    """Note that a set came into force."""
    row = {name: getattr(told, name) for name in StoredSet.__slots__}
    sql = text(
        "INSERT INTO definition_set (seq, at_s, digest, policy, adopted_by, note, files)"
        " VALUES (:seq, :at_s, :digest, :policy, :adopted_by, :note, :files)"
    )
    tx.execute(sql, row | {"files": orjson.dumps(told.files).decode()})


def last_set(tx: Connection) -> StoredSet | None:
    """The set in force, as far as a run has worked with it; None before the first."""
    found = sets(tx, most=1)
    return found[0] if found else None


def sets(tx: Connection, *, most: int, before: int | None = None) -> list[StoredSet]:
    """Sets that were in force, newest first.

    Args:
        before: a number; only sets before that one.
    """
    sql = text("SELECT * FROM definition_set WHERE seq < :before ORDER BY seq DESC LIMIT :most")
    rows = tx.execute(sql, {"before": before or 2**31 - 1, "most": most}).mappings()
    return [_stored_set(row) for row in rows]


def get_set(tx: Connection, seq: int) -> StoredSet | None:
    """One of them."""
    found = tx.execute(text("SELECT * FROM definition_set WHERE seq = :seq"), {"seq": seq})
    row = found.mappings().one_or_none()
    return None if row is None else _stored_set(row)


def set_of(tx: Connection, digest: str) -> StoredSet | None:
    """The newest set with exactly these files."""
    sql = text("SELECT * FROM definition_set WHERE digest = :digest ORDER BY seq DESC LIMIT 1")
    row = tx.execute(sql, {"digest": digest}).mappings().one_or_none()
    return None if row is None else _stored_set(row)


def _stored_set(row: RowMapping) -> StoredSet:
    return StoredSet(**(dict(row) | {"files": orjson.loads(row["files"])}))


def save_proposal(tx: Connection, told: Proposal) -> None:
    """Keep a proposal."""
    row = {name: getattr(told, name) for name in Proposal.__slots__}
    row["files"] = orjson.dumps(told.files).decode()
    row["result"] = None if told.result is None else orjson.dumps(told.result).decode()
    sql = text(
        "INSERT INTO proposal (id, state, made_at_s, made_by, note, policy, base, files, result,"
        " decided_at_s, decided_by) VALUES (:id, :state, :made_at_s, :made_by, :note, :policy,"
        " :base, :files, :result, :decided_at_s, :decided_by)"
    )
    tx.execute(sql, row)


def get_proposal(tx: Connection, proposal: str) -> Proposal | None:
    """One proposal."""
    found = tx.execute(text("SELECT * FROM proposal WHERE id = :id"), {"id": proposal})
    row = found.mappings().one_or_none()
    return None if row is None else _proposal(row)


def proposals(tx: Connection, *, most: int) -> list[Proposal]:
    """The newest ones, newest first."""
    sql = text("SELECT * FROM proposal ORDER BY made_at_s DESC, id LIMIT :most")
    return [_proposal(row) for row in tx.execute(sql, {"most": most}).mappings()]


def _proposal(row: RowMapping) -> Proposal:
    result = None if row["result"] is None else orjson.loads(row["result"])
    return Proposal(**(dict(row) | {"files": orjson.loads(row["files"]), "result": result}))


def decide_proposal(tx: Connection, proposal: str, state: str, *, by: str, at_s: float) -> bool:
    """Adopt or withdraw an open proposal; whether it was open."""
    sql = text(
        "UPDATE proposal SET state = :state, decided_by = :by, decided_at_s = :at_s"
        " WHERE id = :id AND state = 'open'"
    )
    given = {"id": proposal, "state": state, "by": by, "at_s": at_s}
    return tx.execute(sql, given).rowcount > 0

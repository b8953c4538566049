"""The log of every change: each entry carries the hash of the one before, so nothing can be altered
or taken out unnoticed.

An entry's hash is SHA-256 over the previous hash and the entry without its hash, as JSON with
sorted keys and no blanks. Anybody can check it with ten lines of any language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from stagesync.store import log

KEYS = (
    "seq", "at", "run", "actor", "person", "connection", "object", "id", "field", "before", "after",
    "stage_from", "stage_to", "implied", "policy", "reasons", "result", "prev_hash", "hash",
)  # fmt: skip
"""The keys of every entry, in their order."""


def append(tx: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Add entries; `seq`, `prev_hash` and `hash` are given here."""
    seq, last = log.last_entry(tx)
    chained = []
    for entry in entries:
        seq += 1
        body = {**dict.fromkeys(KEYS, None), **entry, "seq": seq, "prev_hash": last}
        last = entry_hash(body)
        chained.append({key: body[key] for key in KEYS[:-1]} | {"hash": last})
    log.append(tx, chained)


def entry_hash(entry: Mapping[str, Any]) -> str:
    """The hash that belongs to this entry."""
    body = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a log holds.

    Attributes:
        entries: how many were read.
        head: hash of the last good entry.
        broken: sequence number of the first entry that does not fit; None when all do.
        why: what does not fit; empty when all does.
    """

    entries: int
    head: str
    broken: int | None = None
    why: str = ""


def verify(entries: Iterable[Mapping[str, Any]]) -> Verdict:
    """Check a whole log, from its first entry on."""
    head, count = "", 0
    for entry in entries:
        count += 1
        seq = entry.get("seq")
        if seq != count:
            return Verdict(count, head, count, f"entry {count} is missing")
        if entry.get("prev_hash") != head:
            return Verdict(count, head, count, "does not follow the entry before")
        if entry.get("hash") != entry_hash(entry):
            return Verdict(count, head, count, "was altered")
        head = str(entry["hash"])
    return Verdict(count, head)

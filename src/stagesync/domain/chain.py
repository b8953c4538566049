"""How entries of the log are bound to one another, so that nothing is altered or taken out unnoticed.

    entry      one act; its `seq` counts from 1 without a gap
    part       what tells of a person: `person`, `id`, `before`, `after`, `reasons`, `result`, and `salt`;
               bound by a commitment, `digest`: SHA-256 over the part. Blanked later, it takes nothing of the
               chain along; and because the salt is random, nobody can try out what it may have said
    kept       all other keys but `hash`: what stays for ever. An entry of nobody has no part and no `digest`
    hash       SHA-256 over what is kept, `prev_hash` and `digest` included
    segment    the entries of one run, each following the one before by `prev_hash`; the first follows ""
    closing    ends a segment: its `result` tells the run (`closed`), how many `entries` the segment has, and
               the hash of its last one (`head`)
    heads      the chain of closing entries and of entries outside a run; its newest hash is the log's head

What is hashed is JSON in UTF-8 with sorted keys and no blanks. A line of an export is put together from those
very texts, so that no other program has to write numbers as this one does:

    {KEPT,"hash":"HASH",PART}    both without their braces; an entry without a part ends after HASH
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

KEYS = (
    "seq", "at", "run", "actor", "person", "connection", "object", "id", "field", "before", "after",
    "stage_from", "stage_to", "implied", "policy", "reasons", "result", "prev_hash", "hash", "salt", "digest",
)  # fmt: skip
"""The keys of every entry, in the order in which tables show them."""

PART = ("after", "before", "id", "person", "reasons", "result", "salt")
"""The keys that tell of a person."""

BLANKED = "{}"
"""Stands for a part that was blanked."""

SALT_BYTES = 16

_NOTHING = dict.fromkeys(KEYS)
_BLANK = orjson.dumps(dict.fromkeys(PART), option=orjson.OPT_SORT_KEYS).decode()


class Unreadable(Exception):
    """Something that is no entry stands where one should; the text says what."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry as it is kept.

    Attributes:
        kept: JSON of what is kept.
        part: JSON of what tells of a person; `BLANKED`; empty when there never was one.
    """

    kept: str
    part: str
    hash: str

    @property
    def line(self) -> str:
        """The line of an export."""
        part = _BLANK if self.part == BLANKED else self.part
        tail = f",{part[1:]}" if part else "}"
        return f'{self.kept[:-1]},"hash":"{self.hash}"{tail}'


def seal(entry: Mapping[str, Any], *, salt: str) -> Sealed:
    """Bind an entry, complete but for `hash`, `digest` and `salt`, to the one that it names."""
    whole = {**_NOTHING, **entry}
    del whole["hash"]
    if not (whole["person"] or whole["id"]):
        kept = _json(whole)
        return Sealed(kept.decode(), "", _sha256(kept))
    part = _json({**{key: whole.pop(key) for key in PART}, "salt": salt})
    kept = _json({**whole, "digest": _sha256(part)})
    return Sealed(kept.decode(), part.decode(), _sha256(kept))


def entry_of(sealed: Sealed) -> dict[str, Any]:
    """The entry, its keys in their usual order."""
    found = {**orjson.loads(sealed.kept), **(orjson.loads(sealed.part) if sealed.part else {})}
    return {**_NOTHING, **found, "hash": sealed.hash}


def _split(entry: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The texts that an entry's hash and digest are made of; the second is empty without a part."""
    if entry.get("digest") is None:
        return _json({key: value for key, value in entry.items() if key != "hash"}), b""
    part = {key: entry[key] for key in PART if key in entry}
    kept = {key: value for key, value in entry.items() if key not in PART and key != "hash"}
    return _json(kept), _json(part)


def _json(values: Mapping[str, Any]) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def is_blanked(entry: Mapping[str, Any]) -> bool:
    """Whether what told of a person was taken out of an entry."""
    return entry.get("digest") is not None and all(entry.get(key) is None for key in PART)


def read_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The entries of an export, also when another program has laid it out anew.

    Raises:
        Unreadable: a line is no JSON object, or says something twice.
    """
    for line in lines:
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise Unreadable("is not JSON") from None
        if not isinstance(entry, dict):
            raise Unreadable("is not an entry")
        kept, part = _split(entry)
        as_printed = b'%b,"hash":"%b"' % (kept[:-1], str(entry.get("hash")).encode())
        if line.strip() != as_printed + (b"," + part[1:] if part else b"}"):
            json.loads(line, object_pairs_hook=_each_once)
        yield entry


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """One program would believe the first, another the second."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("has a key twice")
    return found


@dataclass(frozen=True, slots=True)
class Head:
    """The head that the log had when it had so many entries."""

    entries: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a log holds.

    Attributes:
        entries: how many were read.
        head: hash of the newest good closing entry, or entry outside a run.
        broken: sequence number of the first entry that does not fit; None when all do.
        why: what does not fit; empty when all does.
        open: runs that are not closed: under way, or broken off since the last closing.
        blanked: entries whose part was blanked.
        heads: noted heads that were found.
    """

    entries: int
    head: str
    broken: int | None = None
    why: str = ""
    open: tuple[str, ...] = ()
    blanked: int = 0
    heads: int = 0


def verify(
    entries: Iterable[Mapping[str, Any]], *, run: str = "", heads: Iterable[Head] = ()
) -> Verdict:
    """Check a whole log from its first entry on, or the entries of one run.

    Args:
        heads: as they were noted, oldest first; each must be the log's. Not for the entries of one run.
    """
    reading = _Reading(run, iter(heads))
    reading.awaited = next(reading.noted, None)
    why = ""
    try:
        for entry in entries:
            why = reading.take(entry)
            if why:
                break
    except Unreadable as error:
        reading.seq += 1
        why = str(error)
    if not why:
        why = reading.end()
    return Verdict(
        entries=reading.count,
        head=reading.head,
        broken=reading.seq if why else None,
        why=why,
        open=tuple(reading.ends),
        blanked=reading.blanked,
        heads=reading.found,
    )


@dataclass(slots=True)
class _Reading:
    """How far a log was read.

    Attributes:
        seq: number of the entry in hand.
        head: newest hash of the chain of heads.
        ends: run whose segment is open -> how many entries it has, and the hash of the last one.
        told: how many entries the log itself says were blanked.
        first_blanked: number of the first one that is.
    """

    run: str
    noted: Iterator[Head]
    count: int = 0
    seq: int = 0
    head: str = ""
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    blanked: int = 0
    told: int = 0
    first_blanked: int = 0
    found: int = 0
    awaited: Head | None = None

    def take(self, entry: Mapping[str, Any]) -> str:
        """Go on by one entry; what is wrong with it, empty when nothing is."""
        self.count += 1
        why = self._misplaced(entry)
        if why:
            return why
        result, run = entry.get("result"), str(entry.get("run") or "")
        says = result if entry.get("digest") is None and isinstance(result, dict) else {}
        closes = "closed" in says
        follows = self.head if closes or not run else self.ends.get(run, (0, ""))[1]
        if entry.get("prev_hash") != follows and not (closes and self.run):
            return "does not follow the entry before"
        if is_altered(entry):
            return "was altered"
        if closes and (says.get("entries"), says.get("head")) != self.ends.pop(run, None):
            return "closes another segment than the one before it"
        if closes or not run:
            self.head = entry["hash"]
        else:
            self.ends[run] = (self.ends.get(run, (0, ""))[0] + 1, entry["hash"])
        if is_blanked(entry):
            self.blanked += 1
            self.first_blanked = self.first_blanked or self.seq
        self.told += int(says.get("blanked") or 0)
        return self._against_noted()

    def _misplaced(self, entry: Mapping[str, Any]) -> str:
        seq = entry.get("seq")
        if not self.run:
            self.seq += 1
            return "" if seq == self.seq else f"entry {self.seq} is missing"
        if not isinstance(seq, int) or seq <= self.seq:
            self.seq += 1
            return "stands before an earlier one"
        self.seq = seq
        return "" if entry.get("run") == self.run else "belongs to another run"

    def _against_noted(self) -> str:
        while self.awaited is not None and self.awaited.entries <= self.seq:
            if self.awaited != Head(self.seq, self.head):
                return "does not have the head that was noted there"
            self.found += 1
            self.awaited = next(self.noted, None)
        return ""

    def end(self) -> str:
        """What is wrong with the log as a whole."""
        if self.run:
            return ""
        if self.awaited is not None:
            self.seq += 1
            return f"is missing: the log had {self.awaited.entries} when its head was noted"
        if self.blanked > self.told:
            self.seq = self.first_blanked
            return f"is blanked: {self.blanked} entries are, and the log tells of {self.told}"
        return ""


def is_altered(entry: Mapping[str, Any]) -> bool:
    """Whether an entry does not say any more what it was sealed with."""
    kept, part = _split(entry)
    if part and not is_blanked(entry) and _sha256(part) != entry["digest"]:
        return True
    return _sha256(kept) != entry.get("hash")

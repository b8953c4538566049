"""Writes the log: appends, closes the segment of a run, and blanks what must not be kept any longer."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from stagesync.domain.chain import (
    SALT_BYTES,
    Head,
    Sealed,
    Unreadable,
    Verdict,
    entry_of,
    seal,
    verify,
)
from stagesync.engine.instants import iso
from stagesync.engine.progress import Progress
from stagesync.store import log, state
from stagesync.store.log import HEADS, End

Ref = tuple[str, str, str]
"""Connection, object, id of a record."""

AT_ONCE = 5_000
"""Entries that retention looks at in one go."""

TELL_EVERY = 1_000
"""Entries after which a check tells how far it is."""

DAY_S = 86_400.0

_SWEPT = "audit.swept"
"""Number of the last entry that retention looked at."""


def append(tx: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Add entries; numbers and hashes are given here. Those of a run stand in its segment."""
    if entries:
        _append(tx, entries, log.ends(tx, locked=True))


def tell(
    tx: Connection, result: Mapping[str, Any], *, actor: str, now_s: float, **more: str | None
) -> None:
    """Add what somebody did by hand, or the daemon on its own, to nobody in particular.

    Args:
        result: what was done.
        more: other keys of the entry, such as `connection` or `policy`.
    """
    append(tx, [{"at": iso(now_s), "actor": actor, "result": result, **more}])


def _append(tx: Connection, entries: Sequence[Mapping[str, Any]], ends: dict[str, End]) -> None:
    salts = os.urandom(SALT_BYTES * len(entries)).hex()
    width = 2 * SALT_BYTES
    seq = ends[HEADS].entries
    sealed: list[tuple[Mapping[str, Any], Sealed]] = []
    for place, entry in enumerate(entries):
        seq += 1
        run = entry.get("run") or None
        chain = HEADS if run is None or _closes(entry) else run
        end = ends.get(chain, End())
        whole = {**entry, "run": run, "seq": seq, "prev_hash": end.hash}
        each = seal(whole, salt=salts[place * width : (place + 1) * width])
        sealed.append((whole, each))
        ends[chain] = End(end.entries + 1, each.hash)
    ends[HEADS] = End(seq, ends[HEADS].hash)
    log.append(tx, sealed, ends)


def _closes(entry: Mapping[str, Any]) -> bool:
    return "closed" in (entry.get("result") or {}) and not entry.get("person")


def close(tx: Connection, run: str, *, policy: str, digest: str, now_s: float) -> None:
    """End the segment of a run; nothing is added where it has none.

    Args:
        policy, digest: label and whole content hash of the policy in force.
    """
    _close(tx, [run], {"digest": digest}, policy=policy, now_s=now_s)


def close_broken(tx: Connection, *, now_s: float) -> None:
    """End the segments of runs that broke off before they could."""
    broken = [run for run in log.ends(tx) if run != HEADS]
    _close(tx, broken, {"cut": True}, policy=None, now_s=now_s)


def _close(
    tx: Connection,
    runs: Iterable[str],
    more: Mapping[str, Any],
    *,
    policy: str | None,
    now_s: float,
) -> None:
    ends = log.ends(tx)
    for run in runs:
        if run in ends:
            end = ends[run]
            told = {"closed": run, "entries": end.entries, "head": end.hash, **more}
            tell(tx, told, actor="stagesync", now_s=now_s, run=run, policy=policy)
            log.close(tx, run)


def head(tx: Connection) -> Head:
    """The head of the log; (0, "") of an empty one."""
    end = log.ends(tx)[HEADS]
    return Head(end.entries, end.hash)


def forget(
    tx: Connection,
    *,
    people: Iterable[str] = (),
    refs: Iterable[Ref] = (),
    near: Iterable[str] = (),
    actor: str,
    why: str,
    now_s: float,
) -> int:
    """Blank whatever the log tells of these people and records, and note how much that was.

    Stages, fields, instants and hashes stay, of nobody; the chain holds. Entries about others that name them
    in passing, such as a verdict or a record that moved, are blanked as well.

    Args:
        people: ids of people, or of accounts.
        near: others whose entries may name them.
        actor: who asks for it.
        why: for people; names nobody.

    Returns:
        How many entries were blanked.
    """
    wanted, records = set(people), set(refs)
    found = {
        each.seq: each for each in log.about(tx, people=wanted, ids={ref[2] for ref in records})
    }
    seqs = {each.seq for each in found.values() if each.person in wanted or _names(each, records)}
    own = [each for each in found.values() if each.seq in seqs]
    holders = {each.person for each in own if each.person} | set(near)
    names = [*("/".join(ref) for ref in records), *wanted]
    for each in log.about(tx, people=holders - wanted, ids={each.id for each in own if each.id}):
        if any(f'"{name}"' in each.sealed.part for name in names):
            seqs.add(each.seq)
    _blank(tx, sorted(seqs), actor=actor, result={"why": why}, now_s=now_s)
    return len(seqs)


def _names(row: log.Row, refs: set[Ref]) -> bool:
    entry = entry_of(row.sealed)
    return (row.connection, entry["object"], row.id) in refs


def keep_within(tx: Connection, span_s: float, *, now_s: float) -> int:
    """Blank what is older than this, whole days, a bounded number at a time.

    Returns:
        How many entries were blanked.
    """
    before = (now_s - span_s) // DAY_S * DAY_S
    swept = int(state.get_meta(tx, _SWEPT) or 0)
    seqs, last = log.older(tx, after=swept, before=iso(before), at_most=AT_ONCE)
    if last > swept:
        state.set_meta(tx, _SWEPT, str(last))
    _blank(tx, seqs, actor="stagesync", result={"why": "retention", "up_to": last}, now_s=now_s)
    return len(seqs)


def _blank(
    tx: Connection, seqs: Sequence[int], *, actor: str, result: Mapping[str, Any], now_s: float
) -> None:
    """Nothing is blanked in silence: a later entry tells how much was."""
    if seqs:
        log.blank(tx, seqs)
        tell(tx, {"blanked": len(seqs), **result}, actor=actor, now_s=now_s)


def verify_store(
    tx: Connection,
    *,
    run: str = "",
    heads: Iterable[Head] = (),
    progress: Progress | None = None,
) -> Verdict:
    """Check the log of the store, its columns and its end included."""
    rows = log.rows(tx, run=run)
    if progress:
        progress.phase("verify", head(tx).entries)
        rows = _told(rows, progress)
    found = verify(_filed(rows), run=run, heads=heads)
    end = head(tx)
    if run or found.broken is not None or (found.entries, found.head) == (end.entries, end.hash):
        return found
    return Verdict(found.entries, found.head, found.entries + 1, "is missing at the end")


def _told(rows: Iterable[log.Row], progress: Progress) -> Iterator[log.Row]:
    for count, row in enumerate(rows, start=1):
        if count % TELL_EVERY == 0:
            progress.advance(TELL_EVERY)
        yield row


def _filed(rows: Iterable[log.Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        try:
            entry = entry_of(row.sealed)
        except orjson.JSONDecodeError:
            raise Unreadable("is not JSON") from None
        told = (entry[key] or "" for key in ("at", "run", "person", "connection", "id"))
        if (row.at, row.run, row.person, row.connection, row.id) != tuple(told):
            raise Unreadable("is filed under something else than it tells")
        yield entry

"""Tells the log when a record comes to belong to somebody else, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from stagesync.engine import audit
from stagesync.engine.around import Around
from stagesync.engine.instants import iso
from stagesync.store.people import Kind

Move = tuple[int, str, str]
"""Record, the person or account it belonged to (empty for nobody), and whom it belongs to now."""


@dataclass(frozen=True, slots=True)
class Teller:
    """What all entries of one pass share.

    Attributes:
        policy: label of the policy in force.
        run: empty between two runs.
    """

    policy: str
    run: str
    now_s: float
    actor: str


def tell_moves(
    tx: Connection,
    kind: Kind,
    moves: Iterable[Move],
    *,
    around: Around,
    staying: Collection[str],
    teller: Teller,
) -> None:
    """Log the moves of records that belonged to somebody; a new record that finds its person is no news.

    Args:
        staying: the people or accounts that there are after the moves.
    """
    holders = {each.held_by for each in around.known.values()}
    said = {pk: word.id for word in around.words for pk in word.records}
    entries = []
    for pk, before, after in moves:
        if not before:
            continue
        word = _word(pk, before, after, around=around, staying=staying, holders=holders)
        entry = _entry(kind, (pk, before, after), around, teller)
        entry["result"] = {"identity": word} | ({"verdict": said[pk]} if pk in said else {})
        entries.append(entry)
    audit.append(tx, entries)


def _word(
    pk: int,
    before: str,
    after: str,
    *,
    around: Around,
    staying: Collection[str],
    holders: Collection[str],
) -> str:
    if around.known[pk].merged:
        return "merged"
    if before not in staying:
        return "joined"
    return "moved" if after in holders else "parted"


def _entry(kind: Kind, move: Move, around: Around, teller: Teller) -> dict[str, Any]:
    pk, before, after = move
    record = around.live[pk]
    return {
        "at": iso(teller.now_s),
        "run": teller.run,
        "actor": teller.actor,
        "person": after,
        "connection": record.connection,
        "object": record.object,
        "id": record.id,
        "field": kind,
        "before": before,
        "after": after,
        "policy": teller.policy,
    }

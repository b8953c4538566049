"""What goes to a CRM in one request: records of one object, each with the plan's entries for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection

from stagesync.connector import Write
from stagesync.domain.plan import EMPTIES
from stagesync.store import records
from stagesync.store.plans import StoredEntry


@dataclass(frozen=True, slots=True)
class Item:
    """One record to write, with the plan's entries for it."""

    write: Write
    entries: tuple[StoredEntry, ...]


def item_of(entries: Sequence[StoredEntry], together: str) -> Item:
    """One record of a plan, as it is sent.

    Args:
        together: id of the account record that the CRM locks with it; empty when none.
    """
    write = Write(
        object=entries[0].object,
        id=entries[0].id,
        values={each.field: each.after for each in entries},
        together=together,
        clear=tuple(each.field for each in entries if each.way in EMPTIES),
    )
    return Item(write, tuple(entries))


def still_there(tx: Connection, batch: Sequence[Item]) -> list[Item]:
    """Without those of whom nothing is known any more: somebody asked to have them forgotten meanwhile."""
    pks = {entry.record_pk for item in batch for entry in item.entries}
    there = {each.pk for each in records.records_where(tx, "pk", pks)}
    return [item for item in batch if all(entry.record_pk in there for entry in item.entries)]


def batches_of(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """One object per batch: a request writes one kind of record."""
    for _, of_object in groupby(items, key=lambda item: item.write.object):
        found = list(of_object)
        for start in range(0, len(found), size):
            yield found[start : start + size]

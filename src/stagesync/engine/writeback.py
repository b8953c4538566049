"""Sends a plan's entries, batch by batch, and records what became of each.

One thread per connection. Before a batch goes out its entries are stored as sent; after the answer they
are confirmed or refused, see `results`. A crash in between (of a backward move, see `backward`) leaves them
sent: the next run confirms what it sees in the CRM, plans the rest anew, and so repeats at most that batch, of
absolute values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import CrmError, Role, WriteResult
from stagesync.domain.life import Move, State, move
from stagesync.engine.backward import note_begun
from stagesync.engine.batches import Item, batches_of, item_of, still_there
from stagesync.engine.company import Company
from stagesync.engine.cost import HOUR_S
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.overwritten import note_sent
from stagesync.engine.progress import Progress
from stagesync.engine.results import Keeper
from stagesync.engine.stale import stale
from stagesync.engine.trouble import advise
from stagesync.store import (
    clearings,
    guards,
    links,
    plans,
    records,
    state,
)
from stagesync.store.plans import StoredEntry


@dataclass(slots=True)
class Written:
    """What became of one connection's part of a plan.

    Attributes:
        written, refused: fields.
        edited: records that somebody changed since they were planned: left for the next run.
        ramped: records that wait because so many may be written in an hour and no more.
        trouble: why it broke off, its rest waits for the next run; None when it did not.
    """

    written: int = 0
    refused: int = 0
    edited: int = 0
    ramped: int = 0
    trouble: CrmError | None = None


@dataclass(slots=True)
class _Sender:
    """Writes one connection."""

    deployment: Deployment
    connected: Connected
    plan_id: str
    run: str
    descriptions: Descriptions
    now_s: float
    progress: Progress
    company: Company

    def send(self, entries: Sequence[StoredEntry]) -> Written:
        """Write these entries, in batches, for as long as the others wait; the next run plans the rest anew."""
        try:
            return self._send(entries)
        finally:
            self.company.done()

    def _send(self, entries: Sequence[StoredEntry]) -> Written:
        outcome = Written()
        with self.deployment.store.begin() as tx:
            items = self._items(tx, entries)
            free = self._free(tx, len(items))
        outcome.ramped = len(items) - free
        try:
            for batch in batches_of(
                items[:free], self.connected.connector.capabilities.largest_write
            ):
                if self.deployment.stopping.is_set() or self.company.is_over():
                    break
                unchanged = self._still_true(batch, outcome)
                if unchanged:
                    self._send_batch(unchanged, outcome)
        except CrmError as error:
            now_s = self.deployment.clock.now_s()
            outcome.trouble = advise(error, self.connected.name, now_s=now_s)
        return outcome

    def _free(self, tx: Connection, wanted: int) -> int:
        """How many of these records may be written now."""
        limit = self.connected.writes_per_hour
        if limit is None:
            return wanted
        written = guards.count_written(
            tx, self.connected.name, since_s=self.now_s - HOUR_S, until_s=self.now_s
        )
        return min(wanted, max(0, limit - written))

    def _items(self, tx: Connection, entries: Sequence[StoredEntry]) -> list[Item]:
        by_record = {
            pk: tuple(found) for pk, found in groupby(entries, key=lambda each: each.record_pk)
        }
        together = self._accounts(tx, by_record)
        items = [item_of(found, together.get(pk, "")) for pk, found in by_record.items()]
        return sorted(items, key=lambda i: (i.write.object, i.write.together, i.write.id))

    def _accounts(self, tx: Connection, pks: Mapping[int, Any]) -> dict[int, str]:
        """Record -> id of the account record it names: what the CRM locks with it."""
        named = links.links_from(tx, pks)
        far = records.records_where(tx, "pk", {pk for found in named.values() for pk in found})
        accounts = set(self.connected.objects(Role.ACCOUNT))
        ids = {each.pk: each.id for each in far if each.object in accounts}
        return {
            pk: next((ids[to_pk] for to_pk in found if to_pk in ids), "")
            for pk, found in named.items()
        }

    def _still_true(self, batch: Sequence[Item], outcome: Written) -> Sequence[Item]:
        """The records that stand as they were planned, read anew just before they are written.

        The others are planned again: the next pull brings what somebody did to them. A record that is not
        answered is sent all the same, and the CRM says why it is not taken.
        """
        found = self.connected.connector.read(
            batch[0].write.object,
            [item.write.id for item in batch],
            sorted({name for item in batch for name in item.write.values}),
        )
        now = {each.id: each for each in found}
        with self.deployment.store.begin() as tx:
            begun = clearings.clearings_of(tx, self._going_back(batch))
            left = {
                i.write.id: stale(
                    i.entries, now[i.write.id], self.descriptions[i.write.object], begun=begun
                )
                for i in batch
                if i.write.id in now
            }
            stood = [entry for entries in left.values() for entry in entries]
            self._move(tx, stood, Move.REPLAN)
            state.mark_dirty(tx, "plan", {entry.subject for entry in stood})
        if not stood:
            return batch
        outcome.edited += sum(1 for entries in left.values() if entries)
        kept = [(i, [e for e in i.entries if e not in left.get(i.write.id, ())]) for i in batch]
        return [item_of(entries, i.write.together) for i, entries in kept if entries]

    def _going_back(self, batch: Sequence[Item]) -> set[int]:
        return {entry.record_pk for i in batch if i.write.clear for entry in i.entries}

    def _send_batch(self, batch: Sequence[Item], outcome: Written) -> None:
        with self.deployment.store.begin() as tx:
            batch = still_there(tx, batch)
            entries = [entry for item in batch for entry in item.entries]
            self._move(tx, entries, Move.SEND)
            note_begun(tx, entries)
            note_sent(tx, self.connected, entries)
        if not batch:
            return
        try:
            results = self.connected.connector.write([item.write for item in batch])
        except CrmError as error:
            done = [each for each in error.results if isinstance(each, WriteResult)]
            self._keep(batch, done, outcome)
            raise
        self._keep(batch, results, outcome)

    def _move(self, tx: Connection, entries: Sequence[StoredEntry], by: Move) -> None:
        moves = [(each.record_pk, each.field, move(each.state, by)) for each in entries]
        plans.set_entry_states(tx, self.plan_id, moves)

    def _keep(
        self, batch: Sequence[Item], results: Sequence[WriteResult], outcome: Written
    ) -> None:
        keeper = Keeper(self.deployment, self.connected, self.plan_id, self.run, self.now_s)
        taken, refused = keeper.keep(batch, results)
        outcome.written += taken
        outcome.refused += refused
        self.progress.advance(taken + refused)


def write_back(
    deployment: Deployment,
    plan_id: str,
    *,
    run: str,
    descriptions: Mapping[str, Descriptions],
    now_s: float,
    progress: Progress,
    most_wait_s: float = math.inf,
) -> dict[str, Written]:
    """Write every planned entry of this plan; connection -> what became of its part.

    A plan that is held may hold what the ramp kept back for a CRM that does not answer now: that waits.

    Args:
        most_wait_s: how long those who are done wait for the others; seconds.
    """
    company = Company(deployment.clock, most_wait_s)
    with deployment.store.begin() as tx:
        planned = plans.entries_of(tx, plan_id, State.PLANNED)
    entries = [each for each in planned if each.connection in descriptions]
    progress.phase("write", len(entries))
    parts = {
        name: list(found) for name, found in groupby(entries, key=lambda each: each.connection)
    }
    with ThreadPoolExecutor(max_workers=max(1, len(parts)), thread_name_prefix="write") as pool:
        futures = {
            name: pool.submit(
                _Sender(
                    deployment,
                    deployment.connections[name],
                    plan_id,
                    run,
                    descriptions[name],
                    now_s,
                    progress,
                    company,
                ).send,
                found,
            )
            for name, found in parts.items()
        }
    return {name: future.result() for name, future in futures.items()}

"""Keeps what a CRM answered to a batch: with baselines, stored fields and audit in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.connector import Refusal, WriteResult
from stagesync.domain.life import Move, State, move
from stagesync.domain.plan import NOT_OURS, Reason
from stagesync.engine import audit
from stagesync.engine.backward import note_refused
from stagesync.engine.batches import Item, still_there
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.holds import note_given_back, pin
from stagesync.engine.logged import concerns, entry_of
from stagesync.engine.taken import keep_baselines
from stagesync.store import clearings, connections, differences, plans, records, state
from stagesync.store.differences import StoredDifference
from stagesync.store.plans import StoredEntry

REASONS = {Refusal.NOT_FORWARD: Reason.NOT_FORWARD, Refusal.CONVERTED: Reason.CONVERTED}
"""Refusals that are known by a reason of their own; all others are `refused`."""

DOUBTS = frozenset({Refusal.INVALID, Refusal.FORBIDDEN})
"""Refusals after which the fields are described anew: one may have changed since."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps the answers of one connection to one plan."""

    deployment: Deployment
    connected: Connected
    plan_id: str
    run: str
    now_s: float

    def keep(self, batch: Sequence[Item], results: Sequence[WriteResult]) -> tuple[int, int]:
        """How many fields the CRM took, and how many it refused; one that it said nothing of stays as it is."""
        with self.deployment.store.begin() as tx:
            items = {(item.write.object, item.write.id): item for item in still_there(tx, batch)}
            places = [((r.write.object, r.write.id), r) for r in results]
            answered = [(items[place], r) for place, r in places if place in items]
            taken = [
                (e, r) for item, r in answered for e in item.entries if not concerns(r, e.field)
            ]
            refused = [(e, r) for item, r in answered for e in item.entries if concerns(r, e.field)]
            self._keep_taken(tx, [entry for entry, _ in taken])
            self._keep_refused(tx, refused)
            audit.append(
                tx,
                [
                    entry_of(self.deployment, each, result, run=self.run, now_s=self.now_s)
                    for each, result in (*taken, *refused)
                ],
            )
        return len(taken), len(refused)

    def _keep_taken(self, tx: Connection, taken: Sequence[StoredEntry]) -> None:
        moves = [(each.record_pk, each.field, move(State.SENT, Move.CONFIRM)) for each in taken]
        plans.set_entry_states(tx, self.plan_id, moves)
        keep_baselines(tx, taken, run=self.run, now_s=self.now_s)
        places = [(each.record_pk, each.field) for each in taken]
        clearings.drop_clearings(tx, places)
        wished = [(e.record_pk, e.field) for e in taken if e.way not in NOT_OURS]
        differences.drop_differences(tx, wished)
        pin(tx, self.deployment, taken, now_s=self.now_s)
        note_given_back(tx, taken)
        stored = {
            each.pk: dict(each.fields)
            for each in records.records_where(tx, "pk", {each.record_pk for each in taken})
        }
        for each in taken:
            stored[each.record_pk][each.field] = each.after
        records.set_fields(tx, stored.items())

    def _keep_refused(
        self, tx: Connection, refused: Sequence[tuple[StoredEntry, WriteResult]]
    ) -> None:
        moves = [(each.record_pk, each.field, move(State.SENT, Move.REFUSE)) for each, _ in refused]
        plans.set_entry_states(tx, self.plan_id, moves)
        note_refused(tx, refused)
        left = [
            StoredDifference(
                each.record_pk,
                each.field,
                each.after,
                each.before,
                REASONS.get(result.refusal or Refusal.OTHER, Reason.REFUSED),
                f"{result.code}: {result.message}".strip(": "),
            )
            for each, result in refused
        ]
        differences.add_differences(tx, left, at_s=self.now_s)
        # Somebody else was writing the record: the next run tries again, unasked.
        locked = [each.subject for each, result in refused if result.refusal is Refusal.LOCKED]
        state.mark_dirty(tx, "plan", locked)
        if any(result.refusal in DOUBTS for _, result in refused):
            connections.doubt_description(tx, self.connected.name)

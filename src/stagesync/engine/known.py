"""What the plan of some people or accounts is made from, looked up together."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.domain.falls import Return
from stagesync.domain.guard import Cause
from stagesync.domain.life import WAITING
from stagesync.domain.plan import Reason, Wish
from stagesync.engine import holds
from stagesync.engine.backward import Begun
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.falls import returns_of
from stagesync.engine.scope import writable
from stagesync.engine.wishes import wishes_of
from stagesync.store import clearings, differences, guards, people, plans, records
from stagesync.store.differences import StoredDifference
from stagesync.store.holds import Hold
from stagesync.store.people import Kind, Placed
from stagesync.store.plans import StoredEntry
from stagesync.store.records import StoredRecord


@dataclass(frozen=True, slots=True)
class Planning:
    """What every batch of a plan is made with.

    Attributes:
        descriptions: connections whose fields are known now; others are left out of the plan.
        modes: connection -> `observe` or `active`.
        causes: subject -> why it is planned; one that only waited is absent.
    """

    deployment: Deployment
    plan_id: str
    descriptions: Mapping[str, Descriptions]
    modes: Mapping[str, str]
    causes: Mapping[str, Cause]
    run: str
    now_s: float


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a batch of people or accounts.

    Attributes:
        live: their records in all connections of the deployment.
        own: of those, the records in connections whose fields are known.
        told: record -> the stage that it was last told.
        lost: (subject, connection, object) -> the stage last told to a record of theirs that is gone.
        stays: record -> field -> why it stays as it is.
        held_by_hand: those of whom nothing is written.
        owed: record -> field -> the hold on a value of somebody that we replaced unseen.
        begun: fields that were emptied so that they could go back.
        earlier: (record, field) -> the entry that waited until now.
        in_scope: records that may be written.
        parked: (record, field) -> what somebody gave up there, or the CRM refused.
        returns: record -> field -> when it may go back, of fields that go forward.
    """

    placed: Mapping[str, Placed]
    wishes: Mapping[str, Wish]
    live: Sequence[StoredRecord]
    own: Sequence[StoredRecord]
    told: Mapping[int, str]
    lost: Mapping[tuple[str, str, str], str]
    stays: Mapping[int, Mapping[str, Reason]]
    held_by_hand: Container[str]
    owed: Mapping[int, Mapping[str, Hold]]
    begun: Begun
    earlier: Mapping[tuple[int, str], StoredEntry]
    in_scope: Container[int]
    parked: Mapping[tuple[int, str], StoredDifference]
    returns: Mapping[int, Mapping[str, Return]]


def know(tx: Connection, planning: Planning, kind: Kind, ids: Sequence[str]) -> Known:
    """Look up what the plan of these people or accounts needs."""
    deployment = planning.deployment
    placed = people.placed(tx, kind, ids)
    live = [
        each
        for each in records.records_where(tx, kind, list(placed))
        if each.held and not each.gone and each.connection in deployment.connections
    ]
    own = [each for each in live if each.connection in planning.descriptions]
    earlier = {(e.record_pk, e.field): e for e in plans.waiting_of(tx, ids, *WAITING)}
    stays, held_by_hand, owed = holds.kept(
        tx, deployment, placed, run=planning.run, now_s=planning.now_s
    )
    for (pk, name), waiting in earlier.items():
        if waiting.cause == Cause.UNDO:
            stays.setdefault(pk, {})[name] = Reason.UNDONE
    told = guards.stages_told(tx, [each.pk for each in own])
    untold = {str(getattr(each, kind)) for each in own if each.pk not in told}
    wishes = wishes_of(tx, deployment, kind, placed)
    return Known(
        placed=placed,
        wishes=wishes,
        live=live,
        own=own,
        told=told,
        lost=guards.stages_told_to_gone(tx, untold),
        stays=stays,
        held_by_hand=held_by_hand,
        owed=owed,
        begun=clearings.clearings_of(tx, [each.pk for each in own]),
        earlier=earlier,
        in_scope=writable(tx, deployment, own),
        parked=differences.parked_of(tx, [each.pk for each in own]),
        returns=returns_of(tx, deployment, kind, own, wishes),
    )

"""Keeps what a CRM took: baselines, our own writes, the log; also of what went out without an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from stagesync.domain.guard import Cause
from stagesync.domain.life import Move, State, move
from stagesync.domain.plan import NOT_OURS
from stagesync.engine import audit
from stagesync.engine.backward import settle_begun
from stagesync.engine.compare import same_value
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.guard import group_of
from stagesync.engine.holds import pin
from stagesync.engine.logged import told_late
from stagesync.store import baselines, guards, plans, records
from stagesync.store.guards import OwnWrite
from stagesync.store.plans import StoredEntry


def keep_baselines(tx: Connection, taken: Sequence[StoredEntry], *, run: str, now_s: float) -> None:
    """What was restored is as much or as little ours as it was before."""
    kept = [(e.record_pk, e.field, e.after) for e in taken if e.way not in NOT_OURS]
    baselines.save_baselines(tx, kept, run=run, at_s=now_s)
    guards.save_own_writes(
        tx,
        [
            OwnWrite(
                each.record_pk,
                each.field,
                now_s,
                each.connection,
                each.subject,
                each.after,
                run,
                group_of(each),
                each.approval,
            )
            for each in taken
            if each.way not in NOT_OURS
        ],
    )


def settle_sent(
    tx: Connection,
    deployment: Deployment,
    *,
    run: str,
    now_s: float,
    descriptions: Mapping[str, Descriptions],
) -> None:
    """Confirm what went out without an answer and was seen in the CRM since.

    Without this the value would pass for somebody's word: nothing else says that it is ours. What was
    not seen stays sent, and is planned anew; of an undo it is sent again.
    """
    begun = {(e.record_pk, e.field): e for e in settle_begun(tx, descriptions)}
    # What was restored looks the same in the store whether it arrived or not.
    sent = [
        each
        for each in plans.entries_in(tx, State.SENT)
        if each.connection in descriptions and each.way not in NOT_OURS
    ]
    held = {each.pk: each for each in records.records_where(tx, "pk", {e.record_pk for e in sent})}
    arrived = [
        each
        for each in sent
        if (of_object := descriptions[each.connection].get(each.object))
        and (known := of_object.fields.get(each.field))
        and same_value(known.type)(held[each.record_pk].fields.get(each.field), each.after)
    ]
    seen = {(each.record_pk, each.field) for each in arrived}
    for each in sent:
        is_seen = (each.record_pk, each.field) in seen
        if is_seen or each.cause == Cause.UNDO:
            by = Move.CONFIRM if is_seen else Move.RESEND
            moved = (each.record_pk, each.field, move(each.state, by))
            plans.set_entry_states(tx, each.plan, [moved])
    # Of a move that was planned anew meanwhile, by `stagesync plan`, only its note tells that it was sent.
    arrived += [each for key, each in begun.items() if key not in seen]
    keep_baselines(tx, arrived, run=run, now_s=now_s)
    pin(tx, deployment, arrived, now_s=now_s)
    audit.append(tx, told_late(tx, deployment, arrived, run=run, now_s=now_s))

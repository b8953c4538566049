"""A person's word about a held plan: approved, or dropped."""

from __future__ import annotations

import structlog

from stagesync.domain.life import Move, State, move
from stagesync.engine import audit
from stagesync.engine.deployment import Deployment
from stagesync.engine.guard import count_groups
from stagesync.store import connections, differences, guards, plans, saved

log = structlog.get_logger()


def decide(deployment: Deployment, plan_id: str, *, approve: bool, by: str, now_s: float) -> int:
    """Approve or drop a held plan; the next run writes what was approved.

    Returns:
        The number of entries that it decided.

    Raises:
        KeyError: no held plan of that id.
    """
    with deployment.store.begin() as tx:
        plan = plans.get_plan(tx, plan_id)
        if plan is None or plan.state != "held":
            raise KeyError(plan_id)
        saved.save(tx, plan_id, now_s=now_s)
        entries = plans.entries_of(tx, plan_id, State.HELD)
        by_move = Move.APPROVE if approve else Move.DROP
        moves = [(each.record_pk, each.field, move(each.state, by_move)) for each in entries]
        if not approve:
            differences.note_dropped(tx, plan_id, at_s=now_s)
        plans.set_entry_states(tx, plan_id, moves)
        guards.save_held_groups(tx, plan_id, [], at_s=now_s)
        if approve:
            plans.set_approvals(tx, plan_id, [(e.record_pk, e.field, plan_id) for e in entries])
            guards.save_approval(tx, plan_id, count_groups(entries))
            for name in sorted({each.connection for each in entries}):
                connections.activate(tx, name, by=by, at_s=now_s)
        word = "approved" if approve else "dropped"
        plans.decide_plan(tx, plan_id, word, by=by, at_s=now_s)
        told = {word: plan_id, "values": len(entries)}
        audit.tell(tx, told, actor=by, now_s=now_s, policy=deployment.policy.label)
    log.info("plan decided", plan=plan_id, approved=approve, entries=len(entries))
    return len(entries)

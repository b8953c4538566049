"""A person's word about a held plan, or some groups of it: approved, or dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import structlog
from sqlalchemy import Connection

from stagesync.domain.guard import Group
from stagesync.domain.life import Move, State, move
from stagesync.engine import audit
from stagesync.engine.definition_changes import decided
from stagesync.engine.deployment import Deployment
from stagesync.engine.guard import count_groups
from stagesync.errors import StagesyncError
from stagesync.store import connections, differences, guards, plans, saved
from stagesync.store.held import HeldGroup, held_counts, move_held
from stagesync.store.plans import StoredPlan

log = structlog.get_logger()


class PlanChanged(StagesyncError):
    """A plan holds something else than what was seen of it; nothing was decided.

    Attributes:
        then, now: values that were seen, and that are held.
    """

    def __init__(self, plan_id: str, *, then: int, now: int) -> None:
        super().__init__(
            f"plan {plan_id} changed since you looked: {then} values then, {now} now",
            hint="look at it again before you decide",
        )
        self.then, self.now = then, now


def seal_of(counted: Collection[HeldGroup]) -> str:
    """What somebody saw of a plan, as a short text: how many values, of how many, and which records."""
    told = [(each.group, each.values, each.subjects, each.mark) for each in counted]
    values = sum(each.values for each in counted)
    digest = hashlib.blake2s(repr(sorted(told)).encode(), digest_size=6).hexdigest()
    return f"{values}.{digest}"


def decide(
    deployment: Deployment,
    plan_id: str,
    *,
    approve: bool,
    by: str,
    now_s: float,
    groups: Collection[Group] = (),
    seen: str = "",
) -> int:
    """Approve or drop a held plan; the next run writes what was approved.

    Args:
        groups: only these, which become a plan of their own; the others stay held.
        seen: `seal_of` what was shown of what is decided; empty: whatever there is.

    Returns:
        The number of entries that it decided.

    Raises:
        KeyError: no held plan of that id.
        PlanChanged: it holds something else than was seen.
    """
    with deployment.store.begin(fenced=False) as tx:
        plan = plans.get_plan(tx, plan_id)
        if plan is None or plan.state != "held":
            raise KeyError(plan_id)
        counted = held_counts(tx, plan_id)
        meant = [each for each in counted if not groups or each.group in groups]
        if groups and not (meant or seen):
            raise KeyError(plan_id)
        now = sum(each.values for each in meant)
        if seen and seen != seal_of(meant):
            then = seen.partition(".")[0]
            raise PlanChanged(plan_id, then=int(then) if then.isdecimal() else 0, now=now)
        if len(meant) < len(counted):
            plan = _split(tx, plan, meant)
        _decide(tx, deployment, plan, approve=approve, by=by, now_s=now_s)
    log.info("plan decided", plan=plan.id, approved=approve, entries=now)
    return now


def _split(tx: Connection, plan: StoredPlan, meant: Sequence[HeldGroup]) -> StoredPlan:
    """A plan of its own of some groups of a held one."""
    told = f"{plan.id}/{seal_of(meant)}".encode()
    part = StoredPlan(
        "pl_" + hashlib.blake2s(told, digest_size=4).hexdigest(),
        plan.run,
        plan.state,
        plan.policy,
        plan.made_at_s,
        kind=plan.kind,
        leaves=plan.leaves,
    )
    plans.save_plan(tx, part)
    move_held(tx, [each.group for each in meant], old=plan.id, new=part.id)
    return part


def _decide(
    tx: Connection,
    deployment: Deployment,
    plan: StoredPlan,
    *,
    approve: bool,
    by: str,
    now_s: float,
) -> None:
    saved.save(tx, plan.id, now_s=now_s)
    entries = plans.entries_of(tx, plan.id, State.HELD)
    by_move = Move.APPROVE if approve else Move.DROP
    moves = [(each.record_pk, each.field, move(each.state, by_move)) for each in entries]
    if not approve:
        differences.note_dropped(tx, plan.id, at_s=now_s)
    plans.set_entry_states(tx, plan.id, moves)
    guards.save_held_groups(tx, plan.id, [], at_s=now_s)
    if approve:
        plans.set_approvals(tx, plan.id, [(e.record_pk, e.field, plan.id) for e in entries])
        guards.save_approval(tx, plan.id, count_groups(entries))
        for name in sorted({each.connection for each in entries}):
            connections.activate(tx, name, by=by, at_s=now_s)
    word = "approved" if approve else "dropped"
    plans.decide_plan(tx, plan.id, word, by=by, at_s=now_s)
    decided(tx, plan.id)
    told = {word: plan.id, "values": len(entries)}
    audit.tell(tx, told, actor=by, now_s=now_s, policy=deployment.policy.label)

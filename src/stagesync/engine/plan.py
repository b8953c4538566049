"""Computes the whole plan before the first write, and keeps it.

Planned are the people and accounts evaluated since their last plan, those with a value whose time to stay is
over, and those with a request that may or may not have arrived. What waited for them is replaced; what waits for the others still holds, since nothing about
them changed, and goes on into this plan: so a plan is never stale. Somebody with a record in a connection that is down stays noted: they are planned again when it is back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from stagesync.domain.guard import Cause, Trip
from stagesync.domain.life import WAITING, State
from stagesync.engine.backward import subjects_begun
from stagesync.engine.definition_changes import settle_undecided
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions
from stagesync.engine.guard import guard, tell
from stagesync.engine.known import Planning, know
from stagesync.engine.progress import Progress
from stagesync.engine.propose import plan_record
from stagesync.engine.repairs import name_repairs
from stagesync.engine.writers import name_writers
from stagesync.store import connections, history, plans, saved, state
from stagesync.store.differences import StoredDifference, save_differences, subjects_over
from stagesync.store.people import KINDS, Kind, kind_of
from stagesync.store.plans import StoredEntry, StoredPlan

BATCH = 1_000
"""People per transaction."""


@dataclass(slots=True)
class Planned:
    """A plan's outline.

    Attributes:
        go: entries to be written by this run.
        held: entries that wait for approval.
        trips: why each group of them waits.
        differences: fields that differ and stay.
    """

    id: str
    go: int = 0
    held: int = 0
    differences: int = 0
    trips: list[Trip] = field(default_factory=list)


def plan_all(
    deployment: Deployment,
    *,
    run: str,
    now_s: float,
    descriptions: Mapping[str, Descriptions],
    progress: Progress,
    lost: bool = False,
) -> Planned:
    """Plan everybody concerned, as one plan, and hold what is too much.

    Args:
        descriptions: connections whose fields are known now; others are left out of the plan.
        lost: a source was found empty or shrunk.
    """
    with deployment.store.begin() as tx:
        causes = dict.fromkeys(subjects_over(tx, now_s=now_s), Cause.TIME)
        causes |= state.dirty_causes(tx, "plan")
        waiting = {*plans.subjects_waiting(tx, State.SENT), *causes}
        waiting |= subjects_begun(tx)
        plan_id = _open_plan(tx, deployment, run=run, now_s=now_s)
        modes = _modes(tx, deployment)
    planning = Planning(deployment, plan_id, descriptions, modes, causes, run, now_s)
    planned = Planned(plan_id)
    progress.phase("plan", len(waiting))
    for kind in KINDS:
        ids = sorted(each for each in waiting if kind_of(each) == kind)
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            with deployment.store.begin() as tx:
                planned.differences += _plan_batch(tx, planning, kind, batch)
            progress.advance(len(batch))
    with deployment.store.begin() as tx:
        plans.adopt(tx, plan_id, descriptions)
        trips = guard(tx, deployment, plan_id, lost=lost, now_s=now_s)
        _close_plan(tx, planned)
        settle_undecided(tx, held=planned.held)
        if planned.held and not saved.is_saved(tx, plan_id):
            saved.save(tx, plan_id, now_s=now_s)
    planned.trips = name_writers(deployment, plan_id, trips, now_s=now_s)
    with deployment.store.begin() as tx:
        tell(tx, plan_id, planned.trips, deployment.connections, now_s=now_s)
    return planned


def plan_nobody(deployment: Deployment, *, run: str, now_s: float) -> Planned:
    """The plan with what waited before, while nobody may be planned."""
    with deployment.store.begin() as tx:
        planned = Planned(_open_plan(tx, deployment, run=run, now_s=now_s))
        _close_plan(tx, planned)
    return planned


def _open_plan(tx: Connection, deployment: Deployment, *, run: str, now_s: float) -> str:
    """The plan that is held already takes the newcomers; otherwise a new one."""
    held = [each for each in plans.plans_in(tx, "held") if each.kind == "run"]
    plan_id = (
        held[0].id if held else "pl_" + hashlib.blake2s(run.encode(), digest_size=4).hexdigest()
    )
    made = held[0].made_at_s if held else now_s
    label = deployment.policy.label
    plans.save_plan(tx, StoredPlan(plan_id, run, "open", label, made))
    return plan_id


def _close_plan(tx: Connection, planned: Planned) -> None:
    """Count what waits in it, newcomers and those of earlier runs alike."""
    counts = plans.count_states(tx, planned.id)
    planned.held, planned.go = counts.get(State.HELD, 0), counts.get(State.PLANNED, 0)
    plans.set_plan_state(tx, planned.id, "held" if planned.held else "open")
    plans.forget_empty_plans(tx, but=planned.id)


def _modes(tx: Connection, deployment: Deployment) -> dict[str, str]:
    found = {name: connections.connection_state(tx, name) for name in deployment.connections}
    return {name: each.mode for name, each in found.items() if each is not None}


def _plan_batch(tx: Connection, planning: Planning, kind: Kind, ids: Sequence[str]) -> int:
    """Plan these people or accounts anew; how many fields differ and stay."""
    known = know(tx, planning, kind, ids)
    plans.drop_waiting(tx, ids, *WAITING)
    state.clean(tx, "plan", ids)
    left_out = [getattr(e, kind) for e in known.live if e.connection not in planning.descriptions]
    state.mark_dirty(tx, "plan", left_out)
    entries: list[StoredEntry] = []
    differences: list[StoredDifference] = []
    for each in known.own:
        found, left = plan_record(planning, known, each, known.placed[str(getattr(each, kind))])
        entries += found
        differences += left
    plans.save_entries(tx, _with_reasons(tx, name_repairs(tx, planning, known, entries)))
    pks = [each.pk for each in known.own]
    save_differences(tx, pks, differences, at_s=planning.now_s)
    return len(differences)


def _with_reasons(tx: Connection, entries: Sequence[StoredEntry]) -> list[StoredEntry]:
    """Each entry with the lines that explained its person's last change."""
    last = history.last_transitions(tx, {each.subject for each in entries})
    return [
        each
        if each.because or each.subject not in last
        else replace(each, because=last[each.subject].reasons)
        for each in entries
    ]

"""Plans as people decide on them: what one holds by group, what that costs, and its values page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.guard import Group, Trip
from stagesync.domain.plan import GOES_BACK
from stagesync.engine import waits
from stagesync.engine.cost import Cost, cost_document
from stagesync.engine.decide import seal_of
from stagesync.engine.deployment import Deployment
from stagesync.engine.guard import why
from stagesync.engine.leaves import Leaves
from stagesync.store import connections, guards, plans, saved
from stagesync.store.held import (
    START,
    HeldCost,
    HeldGroup,
    HeldValue,
    Key,
    held_values,
)
from stagesync.store.plans import StoredPlan
from stagesync.store.saved import SavedPlan

PAGE = 50
"""Values of a group that are shown at a time."""


def plans_document(tx: Connection) -> dict[str, list[dict[str, Any]]]:
    """The plans that hold something, and those that were shown, held or decided, newest first."""
    held = [_held(tx, each) for each in plans.plans_in(tx, *waits.HOLDING)]
    held = [each for each in held if each["values"]]
    known = {each["plan"] for each in held}
    kept = [_kept(each) for each in saved.saved_plans(tx) if each.plan.id not in known]
    return {"held": held, "others": kept}


def plan_document(
    tx: Connection, deployment: Deployment, plan_id: str, *, now_s: float
) -> dict[str, Any] | None:
    """A plan: what it holds now, or what it held when it was decided; None where nothing is known of it."""
    plan = plans.get_plan(tx, plan_id)
    kept = saved.saved_plans(tx, plan_id)
    if plan is None:
        return None
    if plan.state in waits.HOLDING and (counted := waits.groups_of(tx, plan_id)):
        cost = _costs(tx, deployment, waits.costs_of(tx, plan_id), now_s=now_s)
        return {**_about(plan), **_counts(tx, plan_id, counted), "cost": cost, "holds": True}
    counted = saved.counts_saved(tx, plan_id) if kept else []
    waiting = plans.count_approved(tx).get(plan_id, 0)
    return {
        **_about(plan),
        **_counts(tx, plan_id, counted),
        "cost": {},
        "holds": False,
        "waiting": waiting,
        "until_s": _until_s(plan, deployment),
        "whole": all(each.is_whole for each in kept),
    }


def values_document(
    tx: Connection, plan_id: str, group: Group, *, after: Key = START, most: int = PAGE
) -> dict[str, Any]:
    """The next values of a group of a plan, by person or account and record.

    Returns:
        `people`, each with its `records`; `next` is where the page after this one begins, None after the last.
    """
    plan = plans.get_plan(tx, plan_id)
    read = held_values if plan and plan.state in waits.HOLDING else saved.values_saved
    found = read(tx, plan_id, group, after=after, most=most + 1)
    page = found[:most]
    return {
        "people": [_person(list(each)) for _, each in groupby(page, key=lambda v: v.subject)],
        "next": page[-1].key if len(found) > most else None,
    }


def _held(tx: Connection, plan: StoredPlan) -> dict[str, Any]:
    return {**_about(plan), **_counts(tx, plan.id, waits.groups_of(tx, plan.id))}


def _kept(each: SavedPlan) -> dict[str, Any]:
    return {**_about(each.plan), "values": each.values, "subjects": each.subjects}


def _about(plan: StoredPlan) -> dict[str, Any]:
    return {
        "plan": plan.id,
        "kind": plan.kind,
        "run": plan.run,
        "state": plan.state,
        "policy": plan.policy,
        "made_at_s": plan.made_at_s,
        "decided_by": plan.decided_by,
        "decided_at_s": plan.decided_at_s,
        "leaves": Leaves.kept(plan.leaves) if plan.leaves else None,
    }


def _until_s(plan: StoredPlan, deployment: Deployment) -> float | None:
    if plan.state != "approved" or plan.decided_at_s is None:
        return None
    return plan.decided_at_s + deployment.limits.approval_s


def _counts(tx: Connection, plan_id: str, counted: Sequence[HeldGroup]) -> dict[str, Any]:
    trips = {each.group: each for each in guards.held_groups(tx, plan_id)}
    return {
        "values": sum(each.values for each in counted),
        "subjects": sum(each.subjects for each in counted),
        "back": sum(each.back for each in counted),
        "seal": seal_of(counted),
        "groups": [_group(each, trips.get(each.group)) for each in counted],
    }


def _group(each: HeldGroup, trip: Trip | None) -> dict[str, Any]:
    return {
        "cause": str(each.group.cause),
        "from": each.group.stage_from,
        "to": each.group.stage_to,
        "values": each.values,
        "people": each.subjects - each.accounts,
        "accounts": each.accounts,
        "back": each.back,
        "seal": seal_of([each]),
        "why": why(trip) if trip else "",
    }


def _costs(
    tx: Connection, deployment: Deployment, counted: Iterable[HeldCost], *, now_s: float
) -> dict[str, Any]:
    """Connection -> values, records, calls, their share of the day's quota, and hours at the ramp."""
    costs: dict[str, Cost] = {}
    for each in counted:
        cost = costs.setdefault(each.connection, Cost())
        cost.values += each.values
        cost.records += Counter({each.object: each.records})
        cost.clears += Counter({each.object: each.clears})
    found = cost_document(tx, deployment, costs, now_s=now_s)
    for name, told in found.items():
        calls = told["reads"] + told["writes"]
        known = connections.connection_state(tx, name)
        limit = (known.quota if known else {}).get("limit")
        told |= {"calls": calls, "quota_share": calls / limit if limit else None}
    return found


def _person(values: Sequence[HeldValue]) -> dict[str, Any]:
    because = max((each.because for each in values), key=len)
    return {
        "person": values[0].subject,
        "name": next((each.name for each in values if each.name), ""),
        "because": _weightiest(because),
        "records": [
            {
                "connection": own[0].connection,
                "object": own[0].object,
                "id": own[0].id,
                "values": [
                    {
                        "field": each.field,
                        "before": each.before,
                        "after": each.after,
                        "back": each.way in GOES_BACK,
                    }
                    for each in own
                ],
            }
            for own in (list(g) for _, g in groupby(values, key=lambda each: each.record_pk))
        ],
    }


def _weightiest(because: Sequence[Mapping[str, Any]], *, most: int = 3) -> list[Mapping[str, Any]]:
    return sorted(because, key=lambda line: -abs(line.get("points") or 0))[:most]

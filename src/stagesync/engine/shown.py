"""Plans as commands print them: as one stands now, as it stood when somebody saw it, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.life import WAITING
from stagesync.domain.plan import GOES_BACK
from stagesync.engine.cost import cost_document, costs_of
from stagesync.engine.deployment import Deployment
from stagesync.engine.find import find
from stagesync.engine.guard import groups_document
from stagesync.engine.instants import iso
from stagesync.engine.scope import count_out_of_scope
from stagesync.errors import ArgumentError
from stagesync.store import differences, guards, plans, saved
from stagesync.store.people import kind_of
from stagesync.store.plans import StoredEntry
from stagesync.store.saved import SavedPlan


def plan_document(
    deployment: Deployment, plan_id: str, *, person: str | None = None
) -> dict[str, Any]:
    """A plan as it stands now, as `stagesync plan --json` prints it."""
    with deployment.store.begin() as tx:
        entries = _only(tx, plans.entries_of(tx, plan_id, *WAITING), person)
        return {
            "plan": plan_id,
            **_document(tx, deployment, entries),
            "groups": groups_document(guards.held_groups(tx, plan_id)),
            "out_of_scope": count_out_of_scope(tx, deployment),
            "left": differences.count_differences(tx),
            "writes": [_written(each) for each in entries],
        }


def saved_document(
    deployment: Deployment, plan_id: str, *, person: str | None = None
) -> dict[str, Any]:
    """A plan as it was last shown, held or decided, as `stagesync plan PLAN --json` prints it.

    Raises:
        ArgumentError: nothing was kept of a plan of that id.
    """
    with deployment.store.begin() as tx:
        found = _saved(tx, plan_id)
        entries = _only(tx, saved.entries_saved(tx, plan_id), person)
        return {
            **_told(found),
            **_document(tx, deployment, entries),
            "groups": groups_document(guards.held_groups(tx, plan_id)),
            "writes": [_written(each) for each in entries],
        }


def list_document(deployment: Deployment) -> dict[str, Any]:
    """The plans that were kept, newest first, as `stagesync plan --list --json` prints them."""
    with deployment.store.begin() as tx:
        return {"plans": [_told(each) for each in saved.saved_plans(tx)]}


def diff_document(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What differs between two plans, as `stagesync plan --diff --json` prints it.

    Args:
        old, new: documents of plans.
    """
    before, after = ({_place(each): each for each in plan["writes"]} for plan in (old, new))
    changed = [
        {**each, "old_before": before[place]["before"], "old_after": before[place]["after"]}
        for place, each in after.items()
        if place in before and _values(each) != _values(before[place])
    ]
    added = [each for place, each in after.items() if place not in before]
    gone = [each for place, each in before.items() if place not in after]
    return {
        "old": _about(old),
        "new": _about(new),
        "same": len(after) - len(added) - len(changed),
        "added": added,
        "gone": gone,
        "changed": changed,
        "moves": _moves(old["writes"], new["writes"]),
    }


def keep_shown(deployment: Deployment, plan_id: str) -> None:
    """Keep a plan as somebody saw it."""
    with deployment.store.begin() as tx:
        saved.save(tx, plan_id, now_s=deployment.clock.now_s())


def _only(
    tx: Connection, entries: Sequence[StoredEntry], person: str | None
) -> Sequence[StoredEntry]:
    if not person:
        return entries
    _, subject = find(tx, person)
    return [each for each in entries if each.subject == subject]


def _document(
    tx: Connection, deployment: Deployment, entries: Sequence[StoredEntry]
) -> dict[str, Any]:
    """What these values come to."""
    now_s = deployment.clock.now_s()
    cost = cost_document(tx, deployment, costs_of(entries), now_s=now_s)
    return {
        "counts": _counts(entries),
        "back": sum(each.way in GOES_BACK for each in entries),
        "held": sum(each.state == "held" for each in entries),
        "calls": {name: each["reads"] + each["writes"] for name, each in cost.items()},
        "cost": cost,
    }


def _written(each: StoredEntry) -> dict[str, Any]:
    return {
        "connection": each.connection,
        "object": each.object,
        "id": each.id,
        "person": each.subject,
        "field": each.field,
        "before": each.before,
        "after": each.after,
        "stage_from": each.stage_from or None,
        "stage_to": each.stage_to,
        "cause": each.cause,
        "held": each.state == "held",
        "back": each.way in GOES_BACK,
        "because": list(each.because),
    }


def _saved(tx: Connection, plan_id: str) -> SavedPlan:
    found = saved.saved_plans(tx, plan_id)
    if not found:
        raise ArgumentError(
            f"nothing was kept of a plan `{plan_id}`",
            hint="stagesync plan --list has those there are",
        )
    return found[0]


def _told(found: SavedPlan) -> dict[str, Any]:
    plan = found.plan
    return {
        "plan": plan.id,
        "kind": plan.kind,
        "made_at": iso(plan.made_at_s),
        "saved_at": iso(found.saved_at_s),
        "state": plan.state,
        "decided_by": plan.decided_by or None,
        "decided_at": None if plan.decided_at_s is None else iso(plan.decided_at_s),
        "policy": plan.policy,
        "values": found.values,
        "subjects": found.subjects,
        "causes": found.causes,
        "whole": found.is_whole,
    }


def _place(write: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return write["connection"], write["object"], write["id"], write["field"]


def _values(write: Mapping[str, Any]) -> tuple[Any, Any]:
    return write["before"], write["after"]


def _about(plan: Mapping[str, Any]) -> dict[str, Any]:
    known = ("plan", "made_at", "saved_at", "state", "whole")
    return {key: plan[key] for key in known if key in plan} | {"values": len(plan["writes"])}


def _moves(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[Any]:
    """People and accounts per pair of stages, then and now."""
    then, now = (
        Counter(
            (each[0], each[1])
            for each in {(e["stage_from"], e["stage_to"], e["person"]) for e in of}
        )
        for of in (old, new)
    )
    pairs = sorted({*then, *now}, key=lambda pair: (pair[0] or "", pair[1]))
    return [{"from": pair[0], "to": pair[1], "old": then[pair], "new": now[pair]} for pair in pairs]


def _counts(entries: Sequence[StoredEntry]) -> dict[str, Any]:
    """How many people and accounts move from which stage to which, and how many values per field."""
    moves: dict[str, dict[str, Counter[str]]] = {"stages": {}, "accounts": {}}
    fields: dict[str, Counter[str]] = {}
    subjects = {each.subject: (each.stage_from or "(new)", each.stage_to) for each in entries}
    for subject, (stage_from, stage_to) in subjects.items():
        kind = moves["accounts" if kind_of(subject) == "account" else "stages"]
        kind.setdefault(stage_from, Counter())[stage_to] += 1
    for each in entries:
        fields.setdefault(each.connection, Counter())[f"{each.object}.{each.field}"] += 1
    return {**moves, "fields": fields}

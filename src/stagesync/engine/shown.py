"""A plan as commands print it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from stagesync.domain.life import WAITING
from stagesync.domain.plan import GOES_BACK
from stagesync.engine.cost import cost_document, costs_of
from stagesync.engine.deployment import Deployment
from stagesync.engine.find import find
from stagesync.engine.guard import groups_document
from stagesync.engine.scope import count_out_of_scope
from stagesync.store import differences, guards, plans
from stagesync.store.plans import StoredEntry


def plan_document(
    deployment: Deployment, plan_id: str, *, person: str | None = None
) -> dict[str, Any]:
    """A plan as `stagesync plan --json` prints it."""
    with deployment.store.begin() as tx:
        out_of_scope = count_out_of_scope(tx, deployment)
        left = differences.count_differences(tx)
        entries: Sequence[StoredEntry] = plans.entries_of(tx, plan_id, *WAITING)
        groups = guards.held_groups(tx, plan_id)
        if person:
            _, subject = find(tx, person)
            entries = [each for each in entries if each.subject == subject]
        now_s = deployment.clock.now_s()
        cost = cost_document(tx, deployment, costs_of(entries), now_s=now_s)
    return {
        "plan": plan_id,
        "counts": _counts(entries),
        "back": sum(each.way in GOES_BACK for each in entries),
        "held": sum(each.state == "held" for each in entries),
        "calls": {name: each["reads"] + each["writes"] for name, each in cost.items()},
        "cost": cost,
        "groups": groups_document(groups),
        "out_of_scope": out_of_scope,
        "left": left,
        "writes": [
            {
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
            for each in entries
        ],
    }


def _counts(entries: Sequence[StoredEntry]) -> dict[str, Any]:
    """How many people and accounts move from which stage to which, and how many values per field."""
    moves: dict[str, dict[str, Counter[str]]] = {"stages": {}, "accounts": {}}
    fields: dict[str, Counter[str]] = {}
    subjects = {each.subject: (each.stage_from or "(new)", each.stage_to) for each in entries}
    for subject, (stage_from, stage_to) in subjects.items():
        kind = moves["accounts" if subject.startswith("a_") else "stages"]
        kind.setdefault(stage_from, Counter())[stage_to] += 1
    for each in entries:
        fields.setdefault(each.connection, Counter())[f"{each.object}.{each.field}"] += 1
    return {**moves, "fields": fields}

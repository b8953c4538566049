"""A value that was written or refused, as the log tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import WriteResult
from stagesync.domain.plan import NOT_OURS, Way
from stagesync.domain.transitions import implied_stages
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.store import plans
from stagesync.store.plans import StoredEntry


def entry_of(
    deployment: Deployment,
    each: StoredEntry,
    result: WriteResult | None,
    *,
    run: str,
    now_s: float,
    policy: str = "",
) -> dict[str, Any]:
    """The log's entry for one written or refused field; `result` None means seen to stand there.

    Args:
        policy: label of the one that it was planned under; empty for the one in force.
    """
    main = deployment.vocabularies[deployment.main_vocabulary]
    # What is given back stands for no stage that we place anybody in.
    stage_to = "" if each.way in NOT_OURS else each.stage_to
    was_refused = result is not None and concerns(result, each.field)
    return {
        "at": iso(now_s),
        "run": run,
        "actor": "stagesync",
        "person": each.subject,
        "connection": each.connection,
        "object": each.object,
        "id": each.id,
        "field": each.field,
        "before": each.before,
        "after": each.after,
        "stage_from": each.stage_from,
        "stage_to": stage_to,
        "implied": implied_stages(main, each.stage_from, stage_to),
        "policy": policy or deployment.policy.label,
        "reasons": each.because,
        "result": (
            {"refused": str(result.refusal), "code": result.code, "words": result.message}
            if result is not None and was_refused
            else {"written": True}
        )
        | ({} if each.way == Way.PLAIN else {"way": each.way}),
    }


def told_late(
    tx: Connection,
    deployment: Deployment,
    arrived: Sequence[StoredEntry],
    *,
    run: str,
    now_s: float,
) -> list[dict[str, Any]]:
    """Entries for what arrived without an answer: under its plan's policy, perhaps not that of today."""
    plan = {name: plans.get_plan(tx, name) for name in {each.plan for each in arrived}}
    labels = {name: each.policy if each else "" for name, each in plan.items()}
    return [
        entry_of(deployment, each, None, run=run, now_s=now_s, policy=labels[each.plan])
        for each in arrived
    ]


def concerns(result: WriteResult, field: str) -> bool:
    """Whether a result refuses this field."""
    return result.refusal is not None and (not result.fields or field in result.fields)

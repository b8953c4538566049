"""What shall stand in the CRMs for each person and account: put together when the plan is made."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from stagesync.domain.plan import Wish
from stagesync.domain.reason_text import reason_text
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.store import history
from stagesync.store.history import Transition
from stagesync.store.people import Kind, Placed


def wishes_of(
    tx: Connection, deployment: Deployment, kind: Kind, placed: Mapping[str, Placed]
) -> dict[str, Wish]:
    """By id; those never evaluated have none."""
    changes = history.last_transitions(tx, placed, of_stage=True)
    return {
        who: wish_of(deployment, each, changes.get(who), account=kind == "account")
        for who, each in placed.items()
        if each.stages is not None
    }


def wish_of(
    deployment: Deployment, placed: Placed, change: Transition | None, *, account: bool
) -> Wish:
    """Previous stage, reason and the scores then are those of the last change of stage."""
    known = {stage.id for stage in deployment.vocabularies[deployment.main_vocabulary].stages}
    return Wish(
        stages=placed.stages or {},
        scores=placed.scores or {},
        changed_at=iso(placed.staged_at_s or 0.0),
        levels=placed.position or {},
        scores_then=change.scores if change else {},
        # A vocabulary may have lost the word, or be another one than then.
        previous_stage=placed.previous_stage if placed.previous_stage in known else None,
        reason=_reason(deployment, placed, change, account=account) if change else None,
        content=placed.content or None,
        next_contact=_iso(placed.next_contact_at_s),
        accept_by=_iso(placed.accept_by_s),
        do_not_contact=None if placed.no_contact_since_s is None else "yes",
        never=placed.never or None,
    )


def _iso(at_s: float | None) -> str | None:
    return None if at_s is None else iso(at_s)


def _reason(
    deployment: Deployment, placed: Placed, change: Transition, *, account: bool
) -> str | None:
    stages = {
        stage.id: stage for stage in deployment.vocabularies[deployment.main_vocabulary].stages
    }
    if change.stage_to not in stages:
        return None
    return reason_text(
        stages[change.stage_to],
        change.position_to,
        [(line["score"], line["rule"], line["points"]) for line in change.reasons],
        axes=deployment.policy.axes,
        vocabularies=deployment.vocabularies,
        stages=placed.stages or {},
        account=account,
        language=deployment.language,
    )

"""What the policy makes of one person or account: where they stand, what is kept of it, and the change it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stagesync.domain.evaluation import Evaluation
from stagesync.domain.facts import Facts
from stagesync.domain.path import Step
from stagesync.domain.transitions import implied_stages
from stagesync.engine.assemble import Assembled
from stagesync.engine.deployment import Deployment
from stagesync.engine.lines import lines_of
from stagesync.engine.treating import asked_now, spelled
from stagesync.store.history import Transition
from stagesync.store.people import Kind, Placed

SINCE_EVER_S = float("-inf")
"""The instant before which nobody was evaluated: everything a newcomer did is new."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of an account, already placed."""

    facts: Facts
    evaluation: Evaluation


def evaluate_person(
    deployment: Deployment,
    assembled: Assembled,
    before: Placed,
    *,
    now_s: float,
    with_reasons: bool = False,
    with_recheck: bool = True,
) -> Evaluation:
    """Place one person, as a daemon that never sleeps would have."""
    since = SINCE_EVER_S if before.evaluated_at_s is None else min(before.evaluated_at_s, now_s)
    return deployment.compiled.evaluate(
        assembled.facts,
        now_s,
        previous=still_known(deployment, before.position),
        previous_at_s=since,
        with_reasons=with_reasons,
        with_recheck=with_recheck,
    )


def place_accounts(
    deployment: Deployment,
    found: Mapping[str, Assembled],
    before: Mapping[str, Placed],
    members: Mapping[str, Sequence[Member]],
    *,
    now_s: float,
    with_reasons: bool = False,
) -> dict[str, Evaluation]:
    """Place accounts whose people were placed at the same instant."""
    return {
        name: deployment.compiled.evaluate_account(
            each.facts,
            members.get(name, ()),
            now_s,
            previous=still_known(deployment, before[name].position),
            with_reasons=with_reasons,
        )
        for name, each in found.items()
    }


def still_known(
    deployment: Deployment, position: Mapping[str, str] | None
) -> Mapping[str, str] | None:
    """The part of an earlier position that the policy of today still names."""
    levels = {axis.name: axis.level_names for axis in deployment.policy.axes}
    if position is None:
        return None
    return {axis: level for axis, level in position.items() if level in levels.get(axis, ())}


def explain_again(
    deployment: Deployment,
    assembled: Assembled,
    before: Placed,
    evaluation: Evaluation,
    *,
    kind: Kind,
    now_s: float,
) -> Evaluation:
    """The evaluation with its reasons; a person's is made again where it was made without."""
    if kind == "account" or evaluation.decided:
        return evaluation
    return evaluate_person(deployment, assembled, before, now_s=now_s, with_reasons=True)


def placed_by(
    deployment: Deployment,
    before: Placed,
    evaluation: Evaluation,
    stages: Mapping[str, str],
    *,
    facts: Facts,
    now_s: float,
) -> Placed:
    """Somebody as an evaluation places them, ready to be kept."""
    main = deployment.main_vocabulary
    was = (before.stages or {}).get(main)
    same = was == stages[main]
    stage, position = stages[deployment.treating], evaluation.position
    asked = asked_now(deployment, stage, position, facts=facts, before=before, now_s=now_s)
    return Placed(
        id=before.id,
        account=before.account,
        position=dict(position),
        scores=dict(evaluation.scores),
        stages=dict(stages),
        evaluated_at_s=now_s,
        recheck_at_s=evaluation.recheck_at_s,
        staged_at_s=before.staged_at_s if same else now_s,
        previous_stage=before.previous_stage if same else was,
        content=asked.content,
        next_contact_at_s=asked.next_contact_at_s,
        accept_by_s=asked.accept_by_s,
        never=spelled(asked.never, deployment.language),
        no_contact_since_s=(before.no_contact_since_s or now_s)
        if facts.person.get("do_not_contact")
        else None,
        policy=deployment.policy.label,
    )


def transition_of(
    deployment: Deployment,
    before: Placed,
    after: Placed,
    evaluation: Evaluation,
    *,
    run: str,
    path: Sequence[Step] = (),
    fixed: Mapping[str, str] | None = None,
) -> Transition:
    """The change of somebody who stands elsewhere now, with the lines that explain it.

    Args:
        evaluation: made with its reasons.
        fixed: axis -> level that somebody said by hand, for the stages alone.
    """
    main = deployment.main_vocabulary
    passed = {
        name: implied_stages(deployment.vocabularies[name], (before.stages or {}).get(name), stage)
        for name, stage in (after.stages or {}).items()
    }
    return Transition(
        subject=after.id,
        at_s=after.evaluated_at_s or 0.0,
        run=run,
        stage_from=(before.stages or {}).get(main, ""),
        stage_to=(after.stages or {})[main],
        position_from=before.position or {},
        position_to=after.position or {},
        policy=after.policy,
        scores=after.scores or {},
        reasons=lines_of(deployment, evaluation, before=before.position, fixed=fixed),
        path=path,
        implied={name: stages for name, stages in passed.items() if stages},
    )

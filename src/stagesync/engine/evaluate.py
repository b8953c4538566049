"""Places those whose facts changed, and those whom time alone may have moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from stagesync.domain.evaluation import Evaluation
from stagesync.domain.facts import Facts
from stagesync.domain.guard import Cause
from stagesync.domain.path import Step
from stagesync.domain.transitions import implied_stages
from stagesync.engine.assemble import Assembled, assemble_accounts, assemble_people
from stagesync.engine.breaches import note_breaches
from stagesync.engine.deployment import Deployment
from stagesync.engine.falls import paths_of
from stagesync.engine.holds import overrides_of
from stagesync.engine.lines import lines_of
from stagesync.engine.progress import Progress
from stagesync.engine.referrals import referrers_of
from stagesync.engine.stands import note_moves
from stagesync.engine.treating import asked_now, spelled
from stagesync.store import history, people, places, state
from stagesync.store.history import Transition
from stagesync.store.people import KINDS, Kind, Placed

BATCH = 1_000
"""People per transaction."""

SINCE_EVER_S = float("-inf")
"""The instant before which nobody was evaluated: everything a newcomer did is new."""


@dataclass(slots=True)
class Evaluated:
    """What evaluating did: ids looked at, and how many changed position or stage."""

    people: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    transitions: int = 0


def evaluate_all(
    deployment: Deployment, *, run: str, now_s: float, progress: Progress
) -> Evaluated:
    """Evaluate the dirty and the due: people first, then the accounts that follow from them."""
    done = Evaluated()
    for kind in KINDS:
        with deployment.store.begin() as tx:
            causes = dict.fromkeys(people.ids_due(tx, kind, now_s=now_s), Cause.TIME)
            causes |= state.dirty_causes(tx, kind)
            other = people.ids_of_other_policy(tx, kind, deployment.policy.label)
            causes |= dict.fromkeys(other, Cause.DEFINITION)
        ids = sorted(causes)
        progress.phase(f"evaluate {'people' if kind == 'person' else 'accounts'}", len(ids))
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            with deployment.store.begin() as tx:
                done.transitions += _evaluate_batch(
                    tx, deployment, kind, batch, causes=causes, run=run, now_s=now_s
                )
            progress.advance(len(batch))
        (done.people if kind == "person" else done.accounts).extend(ids)
    return done


def _evaluate_batch(
    tx: Connection,
    deployment: Deployment,
    kind: Kind,
    ids: Sequence[str],
    *,
    causes: Mapping[str, Cause],
    run: str,
    now_s: float,
) -> int:
    before = people.placed(tx, kind, ids)
    # Somebody never placed before follows no other definition than today's.
    causes = {who: causes[who] if each.policy else Cause.FACTS for who, each in before.items()}
    found, outcome = _evaluations(tx, deployment, kind, before, now_s=now_s)
    if kind == "person":
        _mark(tx, "account", ((each.account, causes[who]) for who, each in found.items()))
    said = overrides_of(tx, outcome) if kind == "person" else {}
    fixed = {each: levels for each, (levels, _) in said.items()}
    after = {}
    for each, evaluation in outcome.items():
        stages = deployment.classifier.stages(
            {**evaluation.position, **fixed.get(each, {})}, account=kind == "account"
        )
        after[each] = placed_by(
            deployment, before[each], evaluation, stages, facts=found[each].facts, now_s=now_s
        )
    if kind == "person":
        referrers = referrers_of(tx, deployment, found)
        after = {who: replace(each, referrer=referrers.get(who)) for who, each in after.items()}
        note_breaches(tx, deployment, found, before, fixed=fixed, now_s=now_s)
    after = _numbered(tx, after, fixed)
    people.save_placed(tx, kind, list(after.values()))
    paths = paths_of(tx, deployment, kind, found, before=before, after=after, now_s=now_s)
    transitions, moved = [], []
    for each, placed in after.items():
        was, path, levels = before[each], paths.get(each, ()), fixed.get(each, {})
        if path or was.position != placed.position or was.stages != placed.stages:
            why = explain_again(deployment, found[each], was, outcome[each], kind=kind, now_s=now_s)
            transitions.append(
                transition_of(deployment, was, placed, why, run=run, path=path, fixed=levels)
            )
            moved.append((was, placed, levels))
    history.save_transitions(tx, transitions)
    note_moves(tx, deployment, found, moved, now_s=now_s)
    state.clean(tx, kind, ids)
    _mark(tx, "plan", ((each, causes[each]) for each in outcome))
    return len(transitions)


def _numbered(
    tx: Connection, after: Mapping[str, Placed], fixed: Mapping[str, Mapping[str, str]]
) -> dict[str, Placed]:
    """Each with the number of their place, in which what a person's word fixes counts."""
    positions = [{**(each.position or {}), **fixed.get(who, {})} for who, each in after.items()]
    return {
        who: replace(each, place=place)
        for (who, each), place in zip(after.items(), places.numbers(tx, positions), strict=True)
    }


def _evaluations(
    tx: Connection, deployment: Deployment, kind: Kind, before: dict[str, Placed], *, now_s: float
) -> tuple[dict[str, Assembled], dict[str, Evaluation]]:
    """What is known of each, and what the policy makes of it."""
    if kind == "account":
        accounts = assemble_accounts(tx, deployment, list(before))
        return accounts, evaluate_accounts(
            tx, deployment, accounts, before, now_s=now_s, with_reasons=True
        )
    found = assemble_people(tx, deployment, list(before), now_s=now_s)
    return found, {
        who: evaluate_person(deployment, each, before[who], now_s=now_s)
        for who, each in found.items()
    }


def _mark(tx: Connection, kind: str, found: Iterable[tuple[str | None, Cause]]) -> None:
    by_cause: dict[Cause, list[str]] = {}
    for each, cause in found:
        if each is not None:
            by_cause.setdefault(cause, []).append(each)
    for cause, ids in by_cause.items():
        state.mark_dirty(tx, kind, ids, cause=cause)


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


def evaluate_accounts(
    tx: Connection,
    deployment: Deployment,
    found: dict[str, Assembled],
    before: dict[str, Placed],
    *,
    now_s: float,
    with_reasons: bool = False,
) -> dict[str, Evaluation]:
    """Place accounts: their own facts, and the people who count for them."""
    members = people.people_of_accounts(tx, found)
    everybody = [who for ids in members.values() for who in ids]
    positions = people.placed(tx, "person", everybody)
    history = deployment.compiled.counts_by_history
    facts = assemble_people(tx, deployment, everybody, now_s=now_s, with_history=history)
    counted = {
        name: [
            Member(facts[who].facts, _as_stored(positions[who]))
            for who in theirs
            if who in facts and positions[who].position
        ]
        for name, theirs in members.items()
    }
    return place_accounts(
        deployment, found, before, counted, now_s=now_s, with_reasons=with_reasons
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


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of an account, already placed."""

    facts: Facts
    evaluation: Evaluation


def _as_stored(placed: Placed) -> Evaluation:
    return Evaluation(placed.position or {}, placed.scores or {})


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
    asked = asked_now(deployment, before, evaluation, stages, facts=facts, now_s=now_s)
    return Placed(
        id=before.id,
        account=before.account,
        position=dict(evaluation.position),
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

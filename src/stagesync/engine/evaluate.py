"""Places those whose facts changed, and those whom time alone may have moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from stagesync.domain.evaluation import Evaluation
from stagesync.domain.guard import Cause
from stagesync.engine.assemble import Assembled, assemble_accounts, assemble_people
from stagesync.engine.breaches import note_breaches
from stagesync.engine.counting import count_transitions
from stagesync.engine.deployment import Deployment
from stagesync.engine.falls import paths_of
from stagesync.engine.holds import overrides_of
from stagesync.engine.placing import (
    Member,
    evaluate_person,
    explain_again,
    place_accounts,
    placed_by,
    transition_of,
)
from stagesync.engine.progress import Progress
from stagesync.engine.referrals import referrers_of
from stagesync.engine.stands import note_moves
from stagesync.store import history, people, places, state
from stagesync.store.people import KINDS, Kind, Placed

BATCH = 1_000
"""People per transaction."""


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
    count_transitions(tx, transitions)
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


def _as_stored(placed: Placed) -> Evaluation:
    return Evaluation(placed.position or {}, placed.scores or {})

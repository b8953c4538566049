"""The whole base under other definitions: who would move, from where to where, and what it would cost.

Both sides are evaluated afresh, at one instant, from the same stored facts and the same earlier positions,
as the next run would under either. So only the definitions differ: neither time nor what a CRM told since
shows as a move. No CRM is asked, nothing is stored.

Accounts come with their people, since an account follows from them: memory holds one batch, and of a
larger account the facts of its people.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.contrast import contrast
from stagesync.domain.evaluation import Evaluation
from stagesync.domain.facts import Facts
from stagesync.engine.assemble import Assembled, assemble_accounts
from stagesync.engine.conversion import Conversion, note_outcomes
from stagesync.engine.cost import Cost, add_cost
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import Descriptions, usable_descriptions
from stagesync.engine.evaluate import BATCH
from stagesync.engine.instants import iso
from stagesync.engine.placing import (
    Member,
    evaluate_person,
    explain_again,
    place_accounts,
    placed_by,
    transition_of,
)
from stagesync.engine.progress import Progress, Quiet
from stagesync.engine.scope import writable
from stagesync.engine.sides import Both, Sides, assemble_both
from stagesync.engine.tally import Moves
from stagesync.engine.wishes import wish_of
from stagesync.store import history, people
from stagesync.store.history import Transition
from stagesync.store.people import Kind, Placed

SHOWN = 3
"""Examples per pair of stages."""

Members = dict[str, list[Member]]
"""Account -> its people."""


@dataclass(slots=True)
class _Work:
    """What a backtest has found so far."""

    sides: Sides
    vocabulary: str
    now_s: float
    descriptions: Mapping[str, Descriptions]
    costs: Both[dict[str, Cost]]
    people: Moves = field(default_factory=Moves)
    accounts: Moves = field(default_factory=Moves)
    examples: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    conversion: Conversion = field(default_factory=Conversion)


def backtest(
    against: Deployment,
    trial: Deployment,
    *,
    vocabulary: str = "",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The document of `stagesync backtest`.

    Args:
        against: the deployment under the definitions to compare with.
        trial: the same one under those on trial.
        vocabulary: whose stages are compared, known on both sides; empty means the main one.
    """
    progress = progress or Quiet()
    with against.store.read() as tx:
        batches = list(_batches(tx))
        found = {
            name: usable_descriptions(tx, against, each)
            for name, each in against.connections.items()
        }
    described = {name: each for name, each in found.items() if each}
    work = _Work(
        sides=Both(against, trial),
        vocabulary=vocabulary or against.main_vocabulary,
        now_s=against.clock.now_s(),
        descriptions=described,
        costs=Both({name: Cost() for name in described}, {name: Cost() for name in described}),
    )
    progress.phase("backtest", sum(each.size for each in batches))
    for batch in batches:
        with against.store.read() as tx:
            _look_at(tx, work, batch)
        progress.advance(batch.size)
    return _document(work)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Accounts, and people who belong to none; `size` counts them and the accounts' people."""

    accounts: Sequence[str]
    loners: Sequence[str]
    size: int


def _batches(tx: Connection) -> Iterator[_Batch]:
    members = people.count_members(tx)
    held: list[str] = []
    size = 0
    for account in sorted({*people.all_ids(tx, "account"), *members}):
        more = 1 + members.get(account, 0)
        if held and size + more > BATCH:
            yield _Batch(held, (), size)
            held, size = [], 0
        held.append(account)
        size += more
    if held:
        yield _Batch(held, (), size)
    loners = people.ids_without_account(tx)
    for start in range(0, len(loners), BATCH):
        some = loners[start : start + BATCH]
        yield _Batch((), some, len(some))


def _look_at(tx: Connection, work: _Work, batch: _Batch) -> None:
    members: Both[Members] = Both({}, {})
    theirs = people.people_of_accounts(tx, batch.accounts)
    ids = [*batch.loners, *(who for found in theirs.values() for who in found)]
    for start in range(0, len(ids), BATCH):
        _look_at_people(tx, work, ids[start : start + BATCH], members)
    _look_at_accounts(tx, work, batch.accounts, members)


def _look_at_people(
    tx: Connection, work: _Work, ids: Sequence[str], members: Both[Members]
) -> None:
    stored = people.placed(tx, "person", ids)
    last = history.last_transitions(tx, stored, of_stage=True)
    found = assemble_both(tx, work.sides, ids, now_s=work.now_s)
    in_scope = _in_scope(tx, work, found.before)
    for who, placed in stored.items():
        told = Both(found.before[who], found.after[who])
        outcome = _evaluate(work, told, placed)
        stages = _note(
            work, work.people, placed, outcome, told, last=last.get(who), in_scope=in_scope
        )
        if stages.before != stages.after:
            _exemplify(work, stages, placed, told)
        for side, each, evaluation, theirs in zip(work.sides, told, outcome, members, strict=True):
            if placed.account:
                member = Member(_counted(side, each), evaluation)
                theirs.setdefault(placed.account, []).append(member)
    note_outcomes(
        tx, work.sides, found.before, vocabulary=work.vocabulary, conversion=work.conversion
    )


def _in_scope(tx: Connection, work: _Work, found: Mapping[str, Assembled]) -> set[int]:
    configured = work.sides.before.connections
    told = (each for one in found.values() for each in one.records)
    return writable(tx, work.sides.before, [one for one in told if one.connection in configured])


def _evaluate(
    work: _Work, told: Both[Assembled], placed: Placed, *, with_reasons: bool = False
) -> Both[Evaluation]:
    before, after = (
        evaluate_person(
            side,
            each,
            placed,
            now_s=work.now_s,
            with_reasons=with_reasons,
            with_recheck=False,
        )
        for side, each in zip(work.sides, told, strict=True)
    )
    return Both(before, after)


def _counted(side: Deployment, each: Assembled) -> Facts:
    """What an account asks of its people; their histories are let go where it asks for none."""
    if side.compiled.counts_by_history:
        return each.facts
    return replace(each.facts, activities=(), deals=())


def _look_at_accounts(
    tx: Connection, work: _Work, ids: Sequence[str], members: Both[Members]
) -> None:
    stored = people.placed(tx, "account", ids)
    last = history.last_transitions(tx, stored, of_stage=True)
    found = assemble_accounts(tx, work.sides.before, ids)
    in_scope = _in_scope(tx, work, found)
    before, after = (
        place_accounts(side, found, stored, theirs, now_s=work.now_s, with_reasons=True)
        for side, theirs in zip(work.sides, members, strict=True)
    )
    for name, each in found.items():
        outcome = Both(before[name], after[name])
        _note(
            work,
            work.accounts,
            stored[name],
            outcome,
            Both(each, each),
            last=last.get(name),
            in_scope=in_scope,
            kind="account",
        )


def _note(
    work: _Work,
    moves: Moves,
    placed: Placed,
    outcome: Both[Evaluation],
    told: Both[Assembled],
    *,
    last: Transition | None,
    in_scope: Container[int],
    kind: Kind = "person",
) -> Both[str]:
    """Count where somebody stands on either side, and what the CRMs would be written; the two stages.

    Args:
        last: the last change of stage that was stored; None when there was none.
        in_scope: records that may be written.
    """
    found = []
    for side, evaluation, each, costs in zip(work.sides, outcome, told, work.costs, strict=True):
        stages = side.classifier.stages(evaluation.position, account=kind == "account")
        subject = placed_by(side, placed, evaluation, stages, facts=each.facts, now_s=work.now_s)
        change = last
        if (placed.stages or {}).get(side.main_vocabulary) != stages[side.main_vocabulary]:
            why = explain_again(side, each, placed, evaluation, kind=kind, now_s=work.now_s)
            change = transition_of(side, placed, subject, why, run="")
        wish = wish_of(side, subject, change, account=kind == "account")
        add_cost(
            costs,
            side,
            wish,
            each.records,
            descriptions=work.descriptions,
            in_scope=in_scope,
        )
        found.append(stages[work.vocabulary])
    before, after = found
    moves.note(before, after)
    return Both(before, after)


def _exemplify(work: _Work, stages: Both[str], placed: Placed, told: Both[Assembled]) -> None:
    shown = work.examples.setdefault((stages.before, stages.after), [])
    if len(shown) == SHOWN:
        return
    outcome = _evaluate(work, told, placed, with_reasons=True)
    found = contrast(outcome.before, outcome.after)
    shown.append(
        {
            "from": stages.before,
            "to": stages.after,
            "person": placed.id,
            "records": [
                {"connection": each.connection, "object": each.object, "id": each.id}
                for each in told.before.records
            ],
            "axes": [
                {"axis": axis, "before": one, "after": other}
                for axis, (one, other) in found.axes.items()
            ],
            "scores": [
                {"score": score, "before": one, "after": other}
                for score, (one, other) in found.scores.items()
            ],
            "rules": [
                {"score": score, "rule": rule, "before": one, "after": other}
                for (score, rule), (one, other) in found.rules.items()
            ],
        }
    )


def _document(work: _Work) -> dict[str, Any]:
    words = [side.vocabularies[work.vocabulary] for side in work.sides]
    return {
        "policy": work.sides.after.policy.label,
        "against": work.sides.before.policy.label,
        "vocabulary": work.vocabulary,
        "at": iso(work.now_s),
        "people": work.people.looked_at,
        "moved": work.people.moved,
        "matrix": work.people.matrix,
        "stages": work.people.stages(*words),
        "accounts": work.accounts.looked_at,
        "accounts_moved": work.accounts.moved,
        "accounts_matrix": work.accounts.matrix,
        "accounts_stages": work.accounts.stages(*words),
        "examples": [each for pair in sorted(work.examples) for each in work.examples[pair]],
        "cost": {name: _cost(work, name) for name in work.costs.after},
        "conversion": work.conversion.document(work.sides, work.vocabulary),
    }


def _cost(work: _Work, name: str) -> dict[str, Any]:
    largest = work.sides.after.connections[name].connector.capabilities.largest_write
    before, after = work.costs.before[name], work.costs.after[name]
    return {
        "values": after.values,
        "records": after.records.total(),
        "calls": after.calls(largest),
        "values_now": before.values,
        "calls_now": before.calls(largest),
        "left": after.left,
    }

"""Holds what is too much to be written unseen, and lets through what somebody approved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.guard import Base, Cause, Group, Rule, Trip, trips
from stagesync.domain.life import Move, State, move
from stagesync.domain.said import Said, template, together
from stagesync.engine.alerts import Kind, settle
from stagesync.engine.definition_changes import undecided_since, wait_with
from stagesync.engine.deployment import Deployment
from stagesync.engine.places import count_stages
from stagesync.engine.recovered import is_restored
from stagesync.store import guards, people, plans, records, saved
from stagesync.store.people import KINDS
from stagesync.store.plans import StoredEntry

KEPT_S = 90 * 86_400.0
"""How long own writes are remembered beyond the newest of each field, and plans that are over."""

WORDS = {
    Rule.PAIR: template("{count} would make this move within the window; the limit is {limit}"),
    Rule.TOTAL: template("{count} would move in all within the window; the limit is {limit}"),
    Rule.STAGE_LOSS: template(
        "{count} would leave `{stage}` within the window; the limit is {limit}"
    ),
    Rule.DEFINITION: template(
        "the policy, a vocabulary or a mapping changed: what it does is shown first"
    ),
    Rule.SOURCE: template(
        "a source has lost more records than a day takes away; see `stagesync status`"
    ),
    Rule.BUSY: template("{count} records were written more than {limit} times within the window"),
    Rule.OBSERVED: template("the connection is observed until a first plan is approved"),
    Rule.ENDED: template("the approval ended before it was written"),
    Rule.RESTORED: template(
        "the store was put back from a backup: what the CRMs hold may be newer, and is shown first"
    ),
}


PUT_BACK = template("{count} would get our value back within the window; the limit is {limit}")
"""What a pair's limit says of repairs."""


def group_of(entry: StoredEntry) -> Group:
    """What the entry is counted as."""
    return Group(Cause(entry.cause), entry.stage_from, entry.stage_to)


def count_groups(entries: Iterable[StoredEntry]) -> dict[Group, int]:
    """Group -> people and accounts that make the move."""
    return dict(Counter(group for _, group in {(e.subject, group_of(e)) for e in entries}))


def why(trip: Trip) -> str:
    """A held group's reason, as a sentence for people; it may name who else works there."""
    what = why_in_numbers(trip)
    if not trip.writers:
        return what
    return Said("{what}, besides stagesync by {writers}", what=what, writers=trip.writers)


def why_in_numbers(trip: Trip) -> str:
    """The same, naming nobody."""
    is_repair = trip.rule is Rule.PAIR and trip.group.cause is Cause.REPAIR
    words = PUT_BACK if is_repair else WORDS[trip.rule]
    return Said(words, count=trip.count, limit=trip.limit, stage=trip.group.stage_from)


def groups_document(held: Iterable[Trip]) -> list[dict[str, Any]]:
    """Held groups as commands print them."""
    return [
        {
            "cause": trip.group.cause,
            "from": trip.group.stage_from or None,
            "to": trip.group.stage_to,
            "subjects": trip.count,
            "rule": trip.rule,
            "why": why(trip),
        }
        for trip in held
    ]


def guard(
    tx: Connection, deployment: Deployment, plan_id: str, *, lost: bool, now_s: float
) -> list[Trip]:
    """Hold what of this plan is too much; also who approved what before.

    After a restore all of it is, approved or not: what was approved was approved of another time. Under
    definitions that were adopted and not decided about all is that nobody approved, undos apart.

    Args:
        lost: a source was found empty or shrunk in this run.
    """
    if is_restored(tx):
        found = _hold_all(tx, plan_id, plans.entries_of(tx, plan_id, State.PLANNED), Rule.RESTORED)
        return keep(tx, plan_id, found, now_s=now_s)
    guards.forget_own_writes(tx, before_s=now_s - KEPT_S)
    saved.forget_old_plans(tx, before_s=now_s - KEPT_S)
    ended = _end_approvals(tx, plan_id, before_s=now_s - deployment.limits.approval_s)
    unseen = plans.entries_unseen(tx, plan_id)
    if undecided_since(tx) is not None:
        asked = [each for each in unseen if each.cause != Cause.UNDO]
        found = _hold_all(tx, plan_id, asked, Rule.DEFINITION)
        wait_with(tx, plan_id)
    else:
        unseen = _pass_approved(tx, plan_id, unseen)
        found = _hold_too_much(tx, deployment, plan_id, unseen, lost=lost, now_s=now_s)
    return keep(tx, plan_id, {**ended, **found}, now_s=now_s)


def _hold_all(
    tx: Connection, plan_id: str, held: Sequence[StoredEntry], rule: Rule
) -> dict[Group, Trip]:
    plans.set_entry_states(
        tx, plan_id, [(each.record_pk, each.field, move(each.state, Move.HOLD)) for each in held]
    )
    plans.set_approvals(tx, plan_id, [(each.record_pk, each.field, "") for each in held])
    counted = count_groups(held).items()
    return {group: Trip(group, rule, count, 0) for group, count in counted}


def _end_approvals(tx: Connection, plan_id: str, *, before_s: float) -> dict[Group, Trip]:
    """Hold again what was approved before an instant and is not written; why, by group."""
    plans.end_approvals(tx, before_s=before_s)
    held = plans.entries_of_ended(tx, plan_id, before_s=before_s)
    moves = [(each.record_pk, each.field, move(each.state, Move.HOLD)) for each in held]
    plans.set_entry_states(tx, plan_id, moves)
    plans.set_approvals(tx, plan_id, [(each.record_pk, each.field, "") for each in held])
    return {group: Trip(group, Rule.ENDED, count, 0) for group, count in count_groups(held).items()}


def _hold_too_much(
    tx: Connection,
    deployment: Deployment,
    plan_id: str,
    unseen: Sequence[StoredEntry],
    *,
    lost: bool,
    now_s: float,
) -> dict[Group, Trip]:
    """Hold entries that nobody saw and that go beyond a limit; why, by group."""
    if not unseen:
        return {}
    limits = deployment.limits
    since_s = now_s - limits.window_s
    counted = count_groups(unseen)
    found = _too_many(tx, deployment, counted, since_s=since_s)
    if lost:
        for group, count in counted.items():
            if group.cause not in (Cause.BY_HAND, Cause.UNDO):
                found.setdefault(group, Trip(group, Rule.SOURCE, count, 0))
    busy = guards.busy_records(tx, since_s=since_s, more_than=limits.writes_of_a_field)
    held = [e for e in unseen if group_of(e) in found or e.record_pk in busy]
    for group, count in count_groups(e for e in held if group_of(e) not in found).items():
        found[group] = Trip(group, Rule.BUSY, count, limits.writes_of_a_field)
    moves = [(each.record_pk, each.field, move(each.state, Move.HOLD)) for each in held]
    plans.set_entry_states(tx, plan_id, moves)
    return found


def _too_many(
    tx: Connection, deployment: Deployment, counted: Mapping[Group, int], *, since_s: float
) -> dict[Group, Trip]:
    """Groups that go beyond a limit of numbers. The base is counted only where one could be reached."""
    limits = deployment.limits
    recent = guards.recent_moves(tx, since_s=since_s)
    in_all = sum(counted.values()) + sum(recent.values())
    base = Base(0, {}, recent)
    if in_all > limits.never_below:
        base = _base(tx, deployment, counted, recent)
    return {trip.group: trip for trip in trips(counted, base, limits)}


def has_shrunk(
    tx: Connection, deployment: Deployment, lost: Mapping[str, Mapping[str, int]]
) -> bool:
    """Whether a source lost more of an object than limits allow: connection -> object -> records gone."""
    limits = deployment.limits
    for name, objects in lost.items():
        for object_name, count in objects.items():
            if count <= limits.never_below:
                continue
            before = records.count_live(tx, name, object_name) + count
            if count > limits.source_loss * before:
                return True
    return False


def keep(tx: Connection, plan_id: str, found: Mapping[Group, Trip], *, now_s: float) -> list[Trip]:
    """Store why each group of the plan that waits is held; what waited before keeps its reason."""
    before = {trip.group: trip for trip in guards.held_groups(tx, plan_id)}
    waiting = plans.count_subjects(tx, plan_id, State.HELD)
    known = {**before, **found}
    standing = [
        replace(
            known[group],
            count=max(count, known[group].count),
            writers=before[group].writers if group in before else "",
        )
        if group in known
        else Trip(group, Rule.OBSERVED, count, 0)
        for group, count in sorted(waiting.items())
    ]
    if before != {trip.group: trip for trip in standing}:
        guards.save_held_groups(tx, plan_id, standing, at_s=now_s)
    return standing


def _pass_approved(
    tx: Connection, plan_id: str, entries: Sequence[StoredEntry]
) -> list[StoredEntry]:
    """Let moves take what is left of approvals for moves like them; the entries that found nothing left."""
    if not entries:
        return []
    free = guards.approvals_left(tx)
    given: dict[tuple[str, Group], str] = {}
    for each in entries:
        key = (each.subject, group_of(each))
        if key in given or not free.get(key[1]):
            continue
        plan, left = free[key[1]][0]
        given[key] = plan
        free[key[1]] = [(plan, left - 1), *free[key[1]][1:]] if left > 1 else free[key[1]][1:]
    plans.set_approvals(
        tx,
        plan_id,
        [
            (e.record_pk, e.field, given[e.subject, group_of(e)])
            for e in entries
            if (e.subject, group_of(e)) in given
        ],
    )
    return [each for each in entries if (each.subject, group_of(each)) not in given]


def _base(
    tx: Connection,
    deployment: Deployment,
    planned: Mapping[Group, int],
    recent: Mapping[Group, int],
) -> Base:
    """The stages' sizes are those of now; what moves, or moved within the window, is put back."""
    main = deployment.main_vocabulary
    in_stage = Counter[str]()
    for kind in KINDS:
        in_stage.update(count_stages(tx, deployment, kind).get(main, {}))
    for group, count in (*planned.items(), *recent.items()):
        if group.is_move:
            in_stage[group.stage_from] += count
            in_stage[group.stage_to] -= count
    known = people.count(tx, "person") + people.count(tx, "account")
    return Base(known, in_stage, recent)


def tell(
    tx: Connection, plan_id: str, held: Sequence[Trip], connections: Iterable[str], *, now_s: float
) -> None:
    """Raise an alert per connection whose writes wait for more than its first approval; end it when none do."""
    trips_ = [trip for trip in held if trip.rule is not Rule.OBSERVED]
    found = (
        {
            plan_id: (
                Said(
                    "plan {plan} is held: {why}",
                    plan=plan_id,
                    why=together(sorted({why_in_numbers(trip) for trip in trips_})),
                ),
                Said(
                    "stagesync plan shows it, and who else writes there; stagesync approve {plan} or"
                    " stagesync drop {plan}",
                    plan=plan_id,
                ),
            )
        }
        if trips_
        else {}
    )
    for name in connections:
        settle(tx, name, Kind.HELD, found, now_s=now_s)

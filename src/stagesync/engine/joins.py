"""Two known people who turn out to be one: joined at once where nobody's stage changes by it or the CRM itself
says so, and held for a person to decide otherwise. What joined can part again: a record follows its address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import structlog
from sqlalchemy import Connection

from stagesync.domain.identity import Joined, Known, hold_apart
from stagesync.domain.said import Said
from stagesync.engine import audit
from stagesync.engine.alerts import HERE, Kind, Told, settle
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.store import joins, people, records, state
from stagesync.store.joins import HeldJoin

log = structlog.get_logger()


def hold_back(
    tx: Connection, deployment: Deployment, joined: Joined, known: Mapping[int, Known]
) -> Joined:
    """The groups without the joins that wait for a decision, which are kept for it."""
    named = {each.held_by for each in known.values() if each.held_by}
    stages = {
        who: (each.stages or {}).get(deployment.main_vocabulary, "")
        for who, each in people.placed(tx, "person", sorted(named)).items()
    }
    approved = {(each.one, each.other) for each in joins.all_joins(tx, "approved")}

    def may_join(one: str, other: str) -> bool:
        first, second = stages.get(one, ""), stages.get(other, "")
        return not (first and second) or first == second or tuple(sorted((one, other))) in approved

    apart, pairs = hold_apart(joined, known, may_join=may_join)
    found = [
        HeldJoin(
            _join_id(*pair), *pair, stages[pair[0]], stages[pair[1]], "held", _now_s(deployment)
        )
        for pair in pairs
    ]
    joins.hold(tx, found)
    wanted = {each.id for each in found}
    joins.withdraw(
        tx,
        [
            each.id
            for each in joins.all_joins(tx, "held")
            if each.id not in wanted and {each.one, each.other} & named
        ],
    )
    if found:
        log.warning("joins held", joins=sorted(wanted))
    return apart


def notice_joins(tx: Connection, *, now_s: float) -> None:
    """Raise an alert while joins wait for somebody's word."""
    count = joins.count(tx, "held")
    found: Told = {}
    if count:
        found["people"] = (
            Said(
                "people who may be one stand at different stages: pairs that wait: {count}",
                count=count,
            ),
            Said(
                "stagesync status lists them; stagesync approve or stagesync drop decides about each"
            ),
        )
    settle(tx, HERE, Kind.JOIN, found, now_s=now_s)


def _now_s(deployment: Deployment) -> float:
    return deployment.clock.now_s()


def _join_id(one: str, other: str) -> str:
    return "j_" + hashlib.blake2s(f"{one}/{other}".encode(), digest_size=4).hexdigest()


def decide_join(
    deployment: Deployment, join_id: str, *, approve: bool, by: str, now_s: float
) -> None:
    """Let two people become one in the next run, or keep them apart from now on.

    Raises:
        KeyError: no held join of that id.
    """
    word = "approved" if approve else "dropped"
    with deployment.store.begin(fenced=False) as tx:
        found = next((each for each in joins.all_joins(tx, "held") if each.id == join_id), None)
        if found is None:
            raise KeyError(join_id)
        joins.decide(tx, join_id, word, by=by, at_s=now_s)
        own = records.records_where(tx, "person", [found.one, found.other])
        state.mark_dirty(tx, "record", [each.pk for each in own])
        entry = {
            "at": iso(now_s),
            "run": "",
            "actor": by,
            "person": found.one,
            "connection": "",
            "stage_from": found.stage_one,
            "stage_to": found.stage_other,
            "policy": deployment.policy.label,
            "result": {"join": word, "with": found.other},
        }
        audit.append(tx, [entry])
    log.info("join decided", join=join_id, approved=approve)

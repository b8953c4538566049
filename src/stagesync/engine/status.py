"""How the deployment stands, from the store alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from stagesync.engine import lease, waits
from stagesync.engine.alerts import HERE
from stagesync.engine.breaches import breaches_document
from stagesync.engine.counts import counts_of
from stagesync.engine.deployment import Deployment
from stagesync.engine.first_load import unread_objects
from stagesync.engine.guard import groups_document
from stagesync.engine.instants import iso
from stagesync.engine.places import count_stages
from stagesync.engine.scope import count_out_of_scope
from stagesync.engine.standing import slow_work
from stagesync.engine.trouble import kept
from stagesync.store import (
    ageing,
    alerts,
    channels,
    connections,
    differences,
    forgotten,
    guards,
    holds,
    inbox,
    joins,
    people,
    plans,
    state,
)

PARKED = 50
"""Refused values that are told one by one; `differences` counts them all."""


def status(deployment: Deployment, *, now_s: float) -> dict[str, Any]:
    """How things stand: the document of `stagesync status` without the funnel and the CRMs' agreement."""
    with deployment.store.read() as tx:
        return {
            **status_of(tx, deployment, now_s=now_s),
            "stages": count_stages(tx, deployment).get(deployment.main_vocabulary, {}),
            "differences": differences.count_differences(tx),
        }


def status_of(tx: Connection, deployment: Deployment, *, now_s: float) -> dict[str, Any]:
    """What of it can be told at once, however many people there are."""
    trouble, hint = deployment.store.trouble() or ("", "")
    runs = state.last_runs(tx, 5)
    left_out = count_out_of_scope(tx, deployment)
    works = lease.standing(tx)
    told = [_run(each, is_open=works["run"] is not None) for each in runs]
    return {
        "store": {"trouble": trouble, "hint": hint},
        "connections": [
            _connection(tx, deployment, name, now_s=now_s) | {"out_of_scope": left_out[name]}
            for name in deployment.connections
        ],
        "left": _left(tx, deployment),
        "alerts": _alerts(tx, HERE),
        "channels": channels_document(tx, deployment),
        "people": people.count(tx, "person"),
        "accounts": people.count(tx, "account"),
        "forgotten": forgotten.count(tx),
        "backlog": state.count_dirty(tx),
        "waiting": waits.subjects_waiting(tx),
        "held": [
            {
                "plan": each.id,
                "entries": waits.entries_of(tx, each.id),
                "groups": groups_document(guards.held_groups(tx, each.id)),
            }
            for each in plans.plans_in(tx, "held")
        ],
        "approved": _approved(tx, deployment),
        "holds": dict(Counter(each.kind for each in holds.all_standing(tx))),
        "parked": [
            {
                "connection": each["connection"],
                "object": each["object"],
                "id": each["id"],
                "person": each["person"] or each["account"],
                "field": each["field"],
                "words": each["words"],
                "since": iso(each["at_s"]),
            }
            for each in differences.refused(tx, most=PARKED)
        ],
        "joins": [
            {
                "join": each.id,
                "people": [each.one, each.other],
                "stages": [each.stage_one, each.stage_other],
                "since": iso(each.raised_at_s),
            }
            for each in joins.all_joins(tx, "held")
        ],
        "breaches": breaches_document(tx, deployment, now_s=now_s),
        "last_run": told[0] if told else None,
        "runs": told,
        "lease": works,
    }


def _approved(tx: Connection, deployment: Deployment) -> list[dict[str, Any]]:
    """Approvals by which something may still be written, newest first."""
    waiting, free = plans.count_approved(tx), Counter[str]()
    for left in guards.approvals_left(tx).values():
        free.update(dict(left))
    return [
        {
            "plan": each.id,
            "by": each.decided_by,
            "at": iso(each.decided_at_s or 0.0),
            "until": iso((each.decided_at_s or 0.0) + deployment.limits.approval_s),
            "waiting": waiting.get(each.id, 0),
            "free": free[each.id],
        }
        for each in plans.plans_in(tx, "approved")
        if waiting.get(each.id) or free[each.id]
    ]


def _connection(
    tx: Connection, deployment: Deployment, name: str, *, now_s: float
) -> dict[str, Any]:
    found = connections.connection_state(tx, name)
    trouble, hint = kept(found.trouble if found else "")
    connected = deployment.connections[name]
    cursors = state.cursors_of(tx, name)
    pulled = [cursors[each].pulled_at_s for each in connected.roles if each in cursors]
    complete = len(pulled) == len(connected.roles) and all(c.complete for c in cursors.values())
    return {
        "connection": name,
        "mode": found.mode if found else connected.first_mode,
        "paused_by": found.paused_by if found else "",
        "vendor_stage": str(connected.vendor_stage),
        "lag_s": max(0.0, now_s - min(pulled)) if complete else None,
        "pulled_at": iso(min(pulled)) if complete else None,
        "complete": complete,
        "unread": unread_objects(tx, connected),
        "cursors": {each: cursor.cursor for each, cursor in cursors.items()},
        "trouble": trouble,
        "hint": hint,
        "heard": inbox.count_waiting(tx).get(name, 0),
        "quota": _quota(found.quota) if found and found.quota else None,
        "counts": {
            object_name: {
                "at": iso(each.at_s),
                "crm": each.crm,
                "here": each.here,
                "differs_since": None if each.off_since_s is None else iso(each.off_since_s),
            }
            for object_name, each in counts_of(tx, name).items()
        },
        "rounds": slow_work(tx, deployment, name),
        "alerts": _alerts(tx, name),
    }


def _left(tx: Connection, deployment: Deployment) -> list[dict[str, Any]]:
    """Connections that were taken out of the settings, and until when what they brought is kept."""
    keep_s = deployment.keep_gone_s
    return [
        {
            "connection": name,
            "since": iso(since_s),
            "records": ageing.count_of_connection(tx, name),
            "until": None if keep_s is None else iso(since_s + keep_s),
        }
        for name, since_s in connections.left(tx).items()
    ]


def _alerts(tx: Connection, connection: str) -> list[dict[str, Any]]:
    """What a person should put right now."""
    return [
        {
            "key": each.key,
            "what": each.what,
            "fix": each.fix,
            "raised_at": iso(each.raised_at_s),
            "seen": each.seen,
        }
        for each in alerts.standing(tx, connection)
    ]


def channels_document(tx: Connection, deployment: Deployment) -> list[dict[str, Any]]:
    """Where alerts are told, and whether that works."""
    known = {each.name: channels.channel_state(tx, each.name) for each in deployment.channels}
    return [
        {
            "channel": name,
            "told_at": iso(each.told_at_s) if each and each.told_at_s is not None else None,
            "failures": each.failures if each else 0,
            "trouble": (each.trouble or None) if each else None,
            "tried_again_at": iso(each.next_at_s) if each and each.next_at_s is not None else None,
        }
        for name, each in known.items()
    ]


def _quota(told: Mapping[str, Any]) -> dict[str, Any]:
    """The allowance as last told, with what other programs used."""
    used, ours, resets_at_s = told["used_by_all"], told["used_by_us"], told["resets_at_s"]
    return {
        "used_by_us": ours,
        "used_by_others": None if used is None else max(0, used - ours),
        "limit": told["limit"],
        "budget": told["budget"],
        "resets_at": None if resets_at_s is None else iso(resets_at_s),
    }


def _run(row: dict[str, Any], *, is_open: bool) -> dict[str, Any]:
    """A run; one that has not ended and that nobody works on was broken off."""
    ends = is_open or row["outcome"] != state.RUNNING
    return {
        "run": row["id"],
        "started_at": iso(row["started_at_s"]),
        "ended_at": None if row["ended_at_s"] is None else iso(row["ended_at_s"]),
        "outcome": row["outcome"] if ends else state.BROKEN_OFF,
        **{
            key: row["summary"].get(key)
            for key in ("written", "refused", "held", "overwritten_edits", "calls")
        },
    }

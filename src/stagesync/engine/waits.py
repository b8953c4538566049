"""What waits of plans, in numbers: as the daemon counted it beside its runs, or counted now where that is over.

A plan may hold a value for everybody in several CRMs; to count them takes a second where a page has a tenth of one.
What was counted is true for as long as no entry of a plan has changed: the store keeps count of such changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.guard import Cause, Group
from stagesync.domain.life import WAITING
from stagesync.store import kept, plans, totals
from stagesync.store.held import HeldCost, HeldGroup, held_costs, held_counts

NAME = plans.CHANGES
"""Of the document, and of the total that grows whenever it is over."""

HOLDING = ("held", "open")
"""States of a plan that holds something; `open` while a run plans it anew."""


def count(tx: Connection) -> dict[str, Any]:
    """The document: `changes` at which it is true, `subjects` that wait, and `plans` that hold something."""
    return {
        "changes": totals.total(tx, NAME),
        "subjects": plans.count_waiting(tx, *WAITING),
        "plans": {each.id: _plan(tx, each.id) for each in plans.plans_in(tx, *HOLDING)},
    }


def subjects_waiting(tx: Connection) -> int:
    """People and accounts with values that wait to be written."""
    told = _kept(tx)
    return plans.count_waiting(tx, *WAITING) if told is None else int(told["subjects"])


def entries_of(tx: Connection, plan_id: str) -> int:
    """How many entries a plan has."""
    told = _kept_plan(tx, plan_id)
    return plans.count_entries(tx, plan_id) if told is None else int(told["entries"])


def groups_of(tx: Connection, plan_id: str) -> list[HeldGroup]:
    """What a plan holds, by group."""
    told = _kept_plan(tx, plan_id)
    if told is None:
        return held_counts(tx, plan_id)
    return [
        HeldGroup(Group(Cause(cause), *stages), *numbers)
        for cause, stages, numbers in told["groups"]
    ]


def costs_of(tx: Connection, plan_id: str) -> list[HeldCost]:
    """What a plan holds, by connection and object."""
    told = _kept_plan(tx, plan_id)
    return held_costs(tx, plan_id) if told is None else [HeldCost(*each) for each in told["costs"]]


def _plan(tx: Connection, plan_id: str) -> dict[str, Any]:
    return {
        "entries": plans.count_entries(tx, plan_id),
        "groups": [
            (
                each.group.cause,
                (each.group.stage_from, each.group.stage_to),
                (each.values, each.subjects, each.accounts, each.back, each.mark),
            )
            for each in held_counts(tx, plan_id)
        ],
        "costs": [
            (each.connection, each.object, each.values, each.records, each.clears)
            for each in held_costs(tx, plan_id)
        ],
    }


def _kept(tx: Connection) -> Mapping[str, Any] | None:
    found = kept.find(tx, NAME)
    if found is None or found.document["changes"] != totals.total(tx, NAME):
        return None
    document: Mapping[str, Any] = found.document
    return document


def _kept_plan(tx: Connection, plan_id: str) -> Mapping[str, Any] | None:
    told = _kept(tx)
    return None if told is None else told["plans"].get(plan_id)

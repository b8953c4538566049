"""What is said of a vendor's daily allowance when it runs out: by alerts, and by the doctor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from stagesync.connector import Quota
from stagesync.domain.said import Said
from stagesync.engine.alerts import Kind, Told, settle
from stagesync.engine.deployment import Deployment
from stagesync.store import connections

NEARLY_USED = 0.8
"""Share of the vendor's daily allowance at which others begin to suffer."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """One allowance that runs out.

    Attributes:
        thing: `budget` for what this deployment allows itself, `account` for the vendor's.
        is_over: nothing is left.
    """

    thing: str
    what: str
    fix: str
    is_over: bool


def shortages(told: Quota | None) -> Iterator[Shortage]:
    """What runs out, as far as the connection tells."""
    if told is None:
        return
    if told.budget is not None and told.used_by_us >= NEARLY_USED * told.budget:
        yield Shortage(
            "budget",
            Said(
                "this deployment has used {ours} of its {budget} calls of the day",
                ours=told.used_by_us,
                budget=told.budget,
            ),
            Said("poll less often, or raise the budget of this connection"),
            told.used_by_us >= told.budget,
        )
    if told.used_by_all is None or not told.limit or told.used_by_all < NEARLY_USED * told.limit:
        return
    yield Shortage(
        "account",
        Said(
            "{all} of the day's {limit} calls are used, {ours} by us and {others} by others",
            all=told.used_by_all,
            limit=told.limit,
            ours=told.used_by_us,
            others=max(0, told.used_by_all - told.used_by_us),
        ),
        Said("look at the other programs of this account, or buy a larger allowance"),
        told.used_by_all >= told.limit,
    )


def notice_shortages(tx: Connection, deployment: Deployment, *, now_s: float) -> None:
    """Raise an alert for each allowance that runs out; it ends when the vendor counts anew."""
    for name in deployment.connections:
        known = connections.connection_state(tx, name)
        told: Told = {}
        if known and known.quota and not _is_over(known.quota.get("resets_at_s"), now_s):
            told = {each.thing: (each.what, each.fix) for each in shortages(Quota(**known.quota))}
        settle(tx, name, Kind.QUOTA, told, now_s=now_s)


def _is_over(resets_at_s: float | None, now_s: float) -> bool:
    return resets_at_s is not None and resets_at_s <= now_s

"""Counts the CRM's records daily and holds the number against ours: a pull that loses some must show.

A difference no larger than what the run in hand brought is the CRM changing under our hands. A larger one is
counted again after an hour, because a CRM may tell of its deletes late, and waits for the slow work that
finds what is gone; what is then still off is an alert, and the object is pulled anew, once, from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from stagesync.domain.said import Said
from stagesync.engine.alerts import Kind, settle
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.rounds import rounds_of
from stagesync.store import alerts, connections, forgotten, records, state

EVERY_S = 86_400.0
AGAIN_S = 3_600.0
"""How soon a difference is looked at again."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many live records of one object there are.

    Attributes:
        at_s: when they were counted; Unix seconds.
        crm, here: in the CRM, and in the store.
        off_since_s: when they were first found to differ; None while they agree.
    """

    at_s: float
    crm: int
    here: int
    off_since_s: float | None


def counts_of(tx: Connection, connection: str) -> dict[str, Count]:
    """Object -> its last count; those that were never counted are absent."""
    known = connections.connection_state(tx, connection)
    return {name: Count(**each) for name, each in (known.counts if known else {}).items()}


def reconcile(
    deployment: Deployment, connected: Connected, *, changed: Mapping[str, int], now_s: float
) -> None:
    """Count what is due.

    Args:
        changed: object -> records that the run in hand brought; call it when all objects are complete.
    """
    with deployment.store.begin() as tx:
        known = counts_of(tx, connected.name)
    due = [name for name in connected.roles if _is_due(known.get(name), now_s)]
    told = {name: connected.connector.count(name) for name in due}
    if not due:
        return
    looked_s = _looked_for_gone(deployment, connected)
    with deployment.store.begin() as tx:
        for name, crm in told.items():
            if crm is None:
                known.pop(name, None)
                continue
            here = records.count_live(tx, connected.name, name)
            # Whoever was forgotten may be there yet, or not.
            spare = changed.get(name, 0) + forgotten.count(tx, connected.name, name)
            is_off = crm - here > spare or here - crm > changed.get(name, 0)
            since_s = known[name].off_since_s if name in known else None
            known[name] = Count(now_s, crm, here, (since_s or now_s) if is_off else None)
        connections.save_counts(
            tx, connected.name, {name: asdict(each) for name, each in known.items()}
        )
        lasting = {
            name: each
            for name, each in known.items()
            if _lasts(each, looked_s=looked_s.get(name, now_s), now_s=now_s)
        }
        _tell(tx, connected, lasting, now_s=now_s)


def _looked_for_gone(deployment: Deployment, connected: Connected) -> dict[str, float]:
    """Object -> when all slow work that finds records was last done; absent where there is none."""
    done: dict[str, float] = {}
    for each in rounds_of(deployment, connected):
        if each.finds_records and each.due_at_s is not None:
            at_s = each.done_at_s or 0.0
            done[each.object] = min(at_s, done.get(each.object, at_s))
    return done


def _lasts(each: Count, *, looked_s: float, now_s: float) -> bool:
    if each.off_since_s is None:
        return False
    return now_s - each.off_since_s >= AGAIN_S and looked_s >= each.off_since_s


def due_at_s(last: Count) -> float:
    """When to count anew."""
    return last.at_s + (EVERY_S if last.off_since_s is None else AGAIN_S)


def _is_due(last: Count | None, now_s: float) -> bool:
    # A count of the future was made before our clock was set back.
    return last is None or not last.at_s <= now_s < due_at_s(last)


def _tell(
    tx: Connection, connected: Connected, lasting: Mapping[str, Count], *, now_s: float
) -> None:
    standing = {each.key for each in alerts.standing(tx, connected.name)}
    told = {name: _words(name, each) for name, each in lasting.items()}
    settle(tx, connected.name, Kind.COUNT, told, now_s=now_s)
    for name in lasting:
        if f"count:{name}" not in standing:
            state.forget_cursors(tx, connected.name, name)


def _words(name: str, each: Count) -> tuple[str, str]:
    what = Said(
        "{object}: the CRM holds {there} live records, the store {here}",
        object=name,
        there=each.crm,
        here=each.here,
    )
    if each.crm > each.here:
        return what, Said(
            "the next run pulls every {object} anew; if they still differ, the credentials may not"
            " read all that they may count",
            object=name,
        )
    return what, Said(
        "check that the credentials still see every {object}; records that were deleted without a"
        " trace stay in the store",
        object=name,
    )

"""How somebody came to stand where they stand: what the narrow history says of each change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from stagesync.domain.stays import How
from stagesync.engine.assemble import Assembled
from stagesync.engine.deployment import Deployment
from stagesync.store import first_loads, stood
from stagesync.store.people import Placed
from stagesync.store.stood import Stand


def note_moves(
    tx: Connection,
    deployment: Deployment,
    found: Mapping[str, Assembled],
    moved: Iterable[tuple[Placed, Placed, Mapping[str, str]]],
    *,
    now_s: float,
) -> None:
    """Add to the narrow history.

    Args:
        moved: before, after, and the levels that somebody's word fixes.
    """
    moves = list(moved)
    newcomers = [after.id for before, after, _ in moves if not before.policy]
    arrived = _arrived(tx, deployment, found, newcomers, now_s=now_s)
    stood.note_stands(
        tx,
        [
            Stand(
                after.id,
                now_s,
                {**(after.position or {}), **fixed},
                _how(before, after, arrived=after.id in arrived),
            )
            for before, after, fixed in moves
        ],
    )


def _how(before: Placed, after: Placed, *, arrived: bool) -> How:
    if not before.policy:
        return How.ARRIVED if arrived else How.FOUND
    return How.MOVED if before.policy == after.policy else How.REDEFINED


def _arrived(
    tx: Connection,
    deployment: Deployment,
    found: Mapping[str, Assembled],
    newcomers: Iterable[str],
    *,
    now_s: float,
) -> set[str]:
    """Those of the newcomers whose oldest record was made after its object had been read once.

    Everybody else was there before we looked: nobody knows since when they stand where they stand.
    """
    asked = list(newcomers)
    if not asked:
        return set()
    ends = {
        (name, object_name): load.ended_at_s
        for name in deployment.connections
        for object_name, load in first_loads.first_loads_of(tx, name).items()
    }

    def is_new(who: str) -> bool:
        times = [
            (ends.get((each.connection, each.object)), each.created_at_s or now_s)
            for each in found[who].records
        ]
        return bool(times) and all(end is not None and end < made for end, made in times)

    return {who for who in asked if is_new(who)}

"""The places where people and accounts stand, read by the definitions of today."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from stagesync.engine.deployment import Deployment
from stagesync.store import places
from stagesync.store.people import Kind
from stagesync.store.places import Position


def readable(deployment: Deployment, found: Mapping[int, Position]) -> dict[int, Position]:
    """Those of the places that have a level on each axis of the policy of today."""
    levels = {axis.name: set(axis.level_names) for axis in deployment.policy.axes}
    return {
        place: position
        for place, position in found.items()
        if all(position.get(axis) in known for axis, known in levels.items())
    }


def stages_of_places(
    tx: Connection, deployment: Deployment, kind: Kind = "person"
) -> dict[int, Mapping[str, str]]:
    """Place -> vocabulary -> stage; a place that other definitions left behind is absent."""
    found = readable(deployment, places.all_places(tx))
    is_account = kind == "account"
    return {
        place: deployment.classifier.stages(position, account=is_account)
        for place, position in found.items()
    }


def count_stages(
    tx: Connection, deployment: Deployment, kind: Kind = "person"
) -> dict[str, dict[str, int]]:
    """Vocabulary -> stage -> how many are in it, stages without anybody left out.

    After a change of definitions, those whom the next run has yet to place anew are counted by today's words
    where these can read where they stood, and nowhere where they cannot.
    """
    stages = stages_of_places(tx, deployment, kind)
    found: dict[str, dict[str, int]] = {}
    for place, count in places.counts(tx, kind).items():
        for vocabulary, stage in (stages.get(place, {}) if place is not None else {}).items():
            sizes = found.setdefault(vocabulary, {})
            sizes[stage] = sizes.get(stage, 0) + count
    return found

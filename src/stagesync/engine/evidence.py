"""Keeps what records tell of activities, and counts by day what newly came to be known of each type.

The counts are what `engine.silence` holds a quiet day against: no run looks through all activities for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from stagesync.connector import Link, Role
from stagesync.domain.mapping import Reading
from stagesync.domain.usual import day_of
from stagesync.engine.deployment import Connected
from stagesync.store import activities, evidence
from stagesync.store.activities import StoredActivity


def activities_told(
    connected: Connected,
    object_name: str,
    *,
    readings: Mapping[str, Reading],
    named: Mapping[str, Link],
    pks: Mapping[tuple[str, str, str], int],
) -> list[StoredActivity]:
    """What activity records tell of the people they name, and person records of themselves."""
    people = set(connected.objects(Role.PERSON))
    is_activity = connected.roles[object_name] is Role.ACTIVITY
    told: list[StoredActivity] = []
    for each, reading in readings.items():
        source = pks[connected.name, object_name, each]
        owners = [source]
        if is_activity:
            pairs = [(kind, far) for kind, ids in named[each].items() for far in ids]
            owners = [pks[connected.name, *pair] for pair in pairs if pair[0] in people]
        told += [
            StoredActivity(owner, one.at_s, one.type, source, one.took_place)
            for one in reading.activities
            for owner in owners
        ]
    return told


def keep_activities(
    tx: Connection,
    connected: Connected,
    object_name: str,
    told: Sequence[StoredActivity],
    *,
    new: Collection[int],
    told_by: Iterable[int],
) -> None:
    """Store what records tell, and count what nobody had told before.

    Args:
        new: records that were not known.
        told_by: the records that tell it, also those that tell of nothing any more.
    """
    if connected.roles[object_name] is Role.ACTIVITY:
        activities.drop_activities_told_by(tx, told_by)
        fresh = [each for each in told if each.source_pk in new]
    else:
        known = activities.known_among(tx, told)
        fresh = [each for each in told if activities.key_of(each) not in known]
    happened = {(each.source_pk, each.type, each.at_s) for each in fresh}
    evidence.add(tx, connected.name, Counter((kind, day_of(at_s)) for _, kind, at_s in happened))
    activities.save_activities(tx, told)

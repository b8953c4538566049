"""Asks the CRMs who changed what, where they keep a history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from stagesync.connector import Change, CredentialsRefused, CrmError, TellsHistory
from stagesync.engine.deployment import Deployment
from stagesync.store.records import StoredRecord

log = structlog.get_logger()

Place = tuple[int, str]
"""A record and one of its fields."""


@dataclass(slots=True)
class Told:
    """What the CRMs said of some fields.

    Attributes:
        changes: newest first, as far as the CRM keeps them; absent where it tells nothing.
        silent: connections that can tell, but not now, and why.
        kept: connection -> `object.field` -> whether the CRM keeps its history.
    """

    changes: dict[Place, tuple[Change, ...]] = field(default_factory=dict)
    silent: dict[str, CrmError] = field(default_factory=dict)
    kept: dict[str, dict[str, bool]] = field(default_factory=dict)


def ask(deployment: Deployment, wanted: Iterable[Place], held: Mapping[int, StoredRecord]) -> Told:
    """Who gave these fields which values: one question per object, and none where the CRM keeps nothing."""
    told = Told()
    by_object: dict[tuple[str, str], list[Place]] = {}
    for place in wanted:
        record = held[place[0]]
        by_object.setdefault((record.connection, record.object), []).append(place)
    for (name, object_name), places in sorted(by_object.items()):
        connected = deployment.connections.get(name)
        if connected and isinstance(connected.connector, TellsHistory) and name not in told.silent:
            _ask_one(told, connected.connector, (name, object_name), places, held=held)
    return told


def _ask_one(
    told: Told,
    connector: TellsHistory,
    of: tuple[str, str],
    places: list[Place],
    *,
    held: Mapping[int, StoredRecord],
) -> None:
    name, object_name = of
    fields = sorted({each for _, each in places})
    kept = told.kept.setdefault(name, {})
    try:
        found = connector.history(object_name, sorted({held[pk].id for pk, _ in places}), fields)
    except CrmError as error:
        log.warning("history not told", connection=name, error=str(error))
        if error.retry_after_s is not None or isinstance(error, CredentialsRefused):
            told.silent[name] = error
        else:
            kept |= dict.fromkeys((f"{object_name}.{each}" for each in fields), False)
        return
    for pk, each in places:
        of_record = found.get(held[pk].id)
        if of_record is None:
            continue
        key = f"{object_name}.{each}"
        kept[key] = kept.get(key, False) or each in of_record
        told.changes[pk, each] = of_record.get(each, ())

"""What a run wrote, by the log, and what stands there now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import FieldDescription, FieldValue
from stagesync.domain.chain import entry_of
from stagesync.engine.compare import same_in
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.describe import Descriptions, stored_descriptions
from stagesync.engine.progress import Progress
from stagesync.engine.trouble import advise
from stagesync.engine.whose import log_of
from stagesync.errors import CrmError
from stagesync.store import connections, log, records
from stagesync.store.records import StoredRecord

Place = tuple[str, str, str, str]
"""Connection, object, record id, field."""

Same = Callable[[FieldValue, FieldValue], bool]


@dataclass(slots=True)
class Written:
    """What was done to one field.

    Attributes:
        steps: (before, after) of each write, oldest first.
        stage_from, stage_to: of the first write, and of the last.
    """

    person: str
    stage_from: str
    stage_to: str = ""
    steps: list[tuple[Any, Any]] = field(default_factory=list)

    @property
    def after(self) -> Any:
        """What the last write left."""
        return self.steps[-1][1]

    def before(self, same: Same) -> Any:
        """What stands there without these writes: what others put there in between, else what stood first."""
        value = self.steps[0][0]
        for (_, left), (found, _) in pairwise(self.steps):
            if not same(left, found):
                value = found
        return value


def written_by(tx: Connection, *, run: str, policy: str, person: str) -> dict[Place, Written]:
    """Every field that a run changed, or all runs under a policy; of one person or of all.

    Args:
        person: also what the log tells of them under an earlier id.
    """
    found: dict[Place, Written] = {}
    for entry in sorted(_entries(tx, run, policy, person=person), key=lambda each: each["seq"]):
        if not (entry["result"] or {}).get("written"):
            continue
        place = (entry["connection"], entry["object"], entry["id"], entry["field"])
        stage = entry["stage_from"] or ""
        change = found.setdefault(place, Written(entry["person"], stage, stage))
        change.steps.append((entry["before"], entry["after"]))
        # A write that put somebody's value back told no stage: the one before it is still the last.
        change.stage_to = entry["stage_to"] or change.stage_to
    return found


def _entries(tx: Connection, run: str, policy: str, *, person: str) -> Iterator[Mapping[str, Any]]:
    if person:
        for row in log_of(tx, person):
            entry = entry_of(row.sealed)
            if run in ("", entry["run"]) and policy in ("", entry["policy"]):
                yield entry
        return
    for each in [run] if run else log.runs_under(tx, policy):
        yield from (e for e in log.read(tx, run=each) if policy in ("", e["policy"]))


@dataclass(frozen=True, slots=True)
class There:
    """The records that were written.

    Attributes:
        records: by connection, object and id, as the store knows them.
        described: connection -> its fields.
        paused: connections that are left alone.
        read: by connection, object and id, the fields as the CRM holds them now, None for one that is gone;
            records of connections that were not asked are absent.
    """

    records: Mapping[tuple[str, ...], StoredRecord]
    described: Mapping[str, Descriptions]
    paused: frozenset[str]
    read: dict[tuple[str, ...], Mapping[str, Any] | None] = field(default_factory=dict)

    def fields(self, place: Place) -> Mapping[str, Any] | None:
        """What its record holds; None when it is gone."""
        stored = self.records.get(place[:3])
        if stored is None or place[:3] in self.read:
            return self.read.get(place[:3])
        return None if stored.gone else stored.fields

    def same(self, place: Place) -> Same:
        """How values of its field compare."""
        return same_in(self.described[place[0]].get(place[1]), place[3])

    def description(self, place: Place) -> FieldDescription | None:
        """Its field as it was last described."""
        of_object = self.described[place[0]].get(place[1])
        return of_object.fields.get(place[3]) if of_object else None


def look(tx: Connection, places: Iterable[Place]) -> There:
    """What the store knows of these places."""
    ids: dict[tuple[str, str], set[str]] = {}
    for connection, object_name, record_id, _ in places:
        ids.setdefault((connection, object_name), set()).add(record_id)
    held: dict[tuple[str, ...], StoredRecord] = {
        (*where, record_id): record
        for where, of_object in ids.items()
        for record_id, record in records.records_of(tx, *where, of_object).items()
    }
    described = {name: stored_descriptions(tx, name) for name in {name for name, _ in ids}}
    return There(held, described, frozenset(connections.paused(tx)))


def read_now(
    deployment: Deployment, there: There, places: Iterable[Place], *, progress: Progress
) -> None:
    """Ask the CRMs what stands there, so that nobody's change since the last pull is missed.

    Raises:
        CrmError: one of them does not answer.
    """
    wanted: dict[tuple[str, str], dict[str, set[str]]] = {}
    for connection, object_name, record_id, name in places:
        connected = deployment.connections.get(connection)
        known = there.described[connection].get(object_name)
        if connected is None or known is None or connection in there.paused:
            continue
        asked = wanted.setdefault((connection, object_name), {"ids": set(), "fields": set()})
        asked["ids"].add(record_id)
        asked["fields"] |= {name, *_closing(connected, object_name)} & set(known.fields)
    progress.phase("look", sum(len(asked["ids"]) for asked in wanted.values()))
    for (connection, object_name), asked in wanted.items():
        try:
            _read(deployment.connections[connection], there, object_name, asked, progress=progress)
        except CrmError as error:
            advise(error, connection, now_s=deployment.clock.now_s())
            raise


def _closing(connected: Connected, object_name: str) -> Sequence[str]:
    """The fields by which a record is closed to writing."""
    mapped = connected.mapping.objects.get(object_name)
    return tuple(mapped.frozen_when) if mapped else ()


def _read(
    connected: Connected,
    there: There,
    object_name: str,
    asked: Mapping[str, set[str]],
    *,
    progress: Progress,
) -> None:
    ids, size = sorted(asked["ids"]), connected.connector.capabilities.largest_write
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        there.read.update({(connected.name, object_name, each): None for each in batch})
        for found in connected.connector.read(object_name, batch, sorted(asked["fields"])):
            if not found.gone and not found.merged_into:
                there.read[connected.name, object_name, found.id] = found.fields
        progress.advance(len(batch))

"""Live field descriptions: read at start and daily, kept in the store, held against the mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import FieldDescription, FieldMissing, FieldType, ObjectDescription, Option
from stagesync.domain.plan import Reason
from stagesync.engine.alerts import Kind, settle
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.drift import Drift, Seen, find_drift, see, still_usable
from stagesync.engine.reread import reread
from stagesync.store import connections, first_loads, people, records, state
from stagesync.store.differences import subjects_left

BY_FIELDS = (Reason.REFUSED, Reason.UNMAPPED)
"""Why a value is left that a change of the CRM's fields may let through."""

Descriptions = Mapping[str, ObjectDescription]
"""Object -> its fields."""


def describe(
    deployment: Deployment, connected: Connected, *, now_s: float, again: bool = False
) -> Descriptions:
    """The fields of every mapped object, from the store while fresh, else from the CRM.

    Fields that were seen working and changed since are left out, see `engine.drift`; whoever asks finds
    them missing, as if the mapping had not named them.

    Args:
        again: ask the CRM even while the store is fresh.

    Raises:
        FieldMissing: the mapping names a field that the CRM does not have and never had.
    """
    with deployment.store.begin() as tx:
        known = connections.connection_state(tx, connected.name)
    seen = _Seen.read(known.seen if known else {})
    kept = _decode(known.description) if known else {}
    if known is not None and known.described_at_s is not None and not again:
        fresh = 0 <= now_s - known.described_at_s < deployment.describe_every_s
        if fresh and set(connected.roles) <= set(kept) and seen.digest == connected.mapping.digest:
            return still_usable(kept, _drift(deployment, connected, kept, seen))
    found = connected.connector.describe(list(connected.roles))
    if seen.digest != connected.mapping.digest:
        # Whoever edits the mapping has looked at the fields that are there: they count as they are now.
        seen = seen.without(found)
    drifts = _drift(deployment, connected, found, seen)
    _demand_fields(connected, found, drifts)
    usable = still_usable(found, drifts)
    asked = {name: list(fields_to_ask(connected, usable, name)) for name in connected.roles}
    fresh_seen = see(connected, found, seen.fields, drifts, vocabularies=deployment.vocabularies)
    with deployment.store.begin() as tx:
        if seen.digest:
            _follow(tx, connected, seen, asked, is_edited=seen.digest != connected.mapping.digest)
        if seen.digest not in ("", connected.mapping.digest):
            reread(tx, connected, found)
            # What a record says and what is written to it may be another now, for everybody.
            state.mark_dirty(tx, "person", people.all_ids(tx, "person"))
            state.mark_dirty(tx, "account", people.all_ids(tx, "account"))
        _try_again(tx, connected, kept, found)
        told = {f"{each.object}.{each.field}": (each.what, each.fix) for each in drifts}
        settle(tx, connected.name, Kind.DRIFT, told, now_s=now_s)
        saved = {"digest": connected.mapping.digest, "fields": fresh_seen, "asked": asked}
        connections.save_description(tx, connected.name, _encode(found), seen=saved, at_s=now_s)
    return usable


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is remembered of a connection's fields.

    Attributes:
        digest: of the mapping under which it was remembered; empty when nothing was.
        asked: object -> fields that were asked for.
    """

    digest: str
    fields: Seen
    asked: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> _Seen:
        fields = {
            name: {field: (kind, tuple(offered)) for field, (kind, offered) in each.items()}
            for name, each in stored.get("fields", {}).items()
        }
        return cls(stored.get("digest", ""), fields, stored.get("asked", {}))

    def without(self, found: Descriptions) -> _Seen:
        """The same, forgetting the fields that are there."""
        gone = {
            name: {
                field: one
                for field, one in each.items()
                if name not in found or field not in found[name].fields
            }
            for name, each in self.fields.items()
        }
        return replace(self, fields=gone)


def _drift(
    deployment: Deployment, connected: Connected, found: Descriptions, seen: _Seen
) -> list[Drift]:
    return find_drift(connected, found, seen.fields, deployment.vocabularies)


def _follow(
    tx: Connection,
    connected: Connected,
    seen: _Seen,
    asked: Mapping[str, Sequence[str]],
    *,
    is_edited: bool,
) -> None:
    """Forget what is no longer asked for, and pull anew the objects of which more is asked.

    Args:
        is_edited: the mapping asks otherwise, not the CRM offers otherwise: an object of which more is asked was
            never read as it shall be.
    """
    for name in seen.asked.keys() - asked.keys():
        _begin_anew(tx, connected, name)
    for name, fields in asked.items():
        if name not in seen.asked:
            continue
        before = set(seen.asked[name])
        if left := sorted(before - set(fields)):
            state.mark_dirty(tx, "record", records.drop_fields(tx, connected.name, name, left))
        if set(fields) - before and is_edited:
            _begin_anew(tx, connected, name)
        elif set(fields) - before:
            state.forget_cursors(tx, connected.name, name)


def _try_again(
    tx: Connection, connected: Connected, before: Descriptions, now: Descriptions
) -> None:
    """Plan those anew of whom a value was refused, or had no option, where the fields that are written changed."""
    changed = [
        name
        for name in connected.roles
        if name in before
        and any(
            before[name].fields.get(rule.field) != now[name].fields.get(rule.field)
            for rule in connected.object_mapping(name).writes
        )
    ]
    if changed:
        found = subjects_left(tx, BY_FIELDS, connection=connected.name, objects=changed)
        state.mark_dirty(tx, "plan", found)


def widened(tx: Connection, connected: Connected) -> set[str]:
    """Mapped objects of which an edited mapping asks more than the CRM was ever asked.

    Empty as soon as the connection was described under that mapping.
    """
    known = connections.connection_state(tx, connected.name)
    seen = _Seen.read(known.seen if known else {})
    if known is None or seen.digest in ("", connected.mapping.digest):
        return set()
    found = _decode(known.description)
    return {
        name
        for name in connected.roles
        if _surely_asked(connected, found, name) - set(seen.asked.get(name, ()))
    }


def _surely_asked(connected: Connected, found: Descriptions, object_name: str) -> set[str]:
    """The mapped fields but those that may be missing and were not there."""
    mapping = connected.object_mapping(object_name)
    there = found[object_name].fields if object_name in found else {}
    return {each for each in mapping.fields if each in there or each not in mapping.optional_fields}


def _begin_anew(tx: Connection, connected: Connected, object_name: str) -> None:
    state.forget_cursors(tx, connected.name, object_name)
    first_loads.begin_anew(tx, connected.name, object_name)


def stored_descriptions(tx: Connection, connection: str) -> dict[str, ObjectDescription]:
    """The fields as they were last read; empty when they never were."""
    known = connections.connection_state(tx, connection)
    return _decode(known.description) if known else {}


def usable_descriptions(
    tx: Connection, deployment: Deployment, connected: Connected
) -> Descriptions:
    """The fields that a run would work with, as they were last read; asks no CRM. Empty before that."""
    known = connections.connection_state(tx, connected.name)
    if known is None:
        return {}
    found = _decode(known.description)
    seen = _Seen.read(known.seen)
    return still_usable(found, _drift(deployment, connected, found, seen)) if found else {}


def missing_fields(connected: Connected, found: Descriptions) -> list[tuple[str, str]]:
    """Mapped, not optional, and not there: (object, field)."""
    missing = []
    for name in connected.roles:
        mapping = connected.object_mapping(name)
        there = found[name].fields if name in found else {}
        missing += [
            (name, field)
            for field in mapping.fields
            if field not in there and field not in mapping.optional_fields and "." not in field
        ]
    return missing


def fields_to_ask(connected: Connected, found: Descriptions, object_name: str) -> tuple[str, ...]:
    """The mapped fields that exist."""
    there = found[object_name].fields
    mapping = connected.object_mapping(object_name)
    return tuple(field for field in mapping.fields if field in there or "." in field)


def _demand_fields(connected: Connected, found: Descriptions, drifts: Iterable[Drift]) -> None:
    switched_off = {(each.object, each.field) for each in drifts}
    missing = [each for each in missing_fields(connected, found) if each not in switched_off]
    if not missing:
        return
    names = ", ".join(f"{name}.{field}" for name, field in missing)
    raise FieldMissing(
        f"{connected.name}: the mapping names fields that the CRM does not have: {names}",
        hint=f"stagesync setup {connected.name} makes our own fields; correct the mapping for others",
        connection=connected.name,
    )


def _encode(found: Descriptions) -> dict[str, Any]:
    return {
        name: [
            [
                each.name,
                each.type.value,
                each.writable,
                each.forward_only,
                [[o.value, o.label, o.rank, o.terminal] for o in each.options],
            ]
            for each in described.fields.values()
        ]
        for name, described in found.items()
    }


def _decode(stored: Mapping[str, Any]) -> dict[str, ObjectDescription]:
    return {
        name: ObjectDescription(
            name,
            {
                row[0]: FieldDescription(
                    row[0], FieldType(row[1]), row[2], row[3], tuple(Option(*o) for o in row[4])
                )
                for row in rows
            },
        )
        for name, rows in stored.items()
    }

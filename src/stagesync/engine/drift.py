"""What changed in a CRM's fields since they were seen working, and what that stops.

    gone            not asked for, so the fact is missing; not written
    other type      the same: a value of another type would be read wrongly, without anybody noticing
    lost an option  that we write: not written; what the others say is still true, so it is read

The fields by which records are known again, by which a deal is won or lost, and by which a record may not
be written are never switched off: people would fall apart, deals be forgotten, or the wrong be written.
That such a field is gone fails the connection; that it changed its type is only told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from stagesync.connector import FieldDescription, ObjectDescription
from stagesync.domain.mapping import ObjectMapping, WriteRule
from stagesync.domain.said import Said
from stagesync.domain.vocabulary import NO_STAGE, Vocabulary
from stagesync.engine.deployment import Connected

SeenField = tuple[str, tuple[str, ...]]
"""Type of a field, and the stages that it offered a value for."""

Seen = Mapping[str, Mapping[str, SeenField]]
"""Object -> field -> how it was when it worked."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One field that is not what it was.

    Attributes:
        reads, writes: whether it is still read and written.
    """

    object: str
    field: str
    what: str
    fix: str
    reads: bool = False
    writes: bool = False


def essential_fields(mapping: ObjectMapping) -> frozenset[str]:
    """Those without which the records of an object say nothing reliable."""
    needed = [*mapping.identity.fields, *mapping.frozen_when]
    needed += mapping.scope.fields if mapping.scope else ()
    if mapping.deal:
        deal = mapping.deal
        needed += [*deal.won, *deal.lost, deal.opened_at, deal.closed_at]
    return frozenset(needed)


def find_drift(
    connected: Connected,
    found: Mapping[str, ObjectDescription],
    seen: Seen,
    vocabularies: Mapping[str, Vocabulary],
) -> list[Drift]:
    """Every mapped field that was seen working and is not the same now."""
    drifts: list[Drift] = []
    for name in connected.roles:
        mapping = connected.object_mapping(name)
        for field in mapping.fields:
            before = seen.get(name, {}).get(field)
            now = found[name].fields.get(field)
            if before is not None:
                drifts += _drift(mapping, field, before, now, vocabularies=vocabularies)
    return drifts


def _drift(
    mapping: ObjectMapping,
    field: str,
    before: SeenField,
    now: FieldDescription | None,
    *,
    vocabularies: Mapping[str, Vocabulary],
) -> Iterable[Drift]:
    name = f"{mapping.object}.{field}"
    is_essential = field in essential_fields(mapping)
    was, offered = before
    if now is None:
        if not is_essential:
            fix = Said("make {field} again in the CRM, or take it out of the mapping", field=name)
            what = Said("{field} is gone from the CRM", field=name)
            yield Drift(mapping.object, field, what, fix)
    elif now.type != was:
        fix = Said(
            "give {field} its type back, or correct the mapping and raise its version", field=name
        )
        what = Said(
            "{field} changed its type from {was} to {now}", field=name, was=was, now=str(now.type)
        )
        yield Drift(mapping.object, field, what, fix, is_essential, is_essential)
    else:
        wanted = {
            stage for rule in _rules(mapping, field) for stage, _ in choices_of(rule, vocabularies)
        }
        if lost := sorted(wanted & set(offered) - set(stages_offered(mapping, now, vocabularies))):
            what = Said("{field} no longer offers a value for: {stages}", field=name, stages=lost)
            fix = Said(
                "put the option back in the CRM, or map these stages of {field} otherwise",
                field=name,
            )
            yield Drift(mapping.object, field, what, fix, reads=True)


def _rules(mapping: ObjectMapping, field: str) -> list[WriteRule]:
    return [rule for rule in mapping.writes if rule.field == field]


def stages_offered(
    mapping: ObjectMapping, described: FieldDescription, vocabularies: Mapping[str, Vocabulary]
) -> tuple[str, ...]:
    """The stages that this field has a value for, of those that are written to it."""
    free = {option.value for option in described.options if not option.terminal}
    return tuple(
        stage
        for rule in _rules(mapping, described.name)
        for stage, values in choices_of(rule, vocabularies)
        if free.intersection(values)
    )


def choices_of(
    rule: WriteRule, vocabularies: Mapping[str, Vocabulary]
) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Stage -> the values that may be written for it; stages that leave the field alone are left out."""
    if rule.vocabulary:
        for stage in vocabularies[rule.vocabulary].stages:
            values = rule.choices(stage.id)
            if values and stage.id != NO_STAGE and NO_STAGE not in values:
                yield stage.id, values


def still_usable(
    found: Mapping[str, ObjectDescription], drifts: Iterable[Drift]
) -> dict[str, ObjectDescription]:
    """The descriptions without what drift has stopped: a field not there is neither read nor written."""
    fields = {name: dict(each.fields) for name, each in found.items()}
    for each in drifts:
        if not each.reads:
            fields[each.object].pop(each.field, None)
        elif not each.writes:
            known = fields[each.object][each.field]
            fields[each.object][each.field] = replace(known, writable=False)
    return {name: ObjectDescription(name, known) for name, known in fields.items()}


def see(
    connected: Connected,
    found: Mapping[str, ObjectDescription],
    seen: Seen,
    drifts: Iterable[Drift],
    *,
    vocabularies: Mapping[str, Vocabulary],
) -> dict[str, dict[str, SeenField]]:
    """How every mapped field was when it last worked: as it is now, but for those that drifted."""
    drifted = {(each.object, each.field) for each in drifts}
    fresh: dict[str, dict[str, SeenField]] = {}
    for name in connected.roles:
        mapping, fields = connected.object_mapping(name), found[name].fields
        fresh[name] = {
            field: seen[name][field]
            if (name, field) in drifted
            else (str(fields[field].type), stages_offered(mapping, fields[field], vocabularies))
            for field in mapping.fields
            if (name, field) in drifted or field in fields
        }
    return fresh

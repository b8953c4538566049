"""HubSpot's JSON to records of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stagesync.connector import FieldValue, Link, Record
from stagesync_hubspot import api, failures
from stagesync_hubspot.stages import DealStages


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for of one object.

    Attributes:
        fields: as the engine names them, pseudo fields included.
        instants: those whose values HubSpot may also give as milliseconds.
        calculated: those that HubSpot works out by itself, without moving the record's stamp;
            None while nobody asked.
    """

    item: api.HubSpotObject
    fields: tuple[str, ...]
    instants: frozenset[str] = frozenset()
    calculated: frozenset[str] | None = None

    @property
    def properties(self) -> list[str]:
        """What HubSpot is asked for, each once: the real ones and what links and flags need."""
        names = [name for name in self.fields if name not in self._flags]
        if self._flags:
            names.append(api.DEAL_STAGE)
        if self.item.kind.name == "contact":
            names.append(api.COMPANY_OF_CONTACT)
        if self.item.kind.writable:
            names.append(api.MERGED_IDS)
        return list(dict.fromkeys(names))

    @property
    def history(self) -> list[str]:
        """The real ones of `fields`, whose changes HubSpot keeps, each once."""
        return list(dict.fromkeys(name for name in self.fields if name not in self._flags))

    @property
    def _flags(self) -> tuple[str, ...]:
        if self.item.kind.name != "deal":
            return ()
        return tuple(name for name in api.DEAL_FLAGS if name in self.fields)


def to_records(
    raw: Sequence[Mapping[str, Any]], wish: Wish, *, stages: DealStages, inline: bool = False
) -> list[Record]:
    """The records of one answer, in its order.

    Args:
        inline: whether the answer was asked to carry the links.

    Raises:
        AnswerUnreadable: when a record lacks what every record has.
    """
    with failures.readable(f"a {wish.item.kind.name}"):
        flags = _flags_by_stage(raw, wish, stages)
        return [_record(one, wish, flags=flags, inline=inline) for one in raw]


def merged_ids(raw: Mapping[str, Any]) -> list[str]:
    """Ids of the records that this one was merged from."""
    told = (raw.get("properties") or {}).get(api.MERGED_IDS) or ""
    return [one for one in str(told).split(";") if one and one != str(raw.get("id"))]


def losers(raw: Sequence[Mapping[str, Any]], records: Sequence[Record]) -> list[Record]:
    """For each record that a merge has ended, that it is gone, and into which one.

    Without fields: those of the winner are told by the winner.
    """
    by_id = {one.id: one for one in records}
    return [
        Record(
            object=(winner := by_id[str(one["id"])]).object,
            id=old,
            fields={},
            changed_at_s=winner.changed_at_s,
            links={},
            gone=True,
            merged_into=winner.id,
        )
        for one in raw
        for old in merged_ids(one)
    ]


def unix_s(text: str) -> float:
    """Unix seconds of an instant as HubSpot writes it: ISO 8601, or milliseconds."""
    if text.isdigit():
        return int(text) / 1000
    return datetime.fromisoformat(text).timestamp()


def _record(
    raw: Mapping[str, Any],
    wish: Wish,
    *,
    flags: Mapping[str, Mapping[str, bool | None]],
    inline: bool,
) -> Record:
    properties = raw["properties"]
    fields: dict[str, FieldValue] = {
        name: properties[name] or None for name in wish.fields if name in properties
    }
    for name in wish.instants & fields.keys():
        fields[name] = iso(fields[name])
    for name in wish.fields if flags else ():
        if name in api.DEAL_FLAGS:
            fields[name] = flags.get(properties.get(api.DEAL_STAGE) or "", {}).get(name)
    created = properties.get("createdate") or raw.get("createdAt")
    return Record(
        object=wish.item.kind.name,
        id=str(raw["id"]),
        fields=fields,
        changed_at_s=unix_s(properties.get(wish.item.stamp) or raw["updatedAt"]),
        created_at_s=unix_s(created) if created else None,
        links=_links(raw, wish.item, inline=inline),
        gone=bool(raw.get("archived")),
    )


def _links(raw: Mapping[str, Any], item: api.HubSpotObject, *, inline: bool) -> Link | None:
    if item.kind.name == "contact":
        company = raw["properties"].get(api.COMPANY_OF_CONTACT)
        return {"company": (str(company),)} if company else {}
    if not item.kind.links:
        return {}
    if not inline:
        return None
    sent = raw.get("associations") or {}
    links: dict[str, tuple[str, ...]] = {}
    for name in item.kind.links:
        found = sent.get(api.OBJECTS[name].plural) or {}
        if found.get("paging"):
            # More than travels along with a list: they have to be asked for.
            return None
        # One record can be named several times, once for each label of the association.
        if ids := tuple(dict.fromkeys(str(one["id"]) for one in found.get("results") or ())):
            links[name] = ids
    return links


def _flags_by_stage(
    raw: Sequence[Mapping[str, Any]], wish: Wish, stages: DealStages
) -> Mapping[str, Mapping[str, bool | None]]:
    """Empty when no flag is asked for; a deal without a stage is in no pipeline's list."""
    if api.DEAL_STAGE not in wish.properties or not set(wish.fields) & set(api.DEAL_FLAGS):
        return {}
    asked = (one["properties"].get(api.DEAL_STAGE) or "" for one in raw)
    return {**stages.flags(asked), "": dict.fromkeys(api.DEAL_FLAGS)}


def iso(value: FieldValue) -> FieldValue:
    """An instant that may be given in milliseconds, as ISO 8601 text."""
    if isinstance(value, str) and value.isdigit():
        instant = datetime.fromtimestamp(int(value) / 1000, UTC)
        return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value

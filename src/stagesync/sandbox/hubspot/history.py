"""Putting values into a record: history, modified date and search index move together."""

from collections.abc import Mapping

from stagesync.sandbox.hubspot.changes import Change
from stagesync.sandbox.hubspot.model import Kind, Record, Source, Version
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.store import doc_of
from stagesync.sandbox.hubspot.values import instant_ms, iso


def put_values(
    portal: Portal,
    kind: Kind,
    *,
    record: Record,
    values: Mapping[str, str],
    source: Source,
    stamp: bool = True,
) -> set[str]:
    """Writes values that differ ("" removes one) and returns which properties changed.

    Args:
        stamp: whether a change moves the modified date.
    """
    changed = {name: text for name, text in values.items() if record.values.get(name, "") != text}
    now_ms = portal.now_ms()
    if changed:
        for name, text in changed.items():
            past = versions(record, name)
            record.history[name] = [Version(text, now_ms, source), *past]
            portal.changes.tell(
                Change("propertyChange", kind.name, record.id, now_ms, source, name, text)
            )
        merged = {**record.values, **changed}
        kept = {name: text for name, text in merged.items() if text != ""}
        portal.stores[kind.name].replace_values(record, kept)
    if stamp and (changed or portal.switches.noop_moves_stamp):
        record.updated_ms = now_ms
    if changed or stamp:
        submit(portal, kind, record)
    return set(changed)


def submit(portal: Portal, kind: Kind, record: Record) -> None:
    """Sends a record's present state to the search index, where it arrives late."""
    lag_ms = int(portal.switches.index_lag_update_s * 1000)
    visible_ms = max(portal.now_ms() + lag_ms, record.searchable_ms)
    portal.stores[kind.name].index.submit(doc_of(record), visible_ms)


def versions(record: Record, name: str) -> list[Version]:
    """Every value a property has held, newest first; empty when it never had one."""
    if name in record.history:
        return record.history[name]
    if name not in record.values:
        return []
    since_ms = record.created_ms
    entered = record.values.get(f"hs_v2_date_entered_{record.values[name]}")
    if name == "lifecyclestage" and entered:
        since_ms = instant_ms(entered)
    return [Version(record.values[name], since_ms, record.source)]


def shown_versions(record: Record, name: str, *, depth: int = 0) -> list[dict[str, object]]:
    """The history of a property as the API answers it: the newest entries; 0 for all."""
    return [_shown(version) for version in versions(record, name)[: depth or None]]


def _shown(version: Version) -> dict[str, object]:
    row: dict[str, object] = {
        "value": version.value,
        "timestamp": iso(version.at_ms),
        "sourceType": version.source.kind,
    }
    if version.source.id:
        row["sourceId"] = version.source.id
    if version.source.user_id is not None:
        row["updatedByUserId"] = version.source.user_id
    return row

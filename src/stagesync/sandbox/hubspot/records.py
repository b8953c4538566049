"""Records as the API answers them: text or null, names that do not exist left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from stagesync.sandbox.hubspot.history import shown_versions
from stagesync.sandbox.hubspot.model import Kind, Record
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.store import Doc, doc_of
from stagesync.sandbox.hubspot.values import instant_ms, iso

# What a write answers beside the touched properties.
CONTACT_ECHO = (
    "hs_is_unworked",
    "hs_object_source",
    "hs_object_source_id",
    "hs_object_source_label",
    "hs_pipeline",
    "lifecyclestage",
)
INLINE_LINKS = 100


def shown(portal: Portal, kind: Kind, doc: Doc, *, names: Iterable[str] = ()) -> dict[str, Any]:
    """A record with the properties asked for, or the default ones; not archived."""
    created, updated = iso(doc.created_ms), iso(doc.updated_ms)
    asked = list(names) or kind.defaults
    properties = {name: doc.values.get(name) for name in _known(portal, kind, asked)}
    properties[kind.created] = created
    properties[kind.modified] = updated
    properties["hs_object_id"] = str(doc.id)
    if "hs_v2_time_in_current_stage" in properties:
        properties["hs_v2_time_in_current_stage"] = _time_in_stage(portal, doc.values)
    return {
        "id": str(doc.id),
        "properties": properties,
        "createdAt": created,
        "updatedAt": updated,
        "archived": False,
        "url": f"https://app-eu1.hubspot.com/contacts/{portal.portal_id}/record/{kind.type_id}/{doc.id}",
    }


def shown_record(
    portal: Portal,
    kind: Kind,
    record: Record,
    *,
    names: Iterable[str] = (),
    history: Iterable[str] = (),
) -> dict[str, Any]:
    """A record from the database itself, live or archived, with histories if asked for."""
    asked, past = list(names), list(history)
    row = shown(portal, kind, doc_of(record), names=[*asked, *past] if asked or past else ())
    if record.archived_ms is not None:
        row["archived"] = True
        row["archivedAt"] = iso(record.archived_ms)
    if past:
        row["propertiesWithHistory"] = {
            name: shown_versions(record, name, depth=portal.switches.history_depth)
            for name in _known(portal, kind, past)
        }
    return row


def echo(portal: Portal, kind: Kind, record: Record, *, touched: Iterable[str]) -> dict[str, Any]:
    """What a write answers: the touched properties and the system ones, as they now stand."""
    extra = CONTACT_ECHO if kind.name == "contacts" else ()
    row = shown_record(portal, kind, record, names=[*touched, *extra, "hs_object_id"])
    unset = [name for name in extra if row["properties"][name] is None]
    for name in unset:
        del row["properties"][name]
    return row


def inline_links(
    portal: Portal, kind: Kind, record: Record, *, to: Iterable[Kind]
) -> dict[str, Any]:
    """The `associations` of a listed record; a primary company stands there twice."""
    found = {}
    for other in to:
        linked = portal.links.of(kind.name, record.id, to_kind=other.name)
        rows = [row for other_id in linked for row in _link_rows(kind, other, other_id, linked)]
        if rows:
            found[other.name] = _paged(rows)
    return found


def _link_rows(
    kind: Kind, other: Kind, other_id: int, linked: Mapping[int, bool]
) -> list[dict[str, str]]:
    plain = f"{kind.one}_to_{other.one}"
    if not {kind.name, other.name} & {"companies"}:
        return [{"id": str(other_id), "type": plain}]
    rows = [{"id": str(other_id), "type": f"{plain}_unlabeled"}]
    return [{"id": str(other_id), "type": plain}, *rows] if linked[other_id] else rows


def _paged(rows: list[dict[str, str]]) -> dict[str, Any]:
    page: dict[str, Any] = {"results": rows[:INLINE_LINKS]}
    if len(rows) > INLINE_LINKS:
        page["paging"] = {"next": {"after": rows[INLINE_LINKS - 1]["id"]}}
    return page


def _known(portal: Portal, kind: Kind, names: Iterable[str]) -> list[str]:
    schema = portal.schemas[kind.name]
    return [name for name in names if schema.get(name) is not None]


def _time_in_stage(portal: Portal, values: Mapping[str, str]) -> str | None:
    entered = values.get("hs_v2_date_entered_current_stage")
    return str(portal.now_ms() - instant_ms(entered)) if entered else None

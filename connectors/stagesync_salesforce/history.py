"""Who gave a field which value, as far as the org keeps it.

An org keeps the changes of the fields that an administrator chose, twenty of an object at most, for
two years; choosing does not reach back. Of a long text it keeps the fact alone, so such a field has
no history here. A reference leaves two rows, one with names and one with ids: the ids count.

Everything about some records comes in one call: which of them are there, which fields are tracked,
and the changes.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_leadhistory.htm
and .../api_tooling/tooling_api_objects_fielddefinition.htm (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from stagesync.connector import Change, CrmError, FieldValue
from stagesync_salesforce import api, soql, users
from stagesync_salesforce.known import Known
from stagesync_salesforce.read import query_several
from stagesync_salesforce.records import columns, seconds
from stagesync_salesforce.transport import Transport, answered

# The object of an object's history and the field in it that names the record.
HISTORIES = {
    "account": ("AccountHistory", "AccountId"),
    "contact": ("ContactHistory", "ContactId"),
    "lead": ("LeadHistory", "LeadId"),
    "opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
_COLUMNS = ("Field", "OldValue", "NewValue", "DataType", "CreatedDate", "CreatedById")
_ID = "EntityId"
# Ids of 18 characters in quotes: some 45,000 of the 100,000 characters that a query may have.
IDS_AT_ONCE = 2000

Changes = dict[str, dict[str, tuple[Change, ...]]]
"""Record id -> field -> its changes, newest first."""


def history(
    transport: Transport,
    object_name: str,
    ids: Sequence[str],
    *,
    fields: Sequence[str],
    known: Known,
    programs: Collection[str] = (),
) -> Changes:
    """Who changed what; see `TellsHistory.history`.

    Args:
        programs: ids or user names of users that are other programs.
    """
    spec, unique = api.sobject(object_name), list(dict.fromkeys(ids))
    columns(spec, fields)  # a field that is never asked for is refused here too
    found: Changes = {}
    if object_name in HISTORIES and fields:
        for start in range(0, len(unique), IDS_AT_ONCE):
            some = unique[start : start + IDS_AT_ONCE]
            there, rows = _ask(transport, spec, some, fields=fields, known=known)
            by = [str(row.get("CreatedById") or "") for row in rows]
            actors = users.actors(transport, by, known=known, programs=programs)
            told = _told(rows, HISTORIES[object_name][1], fields)
            kept = known.tracked.get(object_name)
            for key in there:
                found[key] = _changes(told.get(key, {}), fields, kept=kept, actors=actors)
    return found


def _ask(
    transport: Transport,
    spec: api.SObject,
    ids: Sequence[str],
    *,
    fields: Sequence[str],
    known: Known,
) -> tuple[list[str], list[Any]]:
    """Which of the records are there, and the rows of their history."""
    name = spec.kind.name
    source, key = HISTORIES[name]
    there = soql.select(["Id"], spec.name, soql.within("Id", ids))
    named = sorted({word for field in fields for word in _words(field)})
    rows = soql.select(
        [key, *_COLUMNS],
        source,
        soql.within(key, ids),
        soql.within("Field", named),
        order="CreatedDate DESC, Id DESC",
    )
    asked = [there, rows]
    if name not in known.tracked:
        asked.append(_tracked_of(spec))
    answers = query_several(transport, asked)
    if len(answers) > 2:
        known.tracked[name] = _names(answers[2])
    # An org that tracks nothing of an object may not show its history at all.
    kept = [] if isinstance(answers[1], CrmError) else answers[1]
    return [row["Id"] for row in answered(answers[0])], kept


def _tracked_of(spec: api.SObject) -> str:
    return soql.select(
        ["QualifiedApiName"],
        "FieldDefinition",
        soql.equal("EntityDefinitionId", spec.name),
        "IsFieldHistoryTracked = true",
    )


def _names(answer: Any) -> frozenset[str] | None:
    """The tracked fields, in small letters; None where our user may not see which."""
    if isinstance(answer, CrmError):
        return None
    return frozenset(str(row["QualifiedApiName"]).lower() for row in answer)


def _words(field: str) -> set[str]:
    """How a history may call a field: the owner's is `Owner`."""
    return {field, field.removesuffix("Id")} - {""}


def _told(
    rows: Iterable[Mapping[str, Any]], key: str, fields: Sequence[str]
) -> dict[str, dict[str, list[Mapping[str, Any]]]]:
    """Record -> field as it was asked for -> its rows, in their order."""
    asked = {word.lower(): field for field in fields for word in _words(field)}
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows:
        field = asked.get(str(row["Field"]).lower())
        if field is not None:
            found.setdefault(row[key], {}).setdefault(field, []).append(row)
    return found


def _changes(
    told: Mapping[str, Sequence[Mapping[str, Any]]],
    fields: Sequence[str],
    *,
    kept: frozenset[str] | None,
    actors: users.Actors,
) -> dict[str, tuple[Change, ...]]:
    """The fields whose history is kept, those without a change as well where the org tells of them."""
    found: dict[str, tuple[Change, ...]] = {}
    for field in fields:
        rows = told.get(field, ())
        ids = [row for row in rows if row["DataType"] == _ID]
        chosen = ids or rows
        is_kept = bool(rows) or (kept is not None and field.lower() in kept)
        if is_kept and not any(_hides_values(row) for row in chosen):
            found[field] = tuple(_change(row, actors) for row in chosen)
    return found


def _hides_values(row: Mapping[str, Any]) -> bool:
    """True for a row that tells only that there was a change."""
    return row["OldValue"] is None and row["NewValue"] is None


def _change(row: Mapping[str, Any], actors: users.Actors) -> Change:
    by, value = str(row.get("CreatedById") or ""), row["NewValue"]
    return Change(_plain(value), seconds(row["CreatedDate"]), actors[by], by)


def _plain(value: Any) -> FieldValue:
    return value if value is None or isinstance(value, str | int | float) else str(value)

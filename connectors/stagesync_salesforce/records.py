"""From a row of a query to a record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from stagesync.connector import AnswerUnreadable, FieldValue, Link, Record, RequestRefused
from stagesync_salesforce import api, soql
from stagesync_salesforce.api import SObject

# A name goes into a query as it is, so nothing but a name may.
_FIELD = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)


def columns(spec: SObject, fields: Iterable[str]) -> tuple[str, ...]:
    """What a query selects: what we always need, what says links, and the fields asked for.

    Raises:
        RequestRefused: a field holds free text, which is never asked for, or is no name at all.
    """
    asked = tuple(fields)
    for name in asked:
        if not _FIELD.fullmatch(name):
            raise RequestRefused(f"{name!r} is no name of a field of {spec.kind.name}")
        if name.rpartition(".")[2].lower() in api.FORBIDDEN:
            raise RequestRefused(
                f"field {name} of {spec.kind.name} is never asked for: it holds free text",
                hint="remove it from the mapping",
            )
    # The same column twice is a MALFORMED_QUERY; case does not count there.
    unique: dict[str, str] = {}
    for name in (*api.ALWAYS, *spec.always, *spec.references, *asked):
        unique.setdefault(name.lower(), name)
    return tuple(unique.values())


def people_columns(spec: SObject, *, shared: bool) -> tuple[str, ...]:
    """What a query selects for the people of an activity, in an org where it may have several."""
    if not (shared and spec.relation):
        return ()
    below = soql.select(["RelationId"], spec.children, "IsDeleted = false", spec.related)
    return (f"({below})",)


def record_of(
    spec: SObject,
    row: Mapping[str, Any],
    fields: Sequence[str],
    *,
    gone: bool = False,
    merged_into: str = "",
) -> Record:
    """The record in a row that was selected with `columns(spec, fields)`."""
    try:
        return Record(
            object=spec.kind.name,
            id=row["Id"],
            fields={name: value_at(row, name) for name in fields},
            changed_at_s=seconds(row[api.STAMP]),
            created_at_s=seconds(row["CreatedDate"]) if row.get("CreatedDate") else None,
            links=links_of(spec, row),
            gone=gone,
            merged_into=merged_into,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerUnreadable(f"a row of {spec.name} is not as it should be") from error


def links_of(spec: SObject, row: Mapping[str, Any]) -> Link:
    """The records that a row names, as far as they are of objects that are pulled."""
    found: dict[str, tuple[str, ...]] = {}
    if row.get(api.PERSON) is True:  # its account is the person once more, and no company
        return found
    targets = [str(row.get(field) or "") for field in spec.references]
    for target in dict.fromkeys([*targets, *_related(spec, row)]):
        name = api.object_of(target)
        if name is not None:
            found[name] = (*found.get(name, ()), target)
    return found


def _related(spec: SObject, row: Mapping[str, Any]) -> list[str]:
    """The people of an activity as its relations name them; its own WhoId is the first of them."""
    below = row.get(spec.children) if spec.children else None
    return [str(each["RelationId"]) for each in below["records"]] if below else []


def value_at(row: Mapping[str, Any], name: str) -> FieldValue:
    """The value of a column, of a parent's too: `Campaign.Type` nests, an empty parent is None."""
    value = row[name] if name in row else _nested(row, name)
    if isinstance(value, dict | list):  # a compound such as an address
        return orjson.dumps(value).decode()
    return value  # type: ignore[no-any-return]  # JSON at the edge: text, number, truth or null


def _nested(row: Mapping[str, Any], name: str) -> Any:
    value: Any = row
    for key in name.split("."):
        if value is None:
            return None
        value = value[key] if key in value else _any_case(value, key)
    return value


def _any_case(row: Mapping[str, Any], key: str) -> Any:
    """SOQL does not mind case; the answer has the field's own."""
    wanted = key.lower()
    return next((value for name, value in row.items() if name.lower() == wanted), None)


def seconds(text: str) -> float:
    """Unix seconds of an instant of the API, `2024-09-24T03:26:07.000+0000`."""
    return datetime.fromisoformat(text).timestamp()

"""Live metadata: what fields there are, what may be written, and which values a list offers.

Describe leaves out the fields that the user may not see. The status list of leads is read from
`LeadStatus`, which alone knows which status means converted, and the stages of deals from
`OpportunityStage`, whose order is the org's own.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-describe
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from stagesync.connector import (
    AnswerUnreadable,
    CrmError,
    FieldDescription,
    FieldType,
    ObjectDescription,
    Option,
    PermissionMissing,
    RequestRefused,
)
from stagesync_salesforce import api
from stagesync_salesforce.known import Known
from stagesync_salesforce.transport import Transport, answered

_TYPES = {
    **dict.fromkeys(
        ("string", "textarea", "phone", "email", "url", "combobox", "id", "encryptedstring"),
        FieldType.TEXT,
    ),
    **dict.fromkeys(("int", "long", "double", "currency", "percent"), FieldType.NUMBER),
    "boolean": FieldType.FLAG,
    "datetime": FieldType.INSTANT,
    "date": FieldType.DATE,
    "picklist": FieldType.CHOICE,
    "multipicklist": FieldType.CHOICES,
    "reference": FieldType.REFERENCE,
}
# Object -> its field whose values have rows of their own, and the query for those.
_LISTS = {
    "Lead": (
        "Status",
        "SELECT ApiName, MasterLabel, IsConverted FROM LeadStatus ORDER BY SortOrder",
    ),
    "Opportunity": (
        "StageName",
        "SELECT ApiName, MasterLabel FROM OpportunityStage WHERE IsActive = true ORDER BY SortOrder",
    ),
}


def describe(
    transport: Transport, objects: Sequence[str], *, known: Known | None = None
) -> dict[str, ObjectDescription]:
    """The live fields of these objects, in one call; see `Connector.describe`.

    Fields of a parent that a pull may ask for stand under their dotted name, not writable.

    Args:
        known: is told which fields the org works out.
    """
    specs = [api.sobject(name) for name in dict.fromkeys(objects)]
    parents = {parent for spec in specs for parent in (spec.parents or {}).values()}
    names = list(dict.fromkeys([*(spec.name for spec in specs), *sorted(parents)]))
    lists = [name for name in names if name in _LISTS]
    paths = [f"v{transport.version}/sobjects/{name}/describe" for name in names]
    paths += [f"v{transport.version}/query?q={quote(_LISTS[name][1])}" for name in lists]
    answers = transport.batch(paths)
    fields = {name: _fields(name, answer) for name, answer in zip(names, answers, strict=False)}
    if known is not None:
        for spec, answer in zip(specs, answers, strict=False):
            known.calculated[spec.kind.name] = _calculated(answer)
    for name, answer in zip(lists, answers[len(names) :], strict=True):
        field = _LISTS[name][0]
        if field in fields[name]:
            fields[name][field] = _with_options(fields[name][field], _listed(answer))
    return {
        spec.kind.name: ObjectDescription(spec.kind.name, _with_parents(spec, fields))
        for spec in specs
    }


def _fields(name: str, answer: Any) -> dict[str, FieldDescription]:
    if isinstance(answer, RequestRefused):
        raise PermissionMissing(
            f"Salesforce does not show {name} to this user",
            hint=f"give the run-as user read access to {name}",
        ) from answer
    body = answered(answer)
    if not isinstance(body, dict) or not isinstance(body.get("fields"), list):
        raise AnswerUnreadable(f"the description of {name} has no fields")
    return {item["name"]: _field(item) for item in body["fields"]}


def _calculated(answer: Any) -> frozenset[str]:
    return frozenset(each["name"].lower() for each in answer["fields"] if each.get("calculated"))


def _field(item: Mapping[str, Any]) -> FieldDescription:
    kind = _TYPES.get(item["type"], FieldType.OTHER)
    values = [value for value in item.get("picklistValues") or () if value.get("active", True)]
    options = tuple(
        Option(str(value["value"]), str(value.get("label") or value["value"]), rank)
        for rank, value in enumerate(values)
    )
    is_choice = kind in {FieldType.CHOICE, FieldType.CHOICES}
    return FieldDescription(
        name=item["name"],
        type=kind,
        writable=bool(item.get("updateable")),
        options=options if is_choice else (),
    )


def _listed(answer: Any) -> tuple[Option, ...]:
    rows = [] if isinstance(answer, CrmError) else answer["records"]
    return tuple(
        Option(
            row["ApiName"],
            row.get("MasterLabel") or row["ApiName"],
            rank,
            terminal=bool(row.get("IsConverted")),
        )
        for rank, row in enumerate(rows)
    )


def _with_options(field: FieldDescription, options: tuple[Option, ...]) -> FieldDescription:
    """The field with the values of the status list, where our user may read that list."""
    if not options:
        return field
    return FieldDescription(field.name, field.type, writable=field.writable, options=options)


def _with_parents(
    spec: api.SObject, fields: Mapping[str, Mapping[str, FieldDescription]]
) -> dict[str, FieldDescription]:
    found = dict(fields[spec.name])
    for relationship, parent in (spec.parents or {}).items():
        for item in fields[parent].values():
            name = f"{relationship}.{item.name}"
            found[name] = FieldDescription(name, item.type, writable=False, options=item.options)
    return found

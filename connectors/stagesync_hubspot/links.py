"""Which records a record names, for those that came by search: a search cannot say.

Source: https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from stagesync.connector import Link, Unavailable
from stagesync_hubspot import api, failures
from stagesync_hubspot.transport import Transport

T = TypeVar("T")

_PRIMARY_COMPANY = 1
"""Association type of a contact's primary company."""


def links(
    transport: Transport, item: api.HubSpotObject, ids: Sequence[str], *, in_flight: int
) -> dict[str, Link]:
    """By id, what each record names; ids that name nothing are left out.

    Costs one call per thousand ids and object linked to, more for records with very many links.
    """
    asked = list(dict.fromkeys(ids))
    tasks = [
        (name, chunk) for name in item.kind.links for chunk in chunks(asked, api.ASSOCIATION_BATCH)
    ]
    with ThreadPoolExecutor(in_flight, thread_name_prefix="hubspot-links") as pool:
        answers = pool.map(lambda task: _read(transport, item, to=task[0], ids=task[1]), tasks)
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        for (name, _), by_id in zip(tasks, answers, strict=True):
            for record_id, linked in by_id.items():
                found.setdefault(record_id, {})[name] = linked
    return dict(found)


def chunks(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """The values in lists of at most `size`; nothing for no values."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def _read(
    transport: Transport, item: api.HubSpotObject, *, to: str, ids: list[str]
) -> dict[str, tuple[str, ...]]:
    """All links to one object. A 207 only says that some records have none, which is no failure."""
    found: dict[str, dict[str, None]] = {}
    inputs = [{"id": one} for one in ids]
    while inputs:
        answer = transport.call(
            transport.associations.get_page,
            item.plural,
            api.OBJECTS[to].plural,
            {"inputs": inputs},
        )
        _raise_for_errors(answer)
        inputs = []
        with failures.readable("an association"):
            for result in answer.get("results") or ():
                record_id = str(result["from"]["id"])
                linked = found.setdefault(record_id, {})
                linked |= dict.fromkeys(_primary_first(result.get("to") or ()))
                if after := _after(result):
                    inputs.append({"id": record_id, "after": after})
    return {record_id: tuple(linked) for record_id, linked in found.items() if linked}


def _raise_for_errors(answer: Mapping[str, Any]) -> None:
    """Whatever is no statement about a record would be taken for a record without links."""
    for error in answer.get("errors") or ():
        if error.get("subCategory") not in api.NO_LINKS:
            raise Unavailable(
                "HubSpot could not read all associations", retry_after_s=failures.FAULT_DELAY_S
            )


def _primary_first(linked: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(one["toObjectId"]) for one in sorted(linked, key=lambda one: not _is_primary(one))]


def _is_primary(linked: Mapping[str, Any]) -> bool:
    kinds = linked.get("associationTypes") or ()
    return any(
        kind.get("typeId") == _PRIMARY_COMPANY and kind.get("category") == "HUBSPOT_DEFINED"
        for kind in kinds
    )


def _after(result: Mapping[str, Any]) -> str:
    return str(((result.get("paging") or {}).get("next") or {}).get("after") or "")

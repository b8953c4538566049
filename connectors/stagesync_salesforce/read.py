"""Records by id, straight from the org.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-retrieve
(seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stagesync.connector import AnswerUnreadable, CrmError, Record
from stagesync_salesforce import api, soql
from stagesync_salesforce.api import SObject
from stagesync_salesforce.records import columns, people_columns, record_of
from stagesync_salesforce.transport import Part, Transport, answered


def read(
    transport: Transport,
    object_name: str,
    ids: Sequence[str],
    *,
    fields: Sequence[str],
    shared: bool = False,
) -> list[Record]:
    """These records as they are now; see `Connector.read`.

    Args:
        shared: activities may have several people.
    """
    spec, unique = api.sobject(object_name), list(dict.fromkeys(ids))
    selected = (*columns(spec, fields), *people_columns(spec, shared=shared))
    # The call for records by id knows no fields of parents and no subqueries; a query does.
    fetch = _by_query if any("." in name or " " in name for name in selected) else _by_id
    return [
        record_of(spec, row, fields)
        for start in range(0, len(unique), api.RETRIEVE_SIZE)
        for row in fetch(
            transport, spec, ids=unique[start : start + api.RETRIEVE_SIZE], selected=selected
        )
    ]


def _by_id(
    transport: Transport, spec: SObject, *, ids: Sequence[str], selected: Sequence[str]
) -> Iterator[Any]:
    body = {"ids": list(ids), "fields": list(selected)}
    rows = transport.call("POST", f"{api.COLLECTIONS}/{spec.name}", body=body)
    if not isinstance(rows, list):
        raise AnswerUnreadable(f"a read of {spec.name} answered no list")
    # What does not exist is null.
    return (row for row in rows if row is not None)


def _by_query(
    transport: Transport, spec: SObject, *, ids: Sequence[str], selected: Sequence[str]
) -> Iterator[Any]:
    live = "IsDeleted = false" if spec.archives else ""
    text = soql.select(selected, spec.name, soql.within("Id", ids), live)
    for row in query_rows(transport, text, deleted=spec.archives):
        complete(transport, spec, row)
        yield row


def query_rows(transport: Transport, text: str, *, deleted: bool = False) -> Iterator[Any]:
    """Every row of a query, sent in a call's body so that its length does not matter.

    Args:
        deleted: shows deleted and archived rows as well.
    """
    return _pages(transport, api.query_path(transport.version, text, deleted=deleted))


def complete(transport: Transport, spec: SObject, row: Mapping[str, Any]) -> None:
    """Adds the people of an activity that did not fit into the answer it came with."""
    below = row.get(spec.children) if spec.children else None
    if below and not below.get("done", True):
        below["records"] += _pages(transport, str(below["nextRecordsUrl"]))
        below["done"] = True


def _pages(transport: Transport, url: str) -> Iterator[Any]:
    while url:
        [answer] = transport.composite([Part("GET", url)])
        body = answered(answer)
        yield from body["records"]
        url = "" if body.get("done", True) else str(body["nextRecordsUrl"])


def query_several(transport: Transport, texts: Sequence[str]) -> list[list[Any] | CrmError]:
    """Every row of up to five queries, asked in one call; a refused query is its error.

    Where one is longer than a page, the pages of all go on together.
    """
    found: list[list[Any] | CrmError] = [[] for _ in texts]
    urls = {place: api.query_path(transport.version, text) for place, text in enumerate(texts)}
    while urls:
        answers = transport.composite([Part("GET", url) for url in urls.values()])
        following: dict[int, str] = {}
        for place, answer in zip(urls, answers, strict=True):
            rows = found[place]
            if isinstance(answer, CrmError) or isinstance(rows, CrmError):
                found[place] = answer
                continue
            rows += answer["records"]
            if not answer.get("done", True):
                following[place] = str(answer["nextRecordsUrl"])
        urls = following
    return found

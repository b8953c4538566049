"""Search: late, capped at 10,000 results, by offset, and never with archived records.

Source: https://developers.hubspot.com/docs/api-reference/search/guide (seen 2026-11).
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call, names
from stagesync.sandbox.hubspot.errors import Refusal, invalid
from stagesync.sandbox.hubspot.filters import Group, Window, compiled, text_of
from stagesync.sandbox.hubspot.model import Kind
from stagesync.sandbox.hubspot.portal import Portal
from stagesync.sandbox.hubspot.records import shown
from stagesync.sandbox.hubspot.store import Doc, SearchIndex
from stagesync.sandbox.hubspot.values import comparable

MAX_PAGE = 200
MAX_RESULTS = 10_000
MAX_BODY = 3_000
MAX_GROUPS = 5
MAX_FILTERS = 6
MAX_ALL_FILTERS = 18
_QUERIED = ("firstname", "lastname", "email", "phone", "company", "name", "domain", "dealname")


def search(call: Call) -> Answer:
    """`POST /objects/{type}/search`."""
    if len(call.raw.decode("utf-8", "replace")) > MAX_BODY:
        raise invalid(f"The request body is too long: at most {MAX_BODY} characters are allowed.")
    body = call.json()
    limit, offset = _page(body)
    groups = _groups(call, body)
    asked = names(body.get("properties"), "properties")
    call.asking(asked)
    index = call.portal.stores[call.kind.name].index
    index.catch_up(call.portal.now_ms())
    found = _matching(index, groups, query=str(body.get("query") or ""))
    ordered = _ordered(call, found, body.get("sorts") or [])
    page = ordered[offset : offset + limit]
    rows = [shown(call.portal, call.kind, doc, names=asked) for doc in page]
    answer: dict[str, Any] = {"total": len(ordered), "results": rows}
    if offset + limit < len(ordered):
        answer["paging"] = {"next": {"after": str(offset + limit)}}
    return Answer(answer, records=len(rows))


def _page(body: dict[str, Any]) -> tuple[int, int]:
    limit = body.get("limit", 10)
    if type(limit) is not int or not 0 <= limit <= MAX_PAGE:
        raise invalid(f"Invalid limit: {limit}. The limit must be between 0 and {MAX_PAGE}.")
    after = body.get("after") or "0"
    text = str(after)
    # An id from a list's cursor does not fit: the offset is a 32-bit number.
    if not (text.isascii() and text.isdigit()) or int(text) > 2**31 - 1:
        raise invalid(f'Cannot deserialize value of type `int` from String "{text}"')
    if int(text) + limit > MAX_RESULTS:
        raise invalid(f"Search results are limited to the first {MAX_RESULTS} records.")
    return limit, int(text)


def _groups(call: Call, body: dict[str, Any]) -> list[Group]:
    given = body.get("filterGroups") or []
    # A bare list of filters is one group.
    groups = given or ([{"filters": body["filters"]}] if body.get("filters") else [])
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise invalid("Invalid input JSON: filterGroups must be a list of objects")
    lists = [group.get("filters") or [] for group in groups]
    if not all(isinstance(filters, list) for filters in lists):
        raise invalid("Invalid input JSON: filters must be a list of objects")
    if len(groups) > MAX_GROUPS:
        raise invalid(f"Too many filter groups: at most {MAX_GROUPS} are allowed.")
    if any(len(filters) > MAX_FILTERS for filters in lists):
        raise invalid(f"Too many filters in a group: at most {MAX_FILTERS} are allowed.")
    if sum(map(len, lists)) > MAX_ALL_FILTERS:
        raise invalid(f"Too many filters: at most {MAX_ALL_FILTERS} are allowed.")
    compiled_groups = [compiled(call.portal, call.kind, filters) for filters in lists]
    if call.portal.switches.epoch_zero_500 and any(g.window.low_ms == 0 for g in compiled_groups):
        raise Refusal(500, "<html><body><h1>500 Internal Server Error</h1></body></html>")
    return compiled_groups or [Group(Window(), -1, ())]


def _matching(index: SearchIndex, groups: list[Group], *, query: str) -> list[Doc]:
    """What at least one group accepts; in the order of the index when there is but one group."""
    found = [doc for group in groups for doc in _accepted(index, group)]
    if len(groups) > 1:
        found = list({doc.id: doc for doc in found}.values())
    if query:
        return [doc for doc in found if _mentions(doc, query.casefold())]
    return found


def _accepted(index: SearchIndex, group: Group) -> Iterable[Doc]:
    if group.window.is_open:
        found = index.ids[bisect_right(index.ids, group.above_id) :]
    else:
        hits = index.window(group.window.low_ms, group.window.high_ms)
        found = [record_id for _, record_id in hits if record_id > group.above_id]
    docs = [index.docs[record_id] for record_id in found]
    return [doc for doc in docs if group.accepts(doc)] if group.tests else docs


def _mentions(doc: Doc, query: str) -> bool:
    return any(query in doc.values.get(name, "").casefold() for name in _QUERIED)


def _ordered(call: Call, found: list[Doc], sorts: Any) -> list[Doc]:
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid("Only one sort is allowed.")
    if not sorts:
        return sorted(found, key=_by_id)
    spec = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": sorts[0]}
    name, falling = str(spec.get("propertyName")), spec.get("direction") == "DESCENDING"
    prop = call.portal.schemas[call.kind.name].get(name)
    if prop is None:
        raise invalid(f"There was a problem with the request. Property '{name}' does not exist.")
    key = _sort_key(call.portal, call.kind, name=name, type_=prop.type)
    if name in {"hs_object_id", call.kind.modified, call.kind.created}:
        return sorted(found, key=key, reverse=falling)
    full = [doc for doc in found if name in doc.values]
    empty = [doc for doc in found if name not in doc.values]
    return sorted(full, key=key, reverse=falling) + sorted(empty, key=_by_id)


def _by_id(doc: Doc) -> int:
    return doc.id


def _by_time(doc: Doc) -> tuple[int, int]:
    return doc.updated_ms, doc.id


def _sort_key(portal: Portal, kind: Kind, *, name: str, type_: str) -> Callable[[Doc], Any]:
    disorder_ms = portal.switches.search_disorder_s * 1000
    if name == "hs_object_id":
        return _by_id
    if type_ == "datetime" and disorder_ms:
        return lambda doc: _instant(kind, doc, name) + _jitter(doc.id) * disorder_ms
    if name == kind.modified:
        return _by_time
    numeric = type_ in {"number", "date", "datetime"}
    return lambda doc: (_instant(kind, doc, name) if numeric else _text(kind, doc, name), doc.id)


def _text(kind: Kind, doc: Doc, name: str) -> str:
    return (text_of(kind, doc, name) or "").casefold()


def _instant(kind: Kind, doc: Doc, name: str) -> float:
    text = text_of(kind, doc, name) or ""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(comparable("datetime", text))
    except ValueError:
        return 0.0


def _jitter(record_id: int) -> float:
    """The same for a record in every search, so that pages fit together."""
    return random.Random(record_id).uniform(-1.0, 1.0)

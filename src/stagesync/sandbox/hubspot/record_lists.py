"""Lists (segments): search by name, and who is in them since when.

Source: https://developers.hubspot.com/docs/api-reference/crm-lists-v3 (seen 2026-11).
"""

from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call, named_kind, record_id
from stagesync.sandbox.hubspot.errors import invalid, not_found
from stagesync.sandbox.hubspot.feeds import RecordList
from stagesync.sandbox.hubspot.model import kind_named
from stagesync.sandbox.hubspot.paging import limit_of, paged
from stagesync.sandbox.hubspot.values import iso

MOST_FOUND = 500


def search(call: Call) -> Answer:
    """`POST /lists/search`: by a part of the name; pages by offset."""
    body = call.json()
    query, offset, count = body.get("query") or "", body.get("offset") or 0, body.get("count", 20)
    if type(offset) is not int or type(count) is not int or not 0 <= count <= MOST_FOUND:
        raise invalid(f"Invalid offset or count; count is at most {MOST_FOUND}.")
    ways, ids = body.get("processingTypes") or [], body.get("listIds") or []
    found = [
        known
        for known in call.portal.feeds.lists.values()
        if str(query).casefold() in known.name.casefold()
        and (not ways or known.processing in ways)
        and (not ids or str(known.id) in ids)
    ]
    page = found[max(0, offset) : max(0, offset) + count]
    more = offset + count < len(found)
    rows = [_shown(known, searched=True) for known in page]
    answer = {"lists": rows, "total": len(found), "offset": offset + len(page), "hasMore": more}
    return Answer(answer, records=len(page))


def list_some(call: Call) -> Answer:
    """`GET /lists?listIds=`: the lists of these ids."""
    wanted = {record_id(text) for text in call.many("listIds")}
    found = [known for known in call.portal.feeds.lists.values() if known.id in wanted]
    return Answer({"lists": [_shown(known) for known in found]}, records=len(found))


def read(call: Call) -> Answer:
    """`GET /lists/{id}`."""
    return Answer({"list": _shown(_known(call))}, records=1)


def read_named(call: Call) -> Answer:
    """`GET /lists/object-type-id/{type}/name/{name}`."""
    kind = named_kind(call.path["type"])
    for known in call.portal.feeds.lists.values():
        if (known.type_id, known.name) == (kind.type_id, call.path["name"]):
            return Answer({"list": _shown(known)}, records=1)
    raise not_found("List not found", category="OBJECT_NOT_FOUND")


def members(call: Call) -> Answer:
    """`GET /lists/{id}/memberships`: by record id."""
    return _members(call, sorted(_known(call).members.items()))


def members_by_join(call: Call) -> Answer:
    """`GET /lists/{id}/memberships/join-order`: who joined first comes first."""
    joined = sorted(_known(call).members.items(), key=lambda row: (row[1], row[0]))
    return _members(call, joined)


def of_record(call: Call) -> Answer:
    """`GET /lists/records/{type}/{id}/memberships`."""
    kind = named_kind(call.path["type"])
    number = call.portal.stores[kind.name].current(record_id(call.path["id"]) or 0)
    rows = [
        {
            "listId": str(known.id),
            "listVersion": 1,
            "firstAddedTimestamp": iso(known.members[number]),
            "lastAddedTimestamp": iso(known.members[number]),
        }
        for known in call.portal.feeds.lists.values()
        if known.type_id == kind.type_id and number in known.members
    ]
    return Answer({"results": rows, "total": len(rows)}, records=len(rows))


def _members(call: Call, found: list[tuple[int, int]]) -> Answer:
    page, paging = paged(call, found, limit=limit_of(call, default=100, most=250))
    rows = [
        {"recordId": str(member), "membershipTimestamp": iso(joined_ms)}
        for member, joined_ms in page
    ]
    body: dict[str, Any] = {"results": rows}
    return Answer(body | ({"paging": paging} if paging else {}), records=len(rows))


def _known(call: Call) -> RecordList:
    known = call.portal.feeds.lists.get(record_id(call.path["id"]) or 0)
    if known is None:
        raise not_found("List not found", category="OBJECT_NOT_FOUND")
    return known


def _shown(known: RecordList, *, searched: bool = False) -> dict[str, Any]:
    row: dict[str, Any] = {
        "listId": str(known.id),
        "listVersion": 1,
        "name": known.name,
        "objectTypeId": known.type_id,
        "processingType": known.processing,
        "processingStatus": "COMPLETE",
        "createdAt": iso(known.created_ms),
        "updatedAt": iso(known.updated_ms),
    }
    kind = kind_named(known.type_id)
    if searched and kind is not None:
        row["additionalProperties"] = {"hs_list_size": str(len(known.members))}
    return row if searched else row | {"size": len(known.members)}

"""Single records: list, read, create, change, archive, merge, erase."""

from collections.abc import Mapping, Sequence
from typing import Any

from stagesync.sandbox.hubspot.automation import create, link, write
from stagesync.sandbox.hubspot.call import Answer, Call, named_kind, record_id
from stagesync.sandbox.hubspot.checking import (
    accepted,
    demand,
    normalised,
    properties_of,
    taken,
    unique_property,
)
from stagesync.sandbox.hubspot.errors import invalid, not_found
from stagesync.sandbox.hubspot.links import TYPE_IDS
from stagesync.sandbox.hubspot.model import KINDS, Kind, Record
from stagesync.sandbox.hubspot.records import echo, inline_links, shown_record
from stagesync.sandbox.hubspot.removing import archive, erase, expire, merge


def list_page(call: Call) -> Answer:
    """`GET /objects/{type}`: pages by record id."""
    _note_asked(call)
    limit = call.whole("limit", 10)
    most = 50 if call.many("propertiesWithHistory") else 100
    if not 1 <= limit <= most:
        raise invalid(f"Invalid limit: {limit}. The limit must be between 1 and {most}.")
    if call.flag("archived"):
        expire(call.portal, call.kind)
    store = call.portal.stores[call.kind.name]
    page, more = store.page(call.whole("after", 0), limit=limit, archived=call.flag("archived"))
    if more and call.portal.switches.short_pages:
        page = page[: max(1, len(page) - call.portal.random.choice((0, 0, 0, 0, 0, 0, 1, 2)))]
    body: dict[str, Any] = {"results": [_whole(call, record) for record in page]}
    if more:
        body["paging"] = {"next": {"after": str(page[-1].id), "link": "?after=" + str(page[-1].id)}}
    return Answer(body, records=len(page))


def read(call: Call) -> Answer:
    """`GET /objects/{type}/{id}`: by id or by a unique property."""
    _note_asked(call)
    return Answer(_whole(call, found(call)), records=1)


def create_one(call: Call) -> Answer:
    """`POST /objects/{type}`."""
    body = call.json()
    row = created(call, body)
    headers = {"Location": f"https://api.hubapi.com/crm/v3/objects/{call.kind.name}/{row['id']}"}
    return Answer(row, 201, 1, headers)


def created(call: Call, item: Mapping[str, Any]) -> dict[str, Any]:
    """Makes one record, and answers it as the vendor does."""
    values = accepted(call, [item])[0]
    demand(call, values, before=None)
    if refusal := taken(call, values, by_other_than=None):
        raise refusal
    return made(call, item, values=values, links=wanted_links(call, item))


def made(
    call: Call,
    item: Mapping[str, Any],
    *,
    values: Mapping[str, str],
    links: Sequence[tuple[tuple[str, int], bool]],
) -> dict[str, Any]:
    """Makes a record whose values and links have been checked."""
    record = create(call.portal, call.kind, values=values, source=call.source)
    for other, primary in links:
        link(
            call.portal,
            (call.kind.name, record.id),
            other,
            source=call.source,
            primary=primary,
        )
    return echoed(call, record, item=item, values=values)


def change(call: Call) -> Answer:
    """`PATCH /objects/{type}/{id}`."""
    record = found(call)
    body = call.json()
    values = accepted(call, [body])[0]
    demand(call, values, before=record.values)
    if refusal := taken(call, values, by_other_than=record.id):
        raise refusal
    write(call.portal, call.kind, record=record, values=values, source=call.source)
    return Answer(echoed(call, record, item=body, values=values), records=1)


def echoed(
    call: Call, record: Record, *, item: Mapping[str, Any], values: Mapping[str, str]
) -> dict[str, Any]:
    """What a write of this input answers about its record, with warnings where there are any."""
    row = echo(call.portal, call.kind, record, touched=properties_of(item))
    warnings = normalised(call, item, values)
    return {**row, "warnings": warnings} if warnings else row


def archive_one(call: Call) -> Answer:
    """`DELETE /objects/{type}/{id}`: archives; one that is gone already is no error."""
    number = record_id(call.path["id"])
    record = None if number is None else call.portal.stores[call.kind.name].find(number)
    if record is not None:
        archive(call.portal, call.kind, record, source=call.source)
    return Answer(status=204, records=int(record is not None))


def merge_two(call: Call) -> Answer:
    """`POST /objects/{type}/merge`."""
    body = call.json()
    store = call.portal.stores[call.kind.name]
    pair = [
        store.find(record_id(body.get(key)) or 0) for key in ("primaryObjectId", "objectIdToMerge")
    ]
    if pair[0] is None or pair[1] is None:
        raise not_found()
    if pair[0] is pair[1]:
        raise invalid("Cannot merge a record with itself")
    try:
        record = merge(call.portal, call.kind, primary=pair[0], other=pair[1], source=call.source)
    except ValueError as error:
        raise invalid(f"Cannot merge: {error}") from error
    return Answer(shown_record(call.portal, call.kind, record), records=1)


def erase_one(call: Call) -> Answer:
    """`POST /objects/{type}/gdpr-delete`: forgets a person for good; an unknown one is no error."""
    body = call.json()
    store = call.portal.stores[call.kind.name]
    sought = str(body.get("objectId", ""))
    if name := body.get("idProperty"):
        record = store.find_unique(unique_property(call, str(name), doing="delete"), sought)
    else:
        number = record_id(sought) or 0
        record = store.find(number) or store.find(number, archived=True)
    if record is not None:
        erase(call.portal, call.kind, record, source=call.source)
    return Answer(status=204, records=int(record is not None))


def found(call: Call) -> Record:
    """The record in the address.

    Raises:
        Refusal: 404; the body has a category unless the id is a number.
    """
    store = call.portal.stores[call.kind.name]
    if name := call.one("idProperty"):
        unique_property(call, name, doing="lookup")
        record = store.find_unique(name, call.path["id"])
        if record is None:
            raise not_found("Object not found", category="OBJECT_NOT_FOUND")
        return record
    number = record_id(call.path["id"])
    if number is None:
        raise not_found(
            "Object not found.  objectId are usually numeric.", category="OBJECT_NOT_FOUND"
        )
    if call.flag("archived"):
        expire(call.portal, call.kind)
    record = store.find(number, archived=call.flag("archived"))
    if record is None:
        raise not_found()
    return record


def wanted_links(call: Call, item: Mapping[str, Any]) -> list[tuple[tuple[str, int], bool]]:
    """The `associations` of a creation: ((kind, id), primary), all of which must exist."""
    wanted = []
    for entry in item.get("associations") or ():
        try:
            number = record_id(entry["to"]["id"]) or 0
            type_ids = {type_["associationTypeId"] for type_ in entry["types"]}
        except (KeyError, TypeError) as error:
            raise invalid("Invalid input JSON: associations need `to` and `types`") from error
        other, primary = _linked_kind(call.kind, type_ids)
        if call.portal.stores[other.name].find(number) is None:
            raise invalid(f"Object {number} of type {other.shout} does not exist")
        wanted.append(((other.name, number), primary))
    needs_contact = call.kind.name == "leads" and call.portal.switches.lead_needs_contact
    if needs_contact and not any(other[0] == "contacts" for other, _ in wanted):
        raise invalid("A lead must be associated with a contact when it is created")
    return wanted


def _linked_kind(kind: Kind, type_ids: set[int]) -> tuple[Kind, bool]:
    for (from_kind, to_kind), (plain, marked) in TYPE_IDS.items():
        if from_kind == kind.name and type_ids & {plain, marked}:
            return KINDS[to_kind], marked in type_ids
    raise invalid(f"Association types {sorted(type_ids)} do not exist for {kind.shout}")


def _note_asked(call: Call) -> None:
    call.asking([*call.many("properties"), *call.many("propertiesWithHistory")])


def _whole(call: Call, record: Record) -> dict[str, Any]:
    row = shown_record(
        call.portal,
        call.kind,
        record,
        names=call.many("properties"),
        history=call.many("propertiesWithHistory"),
    )
    to = [named_kind(name) for name in call.many("associations")]
    if to and (linked := inline_links(call.portal, call.kind, record, to=to)):
        row["associations"] = linked
    return row

"""Who took part in marketing events: webinars, conferences and the like.

An event tells the state of everybody who was invited. One person's part in one event is one record,
in the furthest state that it has reached. There is no feed of changes: events are listed, and those
that are under way, ended lately or were edited are asked for again.

Source: https://developers.hubspot.com/docs/api-reference/marketing-marketing-events-v3/guide (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from stagesync.connector import FieldValue, Record
from stagesync_hubspot import api, failures
from stagesync_hubspot.cursor import Cursor
from stagesync_hubspot.records import Wish, iso, unix_s
from stagesync_hubspot.source import Source, Step
from stagesync_hubspot.transport import Transport

_STILL_MOVES_MS = 14 * 86_400_000
"""How long after its end an event's attendance is still being filled in."""

_FURTHEST = ("ATTENDED", "CANCELLED", "NO_SHOW", "REGISTERED")

Raw = Mapping[str, Any]


def participations(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Step]:
    """Those of all events at first, later those of events that may have changed; a page per event."""
    started_ms = cursor.until_ms or source.now_ms()
    after = cursor.after
    while True:
        events, after = _page(source.transport, api.EVENTS_PATH, after)
        for event in events:
            if _may_have_changed(event, source, cursor.since_ms):
                place = replace(cursor, until_ms=started_ms)
                yield Step(_of_event(source.transport, event, wish), place, ended=False)
        cursor = replace(cursor, until_ms=started_ms, after=after)
        if not after:
            break
        yield Step((), cursor, ended=False)
    yield Step((), replace(cursor, since_ms=started_ms, until_ms=None), ended=True)


def _may_have_changed(event: Raw, source: Source, since_ms: int | None) -> bool:
    if since_ms is None:
        return True
    ended, edited = event.get("endDateTime"), event.get("updatedAt")
    if not ended or not edited:
        return True
    with failures.readable("a marketing event"):
        moves_until_ms = unix_s(str(ended)) * 1000 + _STILL_MOVES_MS
        return since_ms <= moves_until_ms or source.from_ms(since_ms) <= unix_s(str(edited)) * 1000


def _of_event(transport: Transport, event: Raw, wish: Wish) -> tuple[Record, ...]:
    found: dict[str, Raw] = {}
    with failures.readable("a participation"):
        path, after = f"{api.EVENTS_PATH}/participations/{int(event['objectId'])}/breakdown", ""
        while True:
            rows, after = _page(transport, path, after)
            for row in rows:
                contact = str(row["associations"]["contact"]["contactId"])
                if contact not in found or _place(row) < _place(found[contact]):
                    found[contact] = row
            if not after:
                break
        return tuple(_record(event, contact, row=row, wish=wish) for contact, row in found.items())


def _record(event: Raw, contact: str, *, row: Raw, wish: Wish) -> Record:
    told = {**row["properties"], "eventType": event.get("eventType")}
    fields: dict[str, FieldValue] = {name: _value(told.get(name)) for name in wish.fields}
    for name in wish.instants & fields.keys():
        fields[name] = iso(fields[name])
    stamp_s = unix_s(str(told.get("occurredAt") or row["createdAt"]))
    return Record(
        object=wish.item.kind.name,
        id=f"{event['objectId']}-{contact}",
        fields=fields,
        changed_at_s=stamp_s,
        created_at_s=unix_s(str(row["createdAt"])),
        links={"contact": (contact,)},
    )


def _value(value: Any) -> FieldValue:
    return None if value is None or value == "" else str(value)


def _place(row: Raw) -> int:
    state = row["properties"].get("attendanceState")
    return _FURTHEST.index(state) if state in _FURTHEST else len(_FURTHEST)


def _page(transport: Transport, path: str, after: str) -> tuple[list[Raw], str]:
    query = [("limit", str(api.EVENTS_PAGE)), *([("after", after)] if after else [])]
    answer = transport.get(path, query)
    following = ((answer.get("paging") or {}).get("next") or {}).get("after")
    return list(answer.get("results") or ()), str(following or "")

"""Pages of records: a first load by the list endpoint, later pulls by search.

The list endpoint has no limit of depth, no index lag and the larger allowance of calls. A search
costs one call when nothing changed. The bookmark of a pull is the moment at which it began, by the
earlier of two clocks (ours and the one that HubSpot's answers carry), because a clock that runs
ahead would skip what changes until then; and the next pull goes back behind it by the overlap,
because the index shows changes late.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stagesync.connector import Clock, Page
from stagesync_hubspot import api
from stagesync_hubspot.cursor import Cursor
from stagesync_hubspot.records import Wish, to_records
from stagesync_hubspot.search import Raw, changed, read_raw
from stagesync_hubspot.stages import DealStages
from stagesync_hubspot.transport import Transport

_EARLIEST_MS = 1_000
"""A search from the epoch itself can end in a fault of HubSpot's."""


@dataclass(frozen=True, slots=True)
class Source:
    """What pulls of one connection share."""

    transport: Transport
    stages: DealStages
    clock: Clock
    overlap_s: float


def pull(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Page]:
    """The pages of one object from this cursor on; the last one even when it is empty."""
    if cursor.since_ms is None:
        return _first_load(source, wish, cursor)
    return _changes(source, wish, cursor)


def _first_load(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Page]:
    started_ms = int(source.clock.now_s() * 1000)
    while True:
        raw, after = _list(source.transport, wish, cursor.after)
        until_ms = cursor.until_ms or _earlier(started_ms, source.transport)
        cursor = Cursor(until_ms=until_ms, after=after)
        page_cursor = cursor if after else Cursor(since_ms=until_ms)
        records = to_records(raw, wish, stages=source.stages, inline=True)
        yield Page(wish.item.kind.name, tuple(records), page_cursor.to_text(), last=not after)
        if not after:
            return


def _changes(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Page]:
    started_ms = int(source.clock.now_s() * 1000)
    since_ms = max(_EARLIEST_MS, (cursor.since_ms or 0) - int(source.overlap_s * 1000))
    pages = changed(source.transport, wish, since_ms=since_ms, above_id=cursor.above_id)
    for found in pages:
        until_ms = cursor.until_ms or _earlier(started_ms, source.transport)
        cursor = replace(cursor, until_ms=until_ms, above_id=found.above_id)
        page_cursor = Cursor(since_ms=until_ms) if found.last else cursor
        records = to_records(found.records, wish, stages=source.stages)
        yield Page(wish.item.kind.name, tuple(records), page_cursor.to_text(), last=found.last)


def _list(transport: Transport, wish: Wish, after: str) -> tuple[list[Raw], str]:
    """One page of the list endpoint and where the next one starts; empty at the end."""
    fits = sum(len(name) + len("&properties=") for name in wish.properties) < api.QUERY_CHARACTERS
    answer = transport.call(
        transport.records.get_page,
        wish.item.plural,
        limit=api.LIST_PAGE,
        after=after or None,
        properties=wish.properties if fits else None,
        associations=[api.OBJECTS[name].plural for name in wish.item.inline] or None,
    )
    raw: list[Raw] = answer.get("results") or []
    if not fits:
        raw = _with_properties(transport, wish, raw)
    following = ((answer.get("paging") or {}).get("next") or {}).get("after")
    return raw, str(following or "")


def _with_properties(transport: Transport, wish: Wish, raw: list[Raw]) -> list[Raw]:
    """Listed records, their links kept, with properties too many for an address."""
    listed = {one["id"]: one for one in raw}
    full = read_raw(transport, wish, list(listed))
    # One that was merged meanwhile is answered under its new id, and found by a later page.
    return [{**listed[one["id"]], **one} for one in full if one["id"] in listed]


def _earlier(ours_ms: int, transport: Transport) -> int:
    """The earlier of our clock at the start and the server's at its answer."""
    theirs_s = transport.server_now_s
    return ours_ms if theirs_s is None else min(ours_ms, int(theirs_s * 1000))

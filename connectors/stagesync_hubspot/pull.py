"""Pages of records: a first load by the list endpoint, later pulls by search.

The list endpoint has no limit of depth, no index lag and the larger allowance of calls. A search
costs one call when nothing changed. The bookmark of a pull is the moment at which it began, by the
earlier of two clocks (ours and the one that HubSpot's answers carry), because a clock that runs
ahead would skip what changes until then; and the next pull goes back behind it by the overlap,
because the index shows changes late.

When more than half of the base changed at once (an import, a mass edit), the list serves a later
pull as well: it costs no search, and twice as many records pass in the same time.
What a pull by stamp cannot find is the slow work of `cycles`, which comes after it when it is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import structlog

from stagesync.connector import Page, PermissionMissing
from stagesync_hubspot import api, cycles
from stagesync_hubspot.cursor import Cursor
from stagesync_hubspot.listing import list_page
from stagesync_hubspot.participations import participations
from stagesync_hubspot.records import Wish, losers, to_records
from stagesync_hubspot.search import changed
from stagesync_hubspot.source import Source, Step
from stagesync_hubspot.transport import Transport

log = structlog.get_logger()

_LIST_SLACK_MS = 60_000


def pull(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Page]:
    """The pages of one object from this cursor on; the last one even when it is empty.

    An optional object is pulled when it is due, and left out when HubSpot forbids it.
    """
    if not wish.item.is_optional:
        yield from _pull(source, wish, cursor)
    elif _is_early(source, cursor):
        yield Page(wish.item.kind.name, (), cursor.to_text(), last=True)
    else:
        try:
            yield from _pull(source, wish, cursor)
        except PermissionMissing as error:
            log.warning("hubspot_object_left_out", object=wish.item.kind.name, reason=str(error))
            yield Page(wish.item.kind.name, (), cursor.to_text(), last=True)


def _is_early(source: Source, cursor: Cursor) -> bool:
    """Whether the last pull is complete and fresh enough for what is no hurry."""
    if cursor.since_ms is None or cursor.until_ms is not None or cursor.job:
        return False
    return 0 <= source.now_ms() - cursor.since_ms < source.rhythm.optional_s * 1000


def _pull(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Page]:
    name, job = wish.item.kind.name, ""
    for step in _main(source, wish, cursor):
        cursor = step.cursor
        if step.ended and not wish.item.is_feed:
            job = cycles.due(source, wish, cursor)
        yield Page(name, step.records, cursor.to_text(), last=step.ended and not job)
    while job:
        under_way, job = job, ""
        for step in cycles.run(source, wish, cursor, job=under_way):
            cursor = step.cursor
            if step.ended:
                job = cycles.due(source, wish, cursor)
            yield Page(name, step.records, cursor.to_text(), last=step.ended and not job)


def _main(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Step]:
    """What changed since the bookmark; everything when there is none."""
    if wish.item.is_feed:
        return participations(source, wish, cursor)
    if cursor.since_ms is None or cursor.listing:
        return _by_list(source, wish, cursor)
    return _by_search(source, wish, cursor)


def _by_list(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Step]:
    started_ms, first = source.now_ms(), cursor.since_ms is None
    while True:
        raw, after = list_page(source.transport, wish, cursor.after)
        until_ms = cursor.until_ms or _earlier(started_ms, source.transport)
        listed = cursor.listed + len(raw)
        cursor = replace(cursor, until_ms=until_ms, after=after, listed=listed)
        records = to_records(raw, wish, stages=source.stages, inline=True)
        if not first:
            records += losers(raw, records)
        if not after:
            done: dict[str, Any] = {
                "again_ms": until_ms,
                "renewed_ms": until_ms,
                "base": listed,
                "listed": 0,
            }
            cursor = replace(cursor, listing=False, **done)
            bookmark_ms = until_ms if first else until_ms + _not_late_ms(source)
            yield Step(tuple(records), _ended(cursor, bookmark_ms), ended=True)
            return
        yield Step(tuple(records), cursor, ended=False)


def _by_search(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Step]:
    started_ms = source.now_ms()
    since_ms = source.from_ms(cursor.since_ms or 0)
    pages = changed(source.transport, wish, since_ms=since_ms, above_id=cursor.above_id)
    for found in pages:
        until_ms = cursor.until_ms or _earlier(started_ms, source.transport)
        if not cursor.above_id and _is_mass_change(found.left, cursor.base):
            listing = replace(cursor, until_ms=until_ms, listing=True)
            yield from _by_list(source, wish, listing)
            return
        cursor = replace(cursor, until_ms=until_ms, above_id=found.above_id)
        records = to_records(found.records, wish, stages=source.stages)
        records += losers(found.records, records)
        next_cursor = _ended(cursor, until_ms) if found.last else cursor
        yield Step(tuple(records), next_cursor, ended=found.last)


def _is_mass_change(changes: int, base: int) -> bool:
    return 0 < base < 2 * changes and changes > api.MANY_CHANGES


def _not_late_ms(source: Source) -> int:
    """How much of the overlap a list makes needless: it shows nothing late, as a search does.

    Without this a mass change would be found once more by the next search, and listed once more.
    """
    return max(0, int(source.rhythm.overlap_s * 1000) - _LIST_SLACK_MS)


def _ended(cursor: Cursor, until_ms: int) -> Cursor:
    """The cursor after a complete pull; after the first one, slow work counts from its start."""
    if cursor.since_ms is None:
        cursor = replace(cursor, again_ms=until_ms, swept_ms=until_ms, renewed_ms=until_ms)
    return replace(cursor, since_ms=until_ms, until_ms=None, after="", above_id=0)


def _earlier(ours_ms: int, transport: Transport) -> int:
    """The earlier of our clock at the start and the server's at its answer."""
    theirs_s = transport.server_now_s
    return ours_ms if theirs_s is None else min(ours_ms, int(theirs_s * 1000))

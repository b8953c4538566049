"""The slow work of a pull: what no search by stamp can find, done now and then.

    again      a window of changes is searched a second time, after an hour by default: the index
               was seen to show changes late and out of order by up to that long
    archived   the archive is walked: archiving a record moves no stamp, and search hides it.
               Restoring moves none either; so a cursor remembers the newest of the archive, and
               those that are not in it any more are read by id
    renew      everything is listed once more, where calculated properties are asked for: their
               change moves no stamp

A record erased for good (GDPR) leaves no trace in any answer: only its webhook tells, and a count
of the records that is lower than ours. A record merged into another one is told by the other one.
Each kind costs calls only when it is due, and waits while others need the account's calls.
Its place stands in the cursor, so that one that is broken off goes on with the next pull.

Source: https://developers.hubspot.com/docs/api-reference/search/guide (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import structlog

from stagesync.connector import Record
from stagesync_hubspot import api
from stagesync_hubspot.cursor import Archived, Cursor
from stagesync_hubspot.listing import list_page
from stagesync_hubspot.records import Wish, losers, to_records, unix_s
from stagesync_hubspot.search import Raw, changed, read_raw
from stagesync_hubspot.source import Source, Step

log = structlog.get_logger()

_SKEW_MS = 3_600_000
"""How far the clock that stamps the archive may differ from the one that stamps our bookmarks."""


def due(source: Source, wish: Wish, cursor: Cursor) -> str:
    """The slow work that is under way or that it is time for; empty when none."""
    if not source.transport.has_spare():
        return ""
    if cursor.job:
        return cursor.job
    now_ms, rhythm = source.now_ms(), source.rhythm
    second_s = None if rhythm.second_pass_s is None else 2 * rhythm.second_pass_s
    if cursor.again_ms != cursor.since_ms and _is_due(cursor.again_ms, second_s, now_ms):
        return "again"
    if _is_due(cursor.swept_ms, rhythm.sweep_s, now_ms):
        return "archived"
    if wish.calculated != frozenset() and _is_due(cursor.renewed_ms, rhythm.renew_s, now_ms):
        return "renew"
    return ""


def run(source: Source, wish: Wish, cursor: Cursor, *, job: str) -> Iterator[Step]:
    """Do it, from its start or from where it was broken off, until it is done or others need the calls."""
    if not cursor.job:
        unseen = tuple(one for _, one in cursor.archived) if job == "archived" else ()
        cursor = replace(cursor, job=job, job_ms=source.now_ms(), job_unseen=unseen)
        log.info("hubspot_slow_work", object=wish.item.kind.name, job=job)
    works: dict[str, Callable[[Source, Wish, Cursor], Iterator[Step]]] = {
        "again": _again,
        "archived": _sweep,
        "renew": _renew,
    }
    for step in works[job](source, wish, cursor):
        if not step.ended and not source.transport.has_spare():
            # Its place stands in the cursor: it goes on when there is room again.
            yield replace(step, ended=True)
            return
        yield step


def _is_due(done_ms: int | None, every_s: float | None, now_ms: int) -> bool:
    if every_s is None:
        return False
    # What was done in the future was done before our clock was set back.
    return done_ms is None or not 0 <= now_ms - done_ms < every_s * 1000


def _done(cursor: Cursor) -> Cursor:
    blank = Cursor()
    return replace(
        cursor,
        job="",
        job_ms=0,
        job_after="",
        job_above_id=0,
        job_archived=blank.job_archived,
        job_unseen=blank.job_unseen,
    )


def _again(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Step]:
    """The window that ended one delay before this work began."""
    delay_ms = int((source.rhythm.second_pass_s or 0) * 1000)
    known_ms = cursor.again_ms or (cursor.since_ms or 0) - 2 * delay_ms
    if known_ms > cursor.job_ms:
        known_ms = cursor.job_ms - 2 * delay_ms
    since_ms = source.from_ms(known_ms)
    until_ms = max(since_ms, cursor.job_ms - delay_ms)
    pages = changed(
        source.transport, wish, since_ms=since_ms, until_ms=until_ms, above_id=cursor.job_above_id
    )
    for found in pages:
        records = to_records(found.records, wish, stages=source.stages)
        records += losers(found.records, records)
        cursor = replace(cursor, job_above_id=found.above_id)
        if found.last:
            cursor = replace(_done(cursor), again_ms=until_ms)
        yield Step(tuple(records), cursor, ended=found.last)


def _renew(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Step]:
    """Every live record once more, if anything calculated is asked for."""
    if not source.calculated(wish.item.kind.name) & set(wish.fields):
        yield Step((), replace(_done(cursor), renewed_ms=cursor.job_ms), ended=True)
        return
    while True:
        raw, after = list_page(source.transport, wish, cursor.job_after)
        records = to_records(raw, wish, stages=source.stages, inline=True)
        records += losers(raw, records)
        cursor = replace(cursor, job_after=after)
        if not after:
            cursor = replace(_done(cursor), renewed_ms=cursor.job_ms)
        yield Step(tuple(records), cursor, ended=not after)
        if not after:
            return


def _sweep(source: Source, wish: Wish, cursor: Cursor) -> Iterator[Step]:
    """What was archived since the last sweep, and at the end what was brought back."""
    known_ms = (cursor.swept_ms or 0) - _SKEW_MS
    if known_ms > cursor.job_ms:
        known_ms = 0
    while True:
        raw, after = list_page(source.transport, wish, cursor.job_after, archived=True)
        stamps = {int(one["id"]): int(unix_s(_archived_at(one)) * 1000) for one in raw}
        fresh = [one for one in raw if stamps[int(one["id"])] >= known_ms]
        records = [_gone(one) for one in to_records(fresh, wish, stages=source.stages)]
        # What a merge made may be archived before any search has shown it.
        records += losers(fresh, records)
        cursor = replace(
            cursor,
            job_after=after,
            job_archived=_newest(cursor.job_archived, stamps),
            job_unseen=tuple(one for one in cursor.job_unseen if one not in stamps),
        )
        if not after:
            records += _restored(source, wish, cursor.job_unseen)
            known, began_ms = cursor.job_archived, cursor.job_ms
            cursor = replace(_done(cursor), archived=known, swept_ms=began_ms)
        yield Step(tuple(records), cursor, ended=not after)
        if not after:
            return


def _restored(source: Source, wish: Wish, ids: tuple[int, ...]) -> list[Record]:
    """Those that are live again; what was erased or kept too long is not answered."""
    if not ids:
        return []
    raw = read_raw(source.transport, wish, [str(one) for one in ids])
    records = to_records(raw, wish, stages=source.stages)
    return records + losers(raw, records)


def _archived_at(raw: Raw) -> str:
    return str(raw.get("archivedAt") or raw["updatedAt"])


def _newest(known: Archived, found: dict[int, int]) -> Archived:
    more = ((stamp, one) for one, stamp in found.items())
    return tuple(sorted({*known, *more}, reverse=True)[: api.KNOWN_ARCHIVED])


def _gone(record: Record) -> Record:
    """It names nobody any more, and needs no call to know that."""
    return replace(record, gone=True, links={})

"""What changed since a cursor.

A first load goes by key, so that it uses the key's index and finds rows without a stamp. Later pulls
go by (stamp, key), from the bookmark less the overlap on.

The bookmark follows the rows, not the clock: it is the newest stamp that stood in the table when the
pull began. A warehouse is filled by loads that arrive hours after their rows were stamped; a bookmark
that followed the clock would be past them. The price is that rows within the overlap of the newest
stamp come with every pull. A stamp more than a day ahead of our clock is somebody's mistake and moves
no bookmark.

    since    rows stamped earlier have been handed out; absent in a first load
    began    the bookmark that the pull under way will leave
    at       place of the last row handed out by the pull under way: its key, or stamp and key
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from stagesync.connector import AnswerUnreadable, Clock, Page, Pull
from stagesync_sql.records import record_of, select
from stagesync_sql.shape import Shape, Shapes
from stagesync_sql.stamps import Stamps
from stagesync_sql.transport import Transport
from stagesync_sql.values import stored

_VERSION = 1
_AHEAD_S = 86_400.0
_PLACE = "stagesync place"
Place = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pull of one object stands; stamps and keys as text or numbers."""

    since: Any = None
    began: Any = None
    at: Place | None = None

    def text(self) -> str:
        """The opaque form."""
        body = {"v": _VERSION, "since": self.since, "began": self.began, "at": self.at}
        return orjson.dumps(body, default=str).decode()

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The cursor of a text; one of another version stands for everything from the start."""
        try:
            body = orjson.loads(text or "null") or {}
            if body.get("v") != _VERSION:
                return cls()
            at = body["at"]
            return cls(body["since"], body["began"], tuple(at) if at else None)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()


@dataclass(frozen=True, slots=True)
class Source:
    """What pulls of one connection share."""

    transport: Transport
    shapes: Shapes
    clock: Clock
    overlap_s: float
    page_size: int
    zone: ZoneInfo


def pull(source: Source, wanted: Sequence[Pull]) -> Iterator[Page]:
    """Pages of everything that changed since each cursor; see `Connector.pull`."""
    # All of them are checked before the first query: a mapping's mistake costs nothing.
    for each in wanted:
        select(source.shapes.of(each.object), each.fields)
    for each in wanted:
        yield from _pull(source, each, source.shapes.of(each.object))


def _pull(source: Source, wanted: Pull, shape: Shape) -> Iterator[Page]:
    stamps = Stamps(shape, as_text=source.transport.is_sqlite, zone=source.zone)
    cursor = Cursor.read(wanted.cursor)
    if cursor.began is None:
        cursor = replace(cursor, began=_newest(source, stamps) or cursor.since, at=None)
    while True:
        rows = source.transport.rows(_query(source, wanted, stamps, cursor=cursor))
        records = tuple(record_of(shape, row, wanted.fields, zone=source.zone) for row in rows)
        if len(rows) < source.page_size:
            done = Cursor(since=cursor.began)
            yield Page(wanted.object, records, done.text(), last=True)
            return
        cursor = _moved(cursor, _place(stamps, rows[-1], cursor))
        yield Page(wanted.object, records, cursor.text(), last=False)


def _query(source: Source, wanted: Pull, stamps: Stamps, *, cursor: Cursor) -> sa.Select[Any]:
    shape, stamp = stamps.shape, stamps.column
    query = select(shape, wanted.fields).add_columns(stamp.label(_PLACE)).limit(source.page_size)
    if cursor.since is None:
        query = query.where(sa.not_(shape.is_gone())).order_by(shape.key)
        if cursor.at:
            query = query.where(shape.key > stored(cursor.at[0], shape.key, zone=source.zone))
        return query
    query = query.order_by(stamp, shape.key)
    if cursor.at:
        last, key = stamps.bound(cursor.at[0]), stored(cursor.at[1], shape.key, zone=source.zone)
        return query.where(sa.or_(stamp > last, sa.and_(stamp == last, shape.key > key)))
    return query.where(stamp >= stamps.earlier(cursor.since, by_s=source.overlap_s))


def _place(stamps: Stamps, row: Mapping[str, Any], cursor: Cursor) -> Place:
    key = stamps.plain(row[stamps.shape.options.key])
    return (key,) if cursor.since is None else (stamps.plain(row[_PLACE]), key)


def _moved(cursor: Cursor, place: Place) -> Cursor:
    if place == cursor.at:
        raise AnswerUnreadable(
            "a pull stays in one place: the stamps are finer than a microsecond",
            hint="map a view that rounds the stamp",
        )
    return replace(cursor, at=place)


def _newest(source: Source, stamps: Stamps) -> Any:
    """The newest stamp in the table that is no mistake; None in an empty table."""
    stamp, limit = stamps.column, stamps.at(source.clock.now_s() + _AHEAD_S)
    query = sa.select(sa.func.max(stamp).label("newest")).where(stamp <= limit)
    return stamps.plain(source.transport.rows(query)[0]["newest"])

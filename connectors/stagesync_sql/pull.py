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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from stagesync.connector import AnswerUnreadable, Clock, Page, Pull, RequestRefused
from stagesync_sql.records import record_of, select
from stagesync_sql.shape import Shape, Shapes
from stagesync_sql.transport import Transport
from stagesync_sql.values import stored

_VERSION = 1
_AHEAD_S = 86_400.0
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
    cursor = Cursor.read(wanted.cursor)
    if cursor.began is None:
        cursor = replace(cursor, began=_newest(source, shape) or cursor.since, at=None)
    while True:
        rows = source.transport.rows(_query(source, wanted, shape, cursor=cursor))
        records = tuple(record_of(shape, row, wanted.fields, zone=source.zone) for row in rows)
        if len(rows) < source.page_size:
            done = Cursor(since=cursor.began)
            yield Page(wanted.object, records, done.text(), last=True)
            return
        cursor = _moved(cursor, _place(shape, rows[-1], cursor))
        yield Page(wanted.object, records, cursor.text(), last=False)


def _query(source: Source, wanted: Pull, shape: Shape, *, cursor: Cursor) -> sa.Select[Any]:
    query = select(shape, wanted.fields).limit(source.page_size)
    if cursor.since is None:
        query = query.where(sa.not_(shape.is_gone())).order_by(shape.key)
        if cursor.at:
            query = query.where(shape.key > stored(cursor.at[0], shape.key, zone=source.zone))
        return query
    query = query.order_by(shape.changed, shape.key)
    if cursor.at:
        stamp = _stamp(cursor.at[0], shape, zone=source.zone)
        key = stored(cursor.at[1], shape.key, zone=source.zone)
        later, same = shape.changed > stamp, shape.changed == stamp
        return query.where(sa.or_(later, sa.and_(same, shape.key > key)))
    since = _stamp(cursor.since, shape, zone=source.zone)
    return query.where(shape.changed >= _earlier(since, shape, overlap_s=source.overlap_s))


def _place(shape: Shape, row: Any, cursor: Cursor) -> Place:
    key = _plain(row[shape.options.key])
    return (key,) if cursor.since is None else (_plain(row[shape.options.changed]), key)


def _moved(cursor: Cursor, place: Place) -> Cursor:
    if place == cursor.at:
        raise AnswerUnreadable(
            "a pull stays in one place: the stamps are finer than a microsecond",
            hint="map a view that rounds the stamp",
        )
    return replace(cursor, at=place)


def _newest(source: Source, shape: Shape) -> Any:
    """The newest stamp in the table that is no mistake; None in an empty table."""
    limit = _at(source.clock.now_s() + _AHEAD_S, shape, zone=source.zone)
    query = sa.select(sa.func.max(shape.changed).label("newest")).where(shape.changed <= limit)
    return _plain(source.transport.rows(query)[0]["newest"])


def _plain(value: Any) -> Any:
    """A stamp or key as JSON holds it."""
    if value is None or isinstance(value, int | float | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _stamp(value: Any, shape: Shape, *, zone: ZoneInfo) -> Any:
    """A stamp from a cursor as its column takes it."""
    match shape.changed.type:
        case sa.DateTime():
            instant = datetime.fromisoformat(str(value))
            return (
                instant
                if instant.tzinfo or not shape.changed.type.timezone
                else instant.replace(tzinfo=zone)
            )
        case sa.Date():
            return date.fromisoformat(str(value))
        case _:
            return value


def _at(unix_s: float, shape: Shape, *, zone: ZoneInfo) -> Any:
    """An instant as the stamp's column would hold it."""
    instant = datetime.fromtimestamp(unix_s, UTC)
    match shape.changed.type:
        case sa.DateTime():
            if shape.changed.type.timezone:
                return instant
            return instant.astimezone(zone).replace(tzinfo=None)
        case sa.Date():
            return instant.astimezone(zone).date()
        case sa.Integer() | sa.Float() | sa.Numeric():
            return unix_s * _per_s(shape)
        case _:
            raise RequestRefused(
                f"column {shape.changed.name} of {shape.options.table} holds neither instants nor numbers",
                hint=f"name another column as `tables.{shape.name}.changed`, or map a view that casts it",
            )


def _earlier(stamp: Any, shape: Shape, *, overlap_s: float) -> Any:
    match shape.changed.type:
        case sa.DateTime():
            return stamp - timedelta(seconds=overlap_s)
        case sa.Date():
            return stamp - timedelta(days=ceil(overlap_s / 86_400))
        case _:
            return stamp - overlap_s * _per_s(shape)


def _per_s(shape: Shape) -> int:
    return 1000 if shape.options.unit == "milliseconds" else 1

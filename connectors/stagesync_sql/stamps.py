"""The column that says when a row was last changed: how it is ordered and compared.

SQLite has no type for instants: it keeps whatever text a program wrote (`2026-11-18 10:00:00`, with `T`,
with or without fractions) and orders it as text. So there a stamp is compared as the text it is. An
instant that we work out ourselves is written to the second with a blank, which no spelling of the same
second comes before: a comparison can then find a row too many and never one too few.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from stagesync.connector import AnswerUnreadable, RequestRefused
from stagesync_sql.shape import Shape

_NUMBERS = (sa.Integer, sa.Float, sa.Numeric)


@dataclass(frozen=True, slots=True)
class Stamps:
    """The stamps of one table.

    Attributes:
        as_text: the database orders instants as text.
        zone: of instants that are stored without one.
    """

    shape: Shape
    as_text: bool
    zone: ZoneInfo

    @property
    def column(self) -> sa.ColumnElement[Any]:
        """What rows are ordered and compared by."""
        column = self.shape.changed
        if not isinstance(column.type, (sa.DateTime, sa.Date, *_NUMBERS)):
            raise RequestRefused(
                f"column {column.name} of {self.shape.options.table} holds neither instants nor numbers",
                hint=f"name another column as `tables.{self.shape.name}.changed`, or a view that casts it",
            )
        return sa.type_coerce(column, sa.String()) if self._is_text else column

    def plain(self, value: Any) -> Any:
        """A stamp as a cursor holds it: text or a number."""
        if value is None or isinstance(value, int | float | str):
            return value
        return value.isoformat() if isinstance(value, date) else str(value)

    def bound(self, value: Any) -> Any:
        """A stamp from a cursor as the column takes it."""
        match self.shape.changed.type:
            case _ if self._is_text:
                return str(value)
            case sa.DateTime():
                return datetime.fromisoformat(str(value))
            case sa.Date():
                return date.fromisoformat(str(value))
            case sa.Numeric():
                return Decimal(str(value))
            case _:
                return value

    def at(self, unix_s: float) -> Any:
        """An instant as the column takes it."""
        instant, kind = datetime.fromtimestamp(unix_s, UTC), self.shape.changed.type
        match kind:
            case sa.DateTime():
                if not kind.timezone or self._is_text:
                    instant = instant.astimezone(self.zone).replace(tzinfo=None)
                return _text(instant) if self._is_text else instant
            case sa.Date():
                day = instant.astimezone(self.zone).date()
                return day.isoformat() if self._is_text else day
            case _:
                return unix_s * self._per_s

    def earlier(self, value: Any, *, by_s: float) -> Any:
        """A stamp from a cursor, so many seconds before, as the column takes it."""
        match self.shape.changed.type:
            case sa.DateTime():
                instant = self._instant(value) - timedelta(seconds=by_s)
                return _text(instant) if self._is_text else instant
            case sa.Date():
                day = self._instant(value).date() - timedelta(days=ceil(by_s / 86_400))
                return day.isoformat() if self._is_text else day
            case _:
                stamp = self.bound(value)
                # A decimal takes no float from itself.
                return stamp - type(stamp)(ceil(by_s * self._per_s))

    def _instant(self, value: Any) -> datetime:
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            name = self.shape.changed.name
            raise AnswerUnreadable(f"column {name} holds a text that is no instant") from None

    @property
    def _is_text(self) -> bool:
        return self.as_text and isinstance(self.shape.changed.type, sa.DateTime | sa.Date)

    @property
    def _per_s(self) -> int:
        return 1000 if self.shape.options.unit == "milliseconds" else 1


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S")

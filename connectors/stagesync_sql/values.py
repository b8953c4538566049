"""Values as a database holds them, and as the contract has them."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from stagesync.connector import FieldType, FieldValue

_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def type_of(column: sa.Column[Any]) -> FieldType:
    """What a column holds."""
    match column.type:
        case sa.Boolean():
            return FieldType.FLAG
        case sa.Integer() | sa.Float() | sa.Numeric():
            return FieldType.NUMBER
        case sa.DateTime():
            return FieldType.INSTANT
        case sa.Date():
            return FieldType.DATE
        case sa.Enum():
            return FieldType.CHOICE
        case sa.String() | sa.Uuid():
            return FieldType.TEXT
        case _:
            return FieldType.OTHER


def told(value: Any, zone: ZoneInfo) -> FieldValue:
    """A value of a row in the contract's form; an empty one is None.

    Args:
        zone: of instants that are stored without one.
    """
    match value:
        case None | "":
            return None
        case bool() | int() | float() | str():
            return value
        case Decimal():
            return float(value)
        case datetime():
            return _aware(value, zone).isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def stored(value: FieldValue, column: sa.Column[Any], *, zone: ZoneInfo) -> Any:
    """A value of the contract as this column takes it; the empty text empties.

    Raises:
        ValueError: the column holds values of another kind.
    """
    if value is None or value == "":
        return None
    match column.type:
        case sa.Boolean():
            return value if isinstance(value, bool) else _truth(str(value))
        case sa.Integer():
            return _whole(value)
        case sa.Float():
            return float(value)
        case sa.Numeric():
            return _decimal(value)
        case sa.DateTime():
            return _instant(str(value), column.type, zone=zone)
        case sa.Date():
            return date.fromisoformat(str(value))
        case sa.Uuid():
            return uuid.UUID(str(value)) if column.type.as_uuid else str(value)
        case _:
            return str(value).lower() if isinstance(value, bool) else str(value)


def is_same(wish: Any, held: Any, column: sa.Column[Any]) -> bool:
    """Whether a column holds what was written, as exactly as it can hold anything."""
    if wish is None or held is None:
        return wish is held or held == ""
    match column.type:
        case sa.Float():
            return abs(float(wish) - float(held)) <= 1e-6 * max(1.0, abs(float(wish)))
        case sa.Numeric() if column.type.scale is not None:
            return abs(float(wish) - float(held)) <= 0.5 * 10.0**-column.type.scale + 1e-9
        case sa.DateTime():
            return bool(wish.replace(microsecond=0) == held.replace(microsecond=0))
        case sa.String():
            return str(wish).rstrip() == str(held).rstrip()
        case _:
            return bool(wish == held)


def unix_s(value: Any, *, unit: str, zone: ZoneInfo) -> float:
    """Unix seconds of a stamp; 0 for none."""
    match value:
        case None:
            return 0.0
        case datetime():
            return _aware(value, zone).timestamp()
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=zone).timestamp()
        case _:
            return float(value) / (1000 if unit == "milliseconds" else 1)


def _aware(value: datetime, zone: ZoneInfo) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _instant(text: str, kind: sa.DateTime, *, zone: ZoneInfo) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return (
        instant.astimezone(UTC) if kind.timezone else instant.astimezone(zone).replace(tzinfo=None)
    )


def _whole(value: FieldValue) -> int:
    """Of `12` and `12.0`; digits beyond a float's reach are kept."""
    try:
        return int(str(value))
    except ValueError:
        number = float(str(value))
        if not number.is_integer():
            raise
        return int(number)


def _decimal(value: FieldValue) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not a number") from None


def _truth(text: str) -> bool:
    try:
        return _TRUTHS[text.lower()]
    except KeyError:
        raise ValueError("neither true nor false") from None

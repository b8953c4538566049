"""Instants, between text and seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AS = "write it as 2026-10-01T10:00:00Z"

DAY_S = 86400.0


def parse_instant(text: str) -> float:
    """Unix seconds of an ISO 8601 instant that names its zone, such as `2026-10-01T10:00:00+02:00`.

    Raises:
        ValueError: not an instant, or one without a zone; the message does not repeat the text.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"is not an instant, {_AS}") from None
    if moment.tzinfo is None:
        raise ValueError(f"is an instant without a time zone, {_AS}")
    return (moment - _EPOCH).total_seconds()


def format_instant(seconds: float) -> str:
    """ISO 8601 in UTC, such as `2026-10-01T10:00:00Z`; a fraction only when there is one.

    Raises:
        OverflowError: outside the years 1 to 9999.
    """
    text = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    whole, point, fraction = text.partition(".")
    return f"{whole}{point}{fraction.rstrip('0')}Z"

"""Instants and dates as the REST API writes and reads them.

A stored datetime is Unix seconds; JSON carries ``2024-09-24T03:26:07.000+0000``, without a colon in
the offset. A stored date is ``YYYY-MM-DD`` text.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

_DATETIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})", re.IGNORECASE
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@lru_cache(maxsize=200_000)
def show_datetime(stamp: float) -> str:
    """The JSON form of Unix seconds; the milliseconds of a stamp are always zero."""
    moment = datetime.fromtimestamp(stamp, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def parse_datetime(text: str) -> float | None:
    """Unix seconds of a datetime with a zone, or None when the text is not one."""
    if not _DATETIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except ValueError:
        return None


def parse_date(text: str) -> str | None:
    """The same text when it is a real calendar day, else None."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def day_of(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).date().isoformat()

"""Durations as people write them, in every file and option."""

from __future__ import annotations

import re

_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhdw])\s*")
_LONGEST_S = 100 * 366 * 86_400
"""A century: what is longer is a mistake, and dates that far away do not exist everywhere."""


def seconds_of(text: str) -> float | None:
    """Seconds of a duration such as `15m`, `24h`, `180d` or `2w`; None when the text is none."""
    found = _DURATION.fullmatch(text)
    seconds = float(found[1]) * _UNIT_S[found[2]] if found else None
    return seconds if seconds is None or seconds <= _LONGEST_S else None

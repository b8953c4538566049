"""Durations as people write them, in every file and option."""

from __future__ import annotations

import re

_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")


def seconds_of(text: str) -> float | None:
    """Seconds of a duration such as `15m`, `24h`, `180d` or `2w`; None when the text is none."""
    found = _DURATION.fullmatch(text)
    return float(found[1]) * _UNIT_S[found[2]] if found else None

"""Turns the generator's relative seconds into stamps, in the forms the CRMs keep."""

from functools import lru_cache
from random import Random
from time import gmtime

from stagesync.sandbox.world.model import DAY, Draft

NEWEST_AGE_S = 300
"""The anchor lies so many seconds before `now`; nothing that happened is newer."""

IMPORT_AGE = 410 * DAY
"""When the purchased list came in, all of it within one second."""


def anchor_of(now: float) -> int:
    return int(now) - NEWEST_AGE_S


@lru_cache(maxsize=65_536)
def day(seconds: int) -> str:
    """The UTC day of Unix seconds, "YYYY-MM-DD"."""
    at = gmtime(seconds)
    return f"{at.tm_year:04d}-{at.tm_mon:02d}-{at.tm_mday:02d}"


def millis(moment: int) -> int:
    """Milliseconds for a relative second; the same every time, and 0 at the anchor."""
    return moment * 7919 % 1000


def iso(anchor: int, moment: int) -> str:
    """The text that HubSpot keeps for an instant: UTC, milliseconds, Z."""
    at = gmtime(anchor + moment)
    date = f"{at.tm_year:04d}-{at.tm_mon:02d}-{at.tm_mday:02d}"
    return f"{date}T{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}.{millis(moment):03d}Z"


def stamp(anchor: int, moment: int) -> float:
    """Unix seconds of the same instant."""
    return anchor + moment + millis(moment) / 1000


def first_known(rng: Random, draft: Draft) -> int:
    """When a CRM first had a record of someone: before the story's first instant."""
    if draft.imported:
        return min(-IMPORT_AGE, draft.story.oldest)
    before = draft.story.oldest or -rng.randrange(DAY, 700 * DAY)
    return before - rng.randrange(60, 40 * DAY)


def last_changed(rng: Random, created: int, *, newest: int) -> int:
    """When a record was last touched: soon after its last event, sometimes long after."""
    if rng.random() < 0.2:
        return rng.randrange(newest, 0) if newest < 0 else 0
    return min(max(newest, created) + rng.randrange(60, 7200), -1)

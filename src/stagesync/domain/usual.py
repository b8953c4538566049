"""When a quiet week, or a busy night, is not a usual one: each is held against its own past days.

Days are whole days of UTC, counted since 1970. What is judged is held against the same weekdays before it, so
that a weekend is no silence; what happens seldom needs long to be missed, and what is new is not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

DAY_S = 86_400.0
WEEK = 7

LOOK_BACK = 56
"""Days that a silence is held against, before it began."""

AT_LEAST = 21
"""Days that something must have been known for before its silence means anything."""

CHANCE = 0.002
"""A silence is told when so many days without anything in a row would come about by chance so seldom."""

DOUBT = 2.0
"""Weeks by which what is known of a weekday is drawn towards all days."""

USUAL_STEPS = 10
"""Days that must be known before one of them can be called unusual."""

TIMES = 5.0
"""How many times its usual change a stage's share must change within a day."""

SHARE = 0.02
"""A smaller change of a stage's share of all is never unusual."""


def day_of(at_s: float) -> int:
    """The day of an instant."""
    return int(at_s // DAY_S)


def silent_days(counts: Mapping[int, int], today: int) -> int:
    """How many whole days it has been silent for, where that is unusual; else 0.

    For each weekday it is known how often the past weeks brought something on it; that, drawn a little towards
    the rate of all days because few weeks prove little, is the chance of the next one. The chances of all silent
    days multiply: three working days of something daily are unusual, and so are four weeks of something weekly.

    Args:
        counts: day -> how much it brought; days without anything may be absent.
        today: is not over, and not judged.
    """
    past = [day for day, count in counts.items() if count and day < today]
    if not past or counts.get(today):
        return 0
    last = max(past)
    first = max(min(past), last - LOOK_BACK + 1)
    if last - first + 1 < AT_LEAST:
        return 0
    busy = {day for day in past if day >= first}
    rate = len(busy) / (last - first + 1)
    chance = 1.0
    for day in range(last + 1, today):
        same = range(last - (last - day) % WEEK, first - 1, -WEEK)
        usual = (sum(each in busy for each in same) + DOUBT * rate) / (len(same) + DOUBT)
        chance *= max(1 - usual, 1 / (len(same) + DOUBT))
    return today - last - 1 if chance <= CHANCE else 0


def unusual_steps(
    days: Sequence[Mapping[str, int]], *, never_below: int
) -> dict[str, tuple[float, float, float]]:
    """Stages whose share changed on the last day beyond what the usual days show.

    Args:
        days: how many people stood at each stage, oldest day first.
        never_below: so few people are never too many.

    Returns:
        Stage -> its share the day before, its share now, and its usual change in a day.
    """
    if len(days) < USUAL_STEPS + 2:
        return {}
    found = {}
    for stage in sorted({name for day in days for name in day}):
        shares = [_share(day, stage) for day in days]
        steps = [abs(now - before) for before, now in pairwise(shares)]
        usual = median(steps[:-1])
        moved = abs(days[-1].get(stage, 0) - days[-2].get(stage, 0))
        if steps[-1] > max(SHARE, TIMES * usual) and moved > never_below:
            found[stage] = (shares[-2], shares[-1], usual)
    return found


def _share(day: Mapping[str, int], stage: str) -> float:
    return day.get(stage, 0) / max(1, sum(day.values()))

"""Where a funnel leaks: gaps, and the weeks and months it is told by.

A gap is a stage that nobody passes through, that nobody stands at, that more than a fifth jump over, the step at
which most are lost, and a step that a week ago brought up less than half of what it usually does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from statistics import median

SKIPPED_SHARE = 0.2
"""A stage is skipped when more than this share of those who go past it jump over it."""

USUAL_SHARE = 0.5
"""A step is below its usual when it converts less than this share of its own median."""

WEEKS = 12
"""The weeks whose median is the usual; the one after them is judged."""

FEWEST = 10
"""A week in which fewer stood before a step says nothing about it."""

Span = tuple[float, float]
"""Unix seconds: from an instant, included, to another one, excluded."""


class GapKind(StrEnum):
    """What is wrong; as the funnel's document names it."""

    UNUSED = "unused"
    EMPTY = "empty"
    SKIPPED = "skipped"
    BIGGEST_DROP = "biggest_drop"
    BELOW_USUAL = "below_usual"


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the funnel leaks.

    Attributes:
        stage: the stage, or the one below the step.
        to: the stage above the step; empty for a gap that is no step.
        share: who jumped over it, or who went up the step; None where no share is meant.
        usual: the share of other weeks; None where none is meant.
    """

    kind: GapKind
    stage: str
    to: str = ""
    share: float | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From a stage of the ladder to the next one.

    Attributes:
        entered: who came to the lower stage.
        reached: who of them came to the upper one, or beyond.
        weeks: share of those who stood at the lower stage in a week that went up in it, oldest first; None
            for a week that says nothing.
    """

    low: str
    high: str
    entered: int
    reached: int
    weeks: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True)
class Rung:
    """A stage of the ladder.

    Attributes:
        people: who stand there at the end.
        used: somebody stood there at some time.
        stopped: moves up the ladder that ended there.
        skipped: moves up the ladder that went over it.
    """

    stage: str
    people: int
    used: bool
    stopped: int
    skipped: int


def gaps_of(rungs: Sequence[Rung], steps: Sequence[Step]) -> list[Gap]:
    """Every gap, lowest stage first for each kind."""
    found = [Gap(GapKind.UNUSED, each.stage) for each in rungs if not each.used]
    found += [Gap(GapKind.EMPTY, each.stage) for each in rungs if each.used and not each.people]
    for each in rungs:
        share = skipped_share(each)
        if share is not None and share > SKIPPED_SHARE:
            found.append(Gap(GapKind.SKIPPED, each.stage, share=share))
    begun = [each for each in steps if each.entered]
    if begun:
        worst = min(begun, key=lambda each: (each.reached / each.entered, -each.entered))
        if worst.reached < worst.entered:
            share = worst.reached / worst.entered
            found.append(Gap(GapKind.BIGGEST_DROP, worst.low, worst.high, share))
    return found + [gap for each in steps if (gap := _below_usual(each))]


def skipped_share(rung: Rung) -> float | None:
    """Of those who went up to it or past it, how many jumped over it; None when nobody did either."""
    total = rung.stopped + rung.skipped
    return rung.skipped / total if total else None


def _below_usual(step: Step) -> Gap | None:
    if len(step.weeks) != WEEKS + 1:
        return None
    *earlier, last = step.weeks
    known = [each for each in earlier if each is not None]
    if last is None or len(known) < WEEKS:
        return None
    usual = median(known)
    if last >= USUAL_SHARE * usual:
        return None
    return Gap(GapKind.BELOW_USUAL, step.low, step.high, last, usual)


def skips(
    moves: Mapping[tuple[int, int], int], ladder: Sequence[int]
) -> dict[int, tuple[int, int]]:
    """Stage of the ladder -> moves up that ended there, and moves up that went over it.

    Args:
        moves: stage, next stage -> how often.
        ladder: stages, lowest first.
    """
    rank = {stage: n for n, stage in enumerate(ladder)}
    found = dict.fromkeys(ladder, (0, 0))
    for (low, high), times in moves.items():
        if low not in rank or high not in rank:
            continue
        # Empty for a move down.
        for stage in ladder[rank[low] + 1 : rank[high] + 1]:
            stopped, skipped = found[stage]
            found[stage] = (
                (stopped + times, skipped) if stage == high else (stopped, skipped + times)
            )
    return found


def weekly_shares(before: int, weeks: Sequence[tuple[int, int, int]]) -> tuple[float | None, ...]:
    """Per week, the share of those who stood at a stage in it that went up in it.

    Args:
        before: who stood there when the first week began.
        weeks: per week who came, who left, and who of them left upwards.
    """
    shares: list[float | None] = []
    standing = before
    for came, left, up in weeks:
        stood = standing + came
        shares.append(up / stood if stood >= FEWEST else None)
        standing = stood - left
    return tuple(shares)


def periods(from_s: float, to_s: float, *, by: str) -> list[Span]:
    """The calendar weeks (from Monday on) or months, in UTC, that lie in a span, wholly or partly."""
    found = []
    start = _start_of(datetime.fromtimestamp(from_s, UTC), by)
    while start.timestamp() < to_s:
        end = _start_of(start + timedelta(days=7 if by == "week" else 31), by)
        found.append((start.timestamp(), end.timestamp()))
        start = end
    return found


def last_weeks(to_s: float) -> list[Span]:
    """The thirteen whole weeks before an instant, oldest first."""
    end = _start_of(datetime.fromtimestamp(to_s, UTC), "week")
    starts = [end - timedelta(weeks=n) for n in range(WEEKS + 1, 0, -1)]
    return [(each.timestamp(), (each + timedelta(weeks=1)).timestamp()) for each in starts]


def _start_of(moment: datetime, by: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(day=1) if by == "month" else day - timedelta(days=day.weekday())

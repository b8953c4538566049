"""The funnel once more, reckoned person by person: slow, plain, and without SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from stagesync.domain.vocabulary import Vocabulary
from stagesync.store.stood import Stand

DAY_S = 86_400.0
SEEN = ("moved", "arrived")
GONE = "(gone)"


@dataclass(frozen=True)
class Stay:
    """Somebody was at a stage."""

    who: str
    stage: str
    since: float
    how: str
    was: str | None
    until: float | None = None
    then: str | None = None
    then_how: str | None = None
    accepted_at: float | None = None


class Oracle:
    """Counts what `stagesync funnel` counts."""

    def __init__(
        self, words: Vocabulary, stands: Sequence[Stand], *, since: float, at: float, stage_of: Any
    ) -> None:
        self.words, self.since, self.at = words, since, at
        self.rank = {stage.id: stage.rank for stage in words.stages}
        self.ladder = sorted(
            (s.id for s in words.stages if s.rank is not None),
            key=lambda each: self.rank[each] or 0,
        )
        by_who: dict[str, list[Stand]] = {}
        for each in sorted(stands, key=lambda one: one.since_s):
            if each.since_s <= at:
                by_who.setdefault(each.subject, []).append(each)
        self.stays = [
            stay for who, theirs in by_who.items() for stay in self._stays(who, theirs, stage_of)
        ]

    def _stays(self, who: str, stands: Sequence[Stand], stage_of: Any) -> list[Stay]:
        found: list[Stay] = []
        for each in stands:
            stage, accepted = (GONE, False) if each.position is None else stage_of(each.position)
            last = found[-1] if found else None
            if last is None or last.stage != stage:
                if last is not None:
                    found[-1] = replace(
                        last, until=each.since_s, then=stage, then_how=str(each.how)
                    )
                was = last.stage if last else None
                found.append(Stay(who, stage, each.since_s, str(each.how), was))
            if accepted and found[-1].accepted_at is None:
                found[-1] = replace(found[-1], accepted_at=each.since_s)
        return [each for each in found if each.stage != GONE]

    def entered(self, stay: Stay) -> bool:
        low, high = self.rank.get(stay.was or ""), self.rank[stay.stage]
        return stay.how in SEEN and (low is None or high is None or low < high)

    def in_period(self, span: tuple[float, float] | None = None) -> list[Stay]:
        start, end = span or (self.since, self.at + 1)
        return [each for each in self.stays if max(start, self.since) <= each.since < end]

    def people(self) -> Counter[str]:
        return Counter(each.stage for each in self.stays if each.until is None)

    def came(self, stage: str) -> dict[str, int]:
        here = [each for each in self.in_period() if each.stage == stage]
        return {
            "entered": len({e.who for e in here if self.entered(e)}),
            "fell": len({e.who for e in here if e.how == "moved" and not self.entered(e)}),
            "found": len({e.who for e in here if e.how in ("found", "redefined")}),
        }

    def counting(self, stages: set[str], span: tuple[float, float] | None = None) -> int | None:
        """People who came to count as something."""
        if not stages:
            return None
        came = [e for e in self.in_period(span) if self.entered(e) and e.stage in stages]
        return len({each.who for each in came if each.was not in stages})

    def entered_in(self, span: tuple[float, float]) -> dict[str, int]:
        """Stage -> people who entered it in a span."""
        pairs = {(e.who, e.stage) for e in self.in_period(span) if self.entered(e)}
        return dict(Counter(stage for _, stage in pairs))

    def conversion(self, low: str, high: str) -> tuple[int, int, float | None] | None:
        first: dict[str, float] = {}
        for each in self.in_period():
            if each.stage == low and self.entered(each):
                first[each.who] = min(each.since, first.get(each.who, each.since))
        if not first:
            return None
        took = []
        for who, since in first.items():
            later = [
                each.since
                for each in self.stays
                if each.who == who
                and each.since > since
                and each.how == "moved"
                and (self.rank[each.stage] or 0) >= (self.rank[high] or 0)
                and self.rank[each.stage] is not None
            ]
            took += [min(later) - since] if later else []
        return len(first), len(took), quarter(took, 2)

    def days(self, stage: str) -> dict[str, Any] | None:
        took = [
            each.until - each.since
            for each in self.stays
            if each.stage == stage
            and each.until is not None
            and each.until >= self.since
            and each.how in SEEN
            and each.then_how == "moved"
        ]
        return quartiles(took)

    def days_so_far(self, stage: str) -> dict[str, Any] | None:
        here = [e for e in self.stays if e.stage == stage and e.until is None and e.how in SEEN]
        return quartiles([self.at - each.since for each in here])

    def skipped(self, stage: str) -> float | None:
        stopped = over = 0
        for each in self.in_period():
            low, high = self.rank.get(each.was or ""), self.rank[each.stage]
            if each.how != "moved" or low is None or high is None or high <= low:
                continue
            stopped += each.stage == stage
            over += low < (self.rank[stage] or 0) < high
        return over / (over + stopped) if over + stopped else None

    def handover(self, stages: set[str]) -> dict[str, Any]:
        handed = [
            e
            for e in self.in_period()
            if self.entered(e) and e.stage in stages and e.was not in stages
        ]
        took, returned, waiting = [], 0, 0
        for each in handed:
            then = self.rank.get(each.then or "")
            here = self.rank[each.stage] or 0
            moved = each.then_how == "moved"
            at = each.accepted_at
            if at is None and moved and then is not None and then > here:
                at = each.until
            took += [] if at is None else [at - each.since]
            returned += moved and (then is None or then < here)
            waiting += at is None and each.until is None
        return {
            "people": len(handed),
            "accepted": len(took),
            "returned": returned,
            "waiting": waiting,
            "median_days": quarter(took, 2),
        }

    def moves(self) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, Counter[str]] = {}
        for each in self.in_period():
            if each.how == "moved" and each.was not in (None, GONE):
                found.setdefault(str(each.was), Counter())[each.stage] += 1
        return {was: dict(to) for was, to in found.items()}


def quarter(times: Sequence[float], quarters: int) -> float | None:
    """The time by which so many quarters are done; in days."""
    if not times:
        return None
    return sorted(times)[ceil(len(times) * quarters / 4) - 1] / DAY_S


def quartiles(times: Sequence[float]) -> dict[str, Any] | None:
    if not times:
        return None
    names = ("lower_quartile", "median", "upper_quartile")
    return {"people": len(times), **{name: quarter(times, n + 1) for n, name in enumerate(names)}}

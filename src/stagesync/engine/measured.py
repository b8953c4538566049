"""The parts of a funnel's document, from what was counted of one vocabulary in one period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from stagesync.domain.funnel import (
    Rung,
    Step,
    gaps_of,
    skipped_share,
    skips,
    weekly_shares,
)
from stagesync.domain.stays import UNTOLD, Told
from stagesync.domain.tally import Period, Tally, quarter
from stagesync.domain.vocabulary import Stage, Vocabulary
from stagesync.engine.instants import iso

DAY_S = 86_400.0


def ladder_of(words: Vocabulary) -> list[int]:
    """Numbers of the stages of the ladder, lowest first."""
    ranked = [(stage.rank, n) for n, stage in enumerate(words.stages) if stage.rank is not None]
    return [n for _, n in sorted(ranked)]


def stages_with(words: Vocabulary, **wanted: object) -> list[int]:
    """Numbers of the stages whose treatment has one of these values."""
    return [
        n
        for n, stage in enumerate(words.stages)
        if any(stage.treatment.get(key) in _several(value) for key, value in wanted.items())
    ]


def tally_of(
    words: Vocabulary, told: Told, period: Period, *, watched: frozenset[str] = frozenset()
) -> Tally:
    """What is counted for the document of this vocabulary; nobody is counted yet."""
    groups = {
        "mql": stages_with(words, counts_as="mql"),
        "sql": stages_with(words, counts_as="sql"),
        "handed_over": stages_with(words, handover=True),
    }
    return Tally(told, period, groups, handover="handed_over", watched=watched)


class Measured:
    """The document of one vocabulary, when everybody was counted."""

    def __init__(self, words: Vocabulary, tally: Tally) -> None:
        self.words = words
        self.tally = tally
        self.ladder = ladder_of(words)

    def document(self) -> dict[str, Any]:
        """What is counted, without what only people have."""
        tally = self.tally
        steps = self._steps()
        over = skips(tally.moves, self.ladder)
        rungs = [
            Rung(self._id(n), tally.standing[n], n in tally.used, *over[n]) for n in self.ladder
        ]
        return {
            "people": sum(tally.standing.values()),
            "untold": tally.standing[UNTOLD],
            "stages": self._stages({each.stage: skipped_share(each) for each in rungs}),
            "conversion": self._conversion(),
            "moves": self._moves(),
            "gaps": [
                {**asdict(each), "kind": str(each.kind), "to": each.to or None}
                for each in gaps_of(rungs, steps)
            ],
            "usual_known": bool(steps and tally.period.weeks),
            "counts": self._counts(tally.counted),
            "periods": self._periods(),
            "handover": self._handover(),
        }

    def _id(self, number: int) -> str:
        return self.words.stages[number].id

    def _stages(self, skipped: Mapping[str, float | None]) -> list[dict[str, Any]]:
        """Lowest rung first, then those off the ladder."""
        tally = self.tally
        off = [n for n, stage in enumerate(self.words.stages) if stage.rank is None]
        return [
            {
                "id": stage.id,
                "labels": dict(stage.labels),
                "rank": stage.rank,
                **_meaning(stage),
                "people": tally.standing[n],
                "entered": tally.entered[n],
                "fell": tally.fell[n],
                "found": tally.found[n],
                "skipped": skipped.get(stage.id),
                "days": _days(tally.left_s.get(n, ())),
                "days_so_far": _days(tally.so_far_s.get(n, ())),
                "since_unknown": tally.unknown[n],
                "longest_days": max(tally.longest_s.get(n, 0.0), *tally.so_far_s.get(n, ()), 0.0)
                / DAY_S,
            }
            for n, stage in ((n, self.words.stages[n]) for n in (*self.ladder, *off))
        ]

    def _conversion(self) -> list[dict[str, Any]]:
        """Every pair of the ladder whose lower stage somebody entered."""
        found = []
        for low, stage in enumerate(self.ladder):
            entered = self.tally.entered[stage]
            for high in range(low + 1, len(self.ladder) if entered else 0):
                took_s = sorted(self.tally.ways_s.get((low, high), ()))
                found.append(
                    {
                        "from": self._id(stage),
                        "to": self._id(self.ladder[high]),
                        "entered": entered,
                        "reached": len(took_s),
                        "share": len(took_s) / entered,
                        "median_days": _in_days(quarter(took_s, 2)),
                    }
                )
        return found

    def _moves(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (low, high), times in sorted(self.tally.moves.items()):
            found.setdefault(self._id(low), {})[self._id(high)] = times
        return found

    def _steps(self) -> list[Step]:
        """From each rung to the next, with the weeks before, where all of them are known."""
        return [
            Step(
                self._id(stage),
                self._id(self.ladder[low + 1]),
                self.tally.entered[stage],
                len(self.tally.ways_s.get((low, low + 1), ())),
                self._weekly(stage),
            )
            for low, stage in enumerate(self.ladder[:-1])
        ]

    def _weekly(self, stage: int) -> tuple[float | None, ...]:
        flows = self.tally.flows
        told = [flows.get((n, stage), (0, 0, 0)) for n in range(len(self.tally.period.weeks))]
        return weekly_shares(self.tally.before[stage], [(a, b, c) for a, b, c in told])

    def _counts(self, counted: Mapping[str, int]) -> dict[str, int | None]:
        """People who came to count as MQL, as SQL, and who were handed to sales; None without a word for it."""
        return {
            name: counted.get(name, 0) if stages else None
            for name, stages in self.tally.groups.items()
        }

    def _periods(self) -> list[dict[str, Any]]:
        period, tally = self.tally.period, self.tally
        # What lies outside the period is not counted in its first and last week or month.
        entered: dict[int, dict[str, int]] = {}
        for (span, stage), people in sorted(tally.entered_by_span.items()):
            if stage >= 0:
                entered.setdefault(span, {})[self._id(stage)] = people
        counted: dict[int, dict[str, int]] = {}
        for (name, span), people in tally.counted_by_span.items():
            counted.setdefault(span, {})[name] = people
        return [
            {
                "from": iso(start),
                "to": iso(stop),
                "whole": start >= period.from_s and stop <= period.before_s,
                **self._counts(counted.get(n, {})),
                "entered": entered.get(n, {}),
            }
            for n, (start, stop) in enumerate(period.spans)
        ]

    def _handover(self) -> dict[str, Any] | None:
        stages = self.tally.groups["handed_over"]
        if not stages:
            return None
        found = self.tally.handed
        return {
            "stages": [self._id(n) for n in stages],
            "people": found.people,
            "accepted": len(found.took_s),
            "returned": found.returned,
            "waiting": found.waiting,
            "median_days": _in_days(quarter(sorted(found.took_s), 2)),
        }


def _several(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _meaning(stage: Stage) -> dict[str, Any]:
    return {
        "counts_as": stage.treatment.get("counts_as"),
        "handover": bool(stage.treatment.get("handover")),
    }


def _days(times_s: Sequence[float]) -> dict[str, Any] | None:
    """Quartiles in days, and of how many; None of nobody."""
    if not times_s:
        return None
    ranked = sorted(times_s)
    names = ("lower_quartile", "median", "upper_quartile")
    return {
        "people": len(ranked),
        **{name: _in_days(quarter(ranked, n)) for n, name in enumerate(names, start=1)},
    }


def _in_days(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / DAY_S

"""Counts the stays of one vocabulary in one period: the parts of the funnel's document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import Connection

from stagesync.domain.funnel import (
    Rung,
    Span,
    Step,
    gaps_of,
    last_weeks,
    periods,
    skipped_share,
    skips,
    weekly_shares,
)
from stagesync.domain.vocabulary import Stage, Vocabulary
from stagesync.engine.instants import iso
from stagesync.store import funnel as counted
from stagesync.store import stays
from stagesync.store.funnel import Reached
from stagesync.store.stays import UNTOLD

DAY_S = 86_400.0
NOBODY = Reached(0, None)
JUST_AFTER_S = 1.0
"""Instants are printed in whole seconds: one that is asked for includes all of its second."""


def ladder_of(words: Vocabulary) -> list[int]:
    """Numbers of the stages of the ladder, lowest first."""
    ranked = [(stage.rank, n) for n, stage in enumerate(words.stages) if stage.rank is not None]
    return [n for _, n in sorted(ranked)]


class Measured:
    """The stays of one vocabulary, and the period that is told of."""

    def __init__(self, tx: Connection, words: Vocabulary, *, at_s: float, from_s: float) -> None:
        self.tx = tx
        self.words = words
        self.at_s = at_s
        self.from_s = from_s
        self.ladder = ladder_of(words)
        self.standing = stays.standing(tx)
        self.cohorts = counted.cohorts(tx, from_s)
        self.reached = counted.reached(tx, from_s)

    def numbers(self, **wanted: object) -> list[int]:
        """Stages whose treatment has one of these values."""
        return [
            n
            for n, stage in enumerate(self.words.stages)
            if any(stage.treatment.get(key) in _several(value) for key, value in wanted.items())
        ]

    def document(self, known_s: float, *, by: str | None) -> dict[str, Any]:
        """What is counted, without what only people have."""
        moves = stays.moves(self.tx, self.from_s)
        steps = self._steps(known_s)
        over = skips(moves, self.ladder)
        used = stays.stood_during(self.tx, self.from_s)
        rungs = [
            Rung(self._id(n), self.standing.get(n, 0), n in used, *over[n]) for n in self.ladder
        ]
        ends = self.at_s + JUST_AFTER_S
        spans = periods(self.from_s, ends, by=by) if by else []
        return {
            "people": sum(self.standing.values()),
            "untold": self.standing.get(UNTOLD, 0),
            "stages": self._stages({each.stage: skipped_share(each) for each in rungs}),
            "conversion": self._conversion(),
            "moves": self._moves(moves),
            "gaps": [
                {**asdict(each), "kind": str(each.kind), "to": each.to or None}
                for each in gaps_of(rungs, steps)
            ],
            "usual_known": len(steps) > 0 and last_weeks(ends)[0][0] >= known_s,
            "counts": self._counts([(self.from_s, ends)])[0],
            "periods": self._periods(spans, known_s),
            "handover": self._handover(ends),
        }

    def _id(self, number: int) -> str:
        return self.words.stages[number].id

    def _stages(self, skipped: Mapping[str, float | None]) -> list[dict[str, Any]]:
        """Lowest rung first, then those off the ladder."""
        off = [n for n, stage in enumerate(self.words.stages) if stage.rank is None]
        came = stays.came(self.tx, self.from_s)
        left = {row.stage: row for row in counted.times_left(self.tx, self.from_s)}
        so_far = {row.stage: row for row in counted.times_so_far(self.tx, self.at_s)}
        unknown = counted.unknown_beginnings(self.tx, self.at_s)
        nothing = {"entered": 0, "fell": 0, "found": 0}
        return [
            {
                "id": stage.id,
                "labels": dict(stage.labels),
                "rank": stage.rank,
                **_meaning(stage),
                "people": self.standing.get(n, 0),
                **came.get(n, nothing),
                "skipped": skipped.get(stage.id),
                "days": _times(left.get(n)),
                "days_so_far": _times(so_far.get(n)),
                "since_unknown": unknown.get(n, (0, 0.0))[0],
                "longest_days": max(
                    unknown.get(n, (0, 0.0))[1], so_far[n].longest if n in so_far else 0.0
                )
                / DAY_S,
            }
            for n, stage in ((n, self.words.stages[n]) for n in (*self.ladder, *off))
        ]

    def _conversion(self) -> list[dict[str, Any]]:
        """Every pair of the ladder whose lower stage somebody entered."""
        pairs = [(a, b) for a in range(len(self.ladder)) for b in range(a + 1, len(self.ladder))]
        return [
            {
                "from": self._id(self.ladder[low]),
                "to": self._id(self.ladder[high]),
                "entered": self.cohorts[low],
                "reached": found.people,
                "share": found.people / self.cohorts[low],
                "median_days": found.median_days,
            }
            for low, high in pairs
            if low in self.cohorts
            for found in [self.reached.get((low, high), NOBODY)]
        ]

    def _moves(self, moves: Mapping[tuple[int, int], int]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (low, high), times in sorted(moves.items()):
            found.setdefault(self._id(low), {})[self._id(high)] = times
        return found

    def _steps(self, known_s: float) -> list[Step]:
        """From each rung to the next, with the weeks before, where all of them are known."""
        weeks = last_weeks(self.at_s + JUST_AFTER_S)
        shares: dict[int, tuple[float | None, ...]] = {}
        if weeks[0][0] >= known_s:
            stays.set_spans(self.tx, weeks)
            before, flows = counted.flows(self.tx, weeks[0][0])
            for stage in self.ladder:
                told = [flows.get((n, stage), (0, 0, 0)) for n in range(len(weeks))]
                shares[stage] = weekly_shares(before.get(stage, 0), told)
        return [
            Step(
                self._id(stage),
                self._id(self.ladder[low + 1]),
                self.cohorts.get(low, 0),
                self.reached.get((low, low + 1), NOBODY).people,
                shares.get(stage, ()),
            )
            for low, stage in enumerate(self.ladder[:-1])
        ]

    def _counts(self, spans: Sequence[Span]) -> list[dict[str, int | None]]:
        """Per span: people who came to count as MQL, as SQL, and who were handed to sales."""
        stays.set_spans(self.tx, spans)
        groups = {
            "mql": self.numbers(counts_as="mql"),
            "sql": self.numbers(counts_as="sql"),
            "handed_over": self.numbers(handover=True),
        }
        found = {
            name: stays.counted_by_span(self.tx, stages) if stages else None
            for name, stages in groups.items()
        }
        return [
            {name: None if told is None else told.get(n, 0) for name, told in found.items()}
            for n in range(len(spans))
        ]

    def _periods(self, spans: Sequence[Span], known_s: float) -> list[dict[str, Any]]:
        # What lies outside the period is not counted in its first and last week or month.
        end = self.at_s + JUST_AFTER_S
        clipped = [(max(start, self.from_s), min(stop, end)) for start, stop in spans]
        counts = self._counts(clipped)
        entered = stays.entered_by_span(self.tx)
        return [
            {
                "from": iso(start),
                "to": iso(stop),
                "whole": start >= max(known_s, self.from_s) and stop <= end,
                **counts[n],
                "entered": {
                    self._id(stage): people
                    for (span, stage), people in sorted(entered.items())
                    if span == n and stage >= 0
                },
            }
            for n, (start, stop) in enumerate(spans)
        ]

    def _handover(self, ends: float) -> dict[str, Any] | None:
        stages = self.numbers(handover=True)
        if not stages:
            return None
        found = counted.handed_over(self.tx, stages, from_s=self.from_s, before_s=ends)
        return {"stages": [self._id(n) for n in stages], **asdict(found)}


def _several(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _meaning(stage: Stage) -> dict[str, Any]:
    return {
        "counts_as": stage.treatment.get("counts_as"),
        "handover": bool(stage.treatment.get("handover")),
    }


def _times(row: Any) -> dict[str, Any] | None:
    """Quartiles in days, and of how many; None of nobody."""
    if row is None:
        return None
    quarters = (row.q1, row.q2, row.q3)
    names = ("lower_quartile", "median", "upper_quartile")
    return {
        "people": row.n,
        **{name: cast("float", t) / DAY_S for name, t in zip(names, quarters, strict=True)},
    }

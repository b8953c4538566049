"""How much may be written unseen: guardrails, approvals and the ramp, counted once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Row, text

from stagesync.engine.guard import count_groups
from stagesync.store import plans
from stagesync.store.plans import StoredEntry

from .rules import alike
from .world import LIMITS, World

SEEN_FIRST = {"definition", "by hand", "undo"}
"""Causes that are not weighed, because a person asked for it or saw it first."""

HOUR_S = 3_600.0


@dataclass
class Counts:
    """What was approved, and what was written.

    Attributes:
        allowed: plan -> how many moves were approved with it.
        approved: (plan, record, field) -> the entry that somebody approved.
    """

    world: World
    allowed: dict[str, int] = field(default_factory=dict)
    approved: dict[tuple[str, int, str], StoredEntry] = field(default_factory=dict)

    def approve(self, plan: str) -> None:
        """Call it just before a plan is approved."""
        with self.world.deployment.store.begin() as tx:
            entries = plans.entries_of(tx, plan, "held")
        counted = sum(count_groups(entries).values())
        self.allowed[plan] = self.allowed.get(plan, 0) + counted
        self.approved |= {(plan, each.record_pk, each.field): each for each in entries}

    def judge(self) -> None:
        """After each run."""
        limits = LIMITS[self.world.settings.limits]
        now_s = self.world.crms.now_s
        with self.world.deployment.store.begin() as tx:
            rows = tx.execute(text("SELECT * FROM own_write")).all()
            known = tx.execute(text("SELECT COUNT(*) FROM person")).scalar_one()
            known += tx.execute(text("SELECT COUNT(*) FROM account")).scalar_one()
        moves = Counter(
            each
            for each, _ in Counter(
                (r.approval, r.cause == "time", r.stage_from, r.stage_to, r.subject)
                for r in rows
                if r.at_s > now_s - limits.window_s
                and not r.approval
                and r.stage_from != r.stage_to
                and r.cause not in SEEN_FIRST
            ).items()
        )
        pairs: Counter[tuple[bool, str, str]] = Counter()
        totals: Counter[bool] = Counter()
        for _, by_time, stage_from, stage_to, _ in moves:
            pairs[by_time, stage_from, stage_to] += 1
            totals[by_time] += bool(stage_from)
        # People may have gone since: what was allowed was a share of those who were known then.
        most = max(limits.never_below, int(min(limits.people, limits.share * (known + 6))))
        assert not pairs or max(pairs.values()) <= most, f"more than {most} moved unseen: {pairs}"
        most = max(limits.never_below, int(limits.total_share * (known + 6)))
        assert not totals or max(totals.values()) <= most, f"more than {most} in all: {totals}"
        unseen = [r for r in rows if r.cause == "definition" and not r.approval]
        assert not unseen, f"a changed definition was written unseen: {unseen}"
        self._within_approvals(rows)
        self._ramp([(r.connection, r.at_s, r.record_pk) for r in rows], now_s)

    def _within_approvals(self, rows: Sequence[Row[Any]]) -> None:
        """A value that was approved counts as what it was approved as, any other one as what it is."""
        used = set()
        for row in rows:
            if not row.approval:
                continue
            same = self.approved.get((row.approval, row.record_pk, row.field))
            if same is not None and alike(same.after, orjson.loads(row.value)):
                used.add((row.approval, same.subject, same.stage_from, same.stage_to))
            else:
                used.add((row.approval, row.subject, row.stage_from, row.stage_to))
        found = Counter(plan for plan, *_ in used)
        over = {
            plan: (count, self.allowed.get(plan, 0))
            for plan, count in found.items()
            if count > self.allowed.get(plan, 0)
        }
        assert not over, f"written under approvals (left) for fewer (right): {over}"

    def _ramp(self, rows: list[tuple[str, float, int]], now_s: float) -> None:
        limit = self.world.settings.ramp
        if limit is None:
            return
        recent = {(name, pk) for name, at_s, pk in rows if at_s > now_s - HOUR_S}
        found = Counter(name for name, _ in recent)
        assert not found or max(found.values()) <= limit, f"more than {limit} in an hour: {found}"

"""Who stands where on either side of a comparison, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from stagesync.domain.vocabulary import Vocabulary


@dataclass(slots=True)
class Moves:
    """How many people, or accounts, moved from which stage to which.

    Attributes:
        matrix: stage -> other stage -> how many; those that stay are not in it.
        before, after: stage -> how many stand in it.
    """

    looked_at: int = 0
    moved: int = 0
    matrix: dict[str, Counter[str]] = field(default_factory=dict)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)

    def note(self, stage_from: str, stage_to: str) -> None:
        """Count one."""
        self.looked_at += 1
        self.before[stage_from] += 1
        self.after[stage_to] += 1
        if stage_from != stage_to:
            self.moved += 1
            self.matrix.setdefault(stage_from, Counter())[stage_to] += 1

    def stages(self, *vocabularies: Vocabulary) -> dict[str, dict[str, int]]:
        """Stage -> how many stand in it on either side, in the vocabularies' order; empty ones are left out."""
        named = dict.fromkeys(stage.id for each in vocabularies for stage in each.stages)
        return {
            stage: {"before": self.before[stage], "after": self.after[stage]}
            for stage in named
            if self.before[stage] or self.after[stage]
        }

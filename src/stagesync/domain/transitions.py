"""Moves from one stage to another, and which way they go.

A vocabulary's ladder gives each stage a rank, or none: stages off the ladder are neither ahead of
nor behind any other.
"""

from __future__ import annotations

from collections.abc import Mapping

from stagesync.domain.vocabulary import NO_STAGE, Vocabulary


def moved_axes(
    before: Mapping[str, str], after: Mapping[str, str]
) -> Mapping[str, tuple[str, str]]:
    """Axis -> (level before, level after) of the axes that both positions have and that differ."""
    return {
        axis: (before[axis], level)
        for axis, level in after.items()
        if axis in before and before[axis] != level
    }


def rank(vocabulary: Vocabulary, stage_id: str | None) -> int | None:
    """The stage's place on the ladder; None when it is off the ladder or no stage of it."""
    ranks = {stage.id: stage.rank for stage in vocabulary.stages}
    return None if stage_id is None else ranks.get(stage_id)


def is_forward(vocabulary: Vocabulary, stage_from: str | None, stage_to: str) -> bool:
    """Whether the move goes up the ladder; onto it from nothing is up."""
    ahead = rank(vocabulary, stage_to)
    if ahead is None:
        return False
    if stage_from is None or stage_from == NO_STAGE:
        return True
    behind = rank(vocabulary, stage_from)
    return behind is not None and ahead > behind


def is_backward(vocabulary: Vocabulary, stage_from: str | None, stage_to: str) -> bool:
    """Whether the move goes down the ladder; leaving it is neither up nor down."""
    behind, ahead = rank(vocabulary, stage_from), rank(vocabulary, stage_to)
    return behind is not None and ahead is not None and ahead < behind


def implied_stages(
    vocabulary: Vocabulary, stage_from: str | None, stage_to: str
) -> tuple[str, ...]:
    """Stages passed on a jump up the ladder, lowest first, without the two ends.

    Empty for a step to the next rung, for a move down or off the ladder, and for somebody never
    placed, who may have come from anywhere.
    """
    behind, ahead = rank(vocabulary, stage_from), rank(vocabulary, stage_to)
    if behind is None or ahead is None:
        return ()
    passed = [
        (stage.rank, stage.id)
        for stage in vocabulary.stages
        if stage.rank is not None and behind < stage.rank < ahead
    ]
    return tuple(stage_id for _, stage_id in sorted(passed))

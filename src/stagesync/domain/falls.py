"""When a field that goes forward may go back after all.

A rule of the mapping names axes, and for each how long a lower stage must have stood. It is judged by the
person's path:

    where they fell     the last position whose stage was as high as what the field holds, or higher. Was there
                        none, nobody fell: the value is somebody else's, and stays.
    what lowered them   the axes that moved since and count: an axis whose move alone lowers the stage there,
                        or whose return alone would raise the stage of today. When none does so alone, all that
                        moved. The direction on the axis itself says nothing: `disposition` lowers by rising.
    how long            the longest wait of these axes, for ever when the rule leaves one of them out
    since when          the stage of today has stood

All of it follows from the path, so it does not matter when a run looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stagesync.domain.path import Position, Step
from stagesync.domain.transitions import moved_axes, rank
from stagesync.domain.vocabulary import Vocabulary

StageAt = Callable[[Position], str | None]
"""A position's stage in one vocabulary; None for a position that today's definitions cannot read."""


@dataclass(frozen=True, slots=True)
class Return:
    """A field may go back.

    Attributes:
        from_s: the instant from which it may; Unix seconds.
        fell_at_s: when the person fell below what the field holds.
        fell_from: the last position whose stage was as high.
    """

    from_s: float
    fell_at_s: float
    fell_from: Position


def return_of(
    waits: Mapping[str, float],
    held: str | None,
    path: Sequence[Step],
    *,
    vocabulary: Vocabulary,
    stage_at: StageAt,
) -> Return | None:
    """When a field may go back to the stage of today; None when it never may.

    Args:
        waits: axis -> seconds that the stage must have stood when this axis lowered it.
        held: the stage that the field tells.
        path: where the person stood, oldest first; the last step is where they stand.
    """
    height = rank(vocabulary, held)
    if height is None or not path:
        return None
    today = fell = path[-1]
    ranks = {stage.id: stage.rank for stage in vocabulary.stages}
    stage, since_s, stands = stage_at(today.position), today.at_s, True
    for step in reversed(path):
        then = stage_at(step.position)
        if _height(ranks, then) >= height:
            axes = lowering_axes(
                step.position, today.position, lambda each: _height(ranks, stage_at(each))
            )
            if not axes or not axes <= waits.keys():
                return None
            return Return(since_s + max(waits[axis] for axis in axes), fell.at_s, step.position)
        stands = stands and then == stage
        since_s = step.at_s if stands else since_s
        fell = step
    return None


def _height(ranks: Mapping[str, int | None], stage: str | None) -> int:
    """A stage off the ladder is below every other here: whoever stands there is not held up by it."""
    found = None if stage is None else ranks[stage]
    return -1 if found is None else found


def lowering_axes(before: Position, after: Position, height: Callable[[Position], int]) -> set[str]:
    """The axes to which it is owed that the second position is lower than the first."""
    moved = moved_axes(before, after)
    counting = {
        axis
        for axis, (then, now) in moved.items()
        if height({**before, axis: now}) < height(before)
        or height({**after, axis: then}) > height(after)
    }
    return counting or set(moved)

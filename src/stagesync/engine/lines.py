"""The lines that say why somebody stands where they stand, as the history and the log keep them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from stagesync.domain.evaluation import Decided, Evaluation, Reason
from stagesync.engine.deployment import Deployment

BY_HAND = "somebody said so"
BACK = "stood there before a verdict that was taken back"


def lines_of(
    deployment: Deployment,
    evaluation: Evaluation,
    *,
    before: Mapping[str, str] | None = None,
    fixed: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The lines of each score, then what decided each axis that moved, of no points; never none.

    Args:
        evaluation: made with its reasons.
        before: the position that was left; None counts as the lowest level of each axis.
        fixed: axis -> level that somebody said by hand.
    """
    lowest = {axis.name: axis.level_names[0] for axis in deployment.policy.axes}
    left = lowest | dict(before or {})
    said = [Decided(axis, level, BY_HAND) for axis, level in (fixed or {}).items()]
    moved = [each for each in evaluation.decided if left[each.axis] != each.level] + said
    lines = [asdict(each) for each in evaluation.reasons] + [_line(each) for each in moved]
    return lines or [_line(each) for each in evaluation.decided]


def lines_back(
    scores: Mapping[str, float], before: Mapping[str, str], after: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The lines of a move back to where somebody stood, when nothing is known of what had brought them there."""
    totals = [Reason(name, "as before", points, BACK) for name, points in scores.items()]
    moved = [
        Decided(name, level, BACK) for name, level in after.items() if before.get(name) != level
    ]
    return [asdict(each) for each in totals] + [_line(each) for each in moved]


def _line(each: Decided) -> dict[str, Any]:
    rule = f"{each.axis}: {each.level}"
    return {"score": "", "rule": rule, "points": 0, **asdict(each)}

"""What sets two evaluations of the same person apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from stagesync.domain.evaluation import Evaluation, Reason

_K = TypeVar("_K")

TOLERANCE = 1e-9
"""Points that differ by less are the same: sums are made in another order."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """Where two evaluations differ; None stands for what only the other one knows.

    Attributes:
        axes: axis -> its two levels.
        scores: score -> its two sums.
        rules: (score, rule) -> the points that it gave in either, its cap or floor included.
    """

    axes: Mapping[str, tuple[str | None, str | None]]
    scores: Mapping[str, tuple[float | None, float | None]]
    rules: Mapping[tuple[str, str], tuple[float, float]]


def contrast(before: Evaluation, after: Evaluation) -> Contrast:
    """What differs; both were asked for their reasons."""
    axes = {
        axis: (before.position.get(axis), after.position.get(axis))
        for axis in _keys(before.position, after.position)
    }
    scores = {
        score: (before.scores.get(score), after.scores.get(score))
        for score in _keys(before.scores, after.scores)
    }
    one, other = _points(before.reasons), _points(after.reasons)
    rules = {rule: (one.get(rule, 0.0), other.get(rule, 0.0)) for rule in _keys(one, other)}
    return Contrast(
        axes={axis: pair for axis, pair in axes.items() if pair[0] != pair[1]},
        scores={score: pair for score, pair in scores.items() if _differ(*pair)},
        rules={rule: pair for rule, pair in rules.items() if _differ(*pair)},
    )


def _keys(one: Mapping[_K, object], other: Mapping[_K, object]) -> list[_K]:
    return list(dict.fromkeys((*one, *other)))


def _points(reasons: Iterable[Reason]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for each in reasons:
        rule = each.score, each.rule
        found[rule] = found.get(rule, 0.0) + each.points
    return found


def _differ(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > TOLERANCE

"""What evaluating one person, or one account, yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of a score; the lines of a score sum to it.

    Attributes:
        score: name of the score.
        rule: name of the rule; `lower bound` for the line that lifts a score to its least value.
        points: what this line adds; never rounded.
        because: one clause in plain words; never an e-mail address or a person's name.
    """

    score: str
    rule: str
    points: float
    because: str


@dataclass(frozen=True, slots=True)
class Decided:
    """Why a subject is on a level of an axis.

    Attributes:
        because: one clause in plain words; never an e-mail address or a person's name.
    """

    axis: str
    level: str
    because: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A position, with the numbers behind it.

    Attributes:
        position: axis -> level, every axis of the policy, in its order.
        scores: score -> points; never rounded.
        recheck_at_s: first whole second at which time alone gives another position; None when
            it never does, or when it was not asked for.
        reasons: lines of every score, in the policy's order; empty when not asked for.
        decided: what decided each axis, in the policy's order; empty when not asked for.
        unknown_types: activity types that the policy does not know.
    """

    position: Mapping[str, str]
    scores: Mapping[str, float]
    recheck_at_s: float | None = None
    reasons: tuple[Reason, ...] = ()
    decided: tuple[Decided, ...] = ()
    unknown_types: frozenset[str] = frozenset()

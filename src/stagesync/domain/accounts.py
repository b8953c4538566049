"""An account's levels that come from its people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from stagesync.domain.condition import ActivitySeen, Condition, DealSeen, ScoreCannotReach
from stagesync.domain.evaluation import Evaluation
from stagesync.domain.facts import Facts
from stagesync.domain.kleene import leaves
from stagesync.domain.predicate import Predicate
from stagesync.domain.subject import Subject
from stagesync.domain.timeline import NOTHING, instants_by_type


class Member(Protocol):
    """Somebody of an account, already evaluated at the same instant."""

    @property
    def facts(self) -> Facts:
        """What is known of the person."""

    @property
    def evaluation(self) -> Evaluation:
        """Where the person stands."""


def highest_levels(
    subject: Subject, counts: Predicate, members: Iterable[Member], *, at_s: float, looks_back: bool
) -> Sequence[int]:
    """The highest level number per axis among the people who count; the lowest when none does.

    Args:
        subject: the people's.
        looks_back: whether `counts` asks for more than facts, levels and scores.
    """
    highest = [0] * len(subject.axes)
    for member in members:
        facts = member.facts
        instants = instants_by_type(facts.activities, subject.same_event) if looks_back else NOTHING
        state = subject.measure(facts, instants, at_s, previous=highest)
        state.levels = subject.numbers(member.evaluation.position)
        state.totals = [member.evaluation.scores[score] for score in subject.scores]
        if counts(state):
            highest = [max(pair) for pair in zip(highest, state.levels, strict=True)]
    return highest


def asks_for_history(condition: Condition) -> bool:
    """Whether a condition asks for more than facts, levels and scores."""
    history = ActivitySeen | DealSeen | ScoreCannotReach
    return any(isinstance(leaf, history) for leaf in leaves(condition))

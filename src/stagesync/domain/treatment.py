"""What a vocabulary asks for at a stage, and for whom something else comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagesync.domain.facts import Facts
from stagesync.domain.policy import Axis
from stagesync.domain.predicate import Scope, compile_condition
from stagesync.domain.state import State
from stagesync.domain.timeline import NOTHING
from stagesync.domain.vocabulary import Vocabulary


def treatment_of(
    vocabulary: Vocabulary,
    stage_id: str,
    *,
    facts: Facts,
    position: Mapping[str, str],
    axes: Sequence[Axis],
) -> Mapping[str, object]:
    """The treatment of the first line with `when` that holds, else the stage's own.

    Args:
        facts: of the person or the account.
        position: axis -> level, every axis of `axes`.
        axes: of the policy.

    Raises:
        KeyError: no such stage.
    """
    scope = Scope(
        axes={
            axis.name: (number, {level: n for n, level in enumerate(axis.level_names)})
            for number, axis in enumerate(axes)
        },
        scores={},
    )
    levels = [axis.level_names.index(position[axis.name]) for axis in axes]
    # A line looks at facts and levels alone, so the state needs nothing else.
    state = State(0.0, facts, NOTHING, previous=(), people=(), latest=[], raws=[], levels=levels)
    for line in vocabulary.overrides:
        if compile_condition(line.when, scope)(state):
            return line.treatment
    return vocabulary.stage(stage_id).treatment

"""Vocabularies as functions: a position in, the stage of each vocabulary out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from stagesync.domain.condition import AnyOf, Condition, LevelIn, StageIn
from stagesync.domain.kleene import Truth, judge, leaves
from stagesync.domain.vocabulary import Stage, Vocabulary
from stagesync.errors import DefinitionError, Problem

Position = Mapping[str, str]
Stages = Mapping[str, str]

REMEMBERED = 50_000
"""Positions whose stages are kept; a policy rarely has more."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """All vocabularies, ready to read positions. Safe to share between threads.

    Attributes:
        vocabularies: by name, each after those whose stages it asks for.
    """

    vocabularies: Mapping[str, Vocabulary]
    _known: dict[object, Stages] = field(default_factory=dict, repr=False)

    def stages(self, position: Position, *, account: bool = False) -> Stages:
        """Vocabulary -> stage id.

        Args:
            position: axis -> level, at least every axis that a vocabulary names.
            account: the position is an account's.

        Raises:
            DefinitionError: a vocabulary has no stage for the position.
        """
        key = (account, *position.items())
        stages = self._known.get(key)
        if stages is None:
            stages = self._read(position, account=account)
            if len(self._known) < REMEMBERED:
                self._known[key] = stages
        return stages

    def stage(self, vocabulary: str, position: Position, *, account: bool = False) -> str:
        """The stage id in one vocabulary.

        Raises:
            KeyError: no such vocabulary.
            DefinitionError: it has no stage for the position.
        """
        return self.stages(position, account=account)[vocabulary]

    def _read(self, position: Position, *, account: bool) -> Stages:
        stages: dict[str, str] = {}
        for name, vocabulary in self.vocabularies.items():
            stage = first_match(vocabulary, position, stages, account=account)
            if stage is None:
                message = "no stage for a position; let the last stage hold for anything"
                raise DefinitionError([Problem(name, 0, "stages", message)])
            stages[name] = stage
        return stages


def classify(vocabularies: Mapping[str, Vocabulary]) -> Classifier:
    """The vocabularies, ready to read positions.

    Raises:
        DefinitionError: vocabularies ask for one another's stages in a circle.
    """
    circle = find_circle(vocabularies)
    if circle:
        message = f"vocabularies ask for one another's stages: {' -> '.join(circle)}"
        raise DefinitionError([Problem(circle[0], 0, "stages", message)])
    order = TopologicalSorter(
        {name: asks_for(vocabulary) for name, vocabulary in vocabularies.items()}
    ).static_order()
    return Classifier({name: vocabularies[name] for name in order if name in vocabularies})


def find_circle(vocabularies: Mapping[str, Vocabulary]) -> tuple[str, ...]:
    """Names of vocabularies that ask for one another, the first one again at the end; or empty."""
    graph = {name: asks_for(vocabulary) for name, vocabulary in vocabularies.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # The sorter tells who is asked before who asks.
        return tuple(reversed(error.args[1]))
    return ()


def conditions(vocabulary: Vocabulary) -> list[Condition]:
    """What its stages state, for accounts too."""
    stated = [stage.when for stage in vocabulary.stages]
    also = [stage.accounts_also for stage in vocabulary.stages]
    return [*stated, *(condition for condition in also if condition is not None)]


def asks_for(vocabulary: Vocabulary) -> set[str]:
    """Vocabularies whose stages it names."""
    return {
        leaf.vocabulary
        for condition in conditions(vocabulary)
        for leaf in leaves(condition)
        if isinstance(leaf, StageIn)
    }


def asked_by(name: str, vocabularies: Mapping[str, Vocabulary]) -> set[str]:
    """Vocabularies whose stages it names, and those that they name; no circle allowed."""
    found: set[str] = set()
    for other in asks_for(vocabularies[name]):
        found |= {other} | asked_by(other, vocabularies)
    return found


def named_axes(name: str, vocabularies: Mapping[str, Vocabulary]) -> frozenset[str]:
    """Axes that decide a vocabulary's stage, through other vocabularies too; no circle allowed."""
    vocabulary = vocabularies[name]
    own = {
        leaf.axis
        for condition in conditions(vocabulary)
        for leaf in leaves(condition)
        if isinstance(leaf, LevelIn)
    }
    return frozenset(own).union(
        *(named_axes(other, vocabularies) for other in asks_for(vocabulary))
    )


def first_match(
    vocabulary: Vocabulary, position: Position, stages: Stages, *, account: bool
) -> str | None:
    """The id of the first stage that holds, or None.

    Args:
        stages: of the vocabularies that this one asks for.
    """
    leaf = _reader(position, stages)
    for stage in vocabulary.stages:
        condition = stage.when
        if account and stage.accounts_also is not None:
            condition = AnyOf((condition, stage.accounts_also))
        if judge(condition, leaf):
            return stage.id
    return None


def is_accepted(stage: Stage, position: Position) -> bool:
    """Whether sales took on somebody who was handed over at this stage."""
    if stage.accepted_when is None:
        return bool(stage.treatment.get("handover"))
    return judge(stage.accepted_when, _reader(position, {})) is True


def _reader(position: Position, stages: Stages) -> Callable[[Condition], Truth]:
    def leaf(condition: Condition) -> Truth:
        if isinstance(condition, LevelIn):
            return position[condition.axis] in condition.levels
        if isinstance(condition, StageIn):
            return stages[condition.vocabulary] in condition.stages
        raise TypeError("a vocabulary sees levels and stages only")

    return leaf

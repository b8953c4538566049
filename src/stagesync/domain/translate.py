"""What one vocabulary's word may be called in another, and which questions settle it.

A stage stands for a set of positions. The possible ones among them are read by the other
vocabulary; when it finds several stages, some axes decide. The fewest that still decide are told,
each with a question: axes that hang on others are given up first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stagesync.domain.classify import Position, asked_by, classify, named_axes
from stagesync.domain.policy import Axis
from stagesync.domain.possible import (
    MOST,
    advice,
    count_positions,
    possible_positions,
    with_dependencies,
)
from stagesync.domain.subject import in_order
from stagesync.domain.vocabulary import Vocabulary
from stagesync.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Decider:
    """An axis that decides between stages, and how to ask for it.

    Attributes:
        question: in English, with the stages that each answer leaves open.
        answers: (levels, the stages that they leave open).
    """

    axis: str
    question: str
    answers: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """The stages that a word may mean elsewhere.

    Attributes:
        stages: ids, in the other vocabulary's order; empty when no possible position bears the word.
        decided_by: axes that together decide; empty when there is one stage or none.
    """

    stages: tuple[str, ...]
    decided_by: tuple[Decider, ...] = ()


Reading = tuple[Position, str]


def translate(
    stage: str,
    *,
    source: str,
    target: str,
    vocabularies: Mapping[str, Vocabulary],
    axes: Sequence[Axis],
) -> Translation:
    """What the vocabulary `target` may call whom `source` calls `stage`; about people.

    Args:
        axes: the policy's.

    Raises:
        ArgumentError: an unknown vocabulary or stage, or too many positions to go through.
    """
    _check(stage, source=source, target=target, vocabularies=vocabularies)
    names = named_axes(source, vocabularies) | named_axes(target, vocabularies)
    count = count_positions(axes, with_dependencies(axes, names))
    if count > MOST:
        raise ArgumentError(advice(count, names))
    readings = _readings(
        stage,
        source=source,
        target=target,
        vocabularies=vocabularies,
        found=possible_positions(axes, names),
    )
    found = {reading for _, reading in readings}
    ordered = tuple(each.id for each in vocabularies[target].stages if each.id in found)
    if len(ordered) < 2:
        return Translation(ordered)
    deciding = _deciding(readings, [name for name in in_order(axes) if name in names])
    questions = [_decider(axis, readings, ordered) for axis in axes if axis.name in deciding]
    return Translation(ordered, tuple(questions))


def _check(stage: str, *, source: str, target: str, vocabularies: Mapping[str, Vocabulary]) -> None:
    for name in (source, target):
        if name not in vocabularies:
            known = ", ".join(sorted(vocabularies))
            raise ArgumentError(f"no vocabulary is called {name!r}", hint=f"known: {known}")
    ids = [each.id for each in vocabularies[source].stages]
    if stage not in ids:
        raise ArgumentError(f"{source} has no stage {stage!r}", hint=f"known: {', '.join(ids)}")


def _readings(
    stage: str,
    *,
    source: str,
    target: str,
    vocabularies: Mapping[str, Vocabulary],
    found: Iterable[Position],
) -> list[Reading]:
    """Possible positions that bear the stage, with what the other vocabulary calls each."""
    needed = {source, target} | asked_by(source, vocabularies) | asked_by(target, vocabularies)
    classifier = classify({name: vocabularies[name] for name in needed})
    readings = []
    for position in found:
        stages = classifier.stages(position)
        if stages[source] == stage:
            readings.append((position, stages[target]))
    return readings


def _deciding(readings: Sequence[Reading], names: Sequence[str]) -> list[str]:
    """Axes that decide together, none of which can be spared."""
    kept = list(names)
    for name in reversed(names):
        fewer = [each for each in kept if each != name]
        if _decide(readings, fewer):
            kept = fewer
    return kept


def _decide(readings: Sequence[Reading], names: Sequence[str]) -> bool:
    by_levels: dict[tuple[str, ...], str] = {}
    return all(
        by_levels.setdefault(tuple([position[name] for name in names]), stage) == stage
        for position, stage in readings
    )


def _decider(axis: Axis, readings: Sequence[Reading], stages: Sequence[str]) -> Decider:
    """The axis's question, with the stages that each answer leaves open."""
    left_open: dict[str, set[str]] = {}
    for position, stage in readings:
        left_open.setdefault(position[axis.name], set()).add(stage)
    answers: dict[tuple[str, ...], list[str]] = {}
    for level in axis.level_names:
        if level in left_open:
            leads_to = tuple(each for each in stages if each in left_open[level])
            answers.setdefault(leads_to, []).append(level)
    choices = "; ".join(
        f"{_either(levels)}: {_either(leads_to)}" for leads_to, levels in answers.items()
    )
    asked = axis.question.get("en") or f"What is the level of {axis.name}?"
    told = tuple((tuple(levels), leads_to) for leads_to, levels in answers.items())
    return Decider(axis.name, f"{asked} {choices}", told)


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)

"""The proof that a vocabulary has exactly one stage for every position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stagesync.domain.classify import Position, asked_by, classify, first_match, named_axes
from stagesync.domain.policy import Axis
from stagesync.domain.possible import (
    MOST,
    advice,
    count_positions,
    positions,
    possible_positions,
    with_dependencies,
)
from stagesync.domain.vocabulary import Vocabulary

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Coverage:
    """What going through every position of the axes that a vocabulary names has shown.

    Attributes:
        positions: how many there are.
        stages: stage id -> positions that it reads, for a person; every stage, top first.
        uncovered: some positions without a stage; empty means total.
        shadowed: stages that no position at all reaches: the stages above take everything.
        unreachable: other stages that no possible position reaches, neither as a person's nor as
            an account's.
        refusal: why nothing was gone through, with advice; empty when it was.
    """

    positions: int
    stages: Mapping[str, int]
    uncovered: tuple[Position, ...] = ()
    shadowed: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(slots=True)
class _Tally:
    stages: Counter[str] = field(default_factory=Counter)
    for_accounts: set[str] = field(default_factory=set)
    uncovered: list[Position] = field(default_factory=list)


def check_vocabulary(
    name: str, vocabularies: Mapping[str, Vocabulary], *, axes: Sequence[Axis]
) -> Coverage:
    """Goes through every position of the axes that a vocabulary names, also through others.

    Args:
        vocabularies: all of them; none may ask for another in a circle, and those that this one
            asks for are total.
        axes: the policy's.
    """
    names = named_axes(name, vocabularies)
    count = count_positions(axes, names)
    ids = [stage.id for stage in vocabularies[name].stages]
    too_many = max(count, count_positions(axes, with_dependencies(axes, names)))
    if too_many > MOST:
        return Coverage(count, dict.fromkeys(ids, 0), refusal=advice(too_many, names))
    every = _tally(name, vocabularies, positions(axes, names))
    possible = _tally(name, vocabularies, possible_positions(axes, names))
    reached = every.for_accounts | every.stages.keys()
    can_be = possible.for_accounts | possible.stages.keys()
    return Coverage(
        positions=count,
        stages={stage: every.stages[stage] for stage in ids},
        uncovered=tuple(every.uncovered[:EXAMPLES]),
        shadowed=tuple(stage for stage in ids if stage not in reached),
        unreachable=tuple(stage for stage in ids if stage in reached - can_be),
    )


def _tally(name: str, vocabularies: Mapping[str, Vocabulary], found: Iterable[Position]) -> _Tally:
    vocabulary = vocabularies[name]
    others = classify({each: vocabularies[each] for each in asked_by(name, vocabularies)})
    tally = _Tally()
    for position in found:
        stage = first_match(vocabulary, position, others.stages(position), account=False)
        if stage is None:
            tally.uncovered.append(position)
        else:
            tally.stages[stage] += 1
        account = first_match(
            vocabulary, position, others.stages(position, account=True), account=True
        )
        tally.for_accounts.update({account} if account else ())
    return tally

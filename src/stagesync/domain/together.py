"""What several vocabularies call the same positions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from stagesync.domain.classify import classify, named_axes
from stagesync.domain.policy import Axis
from stagesync.domain.possible import (
    MOST,
    advice,
    count_positions,
    possible_positions,
    with_dependencies,
)
from stagesync.domain.vocabulary import Vocabulary
from stagesync.errors import ArgumentError


def side_by_side(
    main: str, vocabularies: Mapping[str, Vocabulary], axes: Sequence[Axis]
) -> dict[str, dict[str, dict[str, int]]]:
    """Stage of the main vocabulary -> vocabulary -> its stages there, with how many possible positions bear both.

    About people. Stages stand in the order of their vocabulary, those of no possible position are left out.

    Raises:
        ArgumentError: too many positions to go through.
    """
    names = frozenset[str]().union(*(named_axes(each, vocabularies) for each in vocabularies))
    count = count_positions(axes, with_dependencies(axes, names))
    if count > MOST:
        raise ArgumentError(advice(count, names))
    classifier = classify(vocabularies)
    found: dict[str, dict[str, Counter[str]]] = {}
    for position in possible_positions(axes, names):
        stages = classifier.stages(position)
        here = found.setdefault(stages[main], {name: Counter() for name in vocabularies})
        for name, stage in stages.items():
            here[name][stage] += 1
    return {
        each.id: {
            name: {
                stage.id: found[each.id][name][stage.id]
                for stage in one.stages
                if found[each.id][name][stage.id]
            }
            for name, one in vocabularies.items()
        }
        for each in vocabularies[main].stages
        if each.id in found
    }

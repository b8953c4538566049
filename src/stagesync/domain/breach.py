"""What was done to somebody against the treatment that they were to have, as activities show it.

Only what was known beforehand counts: a quote is no breach because the person was disqualified a day later, nor
because an earlier request came to be known together with it. So each activity is judged twice, by where the
person was last seen to stand before it, and by where they stood just before it by what is known now; it is told
when both forbid it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from stagesync.domain.facts import Activity
from stagesync.domain.state import DAY_S
from stagesync.domain.treatment import IN_PEACE
from stagesync.domain.vocabulary import Vocabulary

REVIEW = "review"
"""The rule under which an activity stands that asks people to look at somebody again."""


@dataclass(frozen=True, slots=True)
class Breach:
    """An activity that a treatment forbids, or that asks for a review.

    Attributes:
        rule: the id of the `never` line, or `review`.
        stage: where the person stood.
        activity: its type.
    """

    rule: str
    stage: str
    activity: str
    at_s: float


Treated = Callable[[Activity], tuple[str, tuple[Mapping[str, object], ...]]]
"""Where somebody stood just before an activity, and the treatments that must all forbid it; none when unknown."""


def watched_types(vocabulary: Vocabulary) -> frozenset[str]:
    """Activity types that some treatment of the vocabulary speaks of."""
    lines = [IN_PEACE, *(stage.treatment for stage in vocabulary.stages)]
    lines += [line.treatment for line in vocabulary.overrides]
    return frozenset(each for line in lines for each in _watched(line))


def breaches_of(
    candidates: Iterable[Activity], activities: Collection[Activity], treated: Treated
) -> list[Breach]:
    """Those of the candidates that were not to happen, or ask for a review.

    Args:
        activities: all that is known of the person, for lines that count.
    """
    found = []
    for each in candidates:
        stage, treatments = treated(each)
        broken = [_broken(one, each, activities) for one in treatments]
        rules = set.intersection(*broken) if broken else set()
        found += [Breach(rule, stage, each.type, each.at_s) for rule in sorted(rules)]
    return found


def _watched(treatment: Mapping[str, object]) -> set[str]:
    found = set(cast("Collection[str]", treatment.get("review_on") or ()))
    for line in cast("Collection[Mapping[str, object]]", treatment.get("never") or ()):
        found |= set(cast("Collection[str]", line.get("seen_as") or ()))
    return found


def _broken(
    treatment: Mapping[str, object], each: Activity, activities: Collection[Activity]
) -> set[str]:
    found = set()
    if each.type in cast("Collection[str]", treatment.get("review_on") or ()):
        found.add(REVIEW)
    for line in cast("Collection[Mapping[str, object]]", treatment.get("never") or ()):
        types = cast("Collection[str]", line.get("seen_as") or ())
        if each.type in types and _is_too_many(line, types, each, activities):
            found.add(str(line["id"]))
    return found


def _is_too_many(
    line: Mapping[str, object],
    types: Collection[str],
    each: Activity,
    activities: Collection[Activity],
) -> bool:
    """Whether the line counts, and this one is above its number; one is enough for a line that does not."""
    most = cast("int | None", line.get("more_than"))
    if most is None:
        return True
    from_s = each.at_s - cast("float", line["within_days"]) * DAY_S
    near = [
        one
        for one in activities
        if one.type in types and one.took_place and from_s < one.at_s <= each.at_s
    ]
    return len(near) > most

"""Why somebody bears a stage, in one short sentence that a CRM's text field can hold.

Told are the axes that the stage's definition names and that moved off their lowest level, and in
brackets the rules that gave most to the score of the same name:

    interest: request (meeting, contact form or call); fit: inside the target (industry, seniority)

Names of rules, axes and levels come from the definitions, so the sentence holds nothing personal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stagesync.domain.condition import (
    AllOf,
    AnyOf,
    Condition,
    LevelIn,
    StageIn,
)
from stagesync.domain.policy import Axis
from stagesync.domain.reasons import LOWER_BOUND
from stagesync.domain.vocabulary import Stage, Vocabulary

LONGEST = 255
"""Characters: what the text fields of CRMs hold."""

STRONGEST = 3
"""Rules named for one axis."""

Line = tuple[str, str, float]
"""Score, rule and points of one line of a score."""

_POINT = {"en": ": ", "fr": "\u00a0: "}
_BREAK = {"en": "; ", "fr": "\u00a0; "}
_NOTHING = {
    "en": "nothing known that would take them further",
    "fr": "rien de connu qui les ferait avancer",
}


def reason_text(
    stage: Stage,
    position: Mapping[str, str],
    lines: Iterable[Line],
    *,
    axes: Sequence[Axis],
    vocabularies: Mapping[str, Vocabulary],
    stages: Mapping[str, str],
    account: bool = False,
    language: str = "en",
) -> str:
    """The sentence; at most `LONGEST` characters.

    Args:
        position: axis -> level, when the stage was reached.
        lines: of every score, then.
        stages: vocabulary -> stage, for definitions that ask for another vocabulary's.
        account: the position is an account's.
    """
    whole = AnyOf((stage.when, *([stage.accounts_also] if account and stage.accounts_also else ())))
    names = dict.fromkeys(_deciding(whole, position, vocabularies, stages))
    by_name = {axis.name: axis for axis in axes}
    told = [by_name[name] for name in names if _has_risen(by_name.get(name), position)]
    if not told:
        return _NOTHING[language]
    rules = _strongest(lines)
    for count in range(STRONGEST, -1, -1):
        parts = [
            _part(axis, position[axis.name], rules.get(axis.name, ())[:count], language)
            for axis in told
        ]
        text = _BREAK[language].join(parts)
        if len(text) <= LONGEST:
            return text
    return text[: LONGEST - 1] + "…"


def label_of(labels: Mapping[str, str], language: str, *, name: str) -> str:
    """The label in this language, else the English one, else the name made readable."""
    return labels.get(language) or labels.get("en") or name.replace("_", " ")


def _deciding(
    condition: Condition,
    position: Mapping[str, str],
    vocabularies: Mapping[str, Vocabulary],
    stages: Mapping[str, str],
) -> list[str]:
    """Axes that make the condition hold, in its order; empty when it does not hold."""
    match condition:
        case LevelIn(axis, levels):
            return [axis] if position.get(axis) in levels else []
        case StageIn(name, wanted) if stages.get(name) in wanted:
            asked = vocabularies[name].stage(stages[name])
            return _deciding(asked.when, position, vocabularies, stages)
        case AllOf(parts):
            return [
                axis for part in parts for axis in _deciding(part, position, vocabularies, stages)
            ]
        case AnyOf(parts):
            found = (_deciding(part, position, vocabularies, stages) for part in parts)
            return next((axes for axes in found if axes), [])
        case _:
            return []


def _has_risen(axis: Axis | None, position: Mapping[str, str]) -> bool:
    """The lowest level says that something is absent: it decides nothing that one could tell."""
    return axis is not None and position.get(axis.name) in axis.level_names[1:]


def _strongest(lines: Iterable[Line]) -> dict[str, list[str]]:
    """Score -> its rules that gave points, the greatest first."""
    sums: dict[str, dict[str, float]] = {}
    for score, rule, points in lines:
        if rule != LOWER_BOUND:
            of_score = sums.setdefault(score, {})
            of_score[rule] = of_score.get(rule, 0.0) + points
    return {
        score: [rule for rule, points in sorted(rules.items(), key=_greatest_first) if points > 0]
        for score, rules in sums.items()
    }


def _greatest_first(rule: tuple[str, float]) -> tuple[float, str]:
    name, points = rule
    return (-points, name)


def _part(axis: Axis, level: str, rules: Sequence[str], language: str) -> str:
    held = next(one for one in axis.levels if one.name == level)
    text = _POINT[language].join(
        (
            label_of(axis.labels, language, name=axis.name),
            label_of(held.labels, language, name=level),
        )
    )
    return f"{text} ({', '.join(rules)})" if rules else text

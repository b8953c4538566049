"""`stagesync vocabulary`: the words of each vocabulary, and what they mean in another one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import load, mappings_option, print_json, print_rows
from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from stagesync.domain.policy import Policy
    from stagesync.domain.vocabulary import Stage, Vocabulary


@click.group(short_help="The words of each vocabulary, and their translation.")
def vocabulary() -> None:
    """The words of each vocabulary, and what they mean in another one."""


@vocabulary.command("list", short_help="Every vocabulary with its stages.")
@mappings_option
@shared_options(json="One JSON document.")
def list_(*, mappings: Path | None, config: Path | None, as_json: bool) -> None:
    """Every vocabulary with its stages, first match from the top.

    \b
    Example:
      stagesync vocabulary list --json
    """
    found = load(mappings, config).vocabularies
    if as_json:
        print_json({name: _described(one) for name, one in found.items()})
        return
    rows = [
        (name, stage.id, stage.labels["en"], stage.labels["fr"], _rank(stage))
        for name, one in found.items()
        for stage in one.stages
    ]
    print_rows("", ("vocabulary", "stage", "English", "French", "rank"), rows)


@vocabulary.command(short_help="What each vocabulary calls a position.")
@click.argument("levels", metavar="AXIS=LEVEL", nargs=-1)
@mappings_option
@shared_options(json="One JSON document.")
def classify(
    levels: tuple[str, ...], *, mappings: Path | None, config: Path | None, as_json: bool
) -> None:
    """What each vocabulary calls a position; an axis not named takes its lowest level.

    \b
    Example:
      stagesync vocabulary classify interest=request fit=inside
    """
    from stagesync.domain.classify import classify as compile_vocabularies

    definitions = load(mappings, config)
    position = _position(levels, definitions.policy)
    classifier = compile_vocabularies(definitions.vocabularies)
    stages = dict(classifier.stages(position))
    if as_json:
        print_json(stages)
    else:
        print_rows("", ("vocabulary", "stage"), list(stages.items()))


@vocabulary.command(short_help="What other vocabularies call a stage.")
@click.argument("stage")
@click.option("--from", "source", metavar="VOCABULARY", required=True, help="Whose stage it is.")
@click.option("--to", "target", metavar="VOCABULARY", help="Into one only.  [default: all others]")
@mappings_option
@shared_options(json="One JSON document.")
def translate(
    stage: str,
    *,
    source: str,
    target: str | None,
    mappings: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """What other vocabularies may call STAGE, and which question decides between them.

    \b
    Example:
      stagesync vocabulary translate prospect --from inbound-funnel --to target-first
    """
    from stagesync.domain.translate import translate as translated

    definitions = load(mappings, config)
    _check_names(stage, source, target, known=definitions.vocabularies)
    targets = [target] if target else [one for one in definitions.vocabularies if one != source]
    found = {
        name: translated(
            stage,
            source=source,
            target=name,
            vocabularies=definitions.vocabularies,
            axes=definitions.policy.axes,
        )
        for name in targets
    }
    if as_json:
        print_json({"from": source, "stage": stage, "to": found})
        return
    rows = [
        (name, " or ".join(one.stages), " ".join(each.question for each in one.decided_by))
        for name, one in found.items()
    ]
    print_rows("", ("vocabulary", "stages", "what decides"), rows)


def _check_names(
    stage: str, source: str, target: str | None, *, known: Mapping[str, Vocabulary]
) -> None:
    from stagesync.loading.names import unknown

    for name in (source, target):
        if name is not None and name not in known:
            raise ArgumentError(unknown("vocabulary", name, known))
    ids = [each.id for each in known[source].stages]
    if stage not in ids:
        raise ArgumentError(unknown(f"stage of {source}", stage, ids))


def _position(levels: tuple[str, ...], policy: Policy) -> dict[str, str]:
    """A whole position.

    Raises:
        ArgumentError: with everything that is wrong.
    """
    from stagesync.loading.names import unknown

    known = {axis.name: axis.level_names for axis in policy.axes}
    position = {name: names[0] for name, names in known.items()}
    wrong, seen = [], set()
    for given in levels:
        axis, equals, level = given.partition("=")
        if not equals:
            wrong.append(f"`{given}` is not of the form AXIS=LEVEL")
        elif axis not in known:
            wrong.append(unknown("axis", axis, known))
        elif level not in known[axis]:
            wrong.append(unknown(f"level of {axis}", level, known[axis]))
        elif axis in seen:
            wrong.append(f"axis `{axis}` is given twice")
        else:
            position[axis] = level
            seen.add(axis)
    if wrong:
        raise ArgumentError("\n".join(wrong))
    return position


def _described(vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "labels": dict(vocabulary.labels),
        "source": vocabulary.source,
        "stages": [
            {
                "id": stage.id,
                "labels": dict(stage.labels),
                "note": dict(stage.note),
                "rank": stage.rank,
                "treatment": dict(stage.treatment),
            }
            for stage in vocabulary.stages
        ],
    }


def _rank(stage: Stage) -> str:
    return "off the ladder" if stage.rank is None else str(stage.rank)

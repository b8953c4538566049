"""`stagesync backtest`: the whole base under another policy, before anything acts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import print_json, print_rows
from stagesync.cli.online import ProgressBars, opened
from stagesync.errors import ArgumentError

if TYPE_CHECKING:
    from stagesync.app import Opened
    from stagesync.engine.deployment import Deployment

_DEFINITIONS = click.Path(exists=True, path_type=Path)


@click.command(short_help="The whole base under another policy, before it acts.")
@click.option(
    "--policy",
    type=_DEFINITIONS,
    metavar="FILE",
    required=True,
    help="A policy file, or a folder with policy.yaml and vocabularies/.",
)
@click.option(
    "--against",
    type=_DEFINITIONS,
    metavar="FILE",
    help="What to compare with, in the same form.  [default: the definitions in force]",
)
@click.option("--vocabulary", metavar="NAME", help="Compare its stages instead of the main one's.")
@shared_options(json="One JSON document.")
def backtest(
    *,
    policy: Path,
    against: Path | None,
    vocabulary: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Places everybody under another policy, and shows who would move and what it would cost.

    \b
    Example:
      stagesync backtest --policy mappings/policy-next.yaml

    Reads what the last runs stored. Asks no CRM and stores nothing.
    """
    from stagesync.app import find_config
    from stagesync.engine.backtest import backtest as compare

    config = find_config(config)
    with opened(config) as found:
        trial = _under(found, policy, config)
        held_against = _under(found, against, config) if against else found.deployment
        name = vocabulary or found.deployment.main_vocabulary
        _demand_vocabulary(name, held_against, trial)
        with ProgressBars() as progress:
            document = compare(held_against, trial, vocabulary=name, progress=progress)
    if as_json:
        print_json(document)
    else:
        show(document)


def _under(found: Opened, definitions: Path, config: Path) -> Deployment:
    from stagesync.app import mapping_file, mappings_of
    from stagesync.engine.trial import deployment_under

    files = {
        name: mapping_file(found.settings, name, config=config)
        for name in found.deployment.connections
    }
    mappings = mappings_of(found.settings, config)
    return deployment_under(found.deployment, definitions, mappings=mappings, files=files)


def _demand_vocabulary(name: str, *sides: Deployment) -> None:
    known = set.intersection(*(set(each.vocabularies) for each in sides))
    if name not in known:
        raise ArgumentError(
            f"no vocabulary `{name}` on both sides; known: {', '.join(sorted(known))}"
        )


def show(document: dict[str, Any]) -> None:
    """A backtest for people."""
    for kind, title in (("", "people who move"), ("accounts_", "accounts that move")):
        _show_matrix(title, document[f"{kind}matrix"], document[f"{kind}stages"])
    _show_stages(document)
    _show_examples(document["examples"])
    _show_cost(document["cost"])
    _show_conversion(document["conversion"])
    click.echo(
        f"{document['moved']} of {document['people']} people and {document['accounts_moved']} of"
        f" {document['accounts']} accounts would move, by {document['vocabulary']}, from"
        f" {document['against']} to {document['policy']}. Nothing was stored or written."
    )


def _show_matrix(
    title: str, matrix: dict[str, dict[str, int]], stages: dict[str, dict[str, int]]
) -> None:
    """From down, to across; only stages that somebody leaves, and those that somebody reaches."""
    reached = [stage for stage in stages if any(stage in to for to in matrix.values())]
    rows = [
        (stage, *(str(matrix[stage].get(to) or "") for to in reached))
        for stage in stages
        if stage in matrix
    ]
    print_rows(title, ("from \\ to", *reached), rows)


def _show_stages(document: dict[str, Any]) -> None:
    rows = [
        (stage, str(count["before"]), str(count["after"]), f"{_more(count):+d}")
        for stage, count in document["stages"].items()
    ]
    print_rows("people in each stage", ("stage", "before", "after", "more"), rows)


def _more(count: dict[str, int]) -> int:
    return count["after"] - count["before"]


def _show_examples(examples: list[dict[str, Any]]) -> None:
    rows = [(f"{each['from']} > {each['to']}", each["person"], _why(each)) for each in examples]
    print_rows("examples", ("move", "person", "because"), rows)


def _why(example: dict[str, Any]) -> str:
    axes = [f"{each['axis']} {each['before']} > {each['after']}" for each in example["axes"]]
    scores = [
        f"{each['score']} {_points(each['before'])} > {_points(each['after'])}"
        for each in example["scores"]
    ]
    rules = [
        f"{each['rule']} {each['after'] - each['before']:+.1f}"
        for each in sorted(example["rules"], key=lambda one: -abs(one["after"] - one["before"]))
    ]
    return ", ".join((*axes, *scores, *rules))


def _points(points: float | None) -> str:
    return "none" if points is None else f"{points:.1f}"


def _show_cost(cost: dict[str, dict[str, Any]]) -> None:
    rows = [
        (
            name,
            str(each["values"]),
            str(each["records"]),
            str(each["calls"]),
            str(each["values_now"]),
            ", ".join(f"{reason} {count}" for reason, count in sorted(each["left"].items())),
        )
        for name, each in cost.items()
    ]
    columns = ("connection", "values", "records", "calls", "values as it is", "left as they are")
    print_rows("what the next run would write", columns, rows)


def _show_conversion(conversion: dict[str, Any]) -> None:
    before, after = conversion["before"], conversion["after"]
    rows = [
        (stage, *_shares(before["stages"].get(stage)), *_shares(after["stages"].get(stage)))
        for stage in dict.fromkeys((*before["stages"], *after["stages"]))
    ]
    columns = ("stage when the deal was made", "before", "won", "after", "won")
    print_rows("what became of them", columns, rows)
    if before["told_apart"] is not None and after["told_apart"] is not None:
        click.echo(
            f"stages told buyers apart in {before['told_apart']:.1%} of pairs before, in"
            f" {after['told_apart']:.1%} after (50% is chance)"
        )


def _shares(found: dict[str, Any] | None) -> tuple[str, str]:
    return (str(found["people"]), f"{found['share']:.0%}") if found else ("", "")

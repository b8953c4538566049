"""`stagesync check`: every definition file, offline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import find_mappings, mappings_option, print_json, print_rows
from stagesync.errors import DefinitionError, Problem

if TYPE_CHECKING:
    from stagesync.domain.totality import Coverage
    from stagesync.loading.definitions import Definitions

WRONG = 2


@dataclass(slots=True)
class Findings:
    """What checking found.

    Attributes:
        positions: number of positions over all axes of the policy; 0 when it cannot be read.
        vocabularies: name -> `{"positions": N, "stages": {id: count}}`.
    """

    problems: list[Problem] = field(default_factory=list)
    positions: int = 0
    vocabularies: dict[str, dict[str, Any]] = field(default_factory=dict)


@click.command(short_help="Check every definition file, offline.")
@mappings_option
@shared_options(json="One JSON document.")
def check(*, mappings: Path | None, config: Path | None, as_json: bool) -> None:
    """Reads the policy, all vocabularies and all CRM mappings, and reports everything wrong at once.

    \b
    Example:
      stagesync check --mappings mappings

    Each vocabulary is proven by going through every position of the axes it names: no position is
    without a stage, and each stage holds for at least one position that the policy allows.
    """
    findings = examine(find_mappings(mappings, config))
    if as_json:
        print_json(
            {
                "ok": not findings.problems,
                "problems": [_shown(problem) for problem in findings.problems],
                "positions": findings.positions,
                "vocabularies": findings.vocabularies,
            }
        )
    else:
        _print(findings)
    if findings.problems:
        click.get_current_context().exit(WRONG)


def examine(directory: Path) -> Findings:
    """Everything that `check` finds in a mappings directory."""
    from stagesync.loading.definitions import load_definitions

    findings = Findings()
    try:
        definitions = load_definitions(directory)
    except DefinitionError as error:
        findings.problems += error.problems
        return findings
    for examination in EXAMINATIONS:
        examination(directory, definitions, findings)
    return findings


def check_vocabularies(_: Path, definitions: Definitions, findings: Findings) -> None:
    """Goes through every position of each vocabulary."""
    from stagesync.domain.totality import check_vocabulary

    axes = definitions.policy.axes
    findings.positions = prod(len(axis.levels) for axis in axes)
    for name in definitions.vocabularies:
        coverage = check_vocabulary(name, definitions.vocabularies, axes=axes)
        findings.vocabularies[name] = {
            "positions": coverage.positions,
            "stages": dict(coverage.stages),
        }
        for stage, message in _gaps(coverage):
            line = definitions.lines[name][stage]
            path = f"stages.{stage}" if stage else "stages"
            findings.problems.append(Problem(definitions.files[name], line, path, message))


def _gaps(coverage: Coverage) -> Iterator[tuple[str, str]]:
    """Stage id, empty for the vocabulary as a whole, and what is wrong."""
    if coverage.refusal:
        yield "", coverage.refusal
    for position in coverage.uncovered[:1]:
        levels = ", ".join(f"{axis} {level}" for axis, level in position.items())
        yield "", f"there is no stage for {levels}; let the last stage hold for `anything`"
    for stage in coverage.shadowed:
        yield stage, "no position reaches this stage: the stages above it take them all"
    for stage in coverage.unreachable:
        yield (
            stage,
            "no possible position reaches this stage: the policy's own conditions rule it out",
        )


def check_other_files(directory: Path, definitions: Definitions, findings: Findings) -> None:
    """Reads the CRM mappings, and policies that wait beside the one in force."""
    from stagesync.loading.document import Report, open_document
    from stagesync.loading.mapping import read_mapping
    from stagesync.loading.policy import read_policy

    for path in sorted(directory.glob("*.yaml")):
        if path.name == "policy.yaml":
            continue
        report = Report(str(path), findings.problems)
        root = open_document(path, report)
        keys = root.entries() if root and root.is_mapping else {}
        if "policy" in keys:
            read_policy(path, report)
        elif "connector" in keys:
            read_mapping(
                path, report, vocabularies=definitions.vocabularies, policy=definitions.policy
            )
        elif root is not None:
            root.problem("is neither a policy (`policy: NAME`) nor a mapping (`connector: NAME`)")


EXAMINATIONS: tuple[Callable[[Path, Definitions, Findings], None], ...] = (
    check_vocabularies,
    check_other_files,
)
"""Run in order, each on sound definitions; each adds to the findings."""


def _shown(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "path": problem.path,
        "message": problem.message,
    }


def _print(findings: Findings) -> None:
    rows = [
        (
            name,
            str(found["positions"]),
            ", ".join(f"{stage} {count}" for stage, count in found["stages"].items()),
        )
        for name, found in findings.vocabularies.items()
    ]
    if rows:
        print_rows("", ("vocabulary", "positions", "stages and their positions"), rows)
        click.echo(f"{findings.positions} positions over all axes")
    for problem in findings.problems:
        click.echo(str(problem), err=True)
    count = len(findings.problems)
    click.echo("all definitions are sound" if count == 0 else f"problems: {count}", err=count > 0)

"""`stagesync check`: every definition file, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagesync.cli.group import shared_options
from stagesync.cli.offline import find_mappings, mappings_option, print_json, print_rows

if TYPE_CHECKING:
    from stagesync.errors import Problem
    from stagesync.loading.examine import Findings

WRONG = 2


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
    from stagesync.loading.examine import examine

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

"""Everything that is wrong in a folder of definitions, found without anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from stagesync.domain.totality import Coverage, check_vocabulary
from stagesync.errors import DefinitionError, Problem
from stagesync.loading.definitions import Definitions, load_definitions
from stagesync.loading.document import Report, open_document
from stagesync.loading.mapping import read_mapping
from stagesync.loading.policy import read_policy


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


def examine(directory: Path) -> Findings:
    """Everything that `check` finds in a mappings directory."""
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

"""All definitions of a deployment, or of the package itself: a policy and its vocabularies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stagesync.domain.classify import asks_for
from stagesync.domain.policy import Policy
from stagesync.domain.vocabulary import Vocabulary
from stagesync.errors import DefinitionError, Problem
from stagesync.loading.canonical import digest_of
from stagesync.loading.document import Report
from stagesync.loading.policy import read_policy
from stagesync.loading.vocabularies import ReadVocabulary, read_vocabularies

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Definitions:
    """One policy and the vocabularies that read its positions.

    Attributes:
        vocabularies: by name; each follows those it looks at.
        files: `policy`, or a vocabulary's name -> the file it came from.
        lines: vocabulary name -> stage id -> line; the empty id stands for the vocabulary itself.
        left_out: why vocabularies do not fit another policy; those, and the ones that look at them, are absent.
    """

    policy: Policy
    vocabularies: Mapping[str, Vocabulary]
    files: Mapping[str, str]
    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    left_out: tuple[Problem, ...] = ()

    @property
    def digest(self) -> str:
        """sha256, in hex, of the policy and of all vocabularies."""
        return digest_of((self.policy, tuple(self.vocabularies.values())))


def shipped_mappings() -> Path:
    """The directory of the definitions that come with stagesync."""
    inside = _PACKAGE / "mappings"
    return inside if inside.is_dir() else _PACKAGE.parents[1] / "mappings"


def load_definitions(mappings_dir: Path, policy_file: Path | None = None) -> Definitions:
    """The definitions of a mappings directory, under its own policy or another one.

    Another policy brings its own vocabularies when a folder `vocabularies` stands beside it. When
    there is none, those of the directory serve, without the ones that name axes or levels it lacks.

    Raises:
        DefinitionError: with every problem of every file, each with its line.
    """
    problems: list[Problem] = []
    path = policy_file or mappings_dir / "policy.yaml"
    policy = read_policy(path, Report(str(path), problems))
    if policy is None:
        raise DefinitionError(problems)
    beside = path.parent / "vocabularies"
    borrowed = policy_file is not None and not beside.is_dir()
    found_problems: list[Problem] = []
    source = mappings_dir / "vocabularies" if borrowed else beside
    found = read_vocabularies(source, policy, found_problems)
    if not borrowed:
        problems += found_problems
    if problems:
        raise DefinitionError(problems)
    return _together(path, policy, found, left_out=tuple(found_problems) if borrowed else ())


def load_trial(trial: Path, mappings_dir: Path) -> Definitions:
    """Definitions to be tried before they are put in force: a folder of them, or a policy file alone.

    A policy that brings no folder `vocabularies` is read with those of the mappings directory; all of
    them have to fit it, as they would when it is in force.

    Raises:
        DefinitionError: with every problem of every file, each with its line.
    """
    path = trial / "policy.yaml" if trial.is_dir() else trial
    own = trial / "vocabularies"
    problems: list[Problem] = []
    policy = read_policy(path, Report(str(path), problems))
    if policy is None:
        raise DefinitionError(problems)
    found = read_vocabularies(
        own if own.is_dir() else mappings_dir / "vocabularies", policy, problems
    )
    if problems:
        raise DefinitionError(problems)
    return _together(path, policy, found, left_out=())


def _together(
    path: Path, policy: Policy, found: list[ReadVocabulary], *, left_out: tuple[Problem, ...]
) -> Definitions:
    fit: list[ReadVocabulary] = []
    unfit = {problem.file for problem in left_out}
    for read in found:  # in an order in which each follows those it looks at
        known = {other.vocabulary.name for other in fit}
        if read.file not in unfit and asks_for(read.vocabulary) <= known:
            fit.append(read)
    return Definitions(
        policy=policy,
        vocabularies={read.vocabulary.name: read.vocabulary for read in fit},
        files={"policy": str(path), **{read.vocabulary.name: read.file for read in fit}},
        lines={read.vocabulary.name: read.lines for read in fit},
        left_out=left_out,
    )

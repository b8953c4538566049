"""A set of definitions that somebody hands in: which files it changes, and what is wrong with it.

Whatever comes from outside is text; under which name it is looked at and kept is decided here, by the files in
force and by what the text says it is. It is examined in a folder that is gone afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ruamel.yaml.nodes import MappingNode, ScalarNode

from stagesync.documents import LARGEST, Unusable, compose
from stagesync.engine.definition_files import (
    POLICY,
    VOCABULARIES,
    DefinitionFiles,
    Texts,
    deployment_with,
    write_texts,
)
from stagesync.engine.deployment import Deployment
from stagesync.errors import DefinitionError, Problem
from stagesync.loading.examine import examine

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_TELLS_NAME = re.compile(r"^vocabulary:[ \t]*[\"']?([A-Za-z0-9_-]+)", re.MULTILINE)

HANDED_IN = "text"
"""Stands for the file in problems of a text that does not say what it is."""


@dataclass(frozen=True, slots=True)
class Given:
    """One file that somebody hands in.

    Attributes:
        name: the file of the set whose place it takes; empty: what it says it is decides.
    """

    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A set that was examined.

    Attributes:
        texts: the whole set, as it would stand.
        changed: its files that differ from those in force.
        problems: everything wrong, each with its file of the set; nothing may be done with the set then.
        deployment: as it would be with the set in force; None when something is wrong.
    """

    texts: Texts
    changed: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    deployment: Deployment | None = None


def check_given(deployment: Deployment, files: DefinitionFiles, given: Sequence[Given]) -> Checked:
    """What the definitions in force come to with these files in place of theirs."""
    texts = dict(deployment.texts)
    problems: list[Problem] = []
    placed: list[str] = []
    for each in given:
        text = _tidy(each.text)
        name = each.name or _place(text, deployment, files, problems)
        if each.name and each.name not in deployment.texts:
            problems.append(Problem(HANDED_IN, 0, "", "takes the place of no file in force"))
        elif name and len(text.encode()) > LARGEST:
            problems.append(Problem(name, 0, "", f"is larger than {LARGEST // 1024} KiB"))
        elif name in placed:
            problems.append(Problem(name, 0, "", "was handed in twice"))
        elif name:
            placed.append(name)
            texts[name] = text
    if problems:
        return Checked(texts, tuple(placed), tuple(problems))
    return check_set(deployment, files, texts)


def check_set(
    deployment: Deployment, files: DefinitionFiles, texts: Texts, *, known: bool = False
) -> Checked:
    """What a whole set comes to in place of the one in force.

    Args:
        known: it was found sound before, under the same connections: it is read, and not proven again.
    """
    before = deployment.texts
    changed = tuple(name for name in {**texts, **before} if texts.get(name) != before.get(name))
    with TemporaryDirectory(prefix="stagesync-") as folder:
        place = Path(folder)
        write_texts(place, texts)
        problems = [] if known else examine(place).problems
        found = None
        try:
            found = deployment_with(deployment, files.moved_to(place))
        except DefinitionError as error:
            problems += [each for each in error.problems if each not in problems]
        told = tuple(_without_folder(each, place) for each in problems)
    return Checked(texts, changed, told, None if told else found)


def _tidy(text: str) -> str:
    """As a file of ours has it: browsers send lines that end otherwise."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return lines if lines.endswith("\n") or not lines else lines + "\n"


def _place(
    text: str, deployment: Deployment, files: DefinitionFiles, problems: list[Problem]
) -> str:
    """The file of the set that a text says it is; empty when that is a problem."""
    try:
        node = compose(text) if len(text) <= LARGEST else None
    except Unusable as error:
        problems.append(Problem(HANDED_IN, error.line, "", error.what))
        return ""
    told = {
        str(key.value): str(value.value)
        for key, value in (node.value if isinstance(node, MappingNode) else ())
        if isinstance(key, ScalarNode) and isinstance(value, ScalarNode)
    }
    if "policy" in told:
        return POLICY
    if "vocabulary" in told:
        return _vocabulary(told["vocabulary"], deployment.texts, problems)
    if "connector" in told:
        return _mapping(told["connector"], deployment, files, problems)
    what = "begins with neither `policy: NAME`, `vocabulary: NAME` nor `connector: NAME`"
    problems.append(Problem(HANDED_IN, 0, "", what))
    return ""


def _vocabulary(name: str, texts: Texts, problems: list[Problem]) -> str:
    for file, text in texts.items():
        found = _TELLS_NAME.search(text) if file.startswith(f"{VOCABULARIES}/") else None
        if found and found[1] == name:
            return file
    if not _NAME.fullmatch(name):
        what = "a new vocabulary is named with letters, digits, hyphens and underscores"
        problems.append(Problem(HANDED_IN, 0, "vocabulary", what))
        return ""
    return f"{VOCABULARIES}/{name}.yaml"


def _mapping(
    connector: str, deployment: Deployment, files: DefinitionFiles, problems: list[Problem]
) -> str:
    names = files.mapping_names()
    found = {
        names[each.name]
        for each in deployment.connections.values()
        if each.mapping.connector == connector
    }
    if len(found) == 1:
        return found.pop()
    what = (
        f"several files map `{connector}`: choose whose place it takes"
        if found
        else f"no connection is of the connector `{connector}`"
    )
    problems.append(Problem(HANDED_IN, 0, "connector", what))
    return ""


def _without_folder(problem: Problem, folder: Path) -> Problem:
    """A problem as of the set: where it was examined is nobody's business."""
    file = problem.file.removeprefix(str(folder)).removeprefix("/") or VOCABULARIES
    message = problem.message.replace(f"{folder}/", "")
    return replace(problem, file=file, message=message)


def of_the_set(texts: Texts, in_force: Texts, files: DefinitionFiles) -> dict[str, str]:
    """An earlier set as it can be put back: its policy and vocabularies, and the mappings of today's connections."""
    mappings = set(files.mapping_names().values())
    kept: Mapping[str, str] = {
        name: text
        for name, text in texts.items()
        if name == POLICY or name.startswith(f"{VOCABULARIES}/")
    }
    return {**kept, **{name: texts.get(name, in_force[name]) for name in sorted(mappings)}}

"""The files that a deployment's definitions stand in, and the deployment that they make.

A set of definitions is named file by file: `policy.yaml`, `vocabularies/NAME.yaml`, and a mapping by its name in the
folder, such as `hubspot.yaml`. A mapping that a connection names outside the folder is `connections/CONNECTION.yaml`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stagesync.engine.deployment import Connected, Deployment
from stagesync.errors import DefinitionError, Problem
from stagesync.loading.canonical import digest_of
from stagesync.loading.definitions import Definitions, load_definitions
from stagesync.loading.mapping import load_mapping

POLICY = "policy.yaml"
VOCABULARIES = "vocabularies"
OWN = "connections"
"""Begins the names of mappings that stand outside the folder."""

Texts = Mapping[str, str]
"""File of a set -> its text."""

Marks = tuple[tuple[str, int, int, int], ...]
"""By which a change of files is seen at a glance: path, inode, instant of change, size."""


@dataclass(frozen=True, slots=True)
class DefinitionFiles:
    """Where the definitions in force stand.

    Attributes:
        folder: of policy.yaml, vocabularies/ and the CRM mappings.
        mappings: connection -> its mapping file, in the folder or elsewhere.
        home: the folder that changes are written to; None means `folder` itself. Another one is made by copying
            `folder`, which came with stagesync.
        settings: the file whose change takes a new process; None where there is none.
    """

    folder: Path
    mappings: Mapping[str, Path]
    home: Path | None = None
    settings: Path | None = None

    def mapping_names(self) -> dict[str, str]:
        """Connection -> its mapping's name in the set."""
        return {
            name: path.name if path.parent == self.folder else f"{OWN}/{name}.yaml"
            for name, path in self.mappings.items()
        }

    def paths(self) -> dict[str, Path]:
        """File of the set -> where it stands, in the order in which people read them."""
        names = self.mapping_names()
        found = {POLICY: self.folder / POLICY}
        for path in sorted((self.folder / VOCABULARIES).glob("*.yaml")):
            found[f"{VOCABULARIES}/{path.name}"] = path
        return found | {names[each]: path for each, path in sorted(self.mappings.items())}

    def moved_to(self, folder: Path) -> DefinitionFiles:
        """The same set, all of it in another folder."""
        names = self.mapping_names()
        return DefinitionFiles(folder, {name: folder / names[name] for name in self.mappings})


def marks_of(files: DefinitionFiles) -> Marks:
    """How the files look from outside, without reading them; a file that is not there is left out."""
    found = []
    for path in files.paths().values():
        try:
            told = path.stat()
        except OSError:
            continue
        found.append((str(path), told.st_ino, told.st_mtime_ns, told.st_size))
    return tuple(found)


def read_texts(files: DefinitionFiles) -> dict[str, str]:
    """The set, word by word; what cannot be read is left out: loading it says why."""
    found = {}
    for name, path in files.paths().items():
        try:
            found[name] = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue
    return found


def write_texts(folder: Path, texts: Texts) -> None:
    """Make a folder of a set."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def digest_of_texts(texts: Texts) -> str:
    """sha256, in hex, of the files of a set, word by word."""
    parts = [hashlib.sha256(f"{name}\0{text}".encode()).digest() for name, text in texts.items()]
    return hashlib.sha256(b"".join(sorted(parts))).hexdigest()


def digest_of_definitions(definitions: Definitions, connections: Mapping[str, Connected]) -> str:
    """Another text whenever the policy, a vocabulary or a connection's mapping says something else."""
    mappings = sorted((name, each.mapping.digest) for name, each in connections.items())
    return digest_of((definitions.digest, mappings))


def deployment_with(deployment: Deployment, files: DefinitionFiles) -> Deployment:
    """The deployment with what stands in these files in place of its own definitions.

    Raises:
        DefinitionError: with every problem of every file.
    """
    texts = read_texts(files)
    definitions = load_definitions(files.folder)
    found = defined_by(deployment, definitions, folder=files.folder, mappings=files.mappings)
    digest = digest_of_definitions(definitions, found.connections)
    return replace(found, definitions=digest, texts=texts)


def defined_by(
    deployment: Deployment,
    definitions: Definitions,
    *,
    folder: Path,
    mappings: Mapping[str, Path],
) -> Deployment:
    """The deployment under these definitions, each connection mapped by its file.

    Args:
        folder: what a problem of the whole is told of.

    Raises:
        DefinitionError: with every problem of every mapping.
    """
    problems = lacks_vocabulary(deployment, definitions, folder)
    connections = {}
    for name, connected in deployment.connections.items():
        try:
            mapping = load_mapping(
                mappings[name],
                vocabularies=definitions.vocabularies,
                policy=definitions.policy,
            )
            connections[name] = replace(connected, mapping=mapping)
        except DefinitionError as error:
            problems += error.problems
    if problems:
        raise DefinitionError(problems)
    return replace(
        deployment,
        policy=definitions.policy,
        vocabularies=definitions.vocabularies,
        connections=connections,
    )


def lacks_vocabulary(
    deployment: Deployment, definitions: Definitions, folder: Path
) -> list[Problem]:
    """The problem that the vocabulary in which stages are told is not among the definitions."""
    main = deployment.main_vocabulary
    if main in definitions.vocabularies:
        return []
    known = ", ".join(sorted(definitions.vocabularies))
    message = f"there is no `{main}`, in which transitions and plans are told; known: {known}"
    return [Problem(str(folder), 0, "vocabularies", message)]

"""A deployment as it would be under other definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stagesync.domain.mapping import CrmMapping
from stagesync.engine.definition_files import defined_by
from stagesync.engine.deployment import Deployment
from stagesync.loading.definitions import load_trial


def deployment_under(
    deployment: Deployment, trial: Path, *, mappings: Path, files: Mapping[str, Path]
) -> Deployment:
    """The deployment with the definitions on trial in place of its own; nothing it finds may be stored.

    Records are read by the mappings in force, since the store holds what those ask for. A mapping file
    in a folder on trial says only what would be written.

    Args:
        trial: a policy file, or a folder of definitions.
        mappings: the folder of the definitions in force.
        files: connection -> its mapping file in force.

    Raises:
        DefinitionError: with every problem of the definitions, or of the mappings under them.
    """
    own = {name: trial / each.name for name, each in files.items()}
    chosen = {name: own[name] if own[name].is_file() else each for name, each in files.items()}
    definitions = load_trial(trial, mappings)
    proposed = defined_by(deployment, definitions, folder=trial, mappings=chosen)
    return as_trial(deployment, proposed)


def as_trial(deployment: Deployment, proposed: Deployment) -> Deployment:
    """The deployment with another one's definitions, as `deployment_under` has it: its records are read as they are."""
    return replace(
        proposed,
        connections={
            name: replace(
                each, mapping=_written_by(deployment.connections[name].mapping, each.mapping)
            )
            for name, each in proposed.connections.items()
        },
    )


def _written_by(in_force: CrmMapping, found: CrmMapping) -> CrmMapping:
    """A mapping that reads as the one in force does, and writes as the other one says."""
    objects = {
        name: replace(mapping, writes=found.objects[name].writes if name in found.objects else ())
        for name, mapping in in_force.objects.items()
    }
    return replace(in_force, objects=objects)

"""Where the definitions of a deployment stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stagesync.errors import DefinitionError, Problem

if TYPE_CHECKING:
    from stagesync.engine.definition_files import DefinitionFiles
    from stagesync.loading.definitions import Definitions
    from stagesync.settings import Settings


def mappings_of(settings: Settings, config: Path) -> Path:
    """The folder of the deployment's definitions."""
    from stagesync.loading.definitions import shipped_mappings

    if settings.mappings is not None:
        return config.parent / settings.mappings
    beside = config.parent / "mappings"
    return beside if (beside / "policy.yaml").is_file() else shipped_mappings()


def mapping_file(settings: Settings, connection: str, *, config: Path) -> Path:
    """The file that says how a connection is read and written."""
    each = settings.connections[connection]
    if each.mapping:
        return config.parent / each.mapping
    return mappings_of(settings, config) / f"{each.connector}.yaml"


def definition_files(settings: Settings, config: Path) -> DefinitionFiles:
    """Every file that the definitions in force stand in now; somebody may just have made a folder of their own."""
    from stagesync.engine.definition_files import DefinitionFiles
    from stagesync.loading.definitions import shipped_mappings

    folder = mappings_of(settings, config)
    return DefinitionFiles(
        folder,
        {name: mapping_file(settings, name, config=config) for name in settings.connections},
        home=config.parent / "mappings" if folder == shipped_mappings() else folder,
        settings=config,
    )


def demand_vocabulary(settings: Settings, definitions: Definitions, config: Path) -> None:
    """The vocabulary that stages are told in must be one of the definitions."""
    from stagesync.settings import line_of

    if settings.vocabulary not in definitions.vocabularies:
        known = ", ".join(sorted(definitions.vocabularies))
        what = f"`{settings.vocabulary}`; known: {known}"
        line = line_of(config, "vocabulary")
        raise DefinitionError([Problem(str(config), line, "vocabulary", what)])

"""The configured CRM accounts, each with its connector and its mapping."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from stagesync.app.definitions import mapping_file
from stagesync.errors import DefinitionError, Problem

if TYPE_CHECKING:
    from stagesync.connector import Clock, Connect, Connector
    from stagesync.engine.deployment import Connected
    from stagesync.loading.definitions import Definitions
    from stagesync.settings import ConnectionSettings, Settings

CONNECTORS = "stagesync.connectors"
"""The entry-point group in which connectors are found."""


def installed_connectors() -> dict[str, Connect]:
    """Connector name -> what makes one; the package is imported when it is asked for."""
    return {each.name: each.load() for each in entry_points(group=CONNECTORS)}


def connections_of(
    settings: Settings,
    definitions: Definitions,
    *,
    config: Path,
    clock: Clock,
) -> dict[str, Connected]:
    """Every configured connection.

    Raises:
        DefinitionError: with every problem of every one.
    """
    from stagesync.domain.plan import VendorStage
    from stagesync.engine.deployment import Connected
    from stagesync.loading.mapping import load_mapping

    names = {each.name for each in entry_points(group=CONNECTORS)}
    problems: list[Problem] = []
    found = {}
    for name, each in settings.connections.items():
        try:
            if each.connector not in names:
                known = f"`{each.connector}`; known: {_list(names)}"
                raise refused(config, f"connections.{name}", [("connector", known)])
            path = mapping_file(settings, name, config=config)
            mapping = load_mapping(
                path, vocabularies=definitions.vocabularies, policy=definitions.policy
            )
            found[name] = Connected(
                name=name,
                connector=_connect(name, each, config=config, clock=clock),
                mapping=mapping,
                vendor_stage=VendorStage(each.vendor_stage),
                first_mode=each.mode,
                poll_s=each.poll,
                writes_per_hour=each.writes_per_hour,
                automation_users=frozenset(each.automation_users),
                wait_for_first_load=each.wait_for_first_load,
            )
        except DefinitionError as error:
            problems += error.problems
    if problems:
        raise DefinitionError(problems)
    return found


def _connect(name: str, each: ConnectionSettings, *, config: Path, clock: Clock) -> Connector:
    from stagesync.connector import OptionsRefused, Secret
    from stagesync.settings.secrets import SecretsMissing, read_secrets

    connect: Connect = next(
        found.load() for found in entry_points(group=CONNECTORS) if found.name == each.connector
    )
    try:
        return connect(name, read_secrets(each.options, Secret, folder=config.parent), clock=clock)
    except (SecretsMissing, OptionsRefused) as error:
        raise refused(config, f"connections.{name}", error.problems) from None


def refused(config: Path, place: str, problems: Sequence[tuple[str, str]]) -> DefinitionError:
    """What is wrong with a part of the settings, each with the line of its key."""
    from stagesync.settings import line_of

    found = []
    for key, message in problems:
        path = f"{place}.{key}".rstrip(".")
        found.append(Problem(str(config), line_of(config, path), path, message))
    return DefinitionError(found)


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none is installed"

"""Reads the settings of a file and of the environment; tells every problem with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from stagesync.errors import DefinitionError, Problem
from stagesync.settings.lines import Lines, read_yaml
from stagesync.settings.model import Settings
from stagesync.settings.values import Strict


def load_settings(path: Path) -> Settings:
    """The settings of this file and of the environment.

    Raises:
        DefinitionError: with every problem, each with its line.
    """
    values, lines = read_yaml(path)
    settings, problems = None, []
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems = [_problem(path, lines, detail) for detail in error.errors()]
    problems += _preference_problems(path, lines, settings, values=values)
    if settings is None or problems:
        raise DefinitionError(problems)
    return settings


def _preference_problems(
    path: Path, lines: Lines, settings: Settings | None, *, values: dict[str, Any]
) -> list[Problem]:
    """Names in `prefer` that are no connection; of a file with other problems, as far as it can be read."""
    names = settings.connections if settings else values.get("connections")
    prefer = settings.prefer if settings else values.get("prefer")
    known = sorted(names) if isinstance(names, dict) else []
    return [
        Problem(
            str(path),
            lines.get(("prefer",), 0),
            "prefer",
            f"`{name}` is no connection; known: {', '.join(known)}",
        )
        for name in (prefer if isinstance(prefer, (list, tuple)) else ())
        if name not in known
    ]


def _problem(path: Path, lines: Lines, detail: Any) -> Problem:
    place = tuple(str(part) for part in detail["loc"])
    known_place = place
    while known_place and known_place not in lines:
        known_place = known_place[:-1]
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = f"is not known; known: {', '.join(_known_keys(place))}"
    return Problem(str(path), lines.get(known_place, 0), ".".join(place), message)


def _known_keys(place: tuple[str, ...]) -> list[str]:
    part = Settings.model_fields.get(place[0])
    kinds = [part.annotation, *get_args(part.annotation)] if part else []
    inner = [each for each in kinds if isinstance(each, type) and issubclass(each, Strict)]
    return list((inner[0] if inner else Settings).model_fields)


def line_of(path: Path, key: str) -> int:
    """The line of a dotted key in the file, or of the nearest one above it; 0 when there is none."""
    _, lines = read_yaml(path)
    place = tuple(key.split("."))
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 0)

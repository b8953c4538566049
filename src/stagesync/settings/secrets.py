"""Secrets are named in the settings and read only when a connector is made."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


class SecretsMissing(Exception):
    """Named secrets are not there.

    Attributes:
        problems: (dotted key, what is wrong); names of variables and files, never a value.
    """

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{key}: {text}" for key, text in self.problems))


def read_secrets(options: Mapping[str, Any], wrap: Callable[[str], object]) -> dict[str, Any]:
    """The options with each `{env: NAME}` and `{file: PATH}` replaced by its wrapped text.

    Raises:
        SecretsMissing: variables that are not set and files that cannot be read, all of them.
    """
    problems: list[tuple[str, str]] = []
    found = {key: _read(key, value, wrap, problems=problems) for key, value in options.items()}
    if problems:
        raise SecretsMissing(problems)
    return found


def _read(
    key: str, value: Any, wrap: Callable[[str], object], *, problems: list[tuple[str, str]]
) -> Any:
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"env"}:
        name = str(value["env"])
        if os.environ.get(name):
            return wrap(os.environ[name])
        problems.append((key, f"the environment variable {name} is not set"))
        return None
    if set(value) == {"file"}:
        path = Path(str(value["file"]))
        try:
            return wrap(path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError):
            problems.append((key, f"the file {path} cannot be read"))
            return None
    return {
        each: _read(f"{key}.{each}", one, wrap, problems=problems) for each, one in value.items()
    }

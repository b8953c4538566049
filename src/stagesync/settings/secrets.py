"""Secrets are named in the settings and read only when a connector is made."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()


class SecretsMissing(Exception):
    """Named secrets are not there.

    Attributes:
        problems: (dotted key, what is wrong); names of variables and files, never a value.
    """

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{key}: {text}" for key, text in self.problems))


def read_secrets(
    options: Mapping[str, Any], wrap: Callable[[str], object], *, folder: Path
) -> dict[str, Any]:
    """The options with each `{env: NAME}` and `{file: PATH}` replaced by its wrapped text.

    Args:
        folder: from which a relative path counts.

    Raises:
        SecretsMissing: variables that are not set and files that cannot be read, all of them.
    """
    problems: list[tuple[str, str]] = []
    reader = _Reader(wrap, folder, problems)
    found = {key: reader.read(key, value) for key, value in options.items()}
    if problems:
        raise SecretsMissing(problems)
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    wrap: Callable[[str], object]
    folder: Path
    problems: list[tuple[str, str]]

    def read(self, key: str, value: Any) -> Any:
        """The value, with what it names read; what is missing is noted."""
        if not isinstance(value, Mapping):
            return value
        if set(value) == {"env"}:
            return self._from_environment(key, str(value["env"]))
        if set(value) == {"file"}:
            return self._from_file(key, self.folder / str(value["file"]))
        return {each: self.read(f"{key}.{each}", one) for each, one in value.items()}

    def _from_environment(self, key: str, name: str) -> object:
        if os.environ.get(name):
            return self.wrap(os.environ[name])
        self.problems.append((key, f"the environment variable {name} is not set"))
        return None

    def _from_file(self, key: str, path: Path) -> object:
        try:
            text = path.read_text(encoding="utf-8").strip()
            _warn_if_open(path)
            return self.wrap(text)
        except (OSError, UnicodeDecodeError):
            self.problems.append((key, f"the file {path} cannot be read"))
            return None


def _warn_if_open(path: Path) -> None:
    """Say so where every user of the machine may read or change a secret; a group may be meant to."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o007:
        log.warning(
            "secret open to others", file=str(path), mode=f"{mode:o}", fix=f"chmod o= {path}"
        )

"""Secrets are named in the settings and read only when a connector is made."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class SecretMissing(Exception):
    """A named secret is not there; the message says which name, never a value."""


def read_secrets(options: Mapping[str, Any], wrap: Callable[[str], object]) -> dict[str, Any]:
    """The options with each `{env: NAME}` and `{file: PATH}` replaced by its wrapped text.

    Raises:
        SecretMissing: the variable is not set, or the file cannot be read.
    """
    return {key: _read(key, value, wrap) for key, value in options.items()}


def _read(key: str, value: Any, wrap: Callable[[str], object]) -> Any:
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"env"}:
        name = str(value["env"])
        if not os.environ.get(name):
            raise SecretMissing(f"{key}: the environment variable {name} is not set")
        return wrap(os.environ[name])
    if set(value) == {"file"}:
        path = Path(str(value["file"]))
        try:
            return wrap(path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError):
            raise SecretMissing(f"{key}: the file {path} cannot be read") from None
    return read_secrets(value, wrap)

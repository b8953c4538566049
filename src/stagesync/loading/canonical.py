"""One text for one meaning, so that a digest changes with the content and not with comments or order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum

from stagesync.domain.policy import Policy


def digest(policy: Policy) -> str:
    """sha256, in hex, of everything in the policy that can change a position or a reason."""
    return digest_of(replace(policy, digest=""))


def digest_of(value: object) -> str:
    """sha256, in hex, of a domain value; fields that do not take part in `==` do not count."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def canonical(value: object) -> object:
    """The value in lists, mappings and scalars; sets in order."""
    if is_dataclass(value) and not isinstance(value, type):
        held = {
            item.name: canonical(getattr(value, item.name))
            for item in fields(value)
            if item.compare
        }
        return {"is": type(value).__name__, **held}
    if isinstance(value, Mapping):
        return {str(key): canonical(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(
            (canonical(item) for item in value), key=lambda item: (str(type(item)), str(item))
        )
    if isinstance(value, tuple):
        return [canonical(item) for item in value]
    return value.value if isinstance(value, Enum) else value

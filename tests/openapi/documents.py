"""The documents, and which of their operations a called address means."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

HERE = Path(__file__).parent
_NEWER = ((re.compile("/app-webhooks/2026-09/"), "/webhooks/2026-03/"),
          (re.compile("/2026-09(?=/|$)"), "/2026-03"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one described path.

    Attributes:
        document: file name below this folder; also the address of its schemas.
        pointer: to the operation, as a JSON pointer into the document.
        path: with its parameters in braces.
    """

    document: str
    pointer: str
    method: str
    path: str
    content: dict[str, Any]

    def validator(self, *steps: str) -> Any:
        """A validator for the schema that these steps below the operation lead to."""
        pointer = "/".join([self.pointer, *(_escaped(step) for step in steps)])
        kind = OAS31Validator if _load(self.document)["openapi"] > "3.1" else OAS30Validator
        return kind(
            {"$ref": f"{self.document}#{pointer}"},
            registry=_registry(),
            format_checker=kind.FORMAT_CHECKER,
        )


def find(method: str, path: str) -> Operation | None:
    """The described operation that an address means; None when no document describes it."""
    described = path.rstrip("/")
    for newer, older in _NEWER:
        described = newer.sub(older, described)
    for pattern, operation in _operations():
        if operation.method == method.lower() and pattern.fullmatch(described):
            return operation
    return None


@cache
def _operations() -> list[tuple[re.Pattern[str], Operation]]:
    """Every operation; where two paths fit an address, the one with fewer parameters is first."""
    found = [
        Operation(name, f"/paths/{_escaped(path)}/{method}", method, path, content)
        for name in _names()
        for path, methods in _load(name)["paths"].items()
        for method, content in methods.items()
    ]
    found.sort(key=lambda each: (each.path.count("{"), each.document))
    return [(_pattern(each.path), each) for each in found]


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", path.rstrip("/"))
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


@cache
def _names() -> list[str]:
    return sorted(f"{each.parent.name}/{each.name}" for each in HERE.glob("*/*.json"))


@cache
def _load(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((HERE / name).read_text())
    return document


@cache
def _registry() -> Registry[Any]:
    """All documents under their names."""
    kinds = {True: DRAFT202012, False: DRAFT4}
    return Registry().with_resources(
        (name, Resource(_load(name), kinds[_load(name)["openapi"] > "3.1"])) for name in _names()
    )

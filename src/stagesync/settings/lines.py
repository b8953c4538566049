"""A YAML file as plain values, and the line of every path in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from stagesync.documents import Unusable, read_document
from stagesync.errors import DefinitionError, Problem

Lines = dict[tuple[str, ...], int]
"""Path of keys and places -> line, starting at 1."""


def read_yaml(path: Path) -> tuple[dict[str, Any], Lines]:
    """The file's values and their lines.

    Raises:
        DefinitionError: it cannot be read, is not YAML, or is no mapping.
    """
    try:
        node = read_document(path)
    except Unusable as error:
        raise DefinitionError([Problem(str(path), error.line, "", error.what)]) from None
    if not isinstance(node, MappingNode):
        raise DefinitionError([Problem(str(path), 1, "", "must be `key: value` pairs")])
    lines: Lines = {}
    try:
        return _value(node, (), lines), lines
    except _Twice as twice:
        first = lines[twice.place]
        message = f"stands here twice, first in line {first}"
        problem = Problem(str(path), twice.line, ".".join(twice.place), message)
        raise DefinitionError([problem]) from None


class _Twice(Exception):
    """A key that stands twice: which one counts would be a guess."""

    def __init__(self, line: int, place: tuple[str, ...]) -> None:
        self.line = line
        self.place = place


def _value(node: Node, path: tuple[str, ...], lines: Lines) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, MappingNode):
        found = {}
        for key_node, each in node.value:
            here = (*path, str(key_node.value))
            if here in lines:
                raise _Twice(key_node.start_mark.line + 1, here)
            lines[here] = key_node.start_mark.line + 1
            found[str(key_node.value)] = _value(each, here, lines)
        return found
    if isinstance(node, SequenceNode):
        return [_value(each, (*path, str(n)), lines) for n, each in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: Node) -> Any:
    assert isinstance(node, ScalarNode)
    kind = str(node.tag).rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return str(node.value).lower() == "true"
    return str(node.value)

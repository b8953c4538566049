"""The text of a YAML file as a tree of nodes: small, shallow, plain and of our own reading.

Nodes are composed, never constructed: no tag makes an object of anything. What a hostile or broken file may
do all the same is to be endless, to nest until the stack is full, or to stand for millions of values by
aliases of aliases; each is refused here, with its line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node
from ruamel.yaml.reader import ReaderError

LARGEST = 512 * 1024
"""Bytes; ten times the largest file that we ship. The parser's time grows with the square of a list in brackets."""

DEEPEST = 40
"""Nothing that people write is nested this deep."""

MOST_VALUES = 100_000
"""That a file stands for, each alias counted as often as it is used."""

_STRANGE = re.compile("[\0\ud800-\udfff]")
"""Half a character, or the end of one: an escape can write what no UTF-8 and no database holds."""

_CORE = "tag:yaml.org,2002:"
_PLAIN = frozenset(
    _CORE + kind
    for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)


class Unusable(Exception):
    """A file is no such document.

    Attributes:
        what: is wrong with it, such as `is not UTF-8 text`.
        line: starts at 1; 0 when the file as a whole is meant.
    """

    def __init__(self, what: str, *, line: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


def read_document(path: Path) -> Node | None:
    """The file's one document; None when it is empty.

    Raises:
        Unusable: it cannot be read, is not YAML, or is larger than any that people write.
    """
    return compose(_text(path))


def compose(text: str) -> Node | None:
    """The one document in a text; None when it is empty.

    Raises:
        Unusable: as `read_document`.
    """
    try:
        # Not the C parser, which does not tell places as well.
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = f"is not YAML: {error.problem or error.context}"
        raise Unusable(what, line=mark.line + 1 if mark else 0) from None
    except ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        what = f"holds a character that no text has (#x{_code(error):04x})"
        raise Unusable(what, line=line) from None
    except RecursionError:
        raise Unusable("is nested too deep, or contains itself") from None
    except (YAMLError, ValueError, AttributeError, TypeError, IndexError, AssertionError) as error:
        # The parser stumbles over some broken texts in ways of its own.
        raise Unusable(f"is not YAML: {_first_line(error)}") from None
    if node is not None:
        _measure(node, {}, above=0)
    return node


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise Unusable("does not exist") from None
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror}") from None
    if len(found) > LARGEST:
        raise Unusable(f"is larger than {LARGEST // 1024} KiB")
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable("is not UTF-8 text", line=found.count(b"\n", 0, error.start) + 1) from None


class _Size(NamedTuple):
    """How many values a node stands for, and how many levels lie below it."""

    values: int
    levels: int


def _measure(node: Node, known: dict[int, _Size], *, above: int) -> _Size:
    """What a node stands for; an alias leads to the very node that it names, so each is measured once."""
    line = node.start_mark.line + 1
    if str(node.tag) not in _PLAIN:
        raise Unusable(f"has the tag {_shown_tag(node)}: tags are not taken", line=line)
    if not isinstance(node, CollectionNode):
        if _STRANGE.search(node.value):
            raise Unusable("holds a character that no text has", line=line)
        return _Size(1, 0)
    if id(node) not in known:
        if above > DEEPEST:
            raise Unusable("is nested too deep, or contains itself", line=line)
        inner = node.value
        if isinstance(node, MappingNode):
            inner = [each for pair in node.value for each in pair]
        sizes = [_measure(each, known, above=above + 1) for each in inner]
        values = 1 + sum(each.values for each in sizes)
        known[id(node)] = _Size(values, 1 + max((each.levels for each in sizes), default=0))
    size = known[id(node)]
    if size.values > MOST_VALUES:
        what = f"stands for more than {MOST_VALUES:,} values by its aliases"
        raise Unusable(what, line=line)
    if above + size.levels > DEEPEST + 1:
        raise Unusable("is nested too deep, or contains itself", line=line)
    return size


def _shown_tag(node: Node) -> str:
    return str(node.tag).replace(_CORE, "!!")[:60]


def _code(error: ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

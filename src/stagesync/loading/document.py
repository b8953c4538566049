"""A YAML file as a tree of spots: each knows its line and its path, and reports what is wrong there.

Read by composing nodes rather than by constructing values: nodes keep their lines, repeated keys can be
seen, and a scalar keeps the letters that were typed, so that `NO` is Norway and `yes` is a flag only
where a flag is asked for. A reader never stops at a problem: it reports it and goes on with None or an
empty value, so that one reading finds everything.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from stagesync.documents import Unusable, read_document
from stagesync.domain.duration import seconds_of
from stagesync.errors import Problem
from stagesync.loading.names import unknown

_TAG = "tag:yaml.org,2002:"
_FLAGS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Report:
    """Collects what is wrong in one file.

    Attributes:
        file: as the caller named it.
        problems: may be shared between the files of one reading.
    """

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, message: str, *, line: int = 0, path: str = "") -> None:
        """Notes a problem once."""
        problem = Problem(self.file, line, path, message)
        if problem not in self.problems:
            self.problems.append(problem)


@dataclass(frozen=True, slots=True)
class Spot:
    """One value of the file, with its place.

    Attributes:
        line: of the key that leads here, or of the item; starts at 1.
        path: dotted, such as `axes.fit.inside`; empty for the whole file.
    """

    node: Node = field(repr=False)
    line: int
    path: str
    report: Report = field(repr=False)

    def problem(self, message: str) -> None:
        """Reports something wrong here."""
        self.report.add(message, line=self.line, path=self.path)

    def under(self, path: str) -> Spot:
        """The same value, shown as used at another path."""
        return replace(self, path=path)

    @property
    def is_blank(self) -> bool:
        """Nothing was written here."""
        return isinstance(self.node, ScalarNode) and self.node.tag == f"{_TAG}null"

    @property
    def is_mapping(self) -> bool:
        """`key: value` pairs."""
        return isinstance(self.node, MappingNode)

    @property
    def is_list(self) -> bool:
        """A list."""
        return isinstance(self.node, SequenceNode)

    @property
    def letters(self) -> str | None:
        """The scalar as it was typed; None for blank, lists and mappings."""
        if not isinstance(self.node, ScalarNode) or self.is_blank:
            return None
        return str(self.node.value)

    def entries(self) -> dict[str, Spot]:
        """Values by key; empty when this is no mapping, which is reported. Blank is empty."""
        if not isinstance(self.node, MappingNode):
            if not self.is_blank:
                self.problem("must be `key: value` pairs")
            return {}
        found: dict[str, Spot] = {}
        for key_node, node in self.node.value:
            line = key_node.start_mark.line + 1
            key = str(key_node.value)
            spot = Spot(node, line, f"{self.path}.{key}" if self.path else key, self.report)
            if not isinstance(key_node, ScalarNode):
                self.report.add("a key must be a word", line=line, path=self.path)
            elif key in found:
                spot.problem(f"`{key}` stands here twice, first in line {found[key].line}")
            else:
                found[key] = spot
        return found

    def fields(self, known: Sequence[str], *, required: Collection[str] = ()) -> dict[str, Spot]:
        """Values by key, of a mapping whose keys are fixed; others and missing ones are reported."""
        found = self.entries()
        for key in [key for key in found if key not in known]:
            found.pop(key).problem(unknown("key", key, known))
        if self.is_mapping or self.is_blank:
            for key in required:
                if key not in found:
                    self.problem(f"`{key}` is missing")
        return found

    def items(self) -> list[Spot]:
        """The items of a list; empty when this is no list, which is reported. Blank is empty."""
        if not isinstance(self.node, SequenceNode):
            if not self.is_blank:
                self.problem("must be a list")
            return []
        return [
            Spot(node, node.start_mark.line + 1, f"{self.path}[{index}]", self.report)
            for index, node in enumerate(self.node.value)
        ]

    def text(self) -> str | None:
        """A text that is not blank; anything else is reported."""
        letters = self.letters
        if letters is None or not letters.strip():
            self.problem("must be a text")
            return None
        return letters

    def number(self) -> float | None:
        """A finite number; anything else is reported."""
        value = _number(self.node)
        if value is None:
            self.problem(f"must be a number, not {self._shown()}")
        return value

    def whole(self, *, at_least: int) -> int | None:
        """A whole number from `at_least` up; anything else is reported."""
        value = _number(self.node)
        if value is None or value != int(value) or value < at_least:
            self.problem(f"must be a whole number from {at_least} up, not {self._shown()}")
            return None
        return int(value)

    def flag(self) -> bool | None:
        """yes, no, true or false; anything else is reported."""
        value = _FLAGS.get((self.letters or "").lower())
        if value is None:
            self.problem(f"must be yes or no, not {self._shown()}")
        return value

    def duration_s(self) -> float | None:
        """Seconds of a duration, always above zero; anything else is reported."""
        found = seconds_of(self.letters or "")
        if not found:
            self.problem(f"must be a duration such as 15m, 24h or 180d, not {self._shown()}")
            return None
        return found

    def _shown(self) -> str:
        if self.is_blank:
            return "blank"
        return f"`{self.letters}`" if self.letters is not None else "a list or a mapping"


def open_document(path: Path, report: Report) -> Spot | None:
    """The whole file as a spot; None when it cannot be read, which is reported."""
    try:
        node = read_document(path)
    except Unusable as error:
        report.add(error.what, line=error.line)
        return None
    if node is None:
        report.add("is empty")
        return None
    return Spot(node, 1, "", report)


def scalars(spot: Spot, lists: dict[str, Spot]) -> Iterator[Spot]:
    """Every single value of a scalar, of a list, or of `$name`, lists inside lists included."""
    yield from _scalars(spot, lists, ())


def some_scalars(spot: Spot, lists: dict[str, Spot], *, missing: str) -> list[Spot]:
    """As `scalars`; that there is none at all is reported as `missing`."""
    if spot.is_blank:
        spot.problem(missing)
        return []
    before = len(spot.report.problems)
    found = list(scalars(spot, lists))
    if not found and len(spot.report.problems) == before:
        spot.problem(missing)
    return found


def _scalars(spot: Spot, lists: dict[str, Spot], inside: tuple[str, ...]) -> Iterator[Spot]:
    if spot.is_list:
        for item in spot.items():
            yield from _scalars(item, lists, inside)
        return
    word = spot.text()
    if word is None:
        return
    if not word.startswith("$"):
        yield spot
    elif word[1:] not in lists:
        spot.problem(unknown("list", word, [f"${name}" for name in lists]))
    elif word in inside:
        spot.problem(f"list `{word}` contains itself")
    else:
        used = lists[word[1:]]
        shown = used.under(f"{spot.path}.{word}" if used.report is spot.report else used.path)
        yield from _scalars(shown, lists, (*inside, word))


def _number(node: Node) -> float | None:
    if not isinstance(node, ScalarNode) or node.tag not in (f"{_TAG}int", f"{_TAG}float"):
        return None
    letters = str(node.value).replace("_", "")
    try:
        value = float(letters)
    except ValueError:
        try:
            value = float(int(letters, 0))
        except (ValueError, OverflowError):
            return None
    return value if math.isfinite(value) else None

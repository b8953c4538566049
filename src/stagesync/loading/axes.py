"""The `axes`, `questions` and `labels` sections of a policy, and the search for axes that wait for each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from stagesync.domain.condition import Anything, LevelIn
from stagesync.domain.kleene import leaves
from stagesync.domain.policy import Axis, Level
from stagesync.loading.conditions import RESERVED, Scope, read_condition
from stagesync.loading.document import Spot
from stagesync.loading.names import unknown

_WORD = re.compile(r"[a-z][a-z0-9_]*")


def read_names(spot: Spot | None) -> dict[str, tuple[str, ...]]:
    """Axis -> level names, lowest first: known before any condition is read."""
    entries = spot.entries() if spot else {}
    for name, entry in entries.items():
        if not _WORD.fullmatch(name) or name in RESERVED:
            entry.problem(
                f"`{name}` cannot name an axis; use small letters, digits and _, no word of a condition"
            )
    return {name: tuple(entry.entries()) for name, entry in entries.items()}


def read_axes(
    spot: Spot, scope: Scope, *, questions: Spot | None, labels: Spot | None = None
) -> tuple[Axis, ...]:
    """All axes, in the order of the file."""
    entries = spot.entries()
    if not entries:
        spot.problem("a policy needs at least one axis")
    asked = _read_questions(questions, list(entries))
    words = _known_only(labels, "axis", list(entries))
    axes = tuple(
        _labelled(Axis(name, _read_levels(entry, scope), asked.get(name, {})), words.get(name))
        for name, entry in entries.items()
    )
    circle = find_circle({axis.name: _looks_at(axis) for axis in axes})
    if circle:
        entries[circle[0]].problem(f"axes wait for each other: {' -> '.join(circle)}")
    return axes


def find_circle(looks_at: Mapping[str, set[str]]) -> list[str]:
    """The first circle found, its first name again at the end; empty when there is none."""
    done: set[str] = set()
    for start in looks_at:
        circle = _follow(start, looks_at, way=[], done=done)
        if circle:
            return circle
    return []


def _follow(
    name: str, looks_at: Mapping[str, set[str]], *, way: list[str], done: set[str]
) -> list[str]:
    if name in way:
        return [*way[way.index(name) :], name]
    if name not in done:
        for other in sorted(looks_at.get(name, ())):
            circle = _follow(other, looks_at, way=[*way, name], done=done)
            if circle:
                return circle
        done.add(name)
    return []


def _looks_at(axis: Axis) -> set[str]:
    return {
        leaf.axis
        for level in axis.levels
        for leaf in leaves(level.when)
        if isinstance(leaf, LevelIn)
    }


def _read_levels(spot: Spot, scope: Scope) -> tuple[Level, ...]:
    levels = spot.entries()
    if len(levels) < 2:
        spot.problem("an axis needs at least two levels, lowest first")
    read = []
    for index, (name, level) in enumerate(levels.items()):
        if index == 0 and not level.is_blank:
            level.problem("the lowest level holds for everybody else; it takes no condition")
        read.append(Level(name, Anything() if index == 0 else read_condition(level, scope)))
    return tuple(read)


def _read_questions(spot: Spot | None, axes: list[str]) -> dict[str, dict[str, str]]:
    entries = _known_only(spot, "axis", axes)
    return {name: read_labels(entry) for name, entry in entries.items()}


def _labelled(axis: Axis, spot: Spot | None) -> Axis:
    """The axis with what people read instead of its name and its levels' names."""
    if spot is None:
        return axis
    fields = spot.fields(("axis", "levels"), required=("axis",))
    words = _known_only(fields.get("levels"), "level", list(axis.level_names))
    labels = {name: read_labels(entry) for name, entry in words.items()}
    return replace(
        axis,
        labels=read_labels(fields["axis"]) if "axis" in fields else {},
        levels=tuple(replace(level, labels=labels.get(level.name, {})) for level in axis.levels),
    )


def _known_only(spot: Spot | None, what: str, known: list[str]) -> dict[str, Spot]:
    entries = spot.entries() if spot else {}
    for name in [name for name in entries if name not in known]:
        entries.pop(name).problem(unknown(what, name, known))
    return entries


def read_labels(spot: Spot) -> dict[str, str]:
    """Text by language; English and French are required."""
    fields = spot.entries()
    if spot.is_blank or (spot.is_mapping and not {"en", "fr"} <= set(fields)):
        spot.problem("must be given in English and French: {en: .., fr: ..}")
    return {language: text.text() or "" for language, text in fields.items()}

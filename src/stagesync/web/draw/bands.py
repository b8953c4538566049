"""Vocabularies as bands, one below the other, aligned over the stages of the main one."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from stagesync.web.look import label
from stagesync.web.told import Teller

WIDTH, NAME, ROW, GAP = 1120, 150, 30, 8
HEAD = 8
CHARACTER = 6.6
"""Pixels of a letter, about."""

COLOURS = 6

Together = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Stage of the main vocabulary -> vocabulary -> its stages, with the positions that bear both."""


def bands(together: Together, told: Teller, *, main: str, title: str) -> Markup:
    """The picture: a column per stage of the main vocabulary, lowest first; a row per vocabulary.

    Within a column each stage takes as much room as it has of the column's possible positions.
    """
    columns = _columns(together, told, main)
    names = [main, *(each for each in told.vocabularies if each != main)]
    wide = (WIDTH - NAME) / max(1, len(columns))
    parts = [Markup("<title>{}</title>").format(title)]
    for place, name in enumerate(names):
        top = HEAD + place * (ROW + GAP)
        text = label(told.vocabularies[name].labels, told.language)
        parts.append(
            _text(0, top + ROW / 2 + 4, text, _letters(NAME - 8), "strong" if place == 0 else "")
        )
        ids = [each.id for each in told.vocabularies[name].stages]
        for stage, left, right in _runs([together[each][name] for each in columns]):
            x, width = NAME + left * wide, (right - left) * wide
            shade = ids.index(stage) % COLOURS + 1
            parts.append(
                _band(x, top, width, told.stage(name, stage), shade, is_dim=stage == "none")
            )
    height = HEAD + len(names) * (ROW + GAP)
    return Markup(
        '<svg class="chart bands" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{parts}</svg>'
    ).format(width=WIDTH, height=height, title=title, parts=Markup("").join(parts))


def _columns(together: Together, told: Teller, main: str) -> list[str]:
    """Stages of the main vocabulary as a journey goes: up the ladder, then what lies off it."""
    stages = [each for each in told.vocabularies[main].stages if each.id in together]
    return [
        each.id for each in sorted(stages, key=lambda each: (each.rank is None, each.rank or 0))
    ]


def _runs(cells: list[Mapping[str, int]]) -> list[tuple[str, float, float]]:
    """(stage, left, right), in columns; what goes on in the next column is one band."""
    found: list[tuple[str, float, float]] = []
    for place, cell in enumerate(cells):
        left, whole = float(place), sum(cell.values())
        # The stage that the last band bears comes first, so that it goes on.
        goes_on = found[-1][0] if found else ""
        for stage in sorted(cell, key=lambda each: (each != goes_on, list(cell)[::-1].index(each))):
            right = left + cell[stage] / whole
            if found and found[-1][0] == stage and abs(found[-1][2] - left) < 1e-9:
                found[-1] = (stage, found[-1][1], right)
            else:
                found.append((stage, left, right))
            left = right
    return found


def _band(x: float, y: float, width: float, name: str, shade: int, *, is_dim: bool) -> Markup:
    told = _fit(name, _letters(width - 10))
    shape = Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="3" class="{}"/>'
    ).format(x + 1, y, max(1.0, width - 2), ROW, "plain" if is_dim else f"band c{shade}")
    words = _text(x + 6, y + ROW / 2 + 4, told, len(told), "soft" if is_dim else "")
    return Markup("<g><title>{}</title>{}{}</g>").format(name, shape, words if told else "")


def _text(x: float, y: float, text: str, letters: int, kind: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>').format(
        x, y, kind, _fit(text, letters)
    )


def _letters(pixels: float) -> int:
    return max(0, int(pixels / CHARACTER))


def _fit(text: str, letters: int) -> str:
    """As much of a text as there is room for; nothing where it would be a letter or two."""
    if len(text) <= letters:
        return text
    return text[: letters - 1] + "…" if letters > 3 else ""

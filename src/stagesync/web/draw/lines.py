"""Numbers over time as lines. The same numbers stand in a table beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 360.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 8.0, 8.0, 22.0
"""Around the lines, for what is written there."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        values: one per instant, oldest first; None where nothing is known.
    """

    label: str
    values: Sequence[float | None]


def lines(
    found: Sequence[Line],
    *,
    ends: tuple[str, str],
    title: str,
    write: Callable[[float], str],
    most: float | None = None,
) -> Markup:
    """The picture.

    Args:
        ends: what is written below the oldest and below the newest instant.
        write: a number as people read it.
        most: the highest number there can be; None goes by the numbers.
    """
    known = [value for line in found for value in line.values if value is not None]
    top = most or _round_up(max(known, default=0.0))
    steps = max(len(line.values) for line in found) - 1 if found else 0
    parts = [_grid(top, write), _ends(ends, steps)]
    parts += [_line(line, place, top=top, steps=steps) for place, line in enumerate(found, start=1)]
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {w:.0f} {h:.0f}" aria-label="{title}">'
        "<title>{title}</title>{parts}</svg>"
    ).format(w=WIDTH, h=HEIGHT, title=title, parts=Markup("").join(parts))


def _round_up(value: float) -> float:
    """The next number that looks round: one, two or five and noughts."""
    unit = 1.0
    while unit * 10 < value:
        unit *= 10
    return next(unit * each for each in (1, 2, 5, 10) if unit * each >= value)


def _x(step: int, steps: int) -> float:
    """The instants from left to right; a lone one stands at the right."""
    return LEFT + (WIDTH - LEFT - RIGHT) * (step / steps if steps else 1.0)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _grid(top: float, write: Callable[[float], str]) -> Markup:
    return Markup("").join(
        Markup(
            '<line class="grid" x1="{x0:.1f}" x2="{x1:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
            '<text class="soft end" x="{tx:.1f}" y="{ty:.1f}">{text}</text>'
        ).format(
            x0=LEFT,
            x1=WIDTH - RIGHT,
            y=_y(value, top),
            tx=LEFT - 5,
            ty=_y(value, top) + 4,
            text=write(value),
        )
        for value in (0.0, top / 2, top)
        if value != top / 2 or write(value) not in {write(0.0), write(top)}
    )


def _ends(ends: tuple[str, str], steps: int) -> Markup:
    first = Markup('<text class="soft" x="{x:.1f}" y="{y:.1f}">{text}</text>').format(
        x=LEFT, y=HEIGHT - 5, text=ends[0]
    )
    last = Markup('<text class="soft end" x="{x:.1f}" y="{y:.1f}">{text}</text>').format(
        x=WIDTH - RIGHT, y=HEIGHT - 5, text=ends[1]
    )
    return (first if steps else Markup("")) + last


def _line(line: Line, place: int, *, top: float, steps: int) -> Markup:
    """A line that breaks off where nothing is known, with a dot at its newest number."""
    points = [
        None if value is None else (_x(step, steps), _y(value, top))
        for step, value in enumerate(line.values)
    ]
    path, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        path.append(f"{pen}{point[0]:.1f} {point[1]:.1f}")
        pen = "L"
    last = next((each for each in reversed(points) if each), None)
    if last is None:
        return Markup("")
    return Markup(
        '<path class="line c{n}" d="{path}"/><circle class="c{n}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    ).format(n=place, path="".join(path), x=last[0], y=last[1])

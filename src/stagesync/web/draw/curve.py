"""A score over time: how it rose and fades, the lines that it must reach, now, and the coming recheck."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 480, 210
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 22, 24

Point = tuple[float, float]
"""Unix seconds and score."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the picture: at a score, or at an instant.

    Attributes:
        kind: class of the line.
    """

    at: float
    text: str
    kind: str = "grid"


@dataclass(frozen=True, slots=True)
class _Frame:
    """From instants and scores to the picture's own numbers."""

    start_s: float
    end_s: float
    low: float
    high: float

    def x(self, at_s: float) -> float:
        span = (self.end_s - self.start_s) or 1.0
        share = min(1.0, max(0.0, (at_s - self.start_s) / span))
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, score: float) -> float:
        span = (self.high - self.low) or 1.0
        return round(HEIGHT - BOTTOM - (score - self.low) / span * (HEIGHT - TOP - BOTTOM), 1)

    def path(self, points: Sequence[Point]) -> str:
        return " ".join(f"{self.x(at_s)},{self.y(score)}" for at_s, score in points)


def curve(
    points: Sequence[Point],
    *,
    now_s: float,
    levels: Sequence[Mark],
    instants: Sequence[Mark],
    title: str,
    day: Callable[[float], str],
) -> Markup:
    """The picture of one score.

    Args:
        points: oldest first, two or more; what lies after now is foretold.
        levels: scores that count.
        instants: such as now and the coming recheck.
        title: the same in words.
        day: writes a date.
    """
    heights = [score for _, score in points] + [each.at for each in levels]
    frame = _Frame(points[0][0], points[-1][0], min(0.0, *heights), max(1.0, *heights) * 1.08)
    known = [each for each in points if each[0] <= now_s]
    coming = [*known[-1:], *(each for each in points if each[0] > now_s)]
    floor = frame.y(0.0)
    area = f"{frame.x(known[0][0])},{floor} {frame.path(known)} {frame.x(known[-1][0])},{floor}"
    shapes = [
        *(_level(frame, each) for each in levels),
        Markup('<polygon class="area c1" points="{}"/>').format(area),
        Markup('<polyline class="line c1" points="{}"/>').format(frame.path(known)),
        Markup('<polyline class="line c1" stroke-dasharray="3 4" points="{}"/>').format(
            frame.path(coming)
        ),
        Markup('<line class="axis" x1="{}" y1="{y}" x2="{}" y2="{y}"/>').format(
            LEFT, WIDTH - RIGHT, y=floor
        ),
        *(_instant(frame, each) for each in instants),
        *_dates(frame, day),
    ]
    return Markup(
        '<svg class="chart curve" role="img" viewBox="0 0 {w} {h}"><title>{title}</title>{shapes}</svg>'
    ).format(w=WIDTH, h=HEIGHT, title=title, shapes=Markup("").join(shapes))


def _level(frame: _Frame, each: Mark) -> Markup:
    y = frame.y(each.at)
    return Markup(
        '<line class="{kind}" x1="{x1}" y1="{y}" x2="{x2}" y2="{y}"/>'
        '<text class="soft end" x="{x}" y="{text_y}">{n:g}</text>'
        '<text class="soft end" x="{x2}" y="{above}">{text}</text>'
    ).format(
        kind=each.kind,
        x1=LEFT,
        x2=WIDTH - RIGHT,
        y=y,
        x=LEFT - 6,
        text_y=y + 4,
        above=y - 4,
        n=each.at,
        text=each.text,
    )


def _instant(frame: _Frame, each: Mark) -> Markup:
    x = frame.x(each.at)
    side = "end" if x > (LEFT + WIDTH) / 2 else ""
    return Markup(
        '<line class="{kind}" x1="{x}" y1="{top}" x2="{x}" y2="{low}"/>'
        '<text class="soft {side}" x="{x}" y="{above}">{text}</text>'
    ).format(
        kind=each.kind,
        x=x,
        top=TOP - 6,
        low=HEIGHT - BOTTOM,
        side=side,
        above=TOP - 9,
        text=each.text,
    )


def _dates(frame: _Frame, day: Callable[[float], str]) -> list[Markup]:
    """Of both ends."""
    text = Markup('<text class="soft {side}" x="{x}" y="{y}">{text}</text>')
    y = HEIGHT - 7
    return [
        text.format(side="", x=LEFT, y=y, text=day(frame.start_s)),
        text.format(side="end", x=WIDTH - RIGHT, y=y, text=day(frame.end_s)),
    ]

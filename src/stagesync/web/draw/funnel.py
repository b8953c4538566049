"""A funnel: a bar for each stage, and between two bars how many of those who came to the one went on.

The lowest stage stands on top. The same numbers stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, ROW, BAR = 360.0, 58.0, 16.0
"""Of the picture, from one stage to the next, and the height of a bar."""

LEAST = 3.0
"""Width of the narrowest bar, and of that of a stage where nobody is."""

LONGEST = 34
"""Characters of a label; a longer one is cut, and whole in the table."""

HALF_MOUTH = 0.85
"""How much narrower the way from a bar to the next begins, for a neck to be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage.

    Attributes:
        label, number: what is written above the bar.
        onward: what is written below it, such as a share; empty for nothing.
        leaks: something is wrong there.
    """

    label: str
    number: str
    people: int
    onward: str = ""
    leaks: bool = False


def funnel(bars: Sequence[Bar], *, title: str) -> Markup:
    """The picture.

    Args:
        bars: lowest stage first.
    """
    most = max((each.people for each in bars), default=0) or 1
    widths = [_width(each.people, most) for each in bars]
    shapes = Markup("").join(
        _stage(each, n * ROW, widths[n : n + 2]) for n, each in enumerate(bars)
    )
    return Markup(
        '<svg class="chart funnel" role="img" viewBox="0 0 {w:.0f} {h:.0f}" aria-label="{title}">'
        "<title>{title}</title>{shapes}</svg>"
    ).format(w=WIDTH, h=max(1.0, len(bars) * ROW - ROW + 2 * BAR + 4), title=title, shapes=shapes)


def _width(people: int, most: int) -> float:
    return max(LEAST, WIDTH * people / most)


def _stage(bar: Bar, top: float, widths: Sequence[float]) -> Markup:
    """A bar with its words, and the way to the next one."""
    colour = ("fill-warn" if bar.leaks else "c1") if bar.people else "fill-line"
    y = top + 18
    parts = [
        Markup('<text class="strong" x="0" y="{y:.1f}">{text}</text>').format(
            y=top + 12, text=_cut(bar.label)
        ),
        Markup('<text class="end strong" x="{x:.1f}" y="{y:.1f}">{text}</text>').format(
            x=WIDTH, y=top + 12, text=bar.number
        ),
    ]
    if len(widths) > 1:
        parts.append(_neck(*widths, top=y + BAR, bottom=top + ROW + 18))
    parts.append(
        Markup(
            '<rect class="{colour}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.0f}" rx="2"/>'
        ).format(colour=colour, x=(WIDTH - widths[0]) / 2, y=y, w=widths[0], h=BAR)
    )
    if bar.onward:
        parts.append(
            Markup('<text class="soft middle" x="{x:.1f}" y="{y:.1f}">{text}</text>').format(
                x=WIDTH / 2, y=top + 50, text=bar.onward
            )
        )
    return Markup("").join(parts)


def _neck(wide: float, narrow: float, *, top: float, bottom: float) -> Markup:
    a, b = wide * HALF_MOUTH / 2, narrow * HALF_MOUTH / 2
    m = WIDTH / 2
    return Markup(
        '<path class="tint" d="M{x0:.1f} {t:.1f}H{x1:.1f}L{x2:.1f} {b:.1f}H{x3:.1f}Z"/>'
    ).format(x0=m - a, x1=m + a, x2=m + b, x3=m - b, t=top, b=bottom)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"

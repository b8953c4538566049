"""A position on an axis: a rung for each level, filled as far as somebody stands."""

from __future__ import annotations

from markupsafe import Markup

STEP, RADIUS, HEIGHT = 26, 6, 20


def ladder(*, rungs: int, held: int | None, title: str) -> Markup:
    """Rungs from the lowest on the left.

    Args:
        held: number of the level, lowest 0; None when it is not known.
        title: the same in words.
    """
    width = STEP * (rungs - 1) + 2 * RADIUS + 4
    middle, first = HEIGHT // 2, RADIUS + 2
    reached = -1 if held is None else held
    shapes = [
        Markup('<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
            first, middle, first + STEP * (rungs - 1), middle
        )
    ]
    if reached > 0:
        shapes.append(
            Markup('<line class="line c1" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
                first, middle, first + STEP * reached, middle
            )
        )
    shapes += [
        Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(
            "c1" if each <= reached else "fill-line",
            first + STEP * each,
            middle,
            RADIUS if each == reached else RADIUS - 2,
        )
        for each in range(rungs)
    ]
    return Markup(
        '<svg class="ladder" role="img" width="{w}" height="{h}" viewBox="0 0 {w} {h}"><title>{title}</title>{shapes}</svg>'
    ).format(w=width, h=HEIGHT, title=title, shapes=Markup("").join(shapes))

"""Who moves from which stage to which, as bands between two columns; the same numbers stand in a table beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stagesync.web.ask import Ask
from stagesync.web.look import label, number

WIDTH, BAR, SIDE = 560.0, 12.0, 180.0
"""Of the picture, of a stage's bar, and of the words beside it."""

HEIGHT, EACH, GAP, LEAST = 260.0, 70.0, 14.0, 3.0
"""Of all bars together at most, for each stage of the longer side, between two, and of the thinnest one."""

MOST_STAGES = 14
"""Stages on one side beyond which a picture tells less than its table."""

LONGEST = 20
"""Characters of a label; a longer one is cut, and whole in the table."""


@dataclass(frozen=True, slots=True)
class Move:
    """So many go from one stage, empty for newcomers, to another."""

    stage_from: str
    stage_to: str
    count: int


def moves_picture(ask: Ask, moves: Iterable[Move], *, title: str) -> Markup:
    """The picture; empty where nobody changes stage, or too many stages are concerned."""
    counted = Counter[tuple[str, str]]()
    for each in moves:
        if each.stage_from != each.stage_to:
            counted[each.stage_from, each.stage_to] += each.count
    order = _order(ask)
    left = sorted({pair[0] for pair in counted}, key=order)
    right = sorted({pair[1] for pair in counted}, key=order)
    if not counted or max(len(left), len(right)) > MOST_STAGES:
        return Markup("")
    scale = min(HEIGHT, EACH * max(len(left), len(right))) / sum(counted.values())
    pairs = sorted(counted, key=lambda pair: (order(pair[0]), order(pair[1])))
    tall = [max(LEAST, counted[pair] * scale) for pair in pairs]
    bands = dict(zip(pairs, tall, strict=True))
    starts, ends = _tops(left, bands, side=0), _tops(right, bands, side=1)
    height = 4 + max(len(left), len(right)) * GAP + sum(tall)
    shapes = Markup("").join(_bands(bands, starts, ends, colours=left))
    words = Markup("").join(
        _bars(ask, tops, bands, counted, side=side) for side, tops in enumerate((starts, ends))
    )
    return Markup(
        '<svg class="chart moves" role="img" viewBox="0 0 {width:.0f} {height:.0f}" aria-label="{title}">'
        "<title>{title}</title>{shapes}{words}</svg>"
    ).format(width=WIDTH, height=height, title=title, shapes=shapes, words=words)


def _order(ask: Ask) -> _Order:
    known = ask.deployment.vocabularies[ask.deployment.main_vocabulary].stages
    return _Order({each.id: place for place, each in enumerate(known, start=1)})


@dataclass(frozen=True, slots=True)
class _Order:
    """Newcomers first, then the vocabulary's own order, then what it does not know."""

    places: Mapping[str, int]

    def __call__(self, stage: str) -> tuple[int, str]:
        return (0 if not stage else self.places.get(stage, 10_000), stage)


def _tops(
    stages: Sequence[str], bands: Mapping[tuple[str, str], float], *, side: int
) -> dict[str, float]:
    """Stage -> where its bar begins."""
    found, y = {}, 4.0
    for stage in stages:
        found[stage] = y
        y += sum(tall for pair, tall in bands.items() if pair[side] == stage) + GAP
    return found


def _bands(
    bands: Mapping[tuple[str, str], float],
    starts: Mapping[str, float],
    ends: Mapping[str, float],
    *,
    colours: Sequence[str],
) -> Iterable[Markup]:
    used_left, used_right = defaultdict[str, float](float), defaultdict[str, float](float)
    x0, x1 = SIDE + BAR, WIDTH - SIDE - BAR
    middle = (x0 + x1) / 2
    for (stage_from, stage_to), tall in bands.items():
        y0 = starts[stage_from] + used_left[stage_from]
        y1 = ends[stage_to] + used_right[stage_to]
        used_left[stage_from] += tall
        used_right[stage_to] += tall
        colour = colours.index(stage_from) % 6 + 1
        yield Markup(
            '<path class="band c{colour}" d="M{x0:.1f} {y0:.1f}C{m:.1f} {y0:.1f} {m:.1f} {y1:.1f} {x1:.1f} {y1:.1f}'
            'V{b1:.1f}C{m:.1f} {b1:.1f} {m:.1f} {b0:.1f} {x0:.1f} {b0:.1f}Z"/>'
        ).format(colour=colour, x0=x0, x1=x1, m=middle, y0=y0, y1=y1, b0=y0 + tall, b1=y1 + tall)


def _bars(
    ask: Ask,
    tops: Mapping[str, float],
    bands: Mapping[tuple[str, str], float],
    counted: Mapping[tuple[str, str], int],
    *,
    side: int,
) -> Markup:
    """The bars of one side, with each stage's name and how many leave it, or come to it."""
    parts = []
    for place, (stage, y) in enumerate(tops.items()):
        own = [pair for pair in bands if pair[side] == stage]
        tall, words = sum(bands[pair] for pair in own), stage_label(ask, stage)
        parts.append(
            Markup(
                '<rect class="{colour}" x="{x:.1f}" y="{y:.1f}" width="{bar:.1f}" height="{tall:.1f}" rx="2"/>'
                '<text{end} x="{at:.1f}" y="{mid:.1f}">{words} <tspan class="soft">{count}</tspan></text>'
            ).format(
                colour="fill-line" if side else f"c{place % 6 + 1}",
                x=WIDTH - SIDE - BAR if side else SIDE,
                y=y,
                bar=BAR,
                tall=tall,
                end="" if side else Markup(' class="end"'),
                at=WIDTH - SIDE + 8 if side else SIDE - 8,
                mid=y + tall / 2 + 5,
                words=words if len(words) <= LONGEST else words[: LONGEST - 1] + "…",
                count=number(sum(counted[pair] for pair in own), ask.language),
            )
        )
    return Markup("").join(parts)


def stage_label(ask: Ask, stage: str) -> str:
    """What people call a stage; newcomers have none."""
    if not stage:
        return ask.say("(new)")
    known = ask.deployment.vocabularies[ask.deployment.main_vocabulary].stages
    found = next((each.labels for each in known if each.id == stage), None)
    return label(found, ask.language) if found else stage

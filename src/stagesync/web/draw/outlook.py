"""The pictures of a person's page, and the same facts in words: position on each axis, scores over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from stagesync.web.ask import Ask
from stagesync.web.draw.curve import Mark, Point, curve
from stagesync.web.draw.ladder import ladder
from stagesync.web.look import label, number
from stagesync.web.words import Language

TOLD = 8
"""Points of a score told in words besides now and the coming recheck."""


def axes(told: Mapping[str, Any], language: Language) -> list[dict[str, Any]]:
    """Each axis: its name, the level that is held, why, and the picture."""
    why = {each["axis"]: each["because"] for each in told["reasons"] if each.get("axis")}
    return [_axis(each, language, because=why.get(each["axis"], "")) for each in told["axes"]]


def namer(told: Mapping[str, Any], language: Language) -> Callable[..., str]:
    """What people read for an axis, or for a level of it."""
    names = {(each["axis"], ""): label(each["labels"], language) for each in told["axes"]} | {
        (each["axis"], one["level"]): label(one["labels"], language)
        for each in told["axes"]
        for one in each["levels"]
    }

    def name_of(axis: str, level: str = "") -> str:
        return names.get((axis, level)) or level or axis

    return name_of


def _axis(each: Mapping[str, Any], language: Language, *, because: str) -> dict[str, Any]:
    names = [one["level"] for one in each["levels"]]
    words = {one["level"]: label(one["labels"], language) or one["level"] for one in each["levels"]}
    counts = each["said"] or each["level"]
    held = names.index(counts) if counts in names else None
    name = label(each["labels"], language) or each["axis"]
    word = words.get(counts, counts or "")
    return {
        "name": name,
        "level": word,
        "number": None if held is None else held + 1,
        "of": len(names),
        "said": bool(each["said"]),
        "because": because,
        "picture": ladder(rungs=len(names), held=held, title=f"{name}: {word}"),
        "levels": [words[one] for one in names],
    }


def courses(ask: Ask, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each score that moves: its picture, where it stands, and some points of it as rows."""
    return [
        _course(ask, each, total=told["scores"].get(each["score"], 0.0))
        for each in told.get("courses", ())
        if len(each["points"]) > 1
    ]


def _course(ask: Ask, each: Mapping[str, Any], *, total: float) -> dict[str, Any]:
    points: list[Point] = [(at_s, score) for at_s, score in each["points"]]
    now_s, coming_s = each["now_s"], each["coming_s"]
    is_near = coming_s is not None and now_s < coming_s <= points[-1][0]
    marks = [Mark(now_s, ask.say("now"), "axis")]
    if is_near:
        marks.append(Mark(coming_s, ask.say("recheck"), "mark-line"))
    return {
        "score": each["score"],
        "total": total,
        "coming_s": coming_s,
        "thresholds": each["thresholds"],
        "picture": curve(
            points,
            now_s=now_s,
            levels=_levels(ask, each["thresholds"]),
            instants=marks,
            title=_title(ask, each, points, coming_s if is_near else None),
            day=lambda at_s: _day(ask, at_s),
        ),
        "rows": _rows(points, now_s=now_s, coming_s=coming_s if is_near else None),
    }


def _levels(ask: Ask, thresholds: Sequence[Mapping[str, Any]]) -> list[Mark]:
    labels = {
        (axis.name, level.name): label(level.labels, ask.language) or level.name
        for axis in ask.deployment.policy.axes
        for level in axis.levels
    }
    found = {}
    for each in thresholds:
        word = labels.get((each["axis"], each["level"]), each["level"])
        found[each["enter"]] = Mark(each["enter"], word, "mark-line")
        if each["keep"] != each["enter"]:
            found[each["keep"]] = Mark(each["keep"], ask.say("keeps {level}", level=word))
    return list(found.values())


def _title(
    ask: Ask, each: Mapping[str, Any], points: Sequence[Point], coming_s: float | None
) -> str:
    now = _at(points, each["now_s"])
    told = ask.say(
        "{score} over time: {points} now",
        score=each["score"],
        points=number(round(now, 1), ask.language),
    )
    if coming_s is None:
        return told
    then = number(round(_at(points, coming_s), 1), ask.language)
    return f"{told}, " + ask.say("{points} on {day}", points=then, day=_day(ask, coming_s))


def _rows(points: Sequence[Point], *, now_s: float, coming_s: float | None) -> list[Point]:
    """Some points at even distances, the highest, now, and the coming recheck; oldest first."""
    step = max(1, len(points) // TOLD)
    chosen = {*points[::step], points[-1], max(points, key=lambda each: each[1])}
    chosen |= {(at_s, _at(points, at_s)) for at_s in (now_s, coming_s) if at_s is not None}
    return sorted(chosen)


def _at(points: Sequence[Point], at_s: float) -> float:
    return next((score for when, score in reversed(points) if when <= at_s), 0.0)


def _day(ask: Ask, at_s: float) -> str:
    local = datetime.fromtimestamp(at_s, ZoneInfo(ask.zone))
    told: str = format_date(local, "medium", locale=ask.language)
    return told

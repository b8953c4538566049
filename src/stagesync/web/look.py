"""How pages are made: Jinja with everything escaped, and what it needs to write numbers, dates and stages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from stagesync.web.words import Language, speaker, tell

Instant = float | str
"""Unix seconds, or ISO text as documents have it."""

DAY, MOMENT = "d MMM y", "d MMM y, HH:mm"
"""The month as a word: nobody takes it for a day."""

NOTHING = "\u2013"
"""Written for what there is none of."""


@cache
def look(language: Language) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=PackageLoader("stagesync.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words, counted = speaker(language)
    made.globals.update({"_": words, "ngettext": counted, "language": language, "asset": asset})
    made.filters.update(
        number=lambda value: number(value, language),
        percent=lambda value: percent(value, language),
        when=_when,
        day=_day,
        utc_day=lambda told: day(told, language),
        ago=_ago,
        duration=lambda seconds: duration(seconds, language),
        stage=_stage,
        said=lambda sentence: tell(language, sentence),
        label=lambda labels: label(labels, language),
    )
    return made


def number(value: float | None, language: Language) -> str:
    """A number as people write it; a dash for none."""
    return NOTHING if value is None else format_decimal(value, locale=language)


def percent(share: float | None, language: Language) -> str:
    """A share of one; a dash for none."""
    return NOTHING if share is None else format_percent(share, locale=language)


def duration(seconds: float | None, language: Language) -> str:
    """A span of time in its largest unit."""
    if seconds is None:
        return NOTHING
    told: str = format_timedelta(timedelta(seconds=seconds), locale=language, threshold=1.2)
    return told


def label(labels: Mapping[str, str], language: Language) -> str:
    """What people read, of labels by language."""
    return labels.get(language) or labels.get("en") or next(iter(labels.values()), "")


def zone_named(name: str) -> str:
    """The time zone of that name; UTC failing that."""
    return name if name in _zones() else "UTC"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def moment(told: Instant) -> datetime:
    """The instant."""
    if isinstance(told, str):
        return datetime.fromisoformat(told).astimezone(UTC)
    return datetime.fromtimestamp(told, UTC)


@pass_context
def _when(context: Context, told: Instant | None) -> Markup | str:
    """A date and time in the reader's zone."""
    if told is None:
        return NOTHING
    text = format_datetime(moment(told), MOMENT, tzinfo=_zone(context), locale=context["language"])
    return _time(told, text)


def day(told: Instant, language: Language) -> str:
    """A date without its year, in UTC: weeks and days that are counted are those of UTC."""
    at = f"{told}T00:00:00Z" if isinstance(told, str) and "T" not in told else told
    return str(format_skeleton("MMMd", moment(at), locale=language))


@pass_context
def _day(context: Context, told: Instant | None) -> Markup | str:
    """A date in the reader's zone."""
    if told is None:
        return NOTHING
    local = moment(told).astimezone(_zone(context))
    return _time(told, format_date(local, DAY, locale=context["language"]))


@pass_context
def _ago(context: Context, told: Instant | None) -> Markup | str:
    """How long before, or after, the present."""
    if told is None:
        return NOTHING
    seconds = moment(told).timestamp() - context["now_s"]
    # What happened just now did not happen "in 0 seconds".
    span = timedelta(seconds=-1 if abs(seconds) < 1 else seconds)
    text = format_timedelta(span, add_direction=True, locale=context["language"], threshold=1.2)
    return _time(told, text)


def _time(told: Instant, text: str) -> Markup:
    at = moment(told).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{at}" title="{at}">{text}</time>').format(at=at, text=text)


def _zone(context: Context) -> ZoneInfo:
    return ZoneInfo(cast(str, context.get("zone", "UTC")))


@pass_context
def _stage(context: Context, stage: str | None, vocabulary: str = "") -> str:
    """A stage's label; of the main vocabulary unless another one is named. What nobody knows any more stays."""
    deployment: Any = context["deployment"]
    known = deployment.vocabularies.get(vocabulary or deployment.main_vocabulary)
    found = (each.labels for each in known.stages if each.id == stage) if known else iter(())
    return label(next(found, {"en": stage or NOTHING}), context["language"])


@cache
def asset(name: str) -> str:
    """The path of a file of `static`, with a mark of what is in it, so that browsers may keep it for ever."""
    data = files(__package__).joinpath("static", name).read_bytes()
    return f"/static/{name}?{hashlib.sha256(data).hexdigest()[:12]}"

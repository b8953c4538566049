"""Conditions, rules and mappings in sentences, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from stagesync.domain.condition import (
    ActivitySeen,
    AllOf,
    AnyOf,
    Anything,
    Condition,
    DealSeen,
    FactBetween,
    FactFilled,
    FactIn,
    FactIs,
    FactRef,
    LevelIn,
    ScoreAtLeast,
    ScoreCannotReach,
    StageIn,
    Unless,
)
from stagesync.domain.policy import ActivityRule, Axis, FactRule
from stagesync.domain.vocabulary import Vocabulary
from stagesync.engine.deployment import Deployment
from stagesync.web.look import label, number
from stagesync.web.words import Language, _, say, say_many

DEALS = {"open": _("open"), "won": _("won"), "lost": _("lost")}
"""Status of a deal -> as people read it."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells definitions in one language.

    Attributes:
        axes: by name, for their labels and those of their levels.
        vocabularies: for the labels of stages.
    """

    language: Language
    axes: Mapping[str, Axis]
    vocabularies: Mapping[str, Vocabulary]

    def condition(self, told: Condition) -> Markup:
        """When it holds."""
        match told:
            case Anything():
                return self.say(_("anything"))
            case AllOf(parts):
                return self._join(_("{one} and {other}"), parts)
            case AnyOf(parts):
                return self._join(_("{one} or {other}"), parts)
            case Unless(part):
                return self.say(_("not: {what}"), what=self._inside(part))
            case FactIn() | FactBetween() | FactIs() | FactFilled():
                return self._fact(told)
            case LevelIn(axis, levels):
                known = self.axes[axis]
                words = [self.level(known, each) for each in known.level_names if each in levels]
                return self.say(
                    _("{axis} is {levels}"), axis=self.axis(axis), levels=self.either(words)
                )
            case StageIn(vocabulary, stages):
                words = [self.stage(vocabulary, each) for each in sorted(stages)]
                name = label(self.vocabularies[vocabulary].labels, self.language)
                return self.say(
                    _("{vocabulary} says {stages}"), vocabulary=name, stages=self.either(words)
                )
            case ScoreAtLeast() | ScoreCannotReach():
                return self._score(told)
            case ActivitySeen():
                return self._activity(told)
            case DealSeen(statuses, at_least):
                told_statuses = self.either(
                    say(self.language, DEALS[each]) for each in sorted(statuses)
                )
                return self.say_many(
                    "a deal that is {statuses}",
                    "at least {n} deals that are {statuses}",
                    at_least,
                    statuses=told_statuses,
                )

    def _fact(self, told: FactIn | FactBetween | FactIs | FactFilled) -> Markup:
        fact = self.fact(told.fact)
        match told:
            case FactIn(_fact, values):
                words = self.either(str(each) for each in sorted(values, key=str))
                return self.say(_("{fact} is {values}"), fact=fact, values=words)
            case FactBetween(_fact, low, high) if low is not None and high is not None:
                bounds = {"low": self.number(low), "high": self.number(high)}
                return self.say(_("{fact} is from {low} to {high}"), fact=fact, **bounds)
            case FactBetween(_fact, low, high):
                bound = self.number(high if low is None else low)
                text = (
                    _("{fact} is at most {bound}")
                    if low is None
                    else _("{fact} is at least {bound}")
                )
                return self.say(text, fact=fact, bound=bound)
            case FactIs(_fact, expected):
                return self.say(
                    _("{fact} is set") if expected else _("{fact} is not set"), fact=fact
                )
            case FactFilled():
                return self.say(_("{fact} is known"), fact=fact)

    def _score(self, told: ScoreAtLeast | ScoreCannotReach) -> Markup:
        points = self.number(told.threshold)
        score = self.score(told.score)
        if isinstance(told, ScoreCannotReach):
            text = _("the score {score} cannot reach {points} any more, whatever is still missing")
            return self.say(text, score=score, points=points)
        if told.keep_at is None:
            return self.say(_("the score {score} is at least {points}"), score=score, points=points)
        text = _("the score {score} reaches {points}, and then stays above {kept}")
        return self.say(text, score=score, points=points, kept=self.number(told.keep_at))

    def _activity(self, told: ActivitySeen) -> Markup:
        types = self.codes(told.types)
        if told.within_days is not None:
            days = self.number(told.within_days)
            return self.say(_("{types} within {days} days"), types=types, days=days)
        if told.after is not None:
            return self.say(_("{types} after {fact}"), types=types, fact=self.fact(told.after))
        return self.say(_("{types} at any time"), types=types)

    def rule(self, told: FactRule | ActivityRule) -> Markup:
        """For what a rule gives points."""
        if isinstance(told, FactRule):
            return self.condition(told.when)
        parts = [self.say(_("for each {types}"), types=self.codes(told.types))]
        if told.within_days is not None:
            parts.append(self.say(_("within {days} days"), days=self.number(told.within_days)))
        if told.half_life_days is not None:
            parts.append(
                self.say(_("half as many every {days} days"), days=self.number(told.half_life_days))
            )
        if told.cap is not None:
            parts.append(self.say(_("{points} in all at most"), points=self.number(told.cap)))
        if told.floor is not None:
            parts.append(self.say(_("{points} in all at least"), points=self.number(told.floor)))
        return Markup(", ").join(parts)

    def axis(self, name: str) -> str:
        """An axis, as people read it."""
        return label(self.axes[name].labels, self.language) or name if name in self.axes else name

    def level(self, axis: Axis, name: str) -> str:
        """A level, as people read it."""
        found = next((each.labels for each in axis.levels if each.name == name), {})
        return label(found, self.language) or name.replace("_", " ")

    def stage(self, vocabulary: str, stage: str) -> str:
        """A stage, as people read it."""
        found = next(
            (each.labels for each in self.vocabularies[vocabulary].stages if each.id == stage), {}
        )
        return label(found, self.language) or stage

    def score(self, name: str) -> Markup:
        """A score's name."""
        return Markup("<i>{}</i>").format(self.axis(name))

    def fact(self, told: FactRef) -> Markup:
        """A fact, with what stands in for it while it is missing."""
        return self.either(_code(each) for each in told.names)

    def codes(self, names: Iterable[str]) -> Markup:
        """Names that the definitions use, as they write them."""
        return self.either(_code(each) for each in sorted(names))

    def number(self, value: float | None) -> str:
        """A number as people write it."""
        return number(value, self.language)

    def either(self, words: Iterable[str]) -> Markup:
        """One of these."""
        told = [Markup.escape(each) for each in words]
        if len(told) < 2:
            return Markup("").join(told)
        return self.say(_("{one} or {other}"), one=Markup(", ").join(told[:-1]), other=told[-1])

    def _join(self, how: str, parts: tuple[Condition, ...]) -> Markup:
        found = self._inside(parts[0])
        for each in parts[1:]:
            found = self.say(how, one=found, other=self._inside(each))
        return found

    def _inside(self, part: Condition) -> Markup:
        """A part of a larger one: what could be read otherwise stands in brackets."""
        told = self.condition(part)
        is_whole = not isinstance(part, AllOf | AnyOf) or len(part.parts) == 1
        return told if is_whole else Markup("({})").format(told)

    def say(self, text: str, **values: str) -> Markup:
        """A sentence; whatever is put into it is text, unless it was made here."""
        return _marked(say(self.language, text), values)

    def say_many(self, one: str, many: str, n: int, **values: str) -> Markup:
        """A sentence whose wording depends on a number."""
        safe = {name: Markup.escape(each) for name, each in values.items()}
        return Markup(say_many(self.language, one, many, n, **safe))  # noqa: S704  our own words, escaped values


def _marked(text: str, values: Mapping[str, str]) -> Markup:
    return Markup.escape(text).format(**values) if values else Markup.escape(text)


def _code(name: str) -> Markup:
    return Markup("<code>{}</code>").format(name)


def teller(language: Language, deployment: Deployment) -> Teller:
    """Tells the definitions in force."""
    axes = {each.name: each for each in deployment.policy.axes}
    return Teller(language, axes, deployment.vocabularies)

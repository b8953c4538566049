"""A policy as people write it: scores, axes, and how an account follows from its people.

These are values only; `domain.compile` turns them into functions, `loading` reads them from YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stagesync.domain.condition import Condition
from stagesync.domain.facts import Kind


@dataclass(frozen=True, slots=True)
class FactRule:
    """Points for what somebody is.

    Attributes:
        name: unique within its score; shown in reasons.
        points: added while `when` holds.
        when: over facts only.
    """

    name: str
    points: float
    when: Condition


@dataclass(frozen=True, slots=True)
class ActivityRule:
    """Points for what somebody did, fading with age.

    Attributes:
        name: unique within its score; shown in reasons.
        points: for one activity of age zero; may be negative.
        types: activity types that share this rule, its cap and its floor.
        within_days: window, the edge included; None means ever.
        half_life_days: None means no fading.
        cap: greatest sum of this rule; None means no cap.
        floor: smallest sum of this rule; None means no floor.
    """

    name: str
    points: float
    types: frozenset[str]
    within_days: float | None = None
    half_life_days: float | None = None
    cap: float | None = None
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A named sum of rules.

    Attributes:
        at_least: the score never falls below this; None means no bound.
    """

    name: str
    rules: tuple[FactRule | ActivityRule, ...]
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of an axis; the lowest level of an axis holds for anything.

    Attributes:
        labels: language code -> what people read; wording only, like an axis's question.
    """

    name: str
    when: Condition
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Axis:
    """Levels, lowest first; the highest whose condition holds wins.

    Attributes:
        question: what to ask when a bare word leaves this axis open, by language; wording only,
            so it takes no part in equality or in the digest.
        labels: language code -> what people read; wording only.
    """

    name: str
    levels: tuple[Level, ...]
    question: Mapping[str, str] = field(default_factory=dict, compare=False)
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def level_names(self) -> tuple[str, ...]:
        """Names, lowest first."""
        return tuple(level.name for level in self.levels)


class Follows(StrEnum):
    """Where an account's level on an axis comes from."""

    OWN = "own"
    PEOPLE = "people"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class AccountAxis:
    """How an account gets its level on one axis of the policy.

    Attributes:
        name: an axis of the policy.
        follows: `own`: by `levels` on the account's own facts and deals; `people`: the highest
            among its counted people; `both`: the higher of the two.
        levels: conditions for level names of that axis; levels not named are never reached by
            the account's own facts. Empty for `people`.
    """

    name: str
    follows: Follows
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountPolicy:
    """How an account is placed.

    Attributes:
        counted: condition over a person's facts and position: whose levels count.
        scores: scores of the account's own facts.
        axes: one per axis of the policy, in the policy's order.
    """

    counted: Condition
    scores: tuple[Score, ...]
    axes: tuple[AccountAxis, ...]


@dataclass(frozen=True, slots=True)
class SameEvent:
    """One event told by two CRMs counts once.

    Attributes:
        types: activity types for which this holds.
        within_s: greatest distance of the two starts, the edge included; seconds.
    """

    types: frozenset[str] = frozenset()
    within_s: float = 0.0


class CountsFor(StrEnum):
    """For whom a deal counts that names no contact."""

    NOBODY = "nobody"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Policy:
    """One shared definition.

    Attributes:
        name: such as `standard`.
        version: written by its admin; stamped on every transition.
        digest: of the definition's content, so that a change without a new version shows.
        facts: facts that this policy declares beyond the known ones, such as `person.budget`.
        activities: every activity type it knows; others are counted as a warning.
        contactless_deals: deal status -> for whom it counts.
    """

    name: str
    version: int
    digest: str
    scores: tuple[Score, ...]
    axes: tuple[Axis, ...]
    accounts: AccountPolicy
    same_event: SameEvent = SameEvent()
    facts: Mapping[str, Kind] = field(default_factory=dict)
    activities: frozenset[str] = frozenset()
    contactless_deals: Mapping[str, CountsFor] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name, version and the first digits of the digest, as transitions bear it."""
        return f"{self.name} {self.version} ({self.digest[:8]})"

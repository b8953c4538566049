"""The closed set of conditions that a policy or a vocabulary may state.

Closed, so that it can be proved total, translated and compiled; see `domain.compile`.
A condition is a value; nothing here decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from stagesync.domain.facts import Value


@dataclass(frozen=True, slots=True)
class Anything:
    """Always holds."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Unless:
    """Holds when the part does not."""

    part: Condition


@dataclass(frozen=True, slots=True)
class FactRef:
    """A fact by name, with the names to fall back to while it is missing.

    Attributes:
        names: such as `("person.country", "account.country")`; the first present one counts.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactIn:
    """The fact is present and one of the values."""

    fact: FactRef
    values: frozenset[Value]


@dataclass(frozen=True, slots=True)
class FactBetween:
    """The fact is present and within the bounds, both included; None is no bound."""

    fact: FactRef
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class FactIs:
    """The flag is set (`expected` true), or is missing or not set (`expected` false)."""

    fact: FactRef
    expected: bool


@dataclass(frozen=True, slots=True)
class FactFilled:
    """The fact is present."""

    fact: FactRef


@dataclass(frozen=True, slots=True)
class LevelIn:
    """The position's level on an axis is one of these."""

    axis: str
    levels: frozenset[str]


@dataclass(frozen=True, slots=True)
class StageIn:
    """Another vocabulary reads the position as one of these stages (vocabularies only)."""

    vocabulary: str
    stages: frozenset[str]


@dataclass(frozen=True, slots=True)
class ScoreAtLeast:
    """A score reaches a threshold, with a tolerance of 1e-9.

    Attributes:
        threshold: points to enter the level.
        keep_at: points that keep a level held before; None means the same threshold.
    """

    score: str
    threshold: float
    keep_at: float | None = None


@dataclass(frozen=True, slots=True)
class ScoreCannotReach:
    """Even full points for every rule whose fact is missing would stay below the threshold."""

    score: str
    threshold: float


@dataclass(frozen=True, slots=True)
class ActivitySeen:
    """An activity of one of the types happened, not after the evaluation.

    Attributes:
        types: activity types.
        within_days: how far back, the edge included; None means ever.
        after: an instant fact that the activity must be later than; while the fact is missing
            no activity is later.
    """

    types: frozenset[str]
    within_days: float | None = None
    after: FactRef | None = None


@dataclass(frozen=True, slots=True)
class DealSeen:
    """At least so many deals of one of the statuses exist, not dated after the evaluation."""

    statuses: frozenset[str]
    at_least: int = 1


Condition = (
    Anything
    | AllOf
    | AnyOf
    | Unless
    | FactIn
    | FactBetween
    | FactIs
    | FactFilled
    | LevelIn
    | StageIn
    | ScoreAtLeast
    | ScoreCannotReach
    | ActivitySeen
    | DealSeen
)

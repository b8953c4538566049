"""Vocabularies as values: ordered stages that name regions of positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stagesync.domain.condition import Condition

NO_STAGE = "none"
"""The id that a CRM vocabulary uses for `leave the field as it is`."""


COUNTS_AS = ("mql", "sql")
"""What a stage may count as."""

LOOP = ("client", "advocate")
"""What a stage may be to the loop; an advocate is a client who recommends."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One word of a vocabulary.

    Attributes:
        id: English, stable.
        labels: language code -> label; at least `en` and `fr`.
        when: over levels, and over stages of vocabularies read before this one.
        accounts_also: for accounts the stage holds when `when` or this holds; None means no difference.
        accepted_when: over levels; that sales took somebody on who was handed over here. None means that
            whoever stands here was taken on.
        rank: place on the ladder, lowest 0; None means off the ladder.
        note: what tells this sense from another with the same label, by language; may be empty.
        treatment: what the stage asks for, shown by `explain`; any of: `content` (a word), `labels`
            (of that word, by language), `advice` (text by language), `never` (a list of `id`, `labels`, `seen_as`: activity types that
            show a breach, `more_than` so many `within_days`), `contact_again_after_days`, `contact_seen_as`
            (activity types from which that pause counts), `accept_within_days` (how long sales may let
            somebody wait here), `review_on` (activity types that ask people to look again), `counts_as`
            (one of `COUNTS_AS`), `loop` (one of `LOOP`), `handover` (true).
    """

    id: str
    labels: Mapping[str, str]
    when: Condition
    accounts_also: Condition | None = None
    accepted_when: Condition | None = None
    rank: int | None = None
    note: Mapping[str, str] = field(default_factory=dict)
    treatment: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Override:
    """A treatment that comes before the stage's own, such as for somebody who wants no mail.

    Attributes:
        when: over a person's facts and levels; it plays no part in finding the stage.
        treatment: as in `Stage`.
    """

    when: Condition
    treatment: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A total function from positions to stages.

    Attributes:
        name: such as `inbound-funnel`.
        labels: language code -> label.
        source: where its definitions come from; may be empty.
        stages: first match from the top.
        overrides: treatments that come before the stages' own; the first that holds.
    """

    name: str
    labels: Mapping[str, str]
    source: str
    stages: tuple[Stage, ...]
    overrides: tuple[Override, ...] = ()

    def stage(self, stage_id: str) -> Stage:
        """The stage with this id.

        Raises:
            KeyError: no such stage.
        """
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise KeyError(stage_id)


def on_ladder(words: Vocabulary) -> list[Stage]:
    """The stages from the lowest rung up, then those off the ladder."""
    return sorted(words.stages, key=lambda each: (each.rank is None, each.rank or 0))

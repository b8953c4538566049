"""What becomes of a stage that somebody else set in a field that we write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Rule(StrEnum):
    """What is done about an edit."""

    OVERWRITE = "overwrite"
    """Our value is written again."""

    RESPECT = "respect"
    """The field is left alone in that CRM for a while."""

    ADOPT = "adopt"
    """What the value says of the person holds in every CRM for a while."""


class Origin(StrEnum):
    """Whose edit it is, as rules tell them apart."""

    PERSON = "person"
    BULK = "bulk"
    AUTOMATION = "automation"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True)
class Answer:
    """A rule, and for how long it holds; seconds."""

    rule: Rule
    for_s: float = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class EditRules:
    """What is done about whose edits.

    Attributes:
        answers: by origin.
        adopt_axes: axes that a word set by hand may change, in order of preference.
    """

    answers: Mapping[Origin, Answer] = field(
        default_factory=lambda: {
            Origin.PERSON: Answer(Rule.RESPECT),
            Origin.BULK: Answer(Rule.RESPECT),
            Origin.AUTOMATION: Answer(Rule.OVERWRITE),
            Origin.INTEGRATION: Answer(Rule.OVERWRITE),
        }
    )
    adopt_axes: tuple[str, ...] = ()

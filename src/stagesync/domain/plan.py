"""What a plan says of a record's fields: how each stands, what is wished, what is written and what stays, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Held = str | float | int | bool | None
"""A field's value as a CRM holds it."""


class Reason(StrEnum):
    """Why a field that differs is left as it is."""

    NOT_FORWARD = "not forward"
    NOT_YET = "not forward yet"
    CONVERTED = "converted"
    HELD = "held"
    DROPPED = "dropped"
    REFUSED = "refused"
    UNMAPPED = "unmapped"
    NOT_REPLACEABLE = "not in may_replace"
    OUT_OF_SCOPE = "out of scope"
    BY_HAND = "held by hand"
    EDITED = "set by somebody"
    UNDONE = "undone"


class VendorStage(StrEnum):
    """What a connection allows on the vendor's own stage fields."""

    OFF = "off"
    FILL_EMPTY = "fill_empty"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a choice field, as the CRM lists it now.

    Attributes:
        rank: place in the CRM's order.
        terminal: reached only by an act that is not ours; never written.
    """

    value: str
    rank: int
    terminal: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """One field of one record, as it stands.

    Attributes:
        current: what the CRM holds.
        choices: live options; None when the field is no choice.
        forward_only: the CRM itself refuses to go back along `choices`.
        clears: the connector can empty the field first, after which the CRM lets it go back.
        same: whether two values of this field's type are equal (`12.50` and `12.5`).
    """

    current: Held
    same: Callable[[Held, Held], bool]
    choices: Sequence[Choice] | None = None
    forward_only: bool = False
    clears: bool = False


class Way(StrEnum):
    """How a value takes the place of another."""

    PLAIN = "plain"
    BACK = "back"
    """To a lower stage, because the rule follows both ways; one write."""

    CLEAR = "clear"
    """The same where the CRM demands that the field be empty before: two writes."""

    RESTORE = "restore"
    """The value that stood before a `CLEAR` that was broken off, now that nothing wants it moved; or one
    that somebody set and that we replaced unseen."""

    RETURN = "return"
    """The same where the CRM demands that the field be empty before: two writes."""


GOES_BACK = frozenset({Way.BACK, Way.CLEAR})

EMPTIES = frozenset({Way.CLEAR, Way.RETURN})
"""Ways by which the field is empty for a moment."""

NOT_OURS = frozenset({Way.RESTORE, Way.RETURN})
"""Ways by which a value comes back that is as much or as little ours as it was before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value to write."""

    field: str
    before: Held
    after: Held
    way: Way = Way.PLAIN


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that differs and stays.

    Attributes:
        until_s: the instant from which it need not; None when nothing but a change ends it.
    """

    field: str
    wanted: Held
    current: Held
    reason: Reason
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person's (or account's) evaluation asks of every CRM.

    None and a missing key mean that there is nothing to tell: the field shall be empty.

    Attributes:
        stages: vocabulary -> stage id.
        scores: score name -> points now.
        changed_at: ISO instant of the last change of stage.
        levels: axis -> level.
        scores_then: score name -> points when the stage last changed.
        previous_stage: the stage before that change.
        reason: why that change, in a sentence.
        content: what kind of content the treatment asks for.
        next_contact: ISO instant from which they may be contacted again.
        accept_by: ISO instant until which sales is to take them on.
        do_not_contact: `yes` for who wants no contact.
        never: what the treatment forbids, in words.
    """

    stages: Mapping[str, str]
    scores: Mapping[str, float]
    changed_at: str
    levels: Mapping[str, str] = field(default_factory=dict)
    scores_then: Mapping[str, float] = field(default_factory=dict)
    previous_stage: str | None = None
    reason: str | None = None
    content: str | None = None
    next_contact: str | None = None
    accept_by: str | None = None
    do_not_contact: str | None = None
    never: str | None = None

"""When a plan is too much to be written unseen.

A plan's moves are counted in groups: the same cause, the same stage before, the same stage after. A group
that goes beyond a limit is held until somebody approves it, and the others go on. What was written
within the window counts as well, so that many small runs cannot do what one large run may not; what
somebody approved counts no more, since it was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a value is planned."""

    FACTS = "facts"
    """Somebody's facts changed."""

    TIME = "time"
    """Points faded or a window closed, and nothing else happened."""

    DEFINITION = "definition"
    """The policy, a vocabulary or a mapping is another one than at the last run."""

    NEW = "new"
    """The record never held a value of ours."""

    REPAIR = "repair"
    """Nobody's stage changed, but the CRM no longer holds what we wrote there: it is put back."""

    BY_HAND = "by hand"
    """A person asked for it: a release, a retry."""

    UNDO = "undo"
    """A person takes back what a run wrote."""


SEEN_FIRST = frozenset({Cause.DEFINITION, Cause.BY_HAND, Cause.UNDO})
"""Causes whose moves a person sees before they are written in any case: they are not weighed."""


APART = (Cause.TIME, Cause.REPAIR)
"""Causes that are weighed each on its own, so that they hold nothing else up."""


class Rule(StrEnum):
    """What holds a group."""

    PAIR = "pair"
    TOTAL = "total"
    STAGE_LOSS = "stage loss"
    DEFINITION = "definition"
    SOURCE = "source"
    BUSY = "busy"
    OBSERVED = "observed"
    ENDED = "approval ended"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Moves that are held or let through together.

    Attributes:
        stage_from: empty for somebody whom the CRMs did not know by a stage of ours.
    """

    cause: Cause
    stage_from: str
    stage_to: str

    @property
    def is_move(self) -> bool:
        """Whether people change stage by it; a score or a date that follows is no move."""
        return self.stage_from != self.stage_to

    @property
    def is_weighed(self) -> bool:
        """Whether limits of numbers hold for it; a repair moves nobody, but it writes over what stands there."""
        return self.cause not in SEEN_FIRST and (self.is_move or self.cause is Cause.REPAIR)

    @property
    def apart(self) -> Cause | None:
        """With what it is weighed: its own cause, or None for all that is not weighed apart."""
        return self.cause if self.cause in APART else None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be written unseen.

    Attributes:
        people: who may make the same move within the window.
        share: the same, of all people known.
        total_share: who may move at all within the window, newcomers apart, of all people known.
        loss: how much of a stage may leave it within the window, of those who stood in it.
        never_below: so few are never too many, however small the base.
        writes_of_a_field: how often the same field of a record may be written within the window:
            more means that another program writes it as well.
        source_loss: how much of a source's records may be gone from one pull to the next.
        window_s: seconds.
        approval_s: seconds after which what was approved and not written is held again.
    """

    people: int = 500
    share: float = 0.10
    total_share: float = 0.25
    loss: float = 0.30
    never_below: int = 20
    writes_of_a_field: int = 5
    source_loss: float = 0.20
    window_s: float = 86_400.0
    approval_s: float = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Trip:
    """A group that is held, and why.

    Attributes:
        count: people, those of the window included.
        limit: what it went beyond; 0 where everything is shown first.
        writers: who else writes there, as far as the CRMs tell; empty when nobody asked or nobody is known.
    """

    group: Group
    rule: Rule
    count: int
    limit: int
    writers: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """What a plan is weighed against.

    Attributes:
        people: known now.
        in_stage: stage -> people in it before the window's moves.
        recent: group -> people moved unseen within the window.
    """

    people: int
    in_stage: Mapping[str, int]
    recent: Mapping[Group, int]


def trips(planned: Mapping[Group, int], base: Base, limits: Limits) -> list[Trip]:
    """The groups to hold, each once, under the first rule that it breaks; in the order of groups.

    Args:
        planned: group -> people, without what is approved.
    """
    found: dict[Group, Trip] = {}
    for group, count in sorted(planned.items()):
        if group.cause is Cause.DEFINITION:
            found[group] = Trip(group, Rule.DEFINITION, count, 0)
    weighed = {group: count for group, count in planned.items() if group.is_weighed}
    for apart in (None, *APART):
        own = {group: count for group, count in weighed.items() if group.apart is apart}
        before = {group: n for group, n in base.recent.items() if group.apart is apart}
        for trip in _weigh(own, before, base, limits):
            found.setdefault(trip.group, trip)
    return [found[group] for group in sorted(found)]


def _weigh(
    planned: Mapping[Group, int], recent: Mapping[Group, int], base: Base, limits: Limits
) -> list[Trip]:
    """Pairs first, then what leaves a stage, then all together."""
    pairs, leaving = Counter[tuple[str, str]](), Counter[str]()
    for group, count in (*planned.items(), *recent.items()):
        pairs[group.stage_from, group.stage_to] += count
        leaving[group.stage_from] += count if group.is_move else 0
    total = sum(count for stage, count in leaving.items() if stage)
    pair_limit = _allowed(limits, min(limits.people, limits.share * base.people))
    total_limit = _allowed(limits, limits.total_share * base.people)
    found = []
    for group in planned:
        pair = pairs[group.stage_from, group.stage_to]
        loss_limit = _allowed(limits, limits.loss * base.in_stage.get(group.stage_from, 0))
        if pair > pair_limit:
            found.append(Trip(group, Rule.PAIR, pair, pair_limit))
        elif group.stage_from and leaving[group.stage_from] > loss_limit:
            found.append(Trip(group, Rule.STAGE_LOSS, leaving[group.stage_from], loss_limit))
        elif group.stage_from and total > total_limit:
            found.append(Trip(group, Rule.TOTAL, total, total_limit))
    return found


def _allowed(limits: Limits, asked: float) -> int:
    return max(limits.never_below, int(asked))

"""The workspace of one evaluation at one instant: what the compiled conditions read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagesync.domain.facts import Facts

NEVER = float("-inf")
"""The instant of something that did not happen."""

TOLERANCE = 1e-9
"""Two engines add in different orders; a score this close to a threshold reaches it."""

DAY_S = 86_400.0

Instants = Mapping[str, Sequence[float]]
"""Activity type -> instants in any order; a type of which nothing took place has none."""


class State:
    """Everything measured of one person at one instant.

    Mutable and short-lived: it is made, filled and read inside one call, and never shared.

    Attributes:
        facts: what the state was measured from.
        instants: its activities by type, each event once.
        person, account: facts by name, without prefix.
        now: the instant; Unix seconds.
        previous: level number held before, per axis.
        latest: per signal (a set of activity types), the last instant not after `now`.
        raws: per score, the sum of its rules.
        totals: per score, the sum after its lower bound.
        deals: status -> number of deals not dated after `now`.
        levels: level number per axis, filled in the order of dependency.
        people: for an account, the highest level number per axis among its counted people.
        is_early: something known is dated after `now`.
        unknown: activity types that the policy does not know.
    """

    __slots__ = (
        "account",
        "deals",
        "facts",
        "instants",
        "is_early",
        "latest",
        "levels",
        "now",
        "people",
        "person",
        "previous",
        "raws",
        "totals",
        "unknown",
    )

    def __init__(
        self,
        now: float,
        facts: Facts,
        instants: Instants,
        *,
        previous: Sequence[int],
        people: Sequence[int],
        latest: list[float],
        raws: list[float],
        levels: list[int],
    ) -> None:
        self.now = now
        self.facts = facts
        self.instants = instants
        self.person = facts.person
        self.account = facts.account
        self.previous = previous
        self.people = people
        self.latest = latest
        self.raws = raws
        self.totals = raws
        self.levels = levels
        self.deals: Mapping[str, int] = NO_DEALS
        self.is_early = False
        self.unknown: frozenset[str] = frozenset()


NO_DEALS: Mapping[str, int] = {}

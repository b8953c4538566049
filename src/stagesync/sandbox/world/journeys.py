"""The kinds of stories that people have with the vendor, and how many have each.

The shares are quotas, not chances: every kind is there in a world of a few dozen people already.
"""

from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Journey:
    """One kind of story.

    Attributes:
        share: part of all humans.
        won, open, lost: how many deals of each status, (fewest, most).
        depth: how far signs of interest go: 0 nothing, 1 passive, 2 gesture, 3 request.
        fresh: whether there are several requests within the last three weeks.
        fits: whether the firm is one that the vendor sells to and the title a senior one.
        in_salesforce: whether the story can only be told by a Salesforce record.
    """

    name: str
    share: float
    depth: int
    won: tuple[int, int] = (0, 0)
    open: tuple[int, int] = (0, 0)
    lost: tuple[int, int] = (0, 0)
    fresh: bool = False
    fits: bool = False
    in_salesforce: bool = False


JOURNEYS = {
    journey.name: journey
    for journey in (
        Journey("churned", 0.03, 3, won=(1, 2)),
        Journey("advocate", 0.02, 3, won=(1, 3), in_salesforce=True),
        Journey("loyal", 0.04, 3, won=(2, 5)),
        Journey("client", 0.09, 3, won=(1, 1)),
        Journey("negotiating", 0.08, 3, open=(1, 2)),
        Journey("lost", 0.05, 3, lost=(1, 2)),
        Journey("converted", 0.04, 3, in_salesforce=True),
        Journey("hot", 0.09, 3, fresh=True, fits=True),
        Journey("request", 0.17, 3),
        Journey("gesture", 0.11, 2),
        Journey("passive", 0.13, 1),
        Journey("target", 0.07, 0, fits=True),
        Journey("silent", 0.08, 0),
    )
}

RELATIONSHIPS = {"competitor": 0.015, "student": 0.015, "supplier": 0.012, "partner": 0.015}
EXCLUDABLE = frozenset({"request", "gesture", "passive", "silent"})
DISPOSITIONS = {"disqualified": 0.035, "nurture": 0.03}


def deal_out(rng: Random, shares: dict[T, float], *, total: int) -> list[T]:
    """`total` values in random order, each as often as its share says, by largest remainder."""
    exact = {value: share * total for value, share in shares.items()}
    counts = {value: int(amount) for value, amount in exact.items()}
    short = total - sum(counts.values())
    by_rest = sorted(exact, key=lambda value: counts[value] - exact[value])
    for value in by_rest[:short]:
        counts[value] += 1
    dealt = [value for value, count in counts.items() for _ in range(count)]
    rng.shuffle(dealt)
    return dealt

"""Where somebody stood from which instant on, whenever it was looked.

A run finds what happened since the run before: perhaps a minute ago, perhaps three weeks. What waits for a
time must count from the instant at which it happened and not from the run. So the gap is gone through, by what
is known now: from one activity or deal to the next, and in between from one second at which time alone changes
the position to the next.

What bears no date, such as a field that somebody filled, is dated by the newest stamp that a CRM gave in the
gap. Where there is none, for a record that is gone perhaps, it counts from the run that found it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf

from stagesync.domain.evaluation import Evaluation

Position = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody stood here from an instant on; Unix seconds."""

    at_s: float
    position: Position


Place = Callable[[float, Step], Evaluation]
"""Where somebody stands at an instant, by what is known now, having stood elsewhere at an earlier one; and the
second at which time alone moves them next."""


def path_between(
    place: Place, before: Step, now: Step, *, moments: Iterable[float], stamp_s: float
) -> tuple[Step, ...]:
    """The positions taken since the last look, oldest first; empty when there was no other.

    Args:
        before: as the last look found it, at its instant.
        now: as it is found now.
        moments: when something happened.
        stamp_s: when something that bears no date came to be known, after the last look and not after now.
    """
    steps, found = [before], place(before.at_s, before)

    def go(at_s: float) -> Evaluation:
        there = place(at_s, steps[-1])
        steps.append(Step(at_s, there.position))
        return there

    if found.position != before.position:
        found = go(stamp_s)
    later = sorted({each for each in moments if steps[-1].at_s < each <= now.at_s})
    for moment in (*later, inf):
        while (second := found.recheck_at_s) is not None and second <= now.at_s and second < moment:
            found = go(second)
        found = go(moment) if moment < inf else found
    if found.position != now.position:
        # It moved within this very second, which is not over yet.
        steps.append(Step(float(ceil(now.at_s)), now.position))
    return tuple(step for last, step in pairwise(steps) if step.position != last.position)

"""How well stages foretold who bought: what was known before a deal, and whether buyers stood higher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stagesync.domain.facts import Facts, Value
from stagesync.domain.transitions import rank
from stagesync.domain.vocabulary import Vocabulary

COURSE = frozenset({"need", "sales_accepted", "churned", "disqualified"})
"""Facts that a sale brings about and that nobody dates: as they are now, they may tell its end."""


def facts_before(facts: Facts, deal_id: str, at_s: float) -> Facts:
    """What was known of somebody when a deal of theirs was made, without that deal.

    Activities are dated, and an evaluation at that instant passes over later ones by itself. Deals that
    were not over by then, or are not dated, are left out, and so are the facts of `COURSE`; a nurturing
    counts when it had begun. All other facts are taken as they are now: what they were is not known.
    """
    deals = tuple(
        each
        for each in facts.deals
        if each.id != deal_id and each.at_s is not None and each.at_s <= at_s
    )
    person = _without_course(facts.person, at_s=at_s)
    return replace(
        facts, person=person, account=_without_course(facts.account, at_s=at_s), deals=deals
    )


def _without_course(known: Mapping[str, Value], *, at_s: float) -> dict[str, Value]:
    since = known.get("nurture_since")
    late = not isinstance(since, float | int) or since > at_s
    gone = COURSE | ({"nurture", "nurture_since"} if late else set())
    return {name: value for name, value in known.items() if name not in gone}


def told_apart(vocabulary: Vocabulary, outcomes: Mapping[str, tuple[int, int]]) -> float | None:
    """Of all pairs of somebody who bought and somebody who did not, the share in which the buyer stood higher.

    Pairs on the same rung count half, so that 0.5 is no better than chance and 1 is never wrong. Stages
    off the ladder stand below it.

    Args:
        outcomes: stage -> (people who bought, people who did not).

    Returns:
        None when there is no pair.
    """
    rungs: dict[int, tuple[int, int]] = {}
    for stage, (won, lost) in outcomes.items():
        place = rank(vocabulary, stage)
        rung = -1 if place is None else place
        known = rungs.get(rung, (0, 0))
        rungs[rung] = known[0] + won, known[1] + lost
    pairs = sum(won for won, _ in rungs.values()) * sum(lost for _, lost in rungs.values())
    if not pairs:
        return None
    above = 0.0
    beaten = 0
    for rung in sorted(rungs):
        won, lost = rungs[rung]
        above += won * (beaten + lost / 2)
        beaten += lost
    return above / pairs

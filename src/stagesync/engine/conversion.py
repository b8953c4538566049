"""How well stages foretold who bought, under two sets of definitions.

Each person whom a won or a lost deal names counts once, by the one of these deals that was made first. The
stage is the one that they would have stood in when it was made, from what was known then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.foretold import facts_before, told_apart
from stagesync.domain.mapping import opened_at
from stagesync.engine.assemble import Assembled
from stagesync.engine.deployment import Deployment
from stagesync.engine.placing import SINCE_EVER_S
from stagesync.engine.sides import Sides, assemble_both
from stagesync.store import records
from stagesync.store.deals import deals_naming
from stagesync.store.records import StoredRecord

OVER = frozenset({"won", "lost"})

Outcomes = dict[str, tuple[int, int]]
"""Stage -> people whose deal was won, and people whose deal was lost."""


@dataclass(slots=True)
class Conversion:
    """What became of those who stood in each stage.

    Attributes:
        undated: people left out, because no deal of theirs says when it was made.
    """

    before: Outcomes = field(default_factory=dict)
    after: Outcomes = field(default_factory=dict)
    undated: int = 0

    def document(self, sides: Sides, vocabulary: str) -> dict[str, Any]:
        """As `stagesync backtest --json` prints it."""
        return {
            "people": sum(won + lost for won, lost in self.before.values()),
            "won": sum(won for won, _ in self.before.values()),
            "undated": self.undated,
            "before": _side(sides.before, vocabulary, self.before),
            "after": _side(sides.after, vocabulary, self.after),
        }


def _side(deployment: Deployment, vocabulary: str, outcomes: Outcomes) -> dict[str, Any]:
    words = deployment.vocabularies[vocabulary]
    stages = {}
    for stage in words.stages:
        won, lost = outcomes.get(stage.id, (0, 0))
        if won or lost:
            stages[stage.id] = {"people": won + lost, "won": won, "share": won / (won + lost)}
    return {"stages": stages, "told_apart": told_apart(words, outcomes)}


def note_outcomes(
    tx: Connection,
    sides: Sides,
    people: Mapping[str, Assembled],
    *,
    vocabulary: str,
    conversion: Conversion,
) -> None:
    """Add the people of these whom a won or a lost deal names."""
    first = _first_deals(tx, sides.before, people, conversion=conversion)
    # As for somebody never placed: all that they ever did counts, as far back as the policies look.
    found = assemble_both(tx, sides, list(first), now_s=SINCE_EVER_S)
    for who, deal in first.items():
        for side, assembled, outcomes in (
            (sides.before, found.before[who], conversion.before),
            (sides.after, found.after[who], conversion.after),
        ):
            known = facts_before(assembled.facts, deal.id, deal.made_at_s)
            then = side.compiled.evaluate(
                known, deal.made_at_s, previous_at_s=SINCE_EVER_S, with_recheck=False
            )
            stage = side.classifier.stage(vocabulary, then.position)
            won, lost = outcomes.get(stage, (0, 0))
            outcomes[stage] = (won + deal.won, lost + (not deal.won))


@dataclass(frozen=True, slots=True, order=True)
class _Deal:
    """A deal that is over; the first is the one that was made first."""

    made_at_s: float
    id: str
    won: bool


def _first_deals(
    tx: Connection,
    deployment: Deployment,
    people: Mapping[str, Assembled],
    *,
    conversion: Conversion,
) -> dict[str, _Deal]:
    """Person -> their first deal; those without one are absent, and counted when none is dated.

    A deal that names nobody is nobody's here, whatever the policy makes of it: policies let such deals
    count when they are won and not when they are lost, so they would foretell nothing.
    """
    naming = deals_naming(tx, {each.pk for one in people.values() for each in one.records})
    over = {deal.pk for deals in naming.values() for deal in deals.values() if deal.status in OVER}
    made = {
        each.pk: at_s
        for each in records.records_where(tx, "pk", over)
        if (at_s := _made_at_s(deployment, each)) is not None
    }
    first = {}
    for who, assembled in people.items():
        theirs = {
            deal.pk: deal
            for each in assembled.records
            for deal in naming.get(each.pk, {}).values()
            if deal.pk in over
        }
        dated = [
            _Deal(made[pk], f"{deal.connection}/{deal.id}", deal.status == "won")
            for pk, deal in theirs.items()
            if pk in made
        ]
        if dated:
            first[who] = min(dated)
        conversion.undated += bool(theirs and not dated)
    return first


def _made_at_s(deployment: Deployment, each: StoredRecord) -> float | None:
    connected = deployment.connections.get(each.connection)
    if connected is None or each.object not in connected.roles:
        return None
    return opened_at(connected.object_mapping(each.object), each.fields)

"""How well stages foretold who bought, under two sets of definitions.

Each person with a won or a lost deal counts once, by the one of these deals that was made first. The
stage is the one that they would have stood in when it was made, from what was known then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from stagesync.connector import Role
from stagesync.domain.facts import Deal, Facts
from stagesync.domain.foretold import facts_before, told_apart
from stagesync.domain.mapping import opened_at
from stagesync.engine.deployment import Deployment
from stagesync.engine.evaluate import SINCE_EVER_S
from stagesync.engine.sides import Sides, assemble_both
from stagesync.store import records

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
    people: Mapping[str, Facts],
    *,
    vocabulary: str,
    conversion: Conversion,
) -> None:
    """Add the people of these who have a won or a lost deal.

    Args:
        people: with their facts as the definitions held against see them.
    """
    over = {who: [d for d in facts.deals if d.status in OVER] for who, facts in people.items()}
    made = _made(tx, sides.before, [deal for deals in over.values() for deal in deals])
    first = {
        who: min(dated)
        for who, deals in over.items()
        if (dated := [(made[deal.id], deal.id, deal.status) for deal in deals if deal.id in made])
    }
    conversion.undated += sum(bool(deals) and who not in first for who, deals in over.items())
    # Somebody never placed: all that they ever did counts, as far back as the policies look.
    found = assemble_both(tx, sides, list(first), now_s=SINCE_EVER_S)
    for who, (at_s, deal_id, status) in first.items():
        for side, assembled, outcomes in (
            (sides.before, found.before[who], conversion.before),
            (sides.after, found.after[who], conversion.after),
        ):
            known = facts_before(assembled.facts, deal_id, at_s)
            then = side.compiled.evaluate(
                known, at_s, previous_at_s=SINCE_EVER_S, with_recheck=False
            )
            stage = side.classifier.stage(vocabulary, then.position)
            won, lost = outcomes.get(stage, (0, 0))
            outcomes[stage] = (won + 1, lost) if status == "won" else (won, lost + 1)


def _made(tx: Connection, deployment: Deployment, deals: Iterable[Deal]) -> dict[str, float]:
    """Deal -> when it was made; those that do not say are absent."""
    by_connection: dict[str, list[str]] = {}
    for each in deals:
        record_id = each.id.removeprefix(f"{each.connection}/")
        by_connection.setdefault(each.connection, []).append(record_id)
    found = {}
    for name, ids in by_connection.items():
        connected = deployment.connections.get(name)
        for object_name in connected.objects(Role.DEAL) if connected else ():
            mapping = deployment.connections[name].object_mapping(object_name)
            for record in records.records_of(tx, name, object_name, set(ids)).values():
                at_s = opened_at(mapping, record.fields)
                if at_s is not None:
                    found[f"{name}/{record.id}"] = at_s
    return found

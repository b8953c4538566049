"""The overview: how the deployment stands, the funnel of a vocabulary, and how far the CRMs agree.

Who stands where is counted now. What takes long to count was counted by the daemon beside its runs, and bears
the instant of which it tells; see `engine.keeper`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from stagesync.domain.vocabulary import Stage, Vocabulary, on_ladder
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.engine.keeper import AGREEMENT, FUNNELS
from stagesync.engine.places import count_stages
from stagesync.engine.status import status_of
from stagesync.store import kept

WEEKS = 27
"""Weeks that are told of: half a year, and the one that has begun."""


def overview(
    tx: Connection, deployment: Deployment, *, vocabulary: str, now_s: float
) -> dict[str, Any]:
    """All of it.

    Args:
        vocabulary: whose funnel is told.
    """
    return status_of(tx, deployment, now_s=now_s) | counted(tx, deployment, vocabulary)


def counted(tx: Connection, deployment: Deployment, vocabulary: str) -> dict[str, Any]:
    """The funnel and the agreement: the keys of `stagesync status` that the daemon works for."""
    return {
        "funnel": picture(tx, deployment, deployment.vocabularies[vocabulary]),
        "agreement": agreement_over_time(tx),
    }


def picture(tx: Connection, deployment: Deployment, words: Vocabulary) -> dict[str, Any]:
    """A funnel in short: who stands where now, and what was counted of it at `as_of`, null when nothing was."""
    standing = count_stages(tx, deployment).get(words.name, {})
    found = kept.find(tx, f"{FUNNELS}/{words.name}")
    told: dict[str, Any] = {}
    if found and found.basis == deployment.definitions:
        told = found.document
    return {
        "vocabulary": words.name,
        "as_of": iso(found.made_at_s) if found and told else None,
        "since": told.get("since"),
        "known_since": told.get("known_since"),
        "people": sum(standing.values()),
        "stages": [_stage(each, standing, told) for each in on_ladder(words)],
        "gaps": told.get("gaps", []),
        "weeks": [
            {key: each[key] for key in ("from", "to", "whole", "mql", "sql", "handed_over")}
            for each in told.get("periods", [])[-WEEKS:]
        ],
        "handover": told.get("handover"),
        "loop": told.get("loop"),
    }


def _stage(stage: Stage, standing: dict[str, int], funnel: dict[str, Any]) -> dict[str, Any]:
    ways = [each for each in funnel.get("conversion", ()) if each["from"] == stage.id]
    stages = funnel.get("stages", ())
    told: dict[str, Any] = next((each for each in stages if each["id"] == stage.id), {})
    return {
        "id": stage.id,
        "labels": dict(stage.labels),
        "rank": stage.rank,
        "counts_as": stage.treatment.get("counts_as"),
        "people": standing.get(stage.id, 0),
        "entered": told.get("entered"),
        "skipped": told.get("skipped"),
        "days": told.get("days"),
        "next": ways[0] if ways else None,
    }


def agreement_over_time(tx: Connection) -> dict[str, Any] | None:
    """How far the CRMs agree, and agreed day by day; None when that was never counted."""
    found = kept.find(tx, AGREEMENT)
    return None if found is None else {"as_of": iso(found.made_at_s), **found.document}

"""What a page about somebody tells beyond what was stored: axes and words with labels, the course of their
scores, and what would move them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stagesync.domain.course import courses_of
from stagesync.domain.transitions import rank
from stagesync.domain.whatif import Evidence, tries
from stagesync.engine.assemble import Assembled
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.engine.placing import still_known
from stagesync.store.people import Placed


def axes(
    deployment: Deployment, position: Mapping[str, str], fixed: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Each axis with its levels, lowest first, and the one that is held.

    Args:
        fixed: axis -> level that a person's word fixes, for the stages alone.
    """
    return [
        {
            "axis": axis.name,
            "labels": dict(axis.labels),
            "level": position.get(axis.name),
            "said": fixed.get(axis.name),
            "levels": [{"level": each.name, "labels": dict(each.labels)} for each in axis.levels],
        }
        for axis in deployment.policy.axes
    ]


def words(deployment: Deployment, stages: Mapping[str, str]) -> list[dict[str, Any]]:
    """The stage in each vocabulary, with labels; the main vocabulary first."""
    main = deployment.main_vocabulary
    found = []
    for name, vocabulary in deployment.vocabularies.items():
        stage = next((each for each in vocabulary.stages if each.id == stages.get(name)), None)
        if stage is not None:
            found.append(
                {
                    "vocabulary": name,
                    "labels": dict(vocabulary.labels),
                    "stage": stage.id,
                    "stage_labels": dict(stage.labels),
                    "rank": stage.rank,
                    "rungs": sum(each.rank is not None for each in vocabulary.stages),
                }
            )
    return sorted(found, key=lambda each: (each["vocabulary"] != main, each["vocabulary"]))


def courses(
    deployment: Deployment, assembled: Assembled, *, now_s: float, coming_s: float | None
) -> list[dict[str, Any]]:
    """The course of each score that time moves; instants are Unix seconds, for pictures."""
    found = courses_of(deployment.compiled, assembled.facts, now_s=now_s, coming_s=coming_s)
    return [
        {
            "score": each.score,
            "now_s": now_s,
            "coming_s": coming_s,
            "points": [list(point) for point in each.points],
            "thresholds": [
                {"axis": one.axis, "level": one.level, "enter": one.enter, "keep": one.keep}
                for one in each.thresholds
            ],
        }
        for each in found
    ]


def would_move(
    deployment: Deployment,
    standing: Placed,
    assembled: Assembled,
    fixed: Mapping[str, str],
    *,
    now_s: float,
) -> list[dict[str, Any]]:
    """What one piece of evidence more would do, the highest stage first; what does the same stands together."""
    previous = still_known(deployment, standing.position) or {}
    stages = standing.stages or {}
    groups: dict[str, dict[str, Any]] = {}
    found = tries(deployment.compiled, assembled.facts, now_s, previous=previous)
    for evidence, position in found:
        after = deployment.classifier.stages({**position, **fixed})
        outcome = {
            "changes": _changes(previous, position),
            "stages": _changes(stages, after),
        }
        if outcome["changes"]:
            group = groups.setdefault(repr(outcome), {"evidence": [], **outcome})
            group["evidence"].append(_evidence(evidence))
    return sorted(groups.values(), key=lambda each: _order(deployment, each))


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str | None]]:
    return {
        name: [before.get(name), value]
        for name, value in after.items()
        if before.get(name) != value
    }


def _evidence(each: Evidence) -> dict[str, Any]:
    return {"kind": each.kind, "name": each.name, "count": each.count}


def _order(deployment: Deployment, group: Mapping[str, Any]) -> tuple[bool, int, int]:
    """Moves of the main vocabulary's stage first, up before down; then the least evidence."""
    main = deployment.main_vocabulary
    least = min(each["count"] for each in group["evidence"])
    if main not in group["stages"]:
        return True, 0, least
    place = rank(deployment.vocabularies[main], group["stages"][main][1])
    return False, -1 if place is None else -place - 1, least


def due(standing: Placed) -> dict[str, str | None]:
    """What the treatment asks for by when; None where it asks for nothing."""
    asked = {"next_contact": standing.next_contact_at_s, "acceptance": standing.accept_by_s}
    return {what: None if at_s is None else iso(at_s) for what, at_s in asked.items()}

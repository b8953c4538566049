"""Finds what was done against a treatment, when the activity that shows it comes to be known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection

from stagesync.domain.breach import Treated, breaches_of
from stagesync.domain.facts import Activity, Facts
from stagesync.domain.treatment import IN_PEACE
from stagesync.domain.vocabulary import Vocabulary
from stagesync.engine.assemble import Assembled
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.store import breaches, stood
from stagesync.store.people import Placed
from stagesync.store.places import Position

LATE_S = 2 * 86_400.0
"""How much later than it happened an activity may come to be known: some are pulled once an hour or a day."""

JUST_BEFORE_S = 1e-3

TOLD_S = 30 * 86_400.0
"""How long what was done is listed."""

TOLD = 20
"""What is told one by one, of each kind; all are counted."""


def note_breaches(
    tx: Connection,
    deployment: Deployment,
    found: Mapping[str, Assembled],
    before: Mapping[str, Placed],
    *,
    fixed: Mapping[str, Mapping[str, str]],
    now_s: float,
) -> None:
    """Keep what was done to these people against their treatment.

    Args:
        before: where they stood at the evaluation before this one.
        fixed: person -> levels that somebody's word fixes.
    """
    candidates = {
        who: seen
        for who, one in found.items()
        if (seen := _candidates(deployment, one.facts, before[who], now_s=now_s))
    }
    stands = stood.stands_of(tx, candidates)
    broken = []
    for who, seen in candidates.items():
        facts = found[who].facts
        treated = _treated(
            deployment, facts, before[who], stands=stands.get(who, ()), fixed=fixed.get(who, {})
        )
        broken += [(who, each) for each in breaches_of(seen, facts.activities, treated)]
    breaches.save_breaches(tx, broken, found_at_s=now_s)


def _candidates(
    deployment: Deployment, facts: Facts, before: Placed, *, now_s: float
) -> list[Activity]:
    """What a treatment may speak of, and was not judged by the evaluation before."""
    if before.evaluated_at_s is None:
        return []
    from_s = before.evaluated_at_s - LATE_S
    return [
        each
        for each in facts.activities
        if each.type in deployment.watched and each.took_place and from_s < each.at_s <= now_s
    ]


def _treated(
    deployment: Deployment,
    facts: Facts,
    before: Placed,
    *,
    stands: Sequence[tuple[float, Position]],
    fixed: Mapping[str, str],
) -> Treated:
    main = deployment.main_vocabulary
    since = before.no_contact_since_s

    def treated(each: Activity) -> tuple[str, tuple[Mapping[str, object], ...]]:
        last = bisect_left([at_s for at_s, _ in stands], each.at_s) - 1
        if last < 0 or not stands[last][1]:
            return "", ()
        wanted_none = since is not None and since < each.at_s
        person = {**facts.person, "do_not_contact": wanted_none}
        known = replace(facts, person=person)
        positions = (stands[last][1], {**_place_before(deployment, known, each, before), **fixed})
        try:
            stages = [deployment.classifier.stages(one) for one in positions]
            treatments = tuple(
                deployment.treatment_of(stage[deployment.treating], known, one)
                for stage, one in zip(stages, positions, strict=True)
            )
        except KeyError:
            # The definitions of then had other axes.
            return "", ()
        return stages[0][main], treatments

    return treated


def _place_before(deployment: Deployment, facts: Facts, each: Activity, before: Placed) -> Position:
    """Where they stood just before it, by what is known now."""
    at_s = each.at_s - JUST_BEFORE_S
    levels = {axis.name: axis.level_names for axis in deployment.policy.axes}
    previous = {
        axis: level
        for axis, level in (before.position or {}).items()
        if level in levels.get(axis, ())
    }
    return deployment.compiled.evaluate(
        facts, at_s, previous=previous, previous_at_s=at_s, with_recheck=False
    ).position


def breaches_document(tx: Connection, deployment: Deployment, *, now_s: float) -> dict[str, Any]:
    """What `stagesync status` says of treatments: what was done against them, and what is late."""
    since_s = now_s - TOLD_S
    labels = labels_of(deployment.vocabularies[deployment.treating])
    return {
        "since": iso(since_s),
        "done": breaches.count_breaches(tx, since_s=since_s),
        "late": {what: breaches.count_late(tx, what, now_s=now_s) for what in breaches.LATE},
        "list": [
            {
                "person": who,
                "rule": each.rule,
                "labels": labels.get(each.rule, {}),
                "stage": each.stage,
                "activity": each.activity,
                "at": iso(each.at_s),
            }
            for who, each in breaches.newest_breaches(tx, since_s=since_s, most=TOLD)
        ],
        "waiting": [
            {"person": who, "for": what, "content": content, "due": iso(due_s)}
            for what in breaches.LATE
            for who, content, due_s in breaches.latest(tx, what, now_s=now_s, most=TOLD)
        ],
    }


def labels_of(vocabulary: Vocabulary) -> dict[str, Mapping[str, str]]:
    """Rule -> what people read; of a rule that several stages share, any one."""
    lines = [stage.treatment for stage in vocabulary.stages]
    lines += [IN_PEACE, *(line.treatment for line in vocabulary.overrides)]
    nevers = [
        one
        for line in lines
        for one in cast("Collection[Mapping[str, Any]]", line.get("never") or ())
    ]
    return {one["id"]: one["labels"] for one in nevers}

"""The funnel of a vocabulary: one document, counted from stored positions.

History is told in the words of today: each position that somebody ever stood in is read by the vocabulary as
it is now. What is not known is not guessed: history begins when somebody was first seen, and who was found at
a stage is not counted as having entered it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.classify import is_accepted
from stagesync.domain.funnel import last_weeks, periods
from stagesync.domain.stays import UNTOLD, Told
from stagesync.domain.tally import Period, Tally
from stagesync.domain.vocabulary import Vocabulary
from stagesync.engine.deployment import Deployment
from stagesync.engine.describe import stored_descriptions
from stagesync.engine.instants import iso
from stagesync.engine.measured import Measured, stages_with, tally_of
from stagesync.engine.places import readable
from stagesync.engine.referrals import FACT
from stagesync.errors import ArgumentError
from stagesync.store import people, places, stood
from stagesync.store.people import Kind

AT_ONCE = 20
"""People between two breaths."""

JUST_AFTER_S = 1.0
"""Instants are printed in whole seconds: one that is asked for includes all of its second."""


def funnel(
    deployment: Deployment,
    vocabulary: str,
    *,
    kind: Kind = "person",
    at_s: float,
    since_s: float | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """The document of `stagesync funnel`.

    Args:
        at_s: how things stood then.
        since_s: the period's beginning; None means since ever.
        by: `week` or `month`, for a list of periods.

    Raises:
        ArgumentError: nobody was seen by then.
    """
    with deployment.store.begin() as tx:
        found = funnels(tx, deployment, [vocabulary], kind=kind, at_s=at_s, since_s=since_s, by=by)
    if not found:
        raise ArgumentError(
            f"nothing is known of {iso(at_s)}: nobody had been placed by then",
            hint="stagesync funnel without --at tells since when something is known",
        )
    return found[vocabulary]


def funnels(
    tx: Connection,
    deployment: Deployment,
    vocabularies: Collection[str],
    *,
    kind: Kind = "person",
    at_s: float,
    since_s: float | None = None,
    by: str | None = None,
    breathe: Callable[[], None] = lambda: None,
) -> dict[str, dict[str, Any]]:
    """Vocabulary -> its document, in one pass over the history; empty when nobody was seen by then.

    Args:
        breathe: called now and then, to let others work.
    """
    before_s = at_s + JUST_AFTER_S
    known_s = stood.known_since(tx, kind, before_s=before_s)
    if known_s is None:
        return {}
    period = _period(max(since_s or known_s, known_s), at_s, known_s=known_s, by=by)
    referrers = (
        people.referrers(tx) if kind == "person" and _tells_referrals(tx, deployment) else None
    )
    watched = frozenset(who for pair in (referrers or {}).items() for who in pair)
    positions = places.all_places(tx)
    tallies = {}
    for name in vocabularies:
        words = deployment.vocabularies[name]
        told = _told(deployment, words, positions, kind=kind)
        tallies[name] = tally_of(words, told, period, watched=watched)
    for n, (who, history) in enumerate(stood.histories(tx, kind, before_s=before_s)):
        if n % AT_ONCE == 0:
            breathe()
        for tally in tallies.values():
            tally.add(who, history)
    return {
        name: {
            "vocabulary": name,
            "labels": dict(words.labels),
            "of": "people" if kind == "person" else "accounts",
            "at": iso(at_s),
            "since": iso(period.from_s),
            "known_since": iso(known_s),
            **Measured(words, tally).document(),
            "loop": _loop(words, tally, referrers) if kind == "person" else None,
        }
        for name, tally in tallies.items()
        for words in [deployment.vocabularies[name]]
    }


def _period(from_s: float, at_s: float, *, known_s: float, by: str | None) -> Period:
    before_s = at_s + JUST_AFTER_S
    weeks = last_weeks(before_s)
    return Period(
        from_s,
        at_s,
        before_s,
        weeks=weeks if weeks[0][0] >= known_s else (),
        spans=periods(from_s, before_s, by=by) if by else (),
    )


def _told(
    deployment: Deployment,
    words: Vocabulary,
    positions: Mapping[int, Mapping[str, str]],
    *,
    kind: Kind,
) -> Told:
    """What each place is in the vocabulary; untold where the policy of then had other axes or levels."""
    numbers = {stage.id: n for n, stage in enumerate(words.stages)}
    stages, accepted = dict.fromkeys(positions, UNTOLD), set()
    for place, position in readable(deployment, positions).items():
        name = deployment.classifier.stage(words.name, position, account=kind == "account")
        stages[place] = numbers[name]
        if is_accepted(words.stage(name), position):
            accepted.add(place)
    rungs = {n: stage.rank for n, stage in enumerate(words.stages) if stage.rank is not None}
    return Told(stages, rungs, accepted)


def _loop(words: Vocabulary, tally: Tally, referrers: Mapping[str, str] | None) -> dict[str, Any]:
    """From clients to those who recommend, and to the people who came by their word."""
    advocates = stages_with(words, loop="advocate")
    clients = stages_with(words, loop=("client", "advocate"))
    document: dict[str, Any] = {
        "clients": sum(tally.standing[n] for n in clients) if clients else None,
        "advocates": sum(tally.standing[n] for n in advocates) if advocates else None,
    }
    if referrers is None:
        return {**document, "referred": None}
    referred = [who for who in referrers if who in tally.last]
    return {
        **document,
        "referred": len(referred),
        "arrived": len(tally.arrived.intersection(referred)),
        "by_advocates": sum(tally.last.get(referrers[who]) in advocates for who in referred),
        "became_clients": sum(tally.last[who] in clients for who in referred),
    }


def _tells_referrals(tx: Connection, deployment: Deployment) -> bool:
    """Whether some mapping reads who referred somebody, from a field that is there."""
    for name, connected in deployment.connections.items():
        described = stored_descriptions(tx, name)
        for object_name, mapping in connected.mapping.objects.items():
            there = described[object_name].fields if object_name in described else {}
            rules = (*mapping.facts, *mapping.people)
            if any(rule.fact == f"person.{FACT}" and rule.field in there for rule in rules):
                return True
    return False

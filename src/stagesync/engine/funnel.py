"""The funnel of a vocabulary: one document, counted from stored positions.

History is told in the words of today: each position that somebody ever stood in is read by the vocabulary as
it is now. What is not known is not guessed: history begins when somebody was first seen, and who was found at
a stage is not counted as having entered it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from stagesync.domain.classify import is_accepted
from stagesync.domain.vocabulary import Vocabulary
from stagesync.engine.deployment import Deployment
from stagesync.engine.instants import iso
from stagesync.engine.measured import JUST_AFTER_S, Measured, ladder_of
from stagesync.engine.referrals import FACT
from stagesync.errors import ArgumentError
from stagesync.store import funnel as counted
from stagesync.store import stays, stood
from stagesync.store.people import Kind
from stagesync.store.stays import UNTOLD, PlaceTold


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
    words = deployment.vocabularies[vocabulary]
    with deployment.store.begin() as tx:
        places = _places(deployment, words, stood.all_places(tx), kind=kind)
        with stays.measuring(
            tx, places, rungs=len(ladder_of(words)), kind=kind, before_s=at_s + JUST_AFTER_S
        ):
            known_s = stays.known_since(tx)
            if known_s is None:
                raise ArgumentError(
                    f"nothing is known of {iso(at_s)}: nobody had been placed by then",
                    hint="stagesync funnel without --at tells since when something is known",
                )
            measured = Measured(tx, words, at_s=at_s, from_s=max(since_s or known_s, known_s))
            return {
                "vocabulary": vocabulary,
                "labels": dict(words.labels),
                "of": "people" if kind == "person" else "accounts",
                "at": iso(at_s),
                "since": iso(measured.from_s),
                "known_since": iso(known_s),
                **measured.document(known_s, by=by),
                "loop": _loop(deployment, measured) if kind == "person" else None,
            }


def _places(
    deployment: Deployment,
    words: Vocabulary,
    positions: Mapping[int, Mapping[str, str]],
    *,
    kind: Kind,
) -> dict[int, PlaceTold]:
    """What each place is in the vocabulary; untold where the policy of then had other axes or levels."""
    numbers = {stage.id: n for n, stage in enumerate(words.stages)}
    levels = {axis.name: set(axis.level_names) for axis in deployment.policy.axes}
    found = {}
    for place, position in positions.items():
        if any(position.get(axis) not in known for axis, known in levels.items()):
            found[place] = PlaceTold(UNTOLD)
            continue
        name = deployment.classifier.stage(words.name, position, account=kind == "account")
        stage = words.stages[numbers[name]]
        found[place] = PlaceTold(numbers[name], stage.rank, is_accepted(stage, position))
    return found


def _loop(deployment: Deployment, measured: Measured) -> dict[str, Any]:
    """From clients to those who recommend, and to the people who came by their word."""
    advocates = measured.numbers(loop="advocate")
    clients = measured.numbers(loop=("client", "advocate"))
    count = measured.standing.get
    document: dict[str, Any] = {
        "clients": sum(count(n, 0) for n in clients) if clients else None,
        "advocates": sum(count(n, 0) for n in advocates) if advocates else None,
    }
    if not _tells_referrals(deployment):
        return {**document, "referred": None}
    found = counted.referred(
        measured.tx, clients=clients, advocates=advocates, from_s=measured.from_s
    )
    return {
        **document,
        **asdict(found),
        "became_clients": found.clients,
        "clients": document["clients"],
    }


def _tells_referrals(deployment: Deployment) -> bool:
    """Whether some mapping reads who referred somebody."""
    return any(
        rule.fact == f"person.{FACT}"
        for connected in deployment.connections.values()
        for mapping in connected.mapping.objects.values()
        for rule in (*mapping.facts, *mapping.people)
    )

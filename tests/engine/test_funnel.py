"""The funnel's arithmetic equals a plain reckoning, and what it says of real runs is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from stagesync.domain.classify import classify, is_accepted
from stagesync.engine.deployment import Deployment
from stagesync.engine.funnel import funnel
from stagesync.store import Store, open_store, stood
from stagesync.store.stood import How, Stand
from still_clock import StillClock

from .bench import DAY_S, DEFINITIONS, Bench
from .funnel_oracle import Oracle

LOWEST = {axis.name: axis.level_names[0] for axis in DEFINITIONS.policy.axes}
CLASSIFIER = classify(DEFINITIONS.vocabularies)
BEGIN_S = datetime(2026, 1, 5, tzinfo=UTC).timestamp()


def place(**levels: str) -> dict[str, str]:
    return LOWEST | levels


PLACES = [
    place(),
    place(interest="passive"),
    place(interest="gesture", fit="inside"),
    place(interest="request"),
    place(interest="request", fit="outside", disposition="nurture"),
    place(interest="request", fit="inside", qualification="ready"),
    place(interest="request", fit="inside", qualification="ready", sales="contacted", need="known"),
    place(interest="request", fit="inside", qualification="ready", sales="accepted"),
    place(sales="opportunity", interest="request"),
    place(sales="won", interest="request"),
    place(sales="won", loyalty="repeat"),
    place(sales="won", loyalty="advocate"),
    place(sales="won", disposition="churned"),
]


def deployment_on(store: Store) -> Deployment:
    """No CRM at all: a funnel asks the store."""
    return Deployment(
        store=store,
        policy=DEFINITIONS.policy,
        vocabularies=DEFINITIONS.vocabularies,
        connections={},
        clock=StillClock(BEGIN_S),
    )


def keep(store: Store, stands: list[Stand]) -> None:
    """The history of the store is this, and nothing else."""
    with store.begin() as tx:
        tx.execute(text("DELETE FROM stood"))
        stood.note_stands(tx, stands)


@pytest.fixture(scope="module")
def emptied() -> Iterator[Store]:
    made = open_store("sqlite://")
    yield made
    made.close()


@st.composite
def histories(draw: st.DrawFn) -> list[Stand]:
    """A few people, each with a few rows of history, on whole hours."""
    found = []
    for who in range(draw(st.integers(1, 8))):
        hours = sorted(draw(st.sets(st.integers(0, 24 * 40), min_size=1, max_size=7)))
        for n, hour in enumerate(hours):
            at_s = BEGIN_S + hour * 3_600.0
            first = st.sampled_from([How.ARRIVED, How.FOUND])
            later = st.sampled_from([How.MOVED] * 6 + [How.REDEFINED, How.GONE])
            how = draw(later if n else first)
            if n and found[-1].position is None:
                how = How.FOUND
            position = None if how is How.GONE else draw(st.sampled_from(PLACES))
            found.append(Stand(f"p_{who}", at_s, position, how))
    return found


def expected_of(oracle: Oracle, document: dict[str, Any]) -> dict[str, Any]:
    """What the plain reckoning says, in the form of the document."""
    words = oracle.words
    meaning = {stage.id: stage.treatment for stage in words.stages}
    groups = {
        "mql": {s for s, told in meaning.items() if told.get("counts_as") == "mql"},
        "sql": {s for s, told in meaning.items() if told.get("counts_as") == "sql"},
        "handed_over": {s for s, told in meaning.items() if told.get("handover")},
    }
    people = oracle.people()
    conversion = []
    for low_rank, low in enumerate(oracle.ladder):
        for high in oracle.ladder[low_rank + 1 :]:
            if (found := oracle.conversion(low, high)) is not None:
                entered, reached, days = found
                conversion.append((low, high, entered, reached, days))
    return {
        "people": sum(people.values()),
        "stages": {
            stage.id: (
                people[stage.id],
                oracle.came(stage.id),
                oracle.days(stage.id),
                oracle.days_so_far(stage.id),
                oracle.skipped(stage.id) if stage.rank is not None else None,
            )
            for stage in words.stages
        },
        "conversion": conversion,
        "moves": oracle.moves(),
        "counts": {name: oracle.counting(stages) for name, stages in groups.items()},
        "periods": [
            {
                name: oracle.counting(stages, (seconds(each["from"]), seconds(each["to"])))
                for name, stages in groups.items()
            }
            for each in document["periods"]
        ],
        "handover": oracle.handover(groups["handed_over"]) if groups["handed_over"] else None,
    }


def seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def told_by(document: dict[str, Any]) -> dict[str, Any]:
    """The document in the same form."""
    handover = document["handover"]
    return {
        "people": document["people"],
        "stages": {
            each["id"]: (
                each["people"],
                {name: each[name] for name in ("entered", "fell", "found")},
                each["days"],
                each["days_so_far"],
                each["skipped"],
            )
            for each in document["stages"]
        },
        "conversion": [
            (each["from"], each["to"], each["entered"], each["reached"], each["median_days"])
            for each in document["conversion"]
        ],
        "moves": document["moves"],
        "counts": document["counts"],
        "periods": [
            {name: each[name] for name in ("mql", "sql", "handed_over")}
            for each in document["periods"]
        ],
        "handover": handover and {k: v for k, v in handover.items() if k != "stages"},
    }


def compare(
    store: Store, stands: list[Stand], vocabulary: str, *, since_days: int, at_days: int
) -> None:
    """The command's document and the plain reckoning agree."""
    keep(store, stands)
    first_s = min(each.since_s for each in stands)
    at_s = max(BEGIN_S + at_days * DAY_S, first_s)
    since_s = min(max(BEGIN_S + since_days * DAY_S, first_s), at_s)
    words = DEFINITIONS.vocabularies[vocabulary]

    def stage_of(position: dict[str, str]) -> tuple[str, bool]:
        stage = words.stage(CLASSIFIER.stage(vocabulary, position))
        return stage.id, is_accepted(stage, position)

    document = funnel(
        deployment_on(store), vocabulary, at_s=at_s, since_s=since_s, by="week"
    )
    oracle = Oracle(words, stands, since=since_s, at=at_s, stage_of=stage_of)
    assert expected_of(oracle, document) == told_by(document)


SHOWN = ["standard", "target-first", "inbound-funnel", "btob-scoring", "buyer-journey", "hubspot"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    stands=histories(),
    vocabulary=st.sampled_from(SHOWN),
    since_days=st.integers(0, 30),
    at_days=st.integers(5, 45),
)
def test_the_funnel_is_what_a_plain_reckoning_says(
    emptied: Store, *, stands: list[Stand], vocabulary: str, since_days: int, at_days: int
) -> None:
    """Whatever people did, SQL counts the same as going through them one by one."""
    compare(emptied, stands, vocabulary, since_days=since_days, at_days=at_days)

"""The funnel's arithmetic equals a plain reckoning, and what it says of real runs is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from planting import planted
from stagesync.domain import funnel as reckoned
from stagesync.domain.classify import classify, is_accepted
from stagesync.domain.stays import How, cut
from stagesync.domain.tally import Tally, _count, quarter
from stagesync.engine.deployment import Deployment
from stagesync.engine.funnel import funnel
from stagesync.store import Store, open_store, stood
from stagesync.store.stood import Stand
from still_clock import StillClock

from .bench import DAY_S, DEFINITIONS
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


@cache
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
                **{name: oracle.counting(stages, span) for name, stages in groups.items()},
                "entered": oracle.entered_in(span),
            }
            for each in document["periods"]
            for span in [(seconds(each["from"]), seconds(each["to"]))]
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
            {name: each[name] for name in ("mql", "sql", "handed_over", "entered")}
            for each in document["periods"]
        ],
        "handover": handover and {k: v for k, v in handover.items() if k != "stages"},
    }


def compare(
    store: Store,
    stands: list[Stand],
    vocabulary: str,
    *,
    since_days: int,
    at_days: int,
    besides: Sequence[Stand] = (),
) -> None:
    """The command's document and the plain reckoning agree.

    Args:
        besides: kept in the store and not to be counted.
    """
    keep(store, [*stands, *besides])
    first_s = min(each.since_s for each in stands)
    at_s = max(BEGIN_S + at_days * DAY_S, first_s)
    since_s = min(max(BEGIN_S + since_days * DAY_S, first_s), at_s)
    words = DEFINITIONS.vocabularies[vocabulary]

    def stage_of(position: dict[str, str]) -> tuple[str, bool]:
        stage = words.stage(CLASSIFIER.stage(vocabulary, position))
        return stage.id, is_accepted(stage, position)

    document = funnel(deployment_on(store), vocabulary, at_s=at_s, since_s=since_s, by="week")
    oracle = Oracle(words, stands, since=since_s, at=at_s, stage_of=stage_of)
    assert expected_of(oracle, document) == told_by(document)


SHOWN = ["standard", "target-first", "inbound-funnel", "btob-scoring", "buyer-journey", "hubspot"]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    stands=histories(),
    vocabulary=st.sampled_from(SHOWN),
    since_days=st.integers(0, 30),
    at_days=st.integers(5, 45),
)
def test_the_funnel_is_what_a_plain_reckoning_says(
    emptied: Store, *, stands: list[Stand], vocabulary: str, since_days: int, at_days: int
) -> None:
    """Whatever people did, the funnel counts the same as a reckoning of another kind."""
    compare(emptied, stands, vocabulary, since_days=since_days, at_days=at_days)


def lived(who: str, *steps: tuple[float, int | None, How]) -> list[Stand]:
    """Somebody's steps: after how many days, which of `PLACES`, None for nowhere, and how they came there."""
    return [
        Stand(who, BEGIN_S + days * DAY_S, None if place is None else PLACES[place], how)
        for days, place, how in steps
    ]


FOUND, ARRIVED, MOVED = How.FOUND, How.ARRIVED, How.MOVED
STORY = [
    # Found as a visitor, a lead after four days, qualified after six, taken on, and back after an opportunity.
    *lived("p_1", (0, 1, FOUND), (4, 3, MOVED), (6, 5, MOVED), (9, 7, MOVED), (20, 8, MOVED)),
    *lived("p_1", (25, 5, MOVED)),
    # Came as somebody engaged, jumped over lead, and was won in the end.
    *lived("p_2", (2, 2, ARRIVED), (12, 5, MOVED), (15, 6, MOVED), (16, 7, MOVED), (30, 9, MOVED)),
    # Qualified by new definitions, returned to nurturing by people, and deleted.
    *lived("p_3", (3, 3, ARRIVED), (5, 5, How.REDEFINED), (8, 4, MOVED), (10, None, How.GONE)),
    # Handed over, and given back.
    *lived("p_4", (1, 3, ARRIVED), (7, 5, MOVED), (13, 3, MOVED)),
    *lived("p_5", (2, 3, ARRIVED), (2.5, 5, MOVED)),
]
"""People who do everything that a funnel tells apart."""


def the_story_is_told_alike(store: Store) -> None:
    for vocabulary in SHOWN:
        for since_days, at_days in ((0, 45), (5, 14), (6, 24)):
            compare(store, STORY, vocabulary, since_days=since_days, at_days=at_days)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_both_databases_count_alike(kind: str, request: pytest.FixtureRequest) -> None:
    """SQLite and PostgreSQL give the funnel of a plain reckoning."""
    url = "sqlite://" if kind == "sqlite" else request.getfixturevalue("postgres_store_url")
    store = open_store(url)
    the_story_is_told_alike(store)
    store.close()


@dataclass(frozen=True)
class Planted:
    """A mistake: a text of a function, and what stands there instead."""

    where: Callable[..., Any]
    old: str
    new: str


PLANTED = {
    "who fell back counts as having entered": Planted(cut, "low < rung", "low != rung"),
    "who was found counts as having entered": Planted(cut, "how in SEEN and ", ""),
    "moves within a stage count": Planted(cut, "if stage != before", "if True"),
    "the deleted stand for ever": Planted(
        Tally._stands, "if stay.until_s is not None:", "if stay.next_how not in (None, 'gone'):"
    ),
    "accounts are taken for people": Planted(stood.histories, "PREFIXES[kind]", "'a_'"),
    "later history is looked at": Planted(stood.histories, ": before_s}", ": 1e12}"),
    "a cohort counts its last entry": Planted(Tally._gone_up, " and rung not in begun", ""),
    "who jumped over a stage has not passed it": Planted(
        Tally._gone_up, "range(top[low] + 1, rung + 1)", "range(max(rung, top[low] + 1), rung + 1)"
    ),
    "who comes again to a rung has reached it twice": Planted(
        Tally._gone_up, "range(top[low] + 1,", "range(low + 1,"
    ),
    "new definitions count as progress": Planted(Tally._gone_up, "stay.how == MOVED", "True"),
    "the slowest is the median": Planted(quarter, "quarters * len(times)", "4 * len(times)"),
    "quartiles are one off": Planted(quarter, "len(times) + 3) // 4 - 1", "len(times)) // 4 - 1"),
    "the period is forgotten": Planted(Tally.add, "each.since_s >= self.period.from_s", "True"),
    "who left before the period counts": Planted(Tally._left, "until_s >= from_s", "True"),
    "a stage is left by being deleted": Planted(Tally._left, " and stay.next_how == MOVED", ""),
    "unknown beginnings have a time": Planted(Tally._stands, "stay.how in SEEN", "True"),
    "entries count twice for one person": Planted(_count, "+= 1", "+= 1 + (each == 2)"),
    "who fell and who was found are one": Planted(
        Tally._came, "elif stay.how == MOVED", "elif True"
    ),
    "acceptance must be seen at the first instant": Planted(
        Tally._accepted_s, "since_s >= stay.since_s", "since_s == stay.since_s"
    ),
    "acceptance after they left counts": Planted(
        Tally._accepted_s, "stay.until_s is None or since_s < stay.until_s", "True"
    ),
    "who got on was not accepted": Planted(
        Tally._handed_over, "taken_s = stay.until_s", "taken_s = None"
    ),
    "whoever left was returned": Planted(
        Tally._handed_over, "stay.next_how == MOVED and is_down", "stay.next_how == MOVED"
    ),
    "the returned wait": Planted(
        Tally._handed_over,
        "waiting += taken_s is None and stay.until_s is None",
        "waiting += taken_s is None",
    ),
    "those at the end of a jump jumped over it": Planted(
        reckoned.skips, "if stage == high", "if False"
    ),
}
"""Mistakes that the comparison finds."""

MORE = [
    Stand("a_1", BEGIN_S, PLACES[3], How.ARRIVED),
    Stand("p_6", BEGIN_S + DAY_S, PLACES[5], How.ARRIVED),
    Stand("p_6", BEGIN_S + 2 * DAY_S, PLACES[3], How.MOVED),
    Stand("p_6", BEGIN_S + 3 * DAY_S, PLACES[5], How.MOVED),
    Stand("p_6", BEGIN_S + 4 * DAY_S, PLACES[1], How.MOVED),
    Stand("p_6", BEGIN_S + 5 * DAY_S, PLACES[5], How.MOVED),
    Stand("p_6", BEGIN_S + 6 * DAY_S, PLACES[7], How.MOVED),
    Stand("p_7", BEGIN_S + DAY_S, PLACES[0], How.ARRIVED),
    Stand("p_7", BEGIN_S + 11 * DAY_S, PLACES[9], How.REDEFINED),
    Stand("p_8", BEGIN_S + DAY_S, PLACES[7], How.ARRIVED),
    Stand("p_9", BEGIN_S + DAY_S, PLACES[5], How.ARRIVED),
    Stand("p_9", BEGIN_S + 3 * DAY_S, PLACES[9], How.MOVED),
]
"""An account, somebody who comes and goes, and others whom only some mistakes touch."""


@pytest.mark.parametrize("name", ["", *PLANTED])
def test_a_planted_mistake_is_found(emptied: Store, name: str) -> None:
    """Each mistake of the list makes the document differ from the plain reckoning."""
    people = [each for each in MORE if each.subject.startswith("p_")]
    shown = [("standard", 0, 45), ("standard", 5, 14), ("target-first", 0, 20), ("hubspot", 2, 45)]

    def found() -> bool:
        for vocabulary, since_days, at_days in shown:
            try:
                compare(
                    emptied,
                    STORY + people,
                    vocabulary,
                    since_days=since_days,
                    at_days=at_days,
                    besides=MORE[:1],
                )
            except AssertionError:
                return True
        return False

    if not name:
        # Without any the two agree.
        assert not found()
        return
    each = PLANTED[name]
    with planted(each.where, each.old, each.new):
        assert found()

"""What happened, each thing once."""

import pytest

from stagesync.domain.facts import Activity, Deal
from stagesync.domain.policy import SameEvent
from stagesync.domain.timeline import deals_at, instants_by_type

MEETINGS = SameEvent(frozenset({"meeting"}), 900.0)


@pytest.mark.parametrize(
    ("told", "starts"),
    [
        ([("hub", 0), ("sales", 900)], [0]),
        ([("hub", 0), ("sales", 900.5)], [0, 900.5]),
        ([("hub", 0), ("hub", 60)], [0, 60]),
        ([("", 0), ("", 60)], [0, 60]),
        ([("", 0), ("hub", 60)], [0, 60]),
        ([("hub", 60), ("", 0), ("sales", 120)], [0, 60]),
        ([("hub", 0), ("sales", 10), ("sales", 20)], [0, 20]),
        ([("hub", 0), ("sales", 10), ("hub", 20), ("sales", 30)], [0, 20]),
        ([("hub", 0), ("sales", 10), ("desk", 20)], [0]),
        ([("hub", 0), ("sales", 600), ("hub", 1200)], [0, 1200]),
        ([("sales", 0), ("hub", 0)], [0]),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_same_event(told, starts, turned):
    """One meeting told by two CRMs counts once, two told by one CRM count twice."""
    activities = [Activity("meeting", at, connection=by) for by, at in told]
    found = instants_by_type(activities[::-1] if turned else activities, MEETINGS)
    assert {"meeting": starts} == {kind: sorted(at) for kind, at in found.items()}


def test_same_event_for_its_types_only():
    """Activities of other types count each time they are told."""
    told = [Activity("visit", 0, connection=by) for by in ("hub", "sales")]
    assert {"visit": [0, 0]} == instants_by_type(told, MEETINGS)


def test_same_id():
    """Activities with the same id count once, at the earliest that took place; unnamed ones each."""
    told = [
        Activity("visit", 5, "a"),
        Activity("visit", 3, "a"),
        Activity("visit", 1, "a", took_place=False),
        Activity("call", 4, "a"),
        Activity("visit", 7),
        Activity("visit", 7),
    ]
    assert {"visit": [3, 7, 7]} == instants_by_type(told, MEETINGS)


def test_nothing_took_place():
    """A type of which nothing took place is named and has no instant."""
    assert {"meeting": []} == instants_by_type([Activity("meeting", 0, took_place=False)], MEETINGS)


@pytest.mark.parametrize(
    ("deals", "counts"),
    [
        ([], {}),
        ([Deal("open", 10)], {"open": 1}),
        ([Deal("open", 10.5)], {}),
        ([Deal("won", None)], {"won": 1}),
        ([Deal("won", 1), Deal("won", 1)], {"won": 2}),
        ([Deal("won", 1, id="d"), Deal("won", 1, id="d")], {"won": 1}),
        ([Deal("won", 5, id="d"), Deal("open", 1, id="d")], {"won": 1}),
        ([Deal("won", 11, id="d"), Deal("open", 1, id="d")], {"open": 1}),
        ([Deal("won", None, id="d"), Deal("open", None, id="d")], {"won": 1}),
        ([Deal("lost", 1, id="d"), Deal("open", 1, id="e")], {"lost": 1, "open": 1}),
    ],
)
def test_deals(deals, counts):
    """Deals not dated after the instant count once per id, by their latest status."""
    assert counts == dict(deals_at(deals, 10))

"""A field that goes forward goes back when its rule says so, whenever it was looked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.standard import STANDARD

from stagesync.domain.classify import classify
from stagesync.domain.compile import compile_policy
from stagesync.domain.condition import Anything
from stagesync.domain.facts import Activity, Deal, Facts
from stagesync.domain.falls import Return, lowering_axes, return_of
from stagesync.domain.path import Step, path_between
from stagesync.domain.vocabulary import Stage, Vocabulary
from stagesync.loading.definitions import load_definitions, shipped_mappings

DAY = 86_400.0
START = 1_796_000_000.0
LADDER = ["low", "middle", "high"]
WORDS = Vocabulary(
    "words", {}, "", (*(Stage(s, {}, Anything(), rank=i) for i, s in enumerate(LADDER)), Stage("off", {}, Anything()))
)  # fmt: skip


def stage_at(position):
    """High needs both a and b, middle one of them; d lowers by rising, and x stands for the unreadable."""
    if position["a"] == "x":
        return None
    if position["d"] == "gone":
        return "off"
    if position["d"] == "lost":
        return "low"
    return LADDER[(position["a"] == "1") + (position["b"] == "1")]


def at(letters, day):
    """A step: levels of a, b, c and d; of d `.` is active, `L` lost, `G` gone."""
    a, b, c, d = letters
    return Step(day * DAY, {"a": a, "b": b, "c": c, "d": {".": "active", "L": "lost", "G": "gone"}[d]})  # fmt: skip


def days_until_back(waits, held, *path):
    found = return_of(waits, held, [at(*each) for each in path], vocabulary=WORDS, stage_at=stage_at)  # fmt: skip
    return None if found is None else found.from_s / DAY


WAITS = {"a": 0.0, "b": 30 * DAY, "d": 7 * DAY}


@pytest.mark.parametrize(
    ("expected", "held", "path"),
    [
        # The axis that moved gives the wait: none, thirty days, seven.
        (5, "high", [("110.", 0), ("010.", 5)]),
        (35, "high", [("110.", 0), ("100.", 5)]),
        # An axis that rises may lower the stage.
        (12, "high", [("110.", 0), ("110L", 5)]),
        # Several: the longest.
        (35, "high", [("110.", 0), ("000.", 5)]),
        # An axis that moved along without lowering anything does not count.
        (5, "high", [("111.", 0), ("010.", 5)]),
        # What lowered step by step counts whole, from when the stage of today stands.
        (38, "high", [("110.", 0), ("010.", 5), ("000.", 8)]),
        (5, "middle", [("110.", 0), ("100.", 2), ("000.", 5)]),
        # Steps that leave the stage as it is do not start the time anew.
        (35, "high", [("110.", 0), ("100.", 5), ("101.", 20)]),
        # A rise in between cancels it; what fell again counts from then.
        (None, "high", [("110.", 0), ("100.", 5), ("110.", 20)]),
        (55, "high", [("110.", 0), ("100.", 5), ("110.", 20), ("100.", 25)]),
        # A move off the ladder and back to it stands as long as the last of it.
        (50, "high", [("110.", 0), ("100G", 5), ("100.", 20)]),
        # Nobody was ever seen as high as that: the value is not of our making.
        (None, "high", [("100.", 0), ("000.", 5)]),
        (None, "unheard", [("110.", 0), ("000.", 5)]),
        (None, None, [("110.", 0), ("000.", 5)]),
        (None, "high", []),
        # What today's definitions cannot read was neither high nor low.
        (None, "high", [("x10.", 0), ("000.", 5)]),
        (5, "high", [("110.", 0), ("x10.", 2), ("010.", 5)]),
    ],
)  # fmt: skip
def test_when_a_field_goes_back(expected, held, path):
    """The wait of the axes that lowered the stage, from when the stage of today stands."""
    assert expected == days_until_back(WAITS, held, *path)


@pytest.mark.parametrize("waits", [{"b": 0.0}, {}])
def test_an_axis_that_is_left_out_never_goes_back(waits):
    """One unnamed axis among those that lowered the stage keeps the field where it is."""
    path = [("110.", 0), ("000.", 5)]
    assert (None, 5) == (
        days_until_back(waits, "high", *path),
        days_until_back({"a": 0.0, "b": 0.0}, "high", *path),
    )


def test_where_they_fell_from():
    """The last position that was as high as the field is told with it."""
    found = return_of({"a": 0.0}, "high", [at("110.", 0), at("111.", 3), at("011.", 5)], vocabulary=WORDS, stage_at=stage_at)  # fmt: skip
    assert Return(5 * DAY, 5 * DAY, at("111.", 3).position) == found


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": 1, "c": 1}, {"a": 0, "b": 1, "c": 0}, {"a"}),
        ({"a": 1, "b": 1, "c": 1}, {"a": 0, "b": 0, "c": 0}, {"a", "b"}),
        ({"a": 1, "b": 0, "c": 0}, {"a": 0, "b": 0, "c": 1}, {"a"}),
    ],
)
def test_axes_that_lowered(before, after, expected):
    """An axis counts when its move alone lowers, or its return alone would raise."""
    assert expected == lowering_axes(before, after, lambda each: each["a"] + each["b"])


def test_all_that_moved_when_none_lowers_alone():
    """Where either of two axes kept the stage, losing both lowered it: both count, and whatever moved with them."""
    either = lowering_axes({"a": 1, "b": 1, "c": 1}, {"a": 0, "b": 0, "c": 0}, lambda each: each["a"] or each["b"])  # fmt: skip
    assert {"a", "b"} == either


HUBSPOT = classify(load_definitions(shipped_mappings()).vocabularies)
COMPILED = compile_policy(STANDARD)
BEGIN, END = START - 200 * DAY, START + 200 * DAY
INSIDE = {"employees": 100, "industry": "software", "country": "FR"}


def placing(facts):
    def place(at_s, held):
        return COMPILED.evaluate(facts, at_s, previous=held.position, previous_at_s=held.at_s)

    return place


def path_of(facts, runs):
    """The path of somebody as runs at these instants keep it."""
    last = Step(runs[0], COMPILED.evaluate(facts, runs[0]).position)
    moments = [each.at_s for each in (*facts.activities, *facts.deals)]
    path = [last]
    for at_s in runs[1:]:
        now = Step(at_s, placing(facts)(at_s, last).position)
        path += path_between(placing(facts), last, now, moments=moments, stamp_s=at_s)
        last = now
    return path


instants = st.floats(BEGIN, END)
happened = st.tuples(
    st.sampled_from(["demo_request", "contact_form", "content_download", "meeting", "unsubscribe"]),
    instants,
)
waits_given = st.fixed_dictionaries(
    {}, optional={axis: st.sampled_from([0.0, 40 * DAY]) for axis in ("interest", "qualification", "sales", "disposition")}
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    activities=st.lists(happened, max_size=8),
    deals=st.lists(st.tuples(st.sampled_from(["open", "won", "lost"]), instants), max_size=2),
    runs=st.lists(instants, max_size=20),
    waits=waits_given,
    held=st.sampled_from(["lead", "marketingqualifiedlead", "opportunity", "customer"]),
)
def test_it_does_not_matter_when_runs_look(activities, deals, runs, waits, held):
    """Whatever runs there were in between, a field goes back at the same instant, or never."""
    facts = Facts(
        "p",
        {},
        INSIDE,
        tuple(Activity(kind, at_s) for kind, at_s in activities),
        tuple(Deal(status, at_s) for status, at_s in deals),
    )
    once, often = path_of(facts, [BEGIN, END]), path_of(facts, [BEGIN, *sorted(runs), END])
    assert once == often
    back = [
        return_of(
            waits,
            held,
            path,
            vocabulary=HUBSPOT.vocabularies["hubspot"],
            stage_at=lambda position: HUBSPOT.stage("hubspot", position),
        )
        for path in (once, often)
    ]
    assert back[0] == back[1]


def test_points_that_faded_in_a_gap_count_from_the_second_they_did():
    """One run a year later tells when somebody was qualified and when they no longer were."""
    facts = Facts("p", {}, INSIDE, (Activity("demo_request", BEGIN + DAY),))
    path = [(step.at_s, step.position["qualification"]) for step in path_of(facts, [BEGIN, END])]
    foretold = COMPILED.evaluate(facts, BEGIN + DAY).recheck_at_s
    assert [(BEGIN, "none"), (BEGIN + DAY, "ready"), (foretold, "started")] == path[:3]


def test_a_run_within_the_second_tells_the_same_second():
    """Who looks a thousandth before the second is over finds the fall, and dates it like everybody else."""
    facts = Facts("p", {}, INSIDE, (Activity("demo_request", BEGIN + DAY),))
    foretold = COMPILED.evaluate(facts, BEGIN + DAY).recheck_at_s
    path = path_of(facts, [BEGIN, BEGIN + 2 * DAY, foretold - 0.001])
    assert (foretold, "started") == (path[-1].at_s, path[-1].position["qualification"])


def test_what_bears_no_date_counts_from_the_stamp():
    """A fact that appeared in the gap is dated by the stamp, and what happens by time from there on."""
    before = Step(START, COMPILED.evaluate(Facts("p"), START).position)
    place = placing(Facts("p", {"disqualified": True}, {}, (Activity("site_visit", START + 5 * DAY),)))  # fmt: skip
    now = Step(START + 9 * DAY, place(START + 9 * DAY, before).position)
    found = path_between(place, before, now, moments=[START + 5 * DAY], stamp_s=START + 2 * DAY)
    assert [
        (START + 2 * DAY, "none", "disqualified"),
        (START + 5 * DAY, "passive", "disqualified"),
    ] == [(step.at_s, step.position["interest"], step.position["disposition"]) for step in found]

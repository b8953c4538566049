"""When a plan is held: limits per pair, in all, per stage, over a window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagesync.domain.guard import Base, Cause, Group, Limits, Rule, Trip, trips

UP = Group(Cause.FACTS, "lead", "qualified")
DOWN = Group(Cause.FACTS, "client", "lead")
FADED = Group(Cause.TIME, "qualified", "lead")
STAGES = st.sampled_from(["", "lead", "qualified", "client"])
GROUPS = st.builds(Group, st.sampled_from(Cause), STAGES, STAGES)


def base(people=10_000, *, recent=None, **in_stage):
    """A base of so many people; stages not named hold enough for any loss."""
    return Base(
        people, {"lead": 9_000, "qualified": 9_000, "client": 9_000} | in_stage, recent or {}
    )


@pytest.mark.parametrize(
    ("people", "count", "limit"),
    [(100_000, 500, 500), (1_000, 100, 100), (50, 20, 20), (0, 20, 20)],
)
def test_the_same_move_is_limited_by_number_and_share(people, count, limit):
    """As many as the smaller of number and share may move alike, never fewer than the least number."""
    assert [] == trips({UP: count}, base(people), Limits())
    assert [Trip(UP, Rule.PAIR, count + 1, limit)] == trips({UP: count + 1}, base(people), Limits())


def test_small_runs_cannot_drip_past():
    """What moved alike within the window counts with the plan's own."""
    before = base(recent={UP: 450})
    assert [] == trips({UP: 50}, before, Limits())
    assert [Trip(UP, Rule.PAIR, 501, 500)] == trips({UP: 51}, before, Limits())


def test_another_cause_of_the_same_move_adds_up():
    """Facts and first values that move people alike are weighed together."""
    again = Group(Cause.NEW, "lead", "qualified")
    found = trips({UP: 300, again: 300}, base(), Limits())
    assert [(UP, 600), (again, 600)] == [(each.group, each.count) for each in found]


def test_a_held_group_blocks_no_other():
    """Only the group that is too large is held."""
    assert [UP] == [each.group for each in trips({UP: 501, DOWN: 3}, base(), Limits())]


def test_time_is_weighed_apart():
    """A night in which many fade holds nobody up who did something."""
    acted = Group(Cause.FACTS, FADED.stage_from, FADED.stage_to)
    assert [FADED] == [each.group for each in trips({acted: 400, FADED: 600}, base(), Limits())]
    assert [] == trips({acted: 400}, base(recent={FADED: 600}), Limits())


def test_repairs_are_weighed_apart():
    """Values put back in too many records are held though nobody moves; they hold no move up, and count as leaving no stage."""
    again = Group(Cause.REPAIR, "lead", "lead")
    found = trips({UP: 400, again: 501}, base(lead=1_000), Limits(loss=0.4))
    assert [Trip(again, Rule.PAIR, 501, 500)] == found
    assert [] == trips({UP: 400}, base(recent={again: 600}), Limits())


def test_many_small_moves_are_too_much_together():
    """Ten moves below the limit of one are held when they are a quarter of the base."""
    many = {Group(Cause.FACTS, "lead", f"stage{n}"): 260 for n in range(10)}
    found = trips(many, base(lead=90_000), Limits())
    assert {(Rule.TOTAL, 2_600, 2_500)} == {(each.rule, each.count, each.limit) for each in found}
    assert list(many) == [each.group for each in found]


def test_a_stage_that_loses_much_is_held():
    """A third of the clients who stop being clients are looked at first, whatever they become."""
    one, other = DOWN, Group(Cause.FACTS, "client", "former_client")
    found = trips({one: 16, other: 16, UP: 5}, base(client=100), Limits())
    assert [Trip(other, Rule.STAGE_LOSS, 32, 30), Trip(one, Rule.STAGE_LOSS, 32, 30)] == found


def test_newcomers_leave_no_stage():
    """Somebody without a stage before is no loss to any."""
    new = Group(Cause.FACTS, "", "lead")
    assert [] == trips({new: 400, UP: 1}, base(1_000, lead=100), Limits(share=1.0))


def test_a_new_definition_is_always_shown():
    """One person moved by another policy is held."""
    one = Group(Cause.DEFINITION, "lead", "lead")
    assert [Trip(one, Rule.DEFINITION, 1, 0)] == trips({one: 1}, base(), Limits())


def test_what_a_person_asked_for_is_let_through():
    """An undo was planned and seen already."""
    assert [] == trips({Group(Cause.BY_HAND, "lead", "client"): 9_999}, base(), Limits())


def test_scores_that_follow_are_no_moves():
    """A value that is written while the stage stays is never too much."""
    assert [] == trips({Group(Cause.FACTS, "lead", "lead"): 9_999}, base(), Limits())


GROUPS = st.builds(
    Group,
    st.sampled_from(Cause),
    st.sampled_from(["", "lead", "client"]),
    st.sampled_from(["lead", "client", "other"]),
)
COUNTS = st.dictionaries(GROUPS, st.integers(1, 700))


@given(COUNTS, COUNTS, st.integers(0, 5_000))
def test_more_is_never_less_held(planned, recent, people):
    """Whatever else is planned or was moved, a group that is held alone is held with it."""
    alone = {
        group
        for group, count in planned.items()
        if trips({group: count}, Base(people, {}, {}), Limits())
    }
    together = {each.group for each in trips(planned, Base(people, {}, recent), Limits())}
    assert set() == alone - together


@given(COUNTS, st.integers(0, 5_000), st.lists(st.floats(0, 1), max_size=6))
def test_no_way_of_cutting_a_plan_writes_more(planned, people, cuts):
    """The same moves in many runs are let through no further than the limit of one run."""
    group = Group(Cause.FACTS, "lead", "client")
    count = planned.get(group, 300)
    written = 0
    for share in [*cuts, 1.0]:
        part = int((count - written) * share)
        if part and not trips(
            {group: part}, Base(people, {"lead": 10**9}, {group: written}), Limits()
        ):
            written += part
    assert written <= max(20, min(500, int(0.10 * people)))


@given(
    planned=st.dictionaries(GROUPS, st.integers(1, 9), max_size=5),
    recent=st.dictionaries(GROUPS, st.integers(1, 9), max_size=5),
    people=st.integers(0, 1_000),
    in_stage=st.dictionaries(STAGES, st.integers(0, 1_000)),
    limits=st.builds(Limits, people=st.integers(0, 9), never_below=st.integers(0, 40)),
)
def test_so_few_break_no_limit_of_any_base(planned, recent, people, in_stage, limits):
    """While plan and window together stay within the least number, the size of the base decides nothing."""
    whole = trips(planned, Base(people, in_stage, recent), limits)
    if sum(planned.values()) + sum(recent.values()) <= limits.never_below:
        assert whole == trips(planned, Base(0, {}, recent), limits)

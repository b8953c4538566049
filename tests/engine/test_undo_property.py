"""Whatever a run wrote and whatever others did since: an undo leaves what stood before, and theirs.

`PLANTED` lists mistakes that these properties find; each is planted and found by a test.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, Phase, example, given, settings

from planting import planted
from stagesync.domain.plan import VendorStage
from stagesync.engine import holds, stale, taken, undo, written
from stagesync.errors import StagesyncError
from stores import examples

from .bench import Bench
from .undone import (
    STORIES,
    Edit,
    Human,
    Story,
    Told,
    carry_out,
    change,
    change_policy,
    plan_undo,
    told,
    world,
)

CALM = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    report_multiple_bugs=False,
    # What is found is told as it was found: to make it smaller takes minutes of runs.
    phases=[Phase.explicit, Phase.generate],
)


_BACK = Human("lead", firm=True, earlier=("accepted",), then=("won",))
_NEW = Human("contact", firm=False, earlier=(), then=("form",))
SURE = (
    # A field that goes forward only goes back, and the request between its two steps gets lost.
    Story((_BACK, _NEW), VendorStage.FORWARD, (), False, False, False, "request"),
    # One of two, of whom somebody changed a value since.
    Story(
        (_NEW, _BACK), VendorStage.FORWARD, (Edit(0, "other", late=False),), False, True, True, ""
    ),
    # Somebody changes a value while the undo waits.
    Story((_NEW,), VendorStage.OFF, (Edit(0, "other", late=True),), False, False, False, "answer"),
)
"""Stories that chance tells seldom."""


def of_all_stories(check: Callable[[Story], None], *, most: int) -> Callable[[], None]:
    """The property over these and so many generated stories."""
    tried = given(STORIES)(check)
    for each in SURE:
        tried = example(each)(tried)
    return settings(CALM, max_examples=examples(most))(tried)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Many runs say much."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def settles(bench: Bench) -> None:
    """A run after everything plans nothing and changes nothing."""
    before, run = world(bench), bench.sync()
    assert (0, 0, 0) == (run.exit_code, run.plan.go, run.plan.held)
    assert before == world(bench)


def the_base_is_as_before(story: Story) -> None:
    """The snapshot but for others' changes, which are listed; undone in turn, what the run wrote."""
    with told(story) as found:
        bench, only = found.bench, story.only
        if not found.of_undo(only=only):
            return
        label = bench.deployment.policy.label if story.by_policy else ""
        run = "" if story.by_policy else found.run.run
        undoing = plan_undo(bench, run, policy=label, who=found.first if only else "")
        assert found.skips(only=only) == {
            ((each.connection, each.object, each.id, each.field), each.now)
            for each in undoing.skipped
        }
        change(found, [each for each in story.edits if each.late])
        second = carry_out(bench, undoing, lost=story.lost)
        assert found.undone(only=only) == world(bench)
        settles(bench)
        if not story.lost and bench.written(second):
            carry_out(bench, plan_undo(bench, second.run))
            assert found.redone(only=only) == world(bench)
            settles(bench)


def _alone(story: Story) -> Story:
    """The story without others: what is undone is the whole run."""
    return replace(story, edits=(), lost="", only=False, by_policy=False)


def a_release_ends_it(story: Story) -> None:
    """Released, a person gets what the run wrote, and nobody else does."""
    with told(_alone(story)) as found:
        bench, first = found.bench, found.of_undo(only=True)
        if not first:
            return
        carry_out(bench, plan_undo(bench, found.run.run))
        settles(bench)
        holds.release(bench.deployment, found.first, by="ann", now_s=bench.clock.now_s())
        bench.sync()
        assert found.undone(only=False) | {each: found.after[each] for each in first} == world(
            bench
        )
        settles(bench)


def another_stage_ends_it(story: Story) -> None:
    """A fact that moves a person ends it for this person; one that moves nobody leaves it."""
    with told(_alone(story)) as found:
        bench, contact = found.bench, found.contacts[0]
        if ("north", "contact", contact, "stage") not in found.of_undo(only=True):
            return
        carry_out(bench, plan_undo(bench, found.run.run))
        before = _stage(found)
        bench.north.edit("contact", contact, {"lifecycle": "salesqualifiedlead"})
        bench.sync()
        pinned = bench.differences().get(("north", contact, "stage")) == "undone"
        assert (before == _stage(found)) is pinned
        assert pinned is (_stage(found) != bench.stage(contact))
        settles(bench)


def _stage(found: Told) -> str:
    """Where the first person stands by the facts."""
    person = found.bench.person("north", "contact", found.contacts[0])
    return (found.bench.placed(person).stages or {})["standard"]


def another_policy_ends_it(story: Story) -> None:
    """Under another version, once its plan is approved, everybody gets what the run wrote."""
    with told(_alone(story)) as found:
        bench = found.bench
        if not found.written:
            return
        carry_out(bench, plan_undo(bench, found.run.run))
        change_policy(bench)
        if (run := bench.sync()).plan.held:
            bench.decide(run, approve=True)
        bench.sync()
        assert found.after == world(bench)
        settles(bench)


@pytest.mark.gate
@pytest.mark.timeout(400)
def test_the_base_is_as_before() -> None:
    """Over all stories: the snapshot, but for what others changed; it stays so, and is undone in turn."""
    of_all_stories(the_base_is_as_before, most=100)()


ENDS = (a_release_ends_it, another_stage_ends_it, another_policy_ends_it)


@pytest.mark.gate
@pytest.mark.parametrize("ends", ENDS, ids=lambda each: each.__name__)
def test_it_ends(ends: Callable[[Story], None]) -> None:
    """Over all stories: what was restored stays exactly until the person moves, or somebody says so."""
    of_all_stories(ends, most=15)()


@dataclass(frozen=True, slots=True)
class Planted:
    """One mistake: in a function, this text becomes that one; and the property that finds it."""

    function: Callable[..., Any]
    old: str
    new: str
    found_by: Callable[[Story], None] = the_base_is_as_before


PLANTED = {
    "others' values are taken back": Planted(
        undo._weigh, "elif not same(now, change.after):", "elif False:"
    ),
    "only the last pull is looked at": Planted(
        written.read_now, "connection in there.paused", "True"
    ),
    "the whole run is taken back for one person": Planted(
        undo.undo, 'find(tx, who)[1] if who else ""', '""'
    ),
    "what a policy's runs wrote before it is taken back too": Planted(
        written._entries,
        """for each in [run] if run else log.runs_under(tx, policy):
        yield from (e for e in log.read(tx, run=each) if policy in ("", e["policy"]))""",
        "yield from log.read(tx, run=run)",
    ),
    "a field that goes forward only is set back at once": Planted(
        undo._way, "return Way.CLEAR if", "return Way.PLAIN if"
    ),
    "one changed field keeps the whole record": Planted(
        stale.stale, "(changed and each.cause != Cause.UNDO)", "changed"
    ),
    "who changed a value since the plan is not seen": Planted(
        stale._differs, "return not (", "return None and not ("
    ),
    "a request that got lost is forgotten": Planted(
        taken.settle_sent, "is_seen or each.cause == Cause.UNDO", "is_seen"
    ),
    "what is restored is not pinned": Planted(holds.pin, "each.cause == Cause.UNDO", "False"),
    "a pin ends with the next run": Planted(holds._holds_on, "return ", "return not "),
    "a pin outlives the stage": Planted(
        holds._holds_on, "each.stage == _stage(deployment, placed)", "True", another_stage_ends_it
    ),
    "a pin outlives the policy": Planted(
        holds._holds_on,
        "each.policy == deployment.policy.label",
        "True",
        another_policy_ends_it,
    ),
    "a release does not plan anew": Planted(
        holds.release, "_look_again(tx, found, cause=Cause.BY_HAND)", "pass", a_release_ends_it
    ),
}


@pytest.mark.gate
@pytest.mark.one_kind  # a tenth of the examples would be too few to find them all
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_found(name: str) -> None:
    """Each mistake of the list makes a property fail."""
    each = PLANTED[name]
    hunt = of_all_stories(each.found_by, most=40)
    with (
        planted(each.function, each.old, each.new),
        pytest.raises((AssertionError, StagesyncError)),
    ):
        hunt()

"""Whatever a run wrote and whatever others did since: an undo leaves what stood before, and theirs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, Phase, given, settings

from .bench import Bench
from .undone import STORIES, Story, carry_out, change, plan_undo, told, world

CALM = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    report_multiple_bugs=False,
    phases=[p for p in Phase if p is not Phase.shrink or "NS" not in os.environ],
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Many runs say much."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


def the_base_is_as_before(story: Story) -> None:
    """Run, others, undo: the snapshot, except what others changed, which is listed; and it stays so."""
    with told(story) as found:
        bench = found.bench
        if not found.of_undo(only=story.only):
            return
        undoing = plan_undo(
            bench, found.run.run, who=f"north/contact/{found.contacts[0]}" if story.only else ""
        )
        assert found.skips(only=story.only) == {
            ((each.connection, each.object, each.id, each.field), each.now)
            for each in undoing.skipped
        }
        change(found, [each for each in story.edits if each.late])
        second = carry_out(bench, undoing, lost=story.lost)
        assert found.undone(only=story.only) == world(bench)
        settles(bench)
        if undoing.restored and not story.lost and bench.written(second):
            carry_out(bench, plan_undo(bench, second.run))
            assert found.redone(only=story.only) == world(bench)
            settles(bench)


def settles(bench: Bench) -> None:
    """A run after everything plans nothing and changes nothing."""
    before, run = world(bench), bench.sync()
    assert (0, 0, 0) == (run.exit_code, run.plan.go, run.plan.held)
    assert before == world(bench)


@given(STORIES)
@settings(CALM, max_examples=int(os.environ.get("N", "100")))
def test_undo(story: Story) -> None:
    """x."""
    the_base_is_as_before(story)

"""Mistakes that the tests of alerts must find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from channel_ends import Chat
from planting import planted
from stagesync.domain import usual
from stagesync.engine import evidence, failing, parked, silence, telling
from stagesync.store import channels

from . import test_noticing as noticing
from . import test_telling as telling_tests
from .bench import Bench
from .test_noticing import used  # noqa: F401  a fixture
from .test_telling import room, told  # noqa: F401  fixtures

Mistake = tuple[Callable[..., Any], str, str]

pytestmark = pytest.mark.one_kind


@pytest.mark.parametrize(
    ("mistake", "test"),
    [
        (
            (channels.note_told, '"ended": int(each.ended)', '"ended": 0'),
            telling_tests.test_each_state_change_is_told_once,
        ),
        (
            (telling._rests, "<= LONGEST_PAUSE_S", "<= 0"),
            telling_tests.test_a_failing_channel_is_tried_again_after_growing_pauses,
        ),
        (
            (telling._take, "until_s=now_s + CLAIM_S", "until_s=now_s"),
            telling_tests.test_two_processes_do_not_tell_the_same,
        ),
        (
            (parked._told, "if (code := code_of(each.words))", "if (code := each.words)"),
            telling_tests.test_nothing_personal_is_sent,
        ),
        (
            (failing._told, "kind=kind_of(error)", "kind=str(error)"),
            telling_tests.test_nothing_personal_is_sent,
        ),
    ],
)
def test_a_mistake_in_telling_is_found(
    told: Bench,  # noqa: F811
    room: Chat,  # noqa: F811
    mistake: Mistake,
    test: Callable[[Bench, Chat], None],
) -> None:
    """Each of these lets the test of what it breaks fail."""
    with planted(*mistake), pytest.raises(AssertionError):
        test(told, room)


@pytest.mark.parametrize(
    ("mistake", "test"),
    [
        (
            (evidence.keep_activities, "if activities.key_of(each) not in known", "if True"),
            noticing.test_evidence_is_counted_once,
        ),
        (
            (usual.silent_days, "first - 1, -WEEK", "first - 1, -1"),
            noticing.test_evidence_that_stays_away_is_missed,
        ),
        (
            (silence._silent, "not fresh or", "False or"),
            noticing.test_a_silent_crm_that_is_not_read_says_nothing_new,
        ),
    ],
)
def test_a_mistake_in_missing_evidence_is_found(
    used: Bench,  # noqa: F811
    mistake: Mistake,
    test: Callable[[Bench], None],
) -> None:
    """As above."""
    with planted(*mistake), pytest.raises(AssertionError):
        test(used)

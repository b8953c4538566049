"""Runs the machine until its first failure, without looking for a shorter one.

python -m tests.machine.hunt WORLDS SEED STORY      prints `found after N` or `nothing after N`

First it lives through the worlds of `stories.py`, STORY before the others, then through WORLDS of chance.

It wants tests/shared on PYTHONPATH.
"""

from __future__ import annotations

import logging
import sys
import traceback

import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import DOORS, TwoCrms
from .stories import STORIES, live

STEPS = 20
"""Rules per world."""


def hunt(worlds: int, number: int, *, first: str = "") -> tuple[int, Exception | None]:
    """How many worlds were lived through, and what the last one ended with.

    Args:
        first: the story that is lived before the others.
    """
    lived = 0

    class Counted(TwoCrms):
        def __init__(self) -> None:
            nonlocal lived
            lived += 1
            super().__init__()

    chosen = settings(
        max_examples=max(1, worlds),
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    try:
        for name in sorted(STORIES, key=lambda each: each != first):
            live(Counted(), name)
        if worlds:
            run_state_machine_as_test(seed(number)(Counted), settings=chosen)
    except Exception as error:  # noqa: BLE001  whatever a planted mistake leads to
        return lived, error
    return lived, None


if __name__ == "__main__":
    level = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=level)
    lived, error = hunt(int(sys.argv[1]), int(sys.argv[2]), first=sys.argv[3])
    if error is not None:
        traceback.print_exception(error)
    print(f"{'nothing' if error is None else 'found'} after {lived}")  # noqa: T201  a command
    if error is not None:
        print(f"because {type(error).__name__}: {error}"[:200].splitlines()[0])  # noqa: T201  as above
    DOORS.close()

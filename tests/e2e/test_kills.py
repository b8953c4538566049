"""`kill -9` at any instruction loses nothing: real processes on the simulators, killed and paused at random instants."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .kills import kill, killing

LARGEST_BATCH = 100
"""Records: what HubSpot takes in one request. Of these small worlds Salesforce gets fewer, too."""


Tell = Callable[[str, str], None]


def _nothing_lost(folder: Path, tell: Tell, *, count: int, seed: int, every: int) -> None:
    with killing(folder, seed=seed) as kills:
        books = kill(kills, count, every=every)
    tell("kills", books.line())
    assert ([], 0, 0) == (books.lost, books.unlogged, books.doubled), books.line()
    assert books.greatest_repeat <= LARGEST_BATCH, books.line()
    assert books.written > count / 2, "the lives were too short to write"


@pytest.mark.timeout(600)
def test_fifty_kills_lose_nothing(tmp_path: Path, record_property: Tell) -> None:
    """Store, log and CRMs agree after 50 lives that were cut short, paused past their lease, or stood by."""
    _nothing_lost(tmp_path, record_property, count=50, seed=1, every=25)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_thousands_of_kills_lose_nothing(tmp_path: Path, record_property: Tell) -> None:
    """The same with 3,000 kills, or STAGESYNC_SOAK_KILLS of them; the line it prints goes to `bench/soak.txt`."""
    count = int(os.environ.get("STAGESYNC_SOAK_KILLS", "3000"))
    _nothing_lost(tmp_path, record_property, count=count, seed=count, every=50)

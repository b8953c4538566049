"""What runs add to the totals that `/metrics` tells: numbers that only grow, kept with the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from stagesync.store import totals
from stagesync.store.history import Transition
from stagesync.store.totals import NOTHING

BY_CONNECTION = ("pulled", "changed", "written", "refused", "edited", "overwritten_edits", "calls")
"""Keys of a run's summary that hold a number for each connection."""


def count_run(tx: Connection, summary: dict[str, Any], *, outcome: str) -> None:
    """Add a run that has ended; one that was broken off is never counted.

    Args:
        summary: as `stagesync sync --json` prints it.
        outcome: as `stagesync status` tells it.
    """
    found = {
        key: {(name, ""): float(value) for name, value in summary[key].items()}
        for key in BY_CONNECTION
    }
    found["failed"] = {(name, ""): 1.0 for name in summary["troubles"]}
    found["paced_s"] = {(name, ""): value for name, value in summary["paced_s"].items()}
    found["evaluated"] = {NOTHING: float(summary["evaluated"])}
    found["runs"] = {(outcome, ""): 1.0}
    found["run_s"] = {(outcome, ""): summary["seconds"]}
    totals.add(tx, found)


def count_transitions(tx: Connection, transitions: Iterable[Transition]) -> None:
    """Add who went from one stage of the main vocabulary to another."""
    pairs = Counter((each.stage_from, each.stage_to) for each in transitions)
    moved = {pair: float(times) for pair, times in pairs.items() if pair[0] != pair[1]}
    totals.add(tx, {"transitions": moved})

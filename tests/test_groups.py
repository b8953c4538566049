"""Tests that share a world run on one worker, so that it is made once."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_groups_are_told_apart(request: pytest.FixtureRequest) -> None:
    """What the scheduler goes by stands in a test's id; without it each worker would make each world anew."""
    grouped = bool(request.config.getoption("loadgroup", default=False))
    assert request.node.nodeid.endswith("@together") == grouped

"""Deployments over two CRMs in memory."""

from collections.abc import Iterator

import pytest

from stagesync.domain.plan import VendorStage

from .bench import Bench, make_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Both connections may be written to; the vendors' own fields are left alone."""
    made = make_bench()
    yield made
    made.store.close()


@pytest.fixture
def observed() -> Iterator[Bench]:
    """Both connections are new: nothing is written before their first plan is approved."""
    made = make_bench(mode="observe")
    yield made
    made.store.close()


@pytest.fixture
def forward() -> Iterator[Bench]:
    """The vendors' own stage fields are written too, forward only."""
    made = make_bench(vendor=VendorStage.FORWARD)
    yield made
    made.store.close()

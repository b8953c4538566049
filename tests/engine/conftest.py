"""Deployments over two CRMs in memory, on each kind of store."""

from collections.abc import Iterator

import pytest

from stagesync.domain.plan import VendorStage

from .bench import FEW, Bench, make_bench


@pytest.fixture(autouse=True)
def _kind(store_kind: str) -> None:
    """Every test runs on SQLite and on Postgres."""


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


@pytest.fixture
def settled(bench: Bench) -> tuple[Bench, list[str]]:
    """Twenty contacts whose stage stands, and limits of five."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(20)]
    bench.sync()
    bench.clock.advance(days=2)
    bench.redeploy(limits=FEW)
    assert 0 == bench.sync().exit_code
    return bench, contacts

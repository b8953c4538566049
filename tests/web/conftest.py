"""The console on a bench, for those who need nothing special of either."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.engine.bench import Bench, make_bench

from console import Console, console_on


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Two CRMs in memory, and a store between them."""
    made = make_bench()
    yield made
    made.store.close()


@pytest.fixture
def console(bench: Bench) -> Iterator[Console]:
    """The console of that bench, served."""
    with console_on(bench) as found:
        yield found

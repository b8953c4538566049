"""A fresh store for each test, of each kind."""

from collections.abc import Iterator

import pytest

from stagesync.store import Store
from stores import new_store


@pytest.fixture
def store(kind: str) -> Iterator[Store]:
    made = new_store()
    yield made
    made.close()

"""A fresh store in memory for each test."""

from collections.abc import Iterator

import pytest

from stagesync.store import Store, open_store


@pytest.fixture
def store() -> Iterator[Store]:
    made = open_store("sqlite://")
    yield made
    made.close()

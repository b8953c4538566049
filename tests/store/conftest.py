"""A fresh store for each test."""

from collections.abc import Iterator

import pytest

from stagesync.store import Store, open_store


@pytest.fixture
def store() -> Iterator[Store]:
    made = open_store("sqlite://")
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A fresh store of each kind."""
    url = "sqlite://"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_store_url")
    made = open_store(url)
    yield made
    made.close()

"""A fresh store for each test, of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from filled_store import fill
from stagesync.store import Store, open_store
from stores import new_store


@pytest.fixture
def store(store_kind: str) -> Iterator[Store]:
    made = new_store()
    yield made
    made.close()


@pytest.fixture
def bare_url(store_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A database of each kind without a table."""
    if store_kind == "postgres":
        return str(request.getfixturevalue("postgres").bare_url())
    return f"sqlite:///{tmp_path / 'bare.db'}"


@pytest.fixture
def other_url(store_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A database of the other kind without a table."""
    if store_kind == "sqlite":
        return str(request.getfixturevalue("postgres").bare_url())
    return f"sqlite:///{tmp_path / 'other.db'}"


@pytest.fixture
def filled_url(store_url: str) -> str:
    """A store of each kind with rows in every table."""
    store = open_store(store_url)
    with store.begin() as tx:
        fill(tx)
    store.close()
    return store_url

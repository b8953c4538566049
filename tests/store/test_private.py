"""Whoever else uses the machine reads nothing of a store: its files are the owner's from their first byte."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagesync.store import open_store, state


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["open umask", "usual umask", "strict umask"])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {
        each.name: f"{stat.S_IMODE(each.stat().st_mode):o}" for each in sorted(folder.iterdir())
    }


@pytest.mark.usefixtures("_umask")
def test_a_store_and_its_side_files_are_private(tmp_path: Path) -> None:
    """File, write-ahead log and shared memory are 0600 and a folder made for them 0700, whatever the umask."""
    folder = tmp_path / "made"
    store = open_store(f"sqlite:///{folder}/x.db")
    with store.begin() as tx:
        state.set_meta(tx, "a", "b")
        found = modes(folder)
    store.close()
    assert {"x.db": "600", "x.db-shm": "600", "x.db-wal": "600"} == found
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)


def test_an_open_file_is_closed(tmp_path: Path) -> None:
    """A file that was made readable by all is closed when it is opened, and its side files are born closed."""
    path = tmp_path / "x.db"
    path.touch()
    path.chmod(0o664)
    store = open_store(f"sqlite:///{path}")
    with store.begin() as tx:
        state.set_meta(tx, "a", "b")
        assert {"600"} == set(modes(tmp_path).values())
    store.close()

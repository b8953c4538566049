"""What a store says that cannot be used, and what to do about it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stagesync.errors import StoreError
from stagesync.store import Store, open_store, state

MakeStore = Callable[[], Path]

AS_NOBODY = """
import os, sys
from stagesync.errors import StoreError
from stagesync.store import open_store, state
path = sys.argv[1]
open_store("sqlite://").close()
if os.getuid() == 0:
    os.setuid(65_534)
try:
    store = open_store(f"sqlite:///{path}")
    with store.begin() as tx:
        state.set_meta(tx, "runs", "2")
except StoreError as error:
    print(error.exit_code, error, error.hint)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store that was used and closed."""
    found = tmp_path / "stagesync.db"
    made = open_store(f"sqlite:///{found}")
    with made.begin() as tx:
        state.set_meta(tx, "runs", "1")
    made.close()
    return found


def use(path: Path) -> Store:
    made = open_store(f"sqlite:///{path}")
    with made.begin() as tx:
        state.set_meta(tx, "runs", "2")
        state.last_runs(tx, 5)
    return made


def test_a_file_that_is_no_store_is_left_alone(path: Path) -> None:
    """It is refused with what to do, and not a byte of it is changed."""
    path.write_bytes(b"somebody's letters " * 500)
    with pytest.raises(StoreError, match="not a database") as refused:
        use(path)
    assert "put a backup back" in str(refused.value.hint)
    assert path.read_bytes() == b"somebody's letters " * 500


@pytest.mark.parametrize("damage", ["cut", "mangled"])
def test_a_damaged_store_is_told_as_such(path: Path, damage: str) -> None:
    """Cut in half, or with other bytes in it: never read as if it were well."""
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        path.write_bytes(whole[:4096] + b"\x5a" * (len(whole) - 4096))
    with pytest.raises(StoreError, match="malformed") as refused:
        use(path)
    assert "put a backup back" in str(refused.value.hint)


def test_a_folder_in_the_place_of_the_store_is_told(tmp_path: Path) -> None:
    """Whatever keeps the file from being made is the store's trouble, with its words."""
    with pytest.raises(StoreError, match="is a directory"):
        open_store(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_store_that_may_not_be_written_is_told(*, is_there: bool) -> None:
    """In a folder of somebody else's: exit code 5, and whom to let in."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "stagesync.db"
        if is_there:
            open_store(f"sqlite:///{found}").close()
            found.chmod(0o444)
        Path(folder).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(found)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        Path(folder).chmod(0o755)
    assert done.stdout.startswith("5 "), done.stderr
    assert "let this user write" in done.stdout

"""The file of a SQLite store while it is open: whether it is there, still the same one, and whole.

What SQLite has open goes on working when its file is moved away or its folder is unmounted: it then writes into
a file that nobody will ever find again. And its cache hides from it what happens to the bytes on the disk. So the
file is looked at from outside: before each transaction whether it lies where it lay, whenever there is doubt
whether it is whole, and now and then so too, beside the work. A store that is not refuses every transaction until it is put right:
without a transaction nothing is written to a CRM.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from stagesync.errors import StoreError
from stagesync.store.refusals import (
    BRING_BACK,
    ELSE,
    LET_WRITE,
    MAKE_ROOM,
    MAKE_WRITABLE,
    PUT_BACK,
)

UNCLEAR = frozenset({ELSE, LET_WRITE, MAKE_ROOM, MAKE_WRITABLE})
"""Advice that a look at the disk can better."""

LOOKED_THROUGH_PER_S = 2 * 2**20
"""Bytes of the file for which a second passes between two looks at all of it, which take a hundredth of that."""

LITTLE_ROOM = 16 * 2**20
"""Bytes of free disk below which it is told: the write-ahead log may take more."""


class StoreFile:
    """Watches over the file of one open store.

    Args:
        forget: drops every door to the file: what they remember of it is not to be trusted.
        check: raises when another file that took its place is no store to go on with.
    """

    def __init__(
        self, path: Path, *, forget: Callable[[], None], check: Callable[[], None]
    ) -> None:
        self._path = path
        self._forget = forget
        self._check = check
        self._place = _place_of(path)
        self._is_doubted = False
        self._damage: tuple[tuple[int, ...], str] | None = None
        self._looked_at_s = time.monotonic()
        self._looking: threading.Thread | None = None

    def demand(self) -> None:
        """Let a transaction begin only on a file that is there and, as far as is known, whole.

        Raises:
            StoreError: it is not.
        """
        place = _place_of(self._path)
        if place is None:
            raise StoreError(f"the store {self._path} is not there any more", hint=BRING_BACK)
        if place == self._place and not self._is_doubted:
            if self._is_due():
                self._look_beside()
            return
        self._is_doubted = True
        self._forget()
        _let_write_beside(self._path)
        self.look()
        self._check()
        self._place, self._is_doubted = place, False

    def demand_to_read(self) -> None:
        """Let somebody read the file that transactions began on, unless it was found damaged.

        Raises:
            StoreError: it is, or it is not there.
        """
        if _place_of(self._path) != self._place:
            raise StoreError(f"the store {self._path} is not there any more", hint=BRING_BACK)
        if self._damage:
            raise self._damaged(self._damage[1])

    def look(self) -> None:
        """Look through all of the file, unless it was found damaged and is still as it was then.

        Raises:
            StoreError: it is damaged.
        """
        found = self._path.stat()
        state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        if self._damage is None or self._damage[0] != state:
            words = damage_of(self._path)
            self._looked_at_s = time.monotonic()
            self._damage = (state, words) if words else None
        if self._damage:
            self._is_doubted = True
            raise self._damaged(self._damage[1])

    def refused(self, error: StoreError) -> StoreError:
        """What the database said, in view of how the file stands."""
        self._is_doubted |= error.hint in (PUT_BACK, LET_WRITE)
        found = trouble_of(self._path) if error.hint in UNCLEAR else None
        return StoreError(f"{error}: {found[0]}", hint=found[1]) if found else error

    def _look_beside(self) -> None:
        """Look through the file while the work goes on: of a large one that takes seconds."""

        def look() -> None:
            # What it finds stops the next transaction.
            with suppress(StoreError, OSError):
                self.look()

        self._looked_at_s = time.monotonic()
        self._looking = threading.Thread(target=look, name="look", daemon=True)
        self._looking.start()

    def close(self) -> None:
        """Wait for a look that is under way."""
        if self._looking:
            self._looking.join()

    def _damaged(self, words: str) -> StoreError:
        return StoreError(f"the store {self._path} is damaged: {words}", hint=PUT_BACK)

    def _is_due(self) -> bool:
        if self._looking and self._looking.is_alive():
            return False
        age_s = time.monotonic() - self._looked_at_s
        return age_s > self._path.stat().st_size / LOOKED_THROUGH_PER_S


def _place_of(path: Path) -> tuple[int, int] | None:
    """What tells a file from any other one that may come to bear its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _let_write_beside(path: Path) -> None:
    """SQLite gives its side files the mode that the file had just then; where that was to read alone, it stays so."""
    mode = path.stat().st_mode
    for end in ("-wal", "-shm"):
        beside = path.with_name(path.name + end)
        if not os.access(beside, os.W_OK):
            with suppress(OSError):
                beside.chmod(stat.S_IMODE(mode))


def existing(path: Path, *, timeout: float = 5.0) -> sqlite3.Connection:
    """A door of one's own to a file, which is not made where it is missing."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", timeout=timeout, uri=True)


def damage_of(path: Path) -> str:
    """What is wrong with a file as it lies on the disk; empty when nothing is, or when it cannot be said."""
    try:
        with closing(existing(path)) as door:
            found = str(door.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError:
        # Locked, or not to be opened: that is told by whoever wants to write.
        return ""
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else " ".join(found.split())


def trouble_of(path: Path) -> tuple[str, str] | None:
    """What keeps a file from being written, and what helps; None when nothing is known to."""
    if _place_of(path) is None:
        return "it is not there any more", BRING_BACK
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return "its disk may only be read", MAKE_WRITABLE
    if not all(os.access(each, os.W_OK) for each in (path, path.parent)):
        return "this user may not write it", LET_WRITE
    if shutil.disk_usage(path).free < LITTLE_ROOM:
        return "its disk is full", MAKE_ROOM
    return None

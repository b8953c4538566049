"""SQLite's write-ahead log is written back beside the work, and never grows without bound.

A commit appends to the log; a checkpoint copies the log into the database file, which takes as long as
the disk wants. So commits leave it to a thread of its own, which is woken when the log has grown and lets
writers and readers go on. A log that grows faster than it is written back is emptied by a commit, with
nobody else at work: one slow commit instead of a full disk.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from stagesync.store.engines import KEPT_LOG
from stagesync.store.file import existing

WAKE_AT = 2 * KEPT_LOG
"""Bytes of log from which on it is written back."""

AT_MOST = 64 * 2**20
"""Bytes of log at which a commit writes it back itself."""

WAIT_S = 0.2
"""How long emptying the log waits for readers, who keep it from being cut."""


class Checkpoints:
    """Writes the log of one store back. Its thread begins with the first log that is worth it."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._log = database.with_name(f"{database.name}-wal")
        self._wanted = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_owed = False
        self._next = AT_MOST

    def committed(self) -> None:
        """Look at the log, after a commit, while nobody else of this process writes."""
        size = self.size()
        if self._is_owed or size >= self._next:
            self.empty()
            # While somebody reads for long, not every commit tries again.
            self._next = max(AT_MOST, self.size() * 5 // 4)
        elif size > WAKE_AT:
            self._wake()

    def size(self) -> int:
        """Bytes of the log."""
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0

    def empty(self) -> None:
        """Write all of the log back and cut it to nothing; the next commit tries again where somebody reads it."""
        self._is_owed = not self._write_back("TRUNCATE")

    def close(self) -> None:
        """Let the thread end; what is left is written back when the last door closes."""
        self._over.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
            self._thread.start()
        self._wanted.set()

    def _work(self) -> None:
        while self._wanted.wait() and not self._over.is_set():
            self._wanted.clear()
            self._write_back("PASSIVE")

    def _write_back(self, how: str) -> bool:
        """Whether nobody stood in the way. What is not written back stays in the log; nothing is lost."""
        try:
            with closing(existing(self._database, timeout=WAIT_S)) as door:
                is_busy, _, _ = door.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        except sqlite3.Error:
            return False
        return not is_busy

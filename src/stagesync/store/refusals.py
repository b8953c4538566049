"""What to do when a database refuses: the next step for each thing that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

from stagesync.errors import StoreError

_STEPS = (
    (
        ("is full", "disk I/O error", "could not extend file", "No space left"),
        "make room where the store lies, or lift the limit; the daemon then goes on by itself",
    ),
    (
        ("readonly", "unable to open", "permission denied", "read-only"),
        "let this user write to the store's file and to its folder",
    ),
    (
        ("malformed", "not a database"),
        "the store is damaged: stop stagesync and put a backup back, or move the file away: all is read anew",
    ),
    (
        ("is locked", "lock timeout"),
        "another program holds the store; stagesync status tells who works, and the daemon tries again",
    ),
)
"""Words of SQLite and Postgres, by which one thing is told from another, and what helps."""

ELSE = "check the disk, the permissions of the file, and store.url"


def hint_of(words: str) -> str:
    """What helps when a database refuses with these words."""
    return next((step for known, step in _STEPS if any(each in words for each in known)), ELSE)


def not_opened(path: Path, error: OSError) -> StoreError:
    """The error of a file that cannot even be made."""
    words = (error.strerror or type(error).__name__).lower()
    return StoreError(f"the store {path} cannot be opened: {words}", hint=hint_of(words))

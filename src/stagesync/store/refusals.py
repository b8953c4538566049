"""What to do when a database refuses: the next step for each thing that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

from stagesync.errors import StoreError

MAKE_ROOM = "make room where the store lies, or lift the limit; the daemon then goes on by itself"
LET_WRITE = (
    "let this user write to the store's file and to its folder; the daemon then goes on by itself"
)
MAKE_WRITABLE = "let the store be written again; the daemon then goes on by itself"
BRING_BACK = "bring the file back to where it lay, and the daemon goes on by itself; stop stagesync to begin with another one"
PUT_BACK = (
    "the store is damaged, and nothing is written to a CRM: put a backup back by stagesync restore --force,"
    " or stop stagesync and move the file away: all is read anew"
)

_STEPS = (
    (("is full", "disk I/O error", "could not extend file", "No space left"), MAKE_ROOM),
    (("readonly", "unable to open", "permission denied"), LET_WRITE),
    (("read-only",), MAKE_WRITABLE),
    (("malformed", "not a database"), PUT_BACK),
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

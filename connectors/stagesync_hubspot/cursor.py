"""Where a pull of one object stands, as text that the engine keeps for us.

A first load walks the list endpoint (`after`), later pulls search by the modification stamp
(`above_id`). Both may stop in the middle: the bookmark of the last complete pull stays beside the
place, so that going on loses nothing, and the new bookmark counts from the last page on.

Beside it stands the slow work of `cycles`: when each kind was last done, and the place of the one
that is under way. It goes on after the next pull, however often that is broken off.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import orjson

from stagesync.connector import AnswerUnreadable

VERSION = 1

Archived = tuple[tuple[int, int], ...]
"""(archived at, id) of records in the archive; Unix milliseconds."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the pulls of one object; every `_ms` is in Unix milliseconds.

    Attributes:
        since_ms: everything changed before is stored; None during the first load.
        until_ms: what `since_ms` becomes when the pull in progress ends; None between pulls.
        after: the list endpoint's own place; empty at its start.
        above_id: the search goes on behind this record; 0 at its start.
        listing: so much has changed that this pull walks the list.
        listed: records that the list in progress gave so far.
        base: records that the last complete list gave.
        again_ms: what changed before was searched a second time.
        swept_ms: when the last complete sweep of the archive began.
        renewed_ms: when calculated properties were last read anew.
        archived: the newest of the archive at the last sweep.
        job: the slow work under way; empty when none.
        job_ms: when that began.
        job_after: its place in a list.
        job_above_id: its place in a search.
        job_archived: what becomes `archived` when the sweep ends.
        job_unseen: ids of `archived` that the sweep has not met yet.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    after: str = ""
    above_id: int = 0
    listing: bool = False
    listed: int = 0
    base: int = 0
    again_ms: int | None = None
    swept_ms: int | None = None
    renewed_ms: int | None = None
    archived: Archived = ()
    job: str = ""
    job_ms: int = 0
    job_after: str = ""
    job_above_id: int = 0
    job_archived: Archived = ()
    job_unseen: tuple[int, ...] = ()

    def to_text(self) -> str:
        """As JSON with the version of its form; what stands at its start is left out."""
        told = {name: value for name, value in asdict(self).items() if value != _START[name]}
        return orjson.dumps({"v": VERSION, **told}).decode()


_START = {one.name: one.default for one in fields(Cursor)}


def read_cursor(text: str | None) -> Cursor:
    """The cursor that `to_text` wrote; the start of everything for None.

    Raises:
        AnswerUnreadable: for text of another form; it is kept rather than silently reloaded,
            because a reload of a large account costs a day's calls.
    """
    if text is None:
        return Cursor()
    try:
        parts = dict(orjson.loads(text))
        if parts.pop("v") == VERSION:
            return Cursor(**{name: _frozen(value) for name, value in parts.items()})
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        pass
    raise AnswerUnreadable(
        "the stored cursor of this connection was written by another version of the connector",
        hint="go back to that version, or load the connection anew",
    )


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value

"""Where a pull of one object stands, as text that the engine keeps for us.

A first load walks the list endpoint (`after`), later pulls search by the modification stamp
(`above_id`). Both may stop in the middle: the bookmark of the last complete pull stays beside the
place, so that going on loses nothing, and the new bookmark counts from the last page on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson

from stagesync.connector import AnswerUnreadable

VERSION = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the pulls of one object.

    Attributes:
        since_ms: everything changed before is stored; Unix milliseconds; None during the first load.
        until_ms: what `since_ms` becomes when the pull in progress ends; None between pulls.
        after: the list endpoint's own place; empty at its start.
        above_id: the search goes on behind this record; 0 at its start.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    after: str = ""
    above_id: int = 0

    def to_text(self) -> str:
        """As JSON with the version of its form."""
        return orjson.dumps({"v": VERSION, **asdict(self)}).decode()


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
            return Cursor(**parts)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        pass
    raise AnswerUnreadable(
        "the stored cursor of this connection was written by another version of the connector",
        hint="go back to that version, or load the connection anew",
    )

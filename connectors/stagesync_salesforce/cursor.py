"""Where a pull of one object stands: opaque text to everybody else.

    bookmark     everything stamped earlier has been handed out, but for rows committed late
    began        start of the pull under way; none is under way when empty
    at           stamp and id of the last row handed out by the pull under way

A cursor holds two of these: one for the rows that are there, one for the rows that are gone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

_VERSION = 2
# It knew nothing of rows that are gone: the first sweep then looks through the whole recycle bin.
_WITHOUT_SWEEPS = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the rows by (stamp, id); instants are Unix seconds, 0 for none."""

    bookmark_s: float = 0.0
    began_s: float = 0.0
    at: tuple[float, str] | None = None

    def done(self) -> Place:
        """The place when the pull under way is complete: the next one starts where it began."""
        return Place(bookmark_s=self.began_s)

    def shown(self) -> dict[str, object]:
        """Its parts, for the text of a cursor."""
        at = list(self.at) if self.at else None
        return {"bookmark": self.bookmark_s, "began": self.began_s, "at": at}

    @classmethod
    def of(cls, parts: Any) -> Place:
        """The place of its parts."""
        at = (float(parts["at"][0]), str(parts["at"][1])) if parts["at"] else None
        return cls(float(parts["bookmark"]), float(parts["began"]), at)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pull of one object stands.

    Attributes:
        rows: among the rows that are there.
        gone: among the rows that were deleted or merged.
        sweep_at_s: when to look for those again, by our own clock.
        job: id and next locator of the Bulk job that brings the rest of a first load.
        persons: whether the org had person accounts; None for unknown. Kept here so that a process
            which describes nothing need not ask.
        shared: whether activities could have several people; likewise.
        renew_at_s: when to read all rows again, by our own clock.
        renewing: that is being done.
    """

    rows: Place = field(default_factory=Place)
    gone: Place = field(default_factory=Place)
    sweep_at_s: float = 0.0
    job: tuple[str, str] | None = None
    persons: bool | None = None
    shared: bool | None = None
    renew_at_s: float = 0.0
    renewing: bool = False

    def text(self) -> str:
        """The opaque form."""
        sweep = {"gone": self.gone.shown(), "sweep_at": self.sweep_at_s}
        org: dict[str, object] = {"persons": self.persons, "shared": self.shared}
        org |= {"renew_at": self.renew_at_s, "renewing": self.renewing}
        more = {"job": list(self.job) if self.job else None, **org}
        return orjson.dumps({"v": _VERSION, **self.rows.shown(), **sweep, **more}).decode()

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The cursor of a text.

        One of another version stands for everything from the start: rows repeat, none is lost.
        """
        if text is None:
            return cls()
        try:
            body = orjson.loads(text)
            if body["v"] == _WITHOUT_SWEEPS:
                return cls(Place.of(body))
            if body["v"] != _VERSION:
                return cls()
            job = (str(body["job"][0]), str(body["job"][1])) if body["job"] else None
            return cls(
                Place.of(body),
                Place.of(body["gone"]),
                float(body["sweep_at"]),
                job,
                persons=body["persons"],
                shared=body.get("shared"),
                renew_at_s=float(body.get("renew_at", 0.0)),
                renewing=bool(body.get("renewing")),
            )
        except (ValueError, TypeError, KeyError, IndexError):
            return cls()

    def is_first_load(self) -> bool:
        """True until everything has been handed out once."""
        return self.reads_all() and not self.renewing

    def reads_all(self) -> bool:
        """True while everything is handed out, for the first time or again."""
        return self.rows.bookmark_s == 0

    def renewal_due(self, *, now_s: float, every_s: float) -> bool:
        """True when no pull is under way and it is time to read all rows again."""
        waits = self.renew_at_s - every_s <= now_s < self.renew_at_s
        idle = self.rows.began_s == 0 and not self.reads_all()
        return idle and not waits and not math.isinf(every_s)

    def renewed(self, *, now_s: float, every_s: float) -> Cursor:
        """The cursor with the next renewal a whole round away."""
        return replace(self, renew_at_s=0.0 if math.isinf(every_s) else now_s + every_s)

    def sweep_due(self, *, now_s: float, every_s: float) -> bool:
        """True when it is time to look for rows that are gone, also after our clock was set back."""
        waits = self.sweep_at_s - every_s <= now_s < self.sweep_at_s
        return self.gone.began_s > 0 or not waits

    def pulled(self, *, now_s: float, every_s: float) -> Cursor:
        """The cursor when every row that is there has been handed out.

        After a first load nothing that had gone before it matters.
        """
        rows = self.rows.done()
        if self.is_first_load():
            return replace(self, rows=rows, gone=Place(rows.bookmark_s), sweep_at_s=now_s + every_s)
        return replace(self, rows=rows, renewing=False)

    def swept(self, *, now_s: float, every_s: float) -> Cursor:
        """The cursor when every row that is gone has been handed out, too."""
        return replace(self, gone=self.gone.done(), sweep_at_s=now_s + every_s)

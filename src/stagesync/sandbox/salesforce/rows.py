"""Where the rows of one object live.

A row is never changed in place: a write puts a new dict in its stead, so that a cursor keeps seeing
what it saw when it was opened. `feed` orders the rows by (SystemModstamp, Id), which is what every
incremental reader asks for; keeping it sorted makes a keyset page a matter of one bisection.

A row written by a slow transaction waits in `pending` until its commit: it bears an early stamp and
is seen late, so that it turns up *behind* the cursor of a reader who was already past that stamp.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

Row = dict[str, Any]
_FIRST = ""
_LAST = "\x7f"


class Restorable(Protocol):
    """What can make something be again what it was."""

    def restore(self, record_id: str, before: Row | None) -> None:
        """Makes a row what it was; None when there was none."""


class Ledger:
    """Remembers what committed rows were before, so that a failed transaction can be taken back."""

    def __init__(self) -> None:
        self._open = 0
        self._entries: list[tuple[Restorable, str, Row | None]] = []

    def note(self, table: Restorable, record_id: str, before: Row | None) -> None:
        if self._open:
            self._entries.append((table, record_id, before))

    def begin(self) -> int:
        """Opens a transaction, perhaps inside another, and returns its place in the ledger."""
        self._open += 1
        return len(self._entries)

    def end(self, place: int, *, keep: bool) -> None:
        """Closes a transaction; unless kept, every row is again what it was."""
        self._open -= 1
        if not keep:
            for table, record_id, before in reversed(self._entries[place:]):
                table.restore(record_id, before)
            del self._entries[place:]
        if not self._open:
            self._entries.clear()


class Table:
    """The rows of one object, by id and by stamp."""

    def __init__(self, name: str, ledger: Ledger) -> None:
        self.name = name
        self._ledger = ledger
        self.rows: dict[str, Row] = {}
        self.feed: list[tuple[float, str]] = []
        self.pending: dict[str, tuple[float, Row]] = {}
        self.live = 0

    def fill(self, rows: Iterable[Row]) -> None:
        """Adds many rows at once, all of them committed."""
        for row in rows:
            self.rows[row["Id"]] = row
        self.feed = sorted((_stamp(row), row["Id"]) for row in self.rows.values())
        self.live = sum(not row.get("IsDeleted") for row in self.rows.values())

    def clear(self) -> None:
        self.rows.clear()
        self.feed.clear()
        self.pending.clear()
        self.live = 0

    def put(self, row: Row) -> None:
        """Commits a row, new or changed."""
        self._ledger.note(self, row["Id"], self.rows.get(row["Id"]))
        self._replace(row)

    def _replace(self, row: Row) -> None:
        record_id = row["Id"]
        old = self.rows.get(record_id)
        if old is not None:
            self._forget(old)
        self.rows[record_id] = row
        insort(self.feed, (_stamp(row), record_id))
        self.live += not row.get("IsDeleted")

    def put_later(self, row: Row, *, visible_at: float) -> None:
        """Leaves a row to be committed when its time has come."""
        self.pending[row["Id"]] = (visible_at, row)

    def remove(self, record_id: str) -> None:
        """Takes a row out for good; only set-up objects know this."""
        self._ledger.note(self, record_id, self.rows[record_id])
        self._forget(self.rows.pop(record_id))

    def restore(self, record_id: str, before: Row | None) -> None:
        """Makes a row what it was; None when there was none."""
        if before is not None:
            self._replace(before)
        elif record_id in self.rows:
            self._forget(self.rows.pop(record_id))

    def _forget(self, row: Row) -> None:
        del self.feed[bisect_left(self.feed, (_stamp(row), row["Id"]))]
        self.live -= not row.get("IsDeleted")

    def settle(self, now: float) -> None:
        """Commits the pending rows whose time has come."""
        if not self.pending:
            return
        due = [row for visible_at, row in self.pending.values() if visible_at <= now]
        for row in due:
            self.commit(row["Id"])

    def commit(self, record_id: str) -> None:
        """Commits one pending row at once: a later writer waits for the lock and comes after."""
        waiting = self.pending.pop(record_id, None)
        if waiting is not None:
            self.put(waiting[1])

    def between(self, low: float, high: float) -> Iterator[Row]:
        """The rows with a stamp from `low` to `high`, both included, in feed order."""
        start = bisect_left(self.feed, (low, _FIRST))
        end = bisect_left(self.feed, (high, _LAST))
        rows = self.rows
        return (rows[record_id] for _, record_id in self.feed[start:end])


def _stamp(row: Row) -> float:
    stamp: float = row.get("SystemModstamp") or 0.0
    return stamp

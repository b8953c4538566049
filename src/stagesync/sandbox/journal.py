"""Which requests a simulator has served; control calls are not among them."""

import threading
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One served request.

    Attributes:
        at: Unix seconds of simulated time when the request came in.
        path: without the query, which may hold personal data.
        status: 0 when the connection was cut before anything was applied.
        records: how many records the answer carried, or the request wrote.
    """

    at: float
    method: str
    path: str
    status: int
    records: int


class RequestLog:
    """Remembers served requests in order; safe to use from several threads."""

    def __init__(self) -> None:
        self._entries: list[LogEntry] = []
        self._lock = threading.Lock()

    def add(self, entry: LogEntry) -> None:
        """Appends one request."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[dict[str, object]]:
        """All requests since the start or the last `clear`, oldest first."""
        with self._lock:
            return [asdict(entry) for entry in self._entries]

    def count(self) -> int:
        """How many requests were served since the start or the last `clear`."""
        return len(self._entries)

    def clear(self) -> None:
        """Forgets them."""
        with self._lock:
            self._entries.clear()

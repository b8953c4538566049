"""How long work tells that it moves; the CLI draws it, the daemon logs it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called from the run's own thread."""

    def phase(self, name: str, total: int | None = None) -> None:
        """A phase begins: `pull`, `resolve`, `evaluate`, `plan`, `write`; total in its own units."""
        ...

    def advance(self, count: int) -> None:
        """So many more units of the phase are done."""
        ...


class Quiet:
    """Tells nobody."""

    def phase(self, name: str, total: int | None = None) -> None:
        """Nothing to do."""

    def advance(self, count: int) -> None:
        """Nothing to do."""

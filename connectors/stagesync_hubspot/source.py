"""What pulls of one connection share, and the step in which they proceed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stagesync.connector import Clock, Record
from stagesync_hubspot.cursor import Cursor
from stagesync_hubspot.stages import DealStages
from stagesync_hubspot.transport import Transport

_EARLIEST_MS = 1_000
"""A search from the epoch itself can end in a fault of HubSpot's."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often slow work comes; seconds, None means never.

    Attributes:
        overlap_s: how far a search goes back behind its bookmark.
        second_pass_s: after how long a window is searched again.
        sweep_s: how often the archive is walked.
        renew_s: how often calculated properties are read anew.
        optional_s: how often optional objects are pulled at all.
    """

    overlap_s: float
    second_pass_s: float | None
    sweep_s: float | None
    renew_s: float | None
    optional_s: float


@dataclass(frozen=True, slots=True)
class Source:
    """What pulls of one connection share.

    Attributes:
        calculated: the properties of an object that HubSpot works out by itself; may ask HubSpot.
    """

    transport: Transport
    stages: DealStages
    clock: Clock
    rhythm: Rhythm
    calculated: Callable[[str], frozenset[str]]

    def now_ms(self) -> int:
        """Our clock; Unix milliseconds."""
        return int(self.clock.now_s() * 1000)

    def from_ms(self, bookmark_ms: int) -> int:
        """Where a search begins: behind its bookmark, for what the index showed late."""
        return max(_EARLIEST_MS, bookmark_ms - int(self.rhythm.overlap_s * 1000))


@dataclass(frozen=True, slots=True)
class Step:
    """Some records, the cursor after them, and whether this part of the pull is complete."""

    records: tuple[Record, ...]
    cursor: Cursor
    ended: bool

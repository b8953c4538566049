"""What happens to records, told to everybody who listens: webhooks and the journal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from stagesync.sandbox.hubspot.model import Record, Source

What = Literal[
    "creation",
    "deletion",
    "propertyChange",
    "merge",
    "restore",
    "associationChange",
    "privacyDeletion",
]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one record.

    Attributes:
        kind: the record's object type ("contacts").
        name: of the property that changed, with its new `value`.
        merged: ids that went into the record of a merge: the primary one, then the other.
        moved: how many values the primary record took over from the other.
        other: the record at the other end of an association, as (object type, id).
        removed: an association was taken away rather than made.
        primary: the association is with the primary company.
    """

    what: What
    kind: str
    id: int
    at_ms: int
    source: Source
    name: str = ""
    value: str = ""
    merged: tuple[int, ...] = ()
    moved: int = 0
    other: tuple[str, int] | None = None
    removed: bool = False
    primary: bool = False


@dataclass(slots=True)
class Changes:
    """The places that want to hear of changes."""

    listeners: list[Callable[[Change], None]] = field(default_factory=list)

    def tell(self, change: Change) -> None:
        """Passes a change on."""
        for listener in self.listeners:
            listener(change)

    def record(self, what: What, kind: str, *, record: Record, at_ms: int, source: Source) -> None:
        """Tells what happened to a whole record."""
        self.tell(Change(what, kind, record.id, at_ms, source))

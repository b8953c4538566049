"""What only some CRMs can tell or do: protocols beside `Connector`.

A connector offers one by having its methods, and says no more about it: the engine asks with `isinstance`
and goes another way where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from stagesync.connector.secret import Secret
from stagesync.connector.values import FieldValue, held_value
from stagesync.domain.text import held


@runtime_checkable
class TellsTime(Protocol):
    """A connector that hears the CRM's clock."""

    def server_now_s(self) -> float | None:
        """The CRM's clock at its last answer; Unix seconds; None before one. Sends nothing."""
        ...


@runtime_checkable
class Paces(Protocol):
    """A connector that keeps its calls below limits that are known beforehand."""

    @property
    def waited_s(self) -> float:
        """How long calls have waited for their turn so far; seconds, those of calls at once added up."""
        ...


@runtime_checkable
class TellsMembers(Protocol):
    """A connector whose CRM keeps lists of records, which a mapping's scope may name."""

    def members(self, object_name: str, list_name: str) -> Iterable[str]:
        """Ids of the records of this object that are on a list now, in any order; none for an empty list.

        Args:
            list_name: the CRM's id or name of the list, as the mapping has it.

        Raises:
            RequestRefused: there is no such list.
        """
        ...


class Actor(StrEnum):
    """Who changed a value."""

    OURS = "ours"
    """The program whose credentials the connection bears: stagesync, here or elsewhere."""

    PERSON = "person"
    BULK = "bulk"
    """A person's import or bulk edit."""

    AUTOMATION = "automation"
    """The CRM itself: a workflow, a form, a rule that keeps stages alike."""

    INTEGRATION = "integration"
    """Another program."""

    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a field was given.

    Attributes:
        value: None is empty.
        at_s: Unix seconds.
        by: the CRM's id of the user or program; empty when it does not say.
    """

    value: FieldValue = field(repr=False)
    at_s: float
    actor: Actor
    by: str = ""

    def __post_init__(self) -> None:
        """Let no text in that a database refuses."""
        object.__setattr__(self, "value", held_value(self.value))
        object.__setattr__(self, "by", held(self.by))


@runtime_checkable
class TellsHistory(Protocol):
    """A connector whose CRM remembers who changed what."""

    def history(
        self, object_name: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, tuple[Change, ...]]]:
        """Record id -> field -> its changes as far as the CRM keeps them, newest first.

        Records that are gone are left out; so are fields whose history the CRM does not keep.
        """
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """Slow work that a pull does now and then, such as a sweep of the archive.

    Attributes:
        object: of whose records.
        what: in a few words for people.
        done_at_s: when it was last done whole; Unix seconds; None when never.
        due_at_s: when it will be done again; None when it is switched off.
        under_way: it is being done, in parts.
        finds_records: records that are gone, or were missed, come with it: a count of the CRM's records
            that differs from ours waits for it.
    """

    object: str
    what: str
    done_at_s: float | None
    due_at_s: float | None
    under_way: bool = False
    finds_records: bool = True


@runtime_checkable
class TellsRounds(Protocol):
    """A connector whose pulls do slow work now and then."""

    def rounds(self, cursors: Mapping[str, str]) -> Sequence[Round]:
        """How its slow work stands, read from the stored cursors (object -> cursor). Sends nothing."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A connector that must know things again in its next life: a refresh token that was replaced, the
    calls of the last 24 hours."""

    def remember(self, recall: Callable[[], Secret | None], keep: Callable[[Secret], None]) -> None:
        """Told once, before any request. `stagesync.connector.Remembered` does what most need.

        Both may be called from any thread while a request is made, and in `close`; not by what
        sends nothing. What they raise must go up.

        Args:
            recall: what was last given to `keep`: in this life, in one before, or by another process
                that serves the same connection just now; None when nothing was.
            keep: stores a text of the connector's own in its place; durable when it returns.
        """
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """A webhook request, as it came.

    Attributes:
        url: the whole address as the CRM called it: behind a proxy the public one.
        headers: by lower-case name.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A record that a webhook request is about.

    Attributes:
        erased: the CRM has forgotten this person for good, and whatever is known of the record must go.
            All else that an event says is a hint: the record is read again.
    """

    object: str
    id: str
    erased: bool = False


@runtime_checkable
class Hears(Protocol):
    """A connector whose CRM calls when something changed."""

    @property
    def listens(self) -> bool:
        """Whether it has what a request is proven by; without it no request is taken."""
        ...

    def hear(self, heard: Heard) -> Sequence[Named]:
        """The records that may have changed, each once, in no order that means anything.

        Sends nothing, and may be called from any thread, while other methods run.

        Raises:
            RequestRefused: the CRM did not send this, or not just now; its `code` is one word that says why.
        """
        ...

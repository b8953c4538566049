"""What every connector takes and gives.

The words are those of `stagesync.connector.values`. What only some CRMs can tell or do stands in
`stagesync.connector.abilities`.

Errors are those of `stagesync.errors.CrmError`; each says in `retry_after_s` whether and when
trying again may help. A connector retries by itself what may help within a minute, and raises the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from stagesync.connector.capabilities import Capabilities
from stagesync.connector.values import (
    Link,
    ObjectDescription,
    ObjectKind,
    OwnField,
    Page,
    Pull,
    Quota,
    Record,
    SetupStep,
    Write,
    WriteResult,
)


class Clock(Protocol):
    """Time as the daemon sees it; in a rehearsal the sandbox moves it."""

    def now_s(self) -> float:
        """Unix seconds, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back, for measuring."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Connector(Protocol):
    """One CRM account. Methods are called from one thread at a time."""

    @property
    def name(self) -> str:
        """The connection's configured name."""
        ...

    @property
    def objects(self) -> tuple[ObjectKind, ...]:
        """In the order in which they should be pulled."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do where connectors differ."""
        ...

    def check(self) -> None:
        """Prove that the credentials work, at the cost of one call at most.

        Raises:
            CredentialsRefused: they do not.
        """
        ...

    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """The live fields of these objects, by object name."""
        ...

    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        """Pages of everything that changed since each cursor, any object in any order.

        A record may come more than once. Stopping early loses nothing: going on from the last
        stored cursor repeats at most a page. Each object ends with one page that is its last, empty
        where nothing changed.

        Raises:
            FieldMissing: a field asked for does not exist; names the object and the field. Where the
                CRM itself does not say so, it is told once `describe` was asked.
        """
        ...

    def links(self, object_name: str, ids: Sequence[str]) -> Mapping[str, Link]:
        """What these records name, for records that came with `links` None. Missing ids have none."""
        ...

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """These records as they are now, straight from the CRM; those that are gone are left out.

        One that became part of another may stand in the answer with `merged_into`.
        """
        ...

    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Set values, in the vendor's largest batches; one result per write, same order.

        Values are absolute, so that sending them again changes nothing more. Never raises for one
        record's sake. Raises only when a request as a whole cannot be sent; what was sent before is
        then in `CrmError.results`.

        Raises:
            ValueError: before anything is sent, for a record that appears twice.
        """
        ...

    def setup(self, fields: Sequence[OwnField]) -> list[SetupStep]:
        """What is missing of these own fields, options included; empty when all is there.

        Raises:
            RequestRefused: a field of that name exists with another type, or is missing in a CRM where
                the connector can make none.
        """
        ...

    def make(self, step: SetupStep) -> None:
        """Carry out one step of the last `setup`; doing it again changes nothing more."""
        ...

    @property
    def calls(self) -> int:
        """Requests sent so far that count against the vendor's quota."""
        ...

    def quota(self) -> Quota | None:
        """What is left of the vendor's allowance, as last told; sends nothing. None when never told."""
        ...

    def count(self, object_name: str) -> int | None:
        """Live records of this object that the CRM holds now; None when it cannot tell cheaply."""
        ...

    def record_url(self, object_name: str, record_id: str) -> str:
        """Where a person sees this record in the CRM; empty when unknown."""
        ...

    def close(self) -> None:
        """Let go of sockets; may be called again. The session in the CRM is left alone: others may share it."""
        ...


class Connect(Protocol):
    """Makes a connector from the options of `stagesync.yaml`; no request is sent yet."""

    def __call__(self, name: str, options: Mapping[str, object], *, clock: Clock) -> Connector:
        """Make it.

        Args:
            name: the connection's name.
            options: every key of the connection that stagesync itself does not use; secrets are
                already read and come as `Secret`.
            clock: the only source of time and of waiting.

        Raises:
            OptionsRefused: with each key's problem.
        """
        ...

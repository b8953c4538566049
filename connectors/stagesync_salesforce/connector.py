"""The Salesforce connector: the parts of this package behind the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from stagesync.connector import (
    Capabilities,
    Change,
    Clock,
    Link,
    ObjectDescription,
    OwnField,
    Page,
    Pull,
    Quota,
    Record,
    RequestRefused,
    Round,
    Secret,
    SetupStep,
    Write,
    WriteResult,
    reads_answers_of,
)
from stagesync_salesforce import (
    api,
    describe,
    features,
    history,
    links,
    pull,
    read,
    setup,
    write,
)
from stagesync_salesforce.budget import Usage
from stagesync_salesforce.count import Counts
from stagesync_salesforce.known import Known
from stagesync_salesforce.options import Options
from stagesync_salesforce.transport import Transport

_reads = reads_answers_of("Salesforce")


class SalesforceConnector:
    """One Salesforce org; see `stagesync.connector.Connector` for each method."""

    objects = tuple(item.kind for item in api.OBJECTS)
    capabilities = Capabilities(
        largest_write=api.COLLECTION_SIZE * api.HEAVY_PARTS,
        tells_links_inline=True,
        pulls_incrementally=True,
        tells_deletes=True,
        tells_merges=True,
        writes_partially=True,
        makes_fields=True,
        makes_choices=True,
        asks_for_credentials=True,
    )

    def __init__(self, name: str, options: Options, *, clock: Clock) -> None:
        self.name = name
        self._options = options
        most = max(self.capabilities.largest_write, options.bulk_writes_from or 0)
        self.capabilities = replace(self.capabilities, largest_write=most)
        self._transport = Transport(options, clock=clock)
        self._known = Known()
        self._counts = Counts(self._transport, self._known)
        self._acts: dict[str, setup.Act] = {}

    @property
    def calls(self) -> int:
        """Requests sent so far that count against the org's quota."""
        return self._transport.calls

    @property
    def waited_s(self) -> float:
        """How long calls waited for their turn within the minute."""
        return self._transport.waited_s

    def remember(self, recall: Callable[[], Secret | None], keep: Callable[[Secret], None]) -> None:
        """The refresh token in force where the app rotates them, and the requests of the last 24 hours."""
        self._transport.remembered.attach(recall, keep)

    def rounds(self, cursors: Mapping[str, str]) -> list[Round]:
        """The sweeps for what was deleted or merged."""
        return pull.rounds(cursors)

    @property
    def usage(self) -> Usage | None:
        """The org's own count of its API requests, as the last answer told it."""
        return self._transport.budget.usage

    def quota(self) -> Quota | None:
        """What is used of the org's requests of the last 24 hours; None before the first answer."""
        return self._transport.budget.quota(self._transport.now_s())

    @_reads
    def count(self, object_name: str) -> int | None:
        """Live records that the org holds now; None for what our user may not count."""
        return self._counts.of(object_name)

    def server_now_s(self) -> float | None:
        """The vendor's clock at its last answer; Unix seconds; None before one."""
        return self._transport.server_now_s or None

    @_reads
    def check(self) -> None:
        """Prove that the credentials work, with one query that any API user may make."""
        self._transport.call("GET", "query", params={"q": "SELECT Id FROM Organization LIMIT 1"})

    @_reads
    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """The live fields of these objects, by object name."""
        found = describe.describe(self._transport, objects, known=self._known)
        features.learn(self._known, found)
        self._known.forget_settings()
        return found

    @_reads
    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        """Pages of everything that changed since each cursor."""
        ways = pull.Ways(
            overlap_s=self._options.overlap_s,
            page_size=self._options.page_size,
            sweep_every_s=self._options.sweep_every,
            renew_every_s=self._options.recalculate_every,
            bulk_from=self._options.bulk_from,
        )
        yield from pull.pull(self._transport, wanted, ways=ways, known=self._known)

    @_reads
    def links(self, object_name: str, ids: Sequence[str]) -> Mapping[str, Link]:
        """What these records name."""
        return links.links(self._transport, object_name, ids, known=self._known)

    @_reads
    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """These records as they are now."""
        shared = bool(self._known.shared)
        return read.read(self._transport, object_name, ids, fields=fields, shared=shared)

    @_reads
    def history(
        self, object_name: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, tuple[Change, ...]]]:
        """Who gave these fields which values, newest first, where the org tracks them."""
        return history.history(
            self._transport,
            object_name,
            ids,
            fields=fields,
            known=self._known,
            programs=self._options.integration_users,
        )

    @_reads
    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Set values; one result per write, same order."""
        return write.write(
            self._transport,
            writes,
            known=self._known,
            bulk_from=self._options.bulk_writes_from,
        )

    @_reads
    def setup(self, fields: Sequence[OwnField]) -> list[SetupStep]:
        """What is missing of these own fields."""
        steps = setup.look(self._transport, fields)
        self._acts = {step.key: act for step, act in steps}
        return [step for step, _ in steps]

    @_reads
    def make(self, step: SetupStep) -> None:
        """Carry out one step of the last `setup`."""
        act = self._acts.get(step.key)
        if act is None:
            raise RequestRefused(f"step {step.key!r} is not of the last setup")
        act()

    def record_url(self, object_name: str, record_id: str) -> str:
        """Where a person sees this record in the org."""
        return f"{self._transport.instance_url}/{record_id}" if object_name in api.BY_NAME else ""

    def close(self) -> None:
        """Let go of sockets; the session in the org is left alone."""
        self._transport.close()

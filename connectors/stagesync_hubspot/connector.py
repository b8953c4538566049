"""The HubSpot connector: the contract, each method in a line or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from stagesync.connector import (
    Capabilities,
    Change,
    Clock,
    FieldMissing,
    FieldType,
    Heard,
    Link,
    Named,
    ObjectDescription,
    OwnField,
    Page,
    PermissionMissing,
    Pull,
    Quota,
    Record,
    Round,
    Secret,
    SetupStep,
    Write,
    WriteResult,
    reads_answers_of,
)
from stagesync_hubspot import api
from stagesync_hubspot.cursor import read_cursor
from stagesync_hubspot.describe import describe
from stagesync_hubspot.history import History
from stagesync_hubspot.lanes import write
from stagesync_hubspot.links import links
from stagesync_hubspot.lists import members
from stagesync_hubspot.options import Options, read_options
from stagesync_hubspot.pull import pull
from stagesync_hubspot.read import read
from stagesync_hubspot.records import Wish
from stagesync_hubspot.rounds import rounds
from stagesync_hubspot.search import total
from stagesync_hubspot.setup import Setup
from stagesync_hubspot.source import Rhythm, Source
from stagesync_hubspot.stages import DealStages
from stagesync_hubspot.transport import Transport
from stagesync_hubspot.webhooks import WebhookRefused, named_records, prove

_reads = reads_answers_of("HubSpot")


class HubSpot:
    """One HubSpot account."""

    capabilities = Capabilities(
        largest_write=api.BATCH,
        pulls_incrementally=True,
        tells_deletes=True,
        tells_merges=True,
        refuses_backward_silently=True,
        clears_to_go_back=True,
        makes_fields=True,
        makes_choices=True,
        asks_for_credentials=True,
    )

    def __init__(self, name: str, options: Options, *, clock: Clock) -> None:
        self.name = name
        self.objects = tuple(one.kind for one in api.OBJECTS.values())
        self._options = options
        self._transport = Transport(options, clock=clock)
        self._stages = DealStages(self._transport)
        self._setup = Setup(self._transport)
        self._history = History(self._transport, options.app_id, introspect=self._transport.app_id)
        self._source = Source(
            self._transport, self._stages, clock, _rhythm(options), self._calculated_of
        )
        self._described: dict[str, ObjectDescription] = {}
        self._calculated: dict[str, frozenset[str]] = {}
        self._portal = ""
        self._asked_account = False

    @_reads
    def check(self) -> None:
        """Prove that the token works, and learn the account's number and time zone by it."""
        try:
            account = self._transport.account()
        except PermissionMissing:
            self._asked_account = True
            # The token is good; only the account's own facts are kept from it.
            return
        self._portal = str(account.get("portalId") or "")

    @_reads
    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """The live properties; one call per object."""
        for name in objects:
            described, calculated = describe(self._transport, api.OBJECTS[name])
            self._described[name], self._calculated[name] = described, calculated
        return {name: self._described[name] for name in objects}

    @_reads
    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        """One object after the other, in the order asked for.

        HubSpot leaves out a property that does not exist without a word; so a field is only
        known to be missing when `describe` was asked before.
        """
        if self.listens and not (self._portal or self._asked_account):
            # Whose events are ours is told by the account's number.
            self.check()
        tasks = [(self._wish(one.object, one.fields), read_cursor(one.cursor)) for one in wanted]
        for wish, cursor in tasks:
            yield from pull(self._source, wish, cursor)

    @_reads
    def links(self, object_name: str, ids: Sequence[str]) -> Mapping[str, Link]:
        """By association reads; one call per thousand ids and object linked to."""
        item = api.OBJECTS[object_name]
        return links(self._transport, item, ids, in_flight=self._options.in_flight)

    @_reads
    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """By batch reads; one call per hundred ids."""
        wish = self._wish(object_name, tuple(fields))
        if wish.item.is_feed:
            # Told by its event alone: there is no reading it by its id.
            return []
        return read(self._transport, wish, ids, stages=self._stages)

    @_reads
    def members(self, object_name: str, list_name: str) -> Iterator[str]:
        """By list id or name; one call per 250 members."""
        return members(self._transport, object_name, list_name)

    @_reads
    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """By batch updates; one call per hundred records."""
        return write(self._transport, writes, in_flight=self._options.in_flight)

    @_reads
    def history(
        self, object_name: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, tuple[Change, ...]]]:
        """By batch reads; one call per fifty ids. What an event tells has no history."""
        wish = self._wish(object_name, tuple(fields))
        return {} if wish.item.is_feed else self._history.read(wish, ids)

    @_reads
    def setup(self, fields: Sequence[OwnField]) -> list[SetupStep]:
        """What is missing of our group, properties and options."""
        return self._setup.missing(fields)

    @_reads
    def make(self, step: SetupStep) -> None:
        """Make one of them; what `describe` said of that object is forgotten."""
        self._described.pop(self._setup.make(step), None)

    @property
    def calls(self) -> int:
        """Requests sent, tries that failed included: HubSpot counts those too."""
        return self._transport.calls

    @property
    def waited_s(self) -> float:
        """How long calls waited for their turn in the burst and among the searches."""
        return self._transport.waited_s

    def quota(self) -> Quota | None:
        """What is used of the day; `used_by_us` is that of the last 24 hours."""
        return self._transport.quota()

    @_reads
    def count(self, object_name: str) -> int | None:
        """By a search that asks for one record; what the index shows late is not counted yet."""
        item = api.OBJECTS[object_name]
        try:
            return None if item.is_feed else total(self._transport, item)
        except PermissionMissing:
            if not item.is_optional:
                raise
            return None

    def server_now_s(self) -> float | None:
        """The clock that HubSpot's last answer carried."""
        return self._transport.server_now_s

    def remember(self, recall: Callable[[], Secret | None], keep: Callable[[Secret], None]) -> None:
        """A refresh token that HubSpot replaced, and the calls of the last 24 hours."""
        self._transport.remembered.attach(recall, keep)

    def rounds(self, cursors: Mapping[str, str]) -> list[Round]:
        """The second searches, the sweeps of the archive, and the renewal of calculated properties."""
        return rounds(cursors, self._source.rhythm)

    @property
    def listens(self) -> bool:
        """Whether it knows the secret of an app: service keys have none, and no webhooks."""
        return self._options.webhook_secret is not None

    @_reads
    def hear(self, heard: Heard) -> Sequence[Named]:
        """The records that events are about. Which events are sent is set in the app.

        Raises:
            WebhookRefused: it is not proven to come from HubSpot now, or cannot be read.
        """
        secret = self._options.webhook_secret
        if secret is None:
            raise WebhookRefused(
                "a webhook request cannot be proven without the secret of its app",
                code="NO_SECRET",
                hint="give the connection `app_secret`; service keys have no webhooks",
            )
        prove(heard, secret=secret, now_s=self._source.clock.now_s())
        if self._options.auth is not None and not self._portal:
            # An app can be installed in many accounts, and an id means another record in each.
            raise WebhookRefused("it is not known yet which account is ours", code="NOT_READY")
        return named_records(heard.body, portal=self._portal)

    def record_url(self, object_name: str, record_id: str) -> str:
        """The record's page; empty until `check` learnt the account's number."""
        if not self._portal or api.OBJECTS[object_name].is_feed:
            return ""
        return api.record_url(self._portal, api.OBJECTS[object_name], record_id)

    def close(self) -> None:
        """Let go of sockets."""
        self._transport.close()

    def _calculated_of(self, object_name: str) -> frozenset[str]:
        if object_name not in self._calculated:
            self.describe([object_name])
        return self._calculated[object_name]

    def _wish(self, object_name: str, fields: tuple[str, ...]) -> Wish:
        described = self._described.get(object_name)
        if described is None:
            return Wish(api.OBJECTS[object_name], fields)
        if missing := [name for name in fields if name not in described.fields]:
            raise FieldMissing(
                f"{object_name} has no property {', '.join(missing)} in this HubSpot account",
                hint="correct the mapping, or make the property in HubSpot",
            )
        instants = (f for f in fields if described.fields[f].type is FieldType.INSTANT)
        calculated = self._calculated[object_name] & set(fields)
        return Wish(api.OBJECTS[object_name], fields, frozenset(instants), calculated)


def _rhythm(options: Options) -> Rhythm:
    return Rhythm(
        overlap_s=options.overlap_s,
        second_pass_s=options.second_pass_after,
        sweep_s=options.sweep_every,
        renew_s=options.recalculate_every,
        optional_s=options.optional_every,
    )


def connect(name: str, options: Mapping[str, object], *, clock: Clock) -> HubSpot:
    """A connector for one HubSpot account; sends nothing yet.

    Raises:
        OptionsRefused: with each option's problem.
    """
    return HubSpot(name, read_options(options), clock=clock)

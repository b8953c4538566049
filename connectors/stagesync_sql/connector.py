"""The SQL connector: the parts of this package behind the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from stagesync.connector import (
    Capabilities,
    Clock,
    Link,
    ObjectDescription,
    ObjectKind,
    OwnField,
    Page,
    Pull,
    Quota,
    Record,
    Role,
    SetupStep,
    Write,
    WriteResult,
    reads_answers_of,
)
from stagesync_sql import describe, links, pull, read, write
from stagesync_sql.options import Options
from stagesync_sql.setup import Setup
from stagesync_sql.shape import ORDER, Shapes
from stagesync_sql.transport import Transport

_reads = reads_answers_of("the database")


class SqlConnector:
    """One database; see `stagesync.connector.Connector` for each method."""

    def __init__(self, name: str, options: Options, *, clock: Clock) -> None:
        self.name = name
        self._options = options
        self._transport = Transport(options, clock=clock)
        self._shapes = Shapes(self._transport, options)
        self._setup = Setup(self._transport, self._shapes)
        self._source = pull.Source(
            self._transport,
            self._shapes,
            clock,
            overlap_s=options.overlap_s,
            page_size=options.page_size,
            zone=ZoneInfo(options.time_zone),
        )
        kinds = [
            ObjectKind(name, table.role, writable=table.write is not None, links=tuple(table.links))
            for name, table in options.tables.items()
        ]
        self.objects = tuple(sorted(kinds, key=lambda kind: ORDER.index(kind.role)))
        people = [each for each in options.tables.values() if each.role is Role.PERSON]
        self.capabilities = Capabilities(
            largest_write=options.batch_size,
            tells_links_inline=True,
            pulls_incrementally=True,
            tells_deletes=all(each.gone for each in options.tables.values()),
            tells_merges=bool(people) and all(each.merged_into for each in people),
            writes_partially=True,
            makes_fields=any(kind.writable for kind in kinds),
            asks_for_credentials=not self._transport.is_sqlite,
        )

    @property
    def calls(self) -> int:
        """Statements sent so far."""
        return self._transport.calls

    def quota(self) -> Quota | None:
        """None: a database has no allowance."""
        return None

    @_reads
    def count(self, object_name: str) -> int | None:
        """Live rows, by one query."""
        shape = self._shapes.of(object_name)
        live = sa.select(sa.func.count().label("live")).where(sa.not_(shape.is_gone()))
        return int(self._transport.rows(live.select_from(shape.table))[0]["live"])

    @_reads
    def check(self) -> None:
        """Prove that the database lets us in, with a query that needs no table."""
        self._transport.rows(sa.select(sa.literal(1)))

    @_reads
    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """The live columns of these objects, by object name."""
        for name in objects:
            self._shapes.forget(name)
        return {name: describe.describe(self._shapes.of(name)) for name in objects}

    @_reads
    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        """Pages of everything that changed since each cursor."""
        yield from pull.pull(self._source, wanted)

    @_reads
    def links(self, object_name: str, ids: Sequence[str]) -> Mapping[str, Link]:
        """What these records name."""
        return links.links(self._source, object_name, ids)

    @_reads
    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """These records as they are now."""
        return read.read(self._source, object_name, ids, fields=fields)

    @_reads
    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Set values; one result per write, same order."""
        return write.write(self._source, writes, batch_size=self._options.batch_size)

    @_reads
    def setup(self, fields: Sequence[OwnField]) -> list[SetupStep]:
        """What is missing of these own columns."""
        return self._setup.missing(fields)

    @_reads
    def make(self, step: SetupStep) -> None:
        """Carry out one step of the last `setup`."""
        self._setup.make(step)

    def record_url(self, object_name: str, record_id: str) -> str:
        """Where people see this record, by the options; empty where they do not say."""
        table = self._options.tables.get(object_name)
        return table.record_url.replace("{id}", record_id) if table else ""

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

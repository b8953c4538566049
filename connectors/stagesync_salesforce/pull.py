"""What changed since a cursor.

Rows come ordered by (SystemModstamp, Id), five objects' queries in one composite call. The pages
after a first one are fetched by the vendor's own locator, which rides in composite calls as well;
where a locator has been forgotten, or after a crash, the query goes on behind the last row.

A row gets its stamp inside a transaction and becomes visible at its end, so a row may appear behind
a cursor. That is why a finished pull moves its bookmark to the moment at which it *began*, by the
vendor's clock, and why the next one starts `overlap_s` before that. The bookmark does not follow
the rows: with them, a mass change would be fetched again by every pull until something newer came.

Rows that are gone are asked for apart and seldom, every `sweep_every_s`, by `queryAll`. An object is
swept after its rows have been handed out, so that what is gone stays gone. The recycle bin keeps a
row for 15 days only: what was deleted while stagesync stood still for longer is not told any more.

A formula, and a field of a parent, change without moving a row's stamp. Where one is asked for, all
rows are read again every `renew_every_s`, as if for the first time; nothing else changes by that.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-query (seen 2026-11)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from stagesync.connector import (
    AnswerUnreadable,
    CrmError,
    Page,
    Pull,
    Record,
    Round,
    Unavailable,
)
from stagesync_salesforce import api, bulk, features, merges, persons, relations, soql
from stagesync_salesforce.cursor import Cursor, Place
from stagesync_salesforce.failures import QueryExpired
from stagesync_salesforce.known import Known
from stagesync_salesforce.read import complete
from stagesync_salesforce.records import columns, people_columns, record_of
from stagesync_salesforce.transport import Part, Transport

# A locator lives two days; one that dies again and again without a row is a fault of theirs.
RESTARTS = 5
# What one answer of a Bulk job holds at most; some 10 MB of usual rows.
BULK_PAGE_ROWS = 20_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ways:
    """How a connection pulls: its options of the same names."""

    overlap_s: float
    page_size: int
    sweep_every_s: float
    renew_every_s: float
    bulk_from: int


@dataclass(frozen=True, slots=True)
class _Query:
    """A query under way.

    Attributes:
        sweep: asks for what is gone.
        bulk: the rest comes by a Bulk job.
        locator: path of its next page; empty for a query to be asked.
        asked_s: when the vendor ran it, by its own clock.
        restarts: how often it had to be asked anew since its last row.
    """

    wanted: Pull
    cursor: Cursor
    sweep: bool = False
    bulk: bool = False
    locator: str = ""
    asked_s: float = 0.0
    restarts: int = 0

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.cursor.gone if self.sweep else self.cursor.rows

    def at(self, place: Place) -> Cursor:
        """The cursor with this query's place moved."""
        if self.sweep:
            return replace(self.cursor, gone=place)
        return replace(self.cursor, rows=place)


def pull(
    transport: Transport, wanted: Sequence[Pull], *, ways: Ways, known: Known
) -> Iterator[Page]:
    """Pages of everything that changed since each cursor; see `Connector.pull`."""
    # All of them are checked before the first request: a mapping's mistake costs no call.
    for item in wanted:
        columns(api.sobject(item.object), item.fields)
    cursors = [Cursor.read(item.cursor) for item in wanted]
    features.recall(known, cursors)
    features.find_out(transport, known, [item.object for item in wanted])
    cursors = _renewed(transport, wanted, cursors, ways=ways, known=known)
    reader = _Reader(transport, ways, known)
    waiting = deque(
        _first(item, replace(cursor, persons=known.persons, shared=known.shared))
        for item, cursor in zip(wanted, cursors, strict=True)
    )
    while waiting:
        if waiting[0].bulk:
            waiting.extend((yield from reader.load(waiting.popleft())))
            continue
        asked = _next_asked(waiting)
        answers = transport.composite([reader.part(query) for query in asked])
        failures: list[CrmError] = []
        for query, answer in zip(asked, answers, strict=True):
            if isinstance(answer, QueryExpired):
                waiting.append(_restarted(query))
            elif isinstance(answer, CrmError):
                failures.append(answer)
            else:
                page, rest = reader.read(query, answer)
                yield page
                waiting.extend(rest)
        if failures:  # what came in the same answer is handed out first
            raise failures[0]


def _renewed(
    transport: Transport,
    wanted: Sequence[Pull],
    cursors: Sequence[Cursor],
    *,
    ways: Ways,
    known: Known,
) -> list[Cursor]:
    """The cursors, those set to the start of which all rows are to be read again."""
    now_s, every_s = transport.now_s(), ways.renew_every_s
    due = [cursor.renewal_due(now_s=now_s, every_s=every_s) for cursor in cursors]
    names = [item.object for item, is_due in zip(wanted, due, strict=True) if is_due]
    features.find_calculated(transport, known, names)
    found: list[Cursor] = []
    for item, cursor, is_due in zip(wanted, cursors, due, strict=True):
        later = cursor.renewed(now_s=now_s, every_s=every_s) if is_due else cursor
        if is_due and _stands_still(item, known):
            log.info("salesforce_read_again", object=item.object)
            later = replace(later, rows=Place(), renewing=True)
        found.append(later)
    return found


def _stands_still(wanted: Pull, known: Known) -> bool:
    """True where a field changes without moving the record's stamp: a formula, or a parent's."""
    formulas = known.calculated.get(wanted.object, frozenset())
    return any("." in name or name.lower() in formulas for name in wanted.fields)


def rounds(cursors: Mapping[str, str]) -> list[Round]:
    """How the sweeps stand, of every object whose first load is complete."""
    read = {name: Cursor.read(text) for name, text in cursors.items()}
    return [
        Round(
            name,
            "deleted and merged rows",
            cursor.gone.bookmark_s or None,
            cursor.sweep_at_s,
            under_way=cursor.gone.began_s > 0,
        )
        for name, cursor in read.items()
        if not cursor.is_first_load()
    ]


def _first(wanted: Pull, cursor: Cursor) -> _Query:
    return _Query(wanted, cursor, bulk=cursor.job is not None)


def _next_asked(waiting: deque[_Query]) -> list[_Query]:
    """Takes the queries of the next call; a load by Bulk is none of them."""
    asked: list[_Query] = []
    while waiting and not waiting[0].bulk and len(asked) < api.HEAVY_PARTS:
        asked.append(waiting.popleft())
    return asked


@dataclass(frozen=True, slots=True)
class _Reader:
    """Asks queries and reads their answers."""

    transport: Transport
    ways: Ways
    known: Known

    def part(self, query: _Query) -> Part:
        """The next page of a query as a part of a composite call."""
        text = self._text(query)
        spec = api.sobject(query.wanted.object)
        path = query.locator or api.query_path(
            self.transport.version, text, deleted=query.sweep or spec.archives
        )
        size = self.ways.page_size
        headers = {"Sforce-Query-Options": f"batchSize={size}"}
        return Part("GET", path, headers=None if size == api.PAGE_SIZE else headers)

    def _text(self, query: _Query, *, ordered: bool = True) -> str:
        return query_of(
            query.wanted,
            query.cursor,
            sweep=query.sweep,
            ways=self.ways,
            with_persons=bool(self.known.persons),
            shared=bool(self.known.shared),
            ordered=ordered,
        )

    def read(self, query: _Query, answer: Any) -> tuple[Page, list[_Query]]:
        """The page in an answer, and what is still to be asked of the object."""
        if not isinstance(answer, dict) or not isinstance(answer.get("records"), list):
            raise AnswerUnreadable(f"a page of {query.wanted.object} has no records")
        records = self._records(query, answer["records"])
        now_s = self.transport.server_now_s
        asked_s = query.asked_s if query.locator else _time_of(records, query.place, now_s=now_s)
        place = replace(
            query.place,
            began_s=query.place.began_s or asked_s,
            at=_last(records, asked_s) or query.place.at,
        )
        cursor = query.at(place)
        locator = "" if answer.get("done", True) else str(answer.get("nextRecordsUrl") or "")
        if not locator:
            return self._ended(query, cursor, records)
        restarts = 0 if records else query.restarts
        rest = replace(query, cursor=cursor, locator=locator, asked_s=asked_s, restarts=restarts)
        if not query.locator and not query.sweep and cursor.reads_all():
            left = int(answer.get("totalSize") or 0) - len(records)
            rest = replace(rest, bulk=left >= self.ways.bulk_from and not self._is_shared(query))
        return Page(query.wanted.object, records, cursor.text(), last=False), [rest]

    def load(self, query: _Query) -> Generator[Page, None, list[_Query]]:
        """Pages of a Bulk job for the rest of a first load; what is then still to be asked.

        Without a job that brings them, the rest is asked for as if there were no Bulk.
        """
        spec, by_rest = api.sobject(query.wanted.object), replace(query, bulk=False)
        selected = columns_of(spec, query.wanted.fields, with_persons=bool(self.known.persons))
        types = bulk.types_of(self.transport, query.wanted.object, selected)
        job, locator = query.cursor.job or (self._begin(query) if types else None, "")
        if types is None or job is None or not bulk.is_done(self.transport, job):
            return [replace(by_rest, cursor=replace(query.cursor, job=None))]
        while True:
            try:
                sheet = bulk.page(self.transport, job, locator=locator, rows=BULK_PAGE_ROWS)
            except QueryExpired:
                return [replace(by_rest, cursor=replace(query.cursor, job=None), locator="")]
            rows = list(bulk.rows_of(sheet, types, selected))
            records = self._records(query, rows)
            locator = bulk.next_locator(sheet)
            if not locator:
                page, rest = self._ended(by_rest, replace(query.cursor, job=None), records)
                yield page
                return rest
            cursor = replace(query.cursor, job=(job, locator))
            yield Page(query.wanted.object, records, cursor.text(), last=False)

    def _begin(self, query: _Query) -> str | None:
        spec = api.sobject(query.wanted.object)
        text = self._text(query, ordered=False)
        job = bulk.begin(self.transport, text, everything=spec.archives)
        log.info("salesforce_first_load", object=query.wanted.object, by="bulk" if job else "rest")
        return job

    def _ended(
        self, query: _Query, cursor: Cursor, records: tuple[Record, ...]
    ) -> tuple[Page, list[_Query]]:
        now_s, every_s, name = self.transport.now_s(), self.ways.sweep_every_s, query.wanted.object
        if query.sweep:
            records = (*records, *self._related(query))
            cursor = cursor.swept(now_s=now_s, every_s=every_s)
            return Page(name, records, cursor.text(), last=True), []
        if cursor.is_first_load():
            cursor = cursor.renewed(now_s=now_s, every_s=self.ways.renew_every_s)
        cursor = cursor.pulled(now_s=now_s, every_s=every_s)
        due = cursor.sweep_due(now_s=now_s, every_s=every_s)
        rest = [_Query(query.wanted, cursor, sweep=True)] if due else []
        return Page(name, records, cursor.text(), last=not due), rest

    def _is_shared(self, query: _Query) -> bool:
        """True for activities that may have several people: no Bulk job tells these."""
        return bool(self.known.shared) and bool(api.sobject(query.wanted.object).relation)

    def _related(self, query: _Query) -> list[Record]:
        """The activities whose people changed since the last sweep."""
        if not self._is_shared(query):
            return []
        spec, fields = api.sobject(query.wanted.object), query.wanted.fields
        selected = (*columns(spec, fields), *people_columns(spec, shared=True))
        since_s = max(0.0, query.place.bookmark_s - self.ways.overlap_s)
        rows = relations.changed(self.transport, spec, selected, since_s=since_s)
        return [record_of(spec, row, fields) for row in rows]

    def _records(self, query: _Query, rows: Sequence[Mapping[str, Any]]) -> tuple[Record, ...]:
        spec, fields = api.sobject(query.wanted.object), query.wanted.fields
        self.known.learn(rows)
        for row in rows:
            complete(self.transport, spec, row)
        if not query.sweep:
            return tuple(record_of(spec, row, fields) for row in rows)
        ends = merges.winners(self.transport, spec, rows) if spec.merges else {}
        return tuple(
            record_of(spec, row, fields, gone=True, merged_into=ends.get(row["Id"], ""))
            for row in rows
        )


def query_of(
    wanted: Pull,
    cursor: Cursor,
    *,
    sweep: bool,
    ways: Ways,
    with_persons: bool = False,
    shared: bool = False,
    ordered: bool = True,
) -> str:
    """The query for what is behind a cursor.

    Args:
        with_persons: the org has person accounts.
        shared: its activities may have several people.
        ordered: false for a Bulk job, which an order slows down.
    """
    spec = api.sobject(wanted.object)
    selected = columns_of(spec, wanted.fields, with_persons=with_persons)
    conditions = spec.conditions()
    if sweep:
        selected = (*selected, api.MASTER) if spec.merges else selected
        conditions = ("IsDeleted = true",)
    else:
        selected = (*selected, *people_columns(spec, shared=shared))
    since = _since(cursor.gone if sweep else cursor.rows, overlap_s=ways.overlap_s)
    conditions = (since, *conditions, *persons.conditions(spec, persons=with_persons))
    order = f"{api.STAMP}, Id" if ordered else ""
    return soql.select(selected, spec.name, *conditions, order=order)


def columns_of(spec: api.SObject, fields: Sequence[str], *, with_persons: bool) -> tuple[str, ...]:
    """What a pull selects."""
    more = [name for name in fields if name.lower() != api.PERSON.lower()]
    extra = persons.columns(spec, persons=with_persons)
    return columns(spec, (*extra, *(more if extra else fields)))


def _since(place: Place, *, overlap_s: float) -> str:
    if place.at is not None:
        stamp, last_id = soql.instant(place.at[0]), soql.quoted(place.at[1])
        return f"({api.STAMP} > {stamp} OR ({api.STAMP} = {stamp} AND Id > {last_id}))"
    if place.bookmark_s:
        return f"{api.STAMP} >= {soql.instant(max(0.0, place.bookmark_s - overlap_s))}"
    return ""


def _restarted(query: _Query) -> _Query:
    if not query.locator or query.restarts >= RESTARTS:
        raise Unavailable(f"Salesforce cannot keep a query of {query.wanted.object} alive")
    log.info("salesforce_query_restarted", object=query.wanted.object)
    return replace(query, locator="", restarts=query.restarts + 1)


def _time_of(first: Sequence[Record], place: Place, *, now_s: float) -> float:
    """When a query ran, given its first page: not before any stamp in it, nor the last pull."""
    return max([now_s, place.bookmark_s, *(record.changed_at_s for record in first)])


def _last(records: Sequence[Record], asked_s: float) -> tuple[float, str] | None:
    """Stamp and id of the last row that stands where the order of the query put it.

    A later page may show a row as it was changed since, with its new stamp. To go on behind that
    stamp would jump over what lies between.
    """
    in_order = [record for record in records if record.changed_at_s <= asked_s]
    return (in_order[-1].changed_at_s, in_order[-1].id) if in_order else None

"""What changed since a cursor.

Rows come ordered by (SystemModstamp, Id), five objects' queries in one composite call. The pages
after a first one are fetched by the vendor's own locator, which rides in composite calls as well;
where a locator has been forgotten, or after a crash, the query goes on behind the last row.

A row gets its stamp inside a transaction and becomes visible at its end, so a row may appear behind
a cursor. That is why a finished pull moves its bookmark to the moment at which it *began*, by the
vendor's clock, and why the next one starts `overlap_s` before that. The bookmark does not follow
the rows: with them, a mass change would be fetched again by every pull until something newer came.

    bookmark     everything stamped earlier has been handed out, but for rows committed late
    began        start of the pull under way; none is under way when empty
    at           stamp and id of the last row handed out by the pull under way

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-query (seen 2026-11)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import structlog

from stagesync.connector import AnswerUnreadable, CrmError, Page, Pull, Record, Unavailable
from stagesync_salesforce import api, soql
from stagesync_salesforce.failures import QueryExpired
from stagesync_salesforce.records import columns, record_of
from stagesync_salesforce.transport import Part, Transport

_VERSION = 1
# A locator lives two days; one that dies again and again without a row is a fault of theirs.
RESTARTS = 5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pull of one object stands; instants are Unix seconds, 0 for none."""

    bookmark_s: float = 0.0
    began_s: float = 0.0
    at: tuple[float, str] | None = None

    def text(self) -> str:
        """The opaque form."""
        place = list(self.at) if self.at else None
        body = {"v": _VERSION, "bookmark": self.bookmark_s, "began": self.began_s, "at": place}
        return orjson.dumps(body).decode()

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The cursor of a text.

        One of another version stands for everything from the start: rows repeat, none is lost.
        """
        if text is None:
            return cls()
        try:
            body = orjson.loads(text)
            if body["v"] != _VERSION:
                return cls()
            at = (float(body["at"][0]), str(body["at"][1])) if body["at"] else None
            return cls(float(body["bookmark"]), float(body["began"]), at)
        except (ValueError, TypeError, KeyError, IndexError):
            return cls()


@dataclass(frozen=True, slots=True)
class _Query:
    """A query under way.

    Attributes:
        locator: path of its next page; empty for a query to be asked.
        asked_s: when the vendor ran it, by its own clock.
        restarts: how often it had to be asked anew since its last row.
    """

    wanted: Pull
    cursor: Cursor
    locator: str = ""
    asked_s: float = 0.0
    restarts: int = 0


def pull(
    transport: Transport, wanted: Sequence[Pull], *, overlap_s: float, page_size: int
) -> Iterator[Page]:
    """Pages of everything that changed since each cursor; see `Connector.pull`."""
    # All of them are checked before the first request: a mapping's mistake costs no call.
    for item in wanted:
        columns(api.sobject(item.object), item.fields)
    waiting = deque(_Query(item, Cursor.read(item.cursor)) for item in wanted)
    while waiting:
        asked = [waiting.popleft() for _ in range(min(api.HEAVY_PARTS, len(waiting)))]
        parts = [
            _part(query, transport.version, overlap_s=overlap_s, page_size=page_size)
            for query in asked
        ]
        answers = transport.composite(parts)
        failures: list[CrmError] = []
        for query, answer in zip(asked, answers, strict=True):
            if isinstance(answer, QueryExpired):
                waiting.append(_restarted(query))
            elif isinstance(answer, CrmError):
                failures.append(answer)
            else:
                page, rest = _read_page(query, answer, now_s=transport.server_now_s)
                yield page
                waiting.extend(rest)
        if failures:  # what came in the same answer is handed out first
            raise failures[0]


def _part(query: _Query, version: str, *, overlap_s: float, page_size: int) -> Part:
    asked = query_of(query.wanted, query.cursor, overlap_s=overlap_s)
    path = query.locator or api.query_path(version, asked)
    size = {"Sforce-Query-Options": f"batchSize={page_size}"}
    return Part("GET", path, headers=None if page_size == api.PAGE_SIZE else size)


def query_of(wanted: Pull, cursor: Cursor, *, overlap_s: float) -> str:
    """The query for what is behind a cursor."""
    spec = api.sobject(wanted.object)
    return soql.select(
        columns(spec, wanted.fields),
        spec.name,
        _since(cursor, overlap_s=overlap_s),
        spec.only,
        order=f"{api.STAMP}, Id",
    )


def _since(cursor: Cursor, *, overlap_s: float) -> str:
    if cursor.at is not None:
        stamp, last_id = soql.instant(cursor.at[0]), soql.quoted(cursor.at[1])
        return f"({api.STAMP} > {stamp} OR ({api.STAMP} = {stamp} AND Id > {last_id}))"
    if cursor.bookmark_s:
        return f"{api.STAMP} >= {soql.instant(max(0.0, cursor.bookmark_s - overlap_s))}"
    return ""


def _restarted(query: _Query) -> _Query:
    if not query.locator or query.restarts >= RESTARTS:
        raise Unavailable(f"Salesforce cannot keep a query of {query.wanted.object} alive")
    log.info("salesforce_query_restarted", object=query.wanted.object)
    return replace(query, locator="", restarts=query.restarts + 1)


def _read_page(query: _Query, answer: Any, *, now_s: float) -> tuple[Page, list[_Query]]:
    """The page in an answer, and the query for the rest: none when that was all."""
    if not isinstance(answer, dict) or not isinstance(answer.get("records"), list):
        raise AnswerUnreadable(f"a page of {query.wanted.object} has no records")
    rows, name = answer["records"], query.wanted.object
    spec = api.sobject(name)
    records = tuple(record_of(spec, row, query.wanted.fields) for row in rows)
    asked_s = query.asked_s if query.locator else _time_of(records, query.cursor, now_s=now_s)
    cursor = replace(
        query.cursor,
        began_s=query.cursor.began_s or asked_s,
        at=_place(records, asked_s) or query.cursor.at,
    )
    locator = "" if answer.get("done", True) else str(answer.get("nextRecordsUrl") or "")
    if not locator:
        done = Cursor(bookmark_s=cursor.began_s)
        return Page(name, records, done.text(), last=True), []
    rest = _Query(query.wanted, cursor, locator, asked_s, restarts=0 if rows else query.restarts)
    return Page(name, records, cursor.text(), last=False), [rest]


def _time_of(first: Sequence[Record], cursor: Cursor, *, now_s: float) -> float:
    """When a query ran, given its first page: not before any stamp in it, nor the last pull."""
    return max([now_s, cursor.bookmark_s, *(record.changed_at_s for record in first)])


def _place(records: Sequence[Record], asked_s: float) -> tuple[float, str] | None:
    """Stamp and id of the last row that stands where the order of the query put it.

    A later page may show a row as it was changed since, with its new stamp. To go on behind that
    stamp would jump over what lies between.
    """
    in_order = [record for record in records if record.changed_at_s <= asked_s]
    return (in_order[-1].changed_at_s, in_order[-1].id) if in_order else None

"""Everything that changed since an instant, by HubSpot's search.

The search can page 10,000 results deep, sorts by an index that lags, and is asked for while records
change under it. So pages are not counted off by offset, and not sorted by the stamp: they go on by
record id, which never changes and never repeats. Each page asks for ids above the last one; nothing
moves between pages when a record changes, ten thousand results are no border, and a million records
on one millisecond (a bulk import) are no special case.

What is trusted is checked: `total` says how many are left, so that many must be left after a page.
When fewer are (a record was archived meanwhile, or passed over), or when a page is out of order,
the ids that the page spans are asked for once more by offset, where order does not matter; if they
are too many for that, in two halves.

Source: https://developers.hubspot.com/docs/api-reference/search/guide (seen 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog

from stagesync.connector import AnswerUnreadable
from stagesync_hubspot import api, failures
from stagesync_hubspot.links import chunks
from stagesync_hubspot.records import Wish
from stagesync_hubspot.transport import Transport

log = structlog.get_logger()

Raw = Mapping[str, Any]

_SLACK = 40
"""Characters for `after`, and for what the vendor's client may add."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of changed records.

    Attributes:
        above_id: the search goes on behind this id.
        last: whether nothing is left.
        left: how many there were to find, those of this page included.
    """

    records: list[Raw] = field(repr=False)
    above_id: int
    last: bool
    left: int


def changed(
    transport: Transport, wish: Wish, *, since_ms: int, above_id: int, until_ms: int = 0
) -> Iterator[Found]:
    """Pages of what changed at or after `since_ms`, by id, each record once.

    Args:
        until_ms: and at or before this; 0 means up to now.
        above_id: where an earlier run stopped; 0 for the start.

    Raises:
        AnswerUnreadable: when HubSpot says that more is there and gives none of it.
    """
    ask = _Ask(transport, wish, since_ms, until_ms)
    expected, span, seen = 0, (0, 0), set[int]()
    while True:
        page, left = ask.search(above_id)
        if left and not page:
            raise AnswerUnreadable("HubSpot's search found records and gave none of them")
        last, fewer, ordered = left <= len(page), left < expected, list(page) == sorted(page)
        top = max(page, default=above_id)
        if not ordered and not last:
            page |= ask.all_between(above_id, top, but=set(page))
        expected = left - len(page)
        if fewer:
            page |= ask.all_between(*span, but=seen)
        span, seen, above_id = (above_id, top), set(page), top
        yield Found(_complete(transport, wish, list(page.values())), above_id, last, left)
        if last:
            return


def total(transport: Transport, item: api.HubSpotObject) -> int:
    """How many live records of an object the index holds, at the cost of one call."""
    body = {"filterGroups": [], "properties": [], "limit": 1}
    answer = transport.call(transport.search.do_search, item.plural, body)
    with failures.readable("a result of a search"):
        return int(answer["total"])


@dataclass(frozen=True, slots=True)
class _Ask:
    """The searches of one pull: they differ only in the ids they are about."""

    transport: Transport
    wish: Wish
    since_ms: int
    until_ms: int

    def search(
        self, above_id: int, *, up_to_id: int = 0, after: int = 0
    ) -> tuple[dict[int, Raw], int]:
        """One page of ids in (above, up to] by id, and how many there are in all.

        Args:
            after: results to pass over.
        """
        item = self.wish.item
        properties = _searched(self.wish)
        bounds = {"since_ms": self.since_ms, "above_id": above_id, "up_to_id": up_to_id}
        body = api.search_body(item, properties, until_ms=self.until_ms, **bounds)
        if after:
            body |= {"after": str(after), "limit": min(api.SEARCH_PAGE, api.SEARCH_REACH - after)}
        answer = self.transport.call(self.transport.search.do_search, item.plural, body)
        with failures.readable("a result of a search"):
            page = {int(one["id"]): one for one in answer.get("results") or ()}
            return page, int(answer["total"])

    def all_between(self, above_id: int, up_to_id: int, *, but: set[int]) -> dict[int, Raw]:
        """Every changed record in (above, up to] except those that are there already."""
        log.info("hubspot_search_reread", object=self.wish.item.kind.name)
        page, total = self.search(above_id, up_to_id=up_to_id)
        if total > api.SEARCH_REACH:
            middle = (above_id + up_to_id) // 2
            lower = self.all_between(above_id, middle, but=but)
            return lower | self.all_between(middle, up_to_id, but=but)
        found: dict[int, Raw] = {}
        passed = 0
        while page:
            found |= page
            passed += len(page)
            if passed >= total:
                break
            page, total = self.search(above_id, up_to_id=up_to_id, after=passed)
        return {one: raw for one, raw in found.items() if one not in but}


def _searched(wish: Wish) -> list[str]:
    """The properties that a search asks for: none when their names would make it too long."""
    largest = api.search_body(
        wish.item,
        wish.properties,
        since_ms=10**13,
        until_ms=10**13,
        above_id=10**15,
        up_to_id=10**15,
    )
    fits = len(orjson.dumps(largest)) + _SLACK <= api.SEARCH_BODY_CHARACTERS
    return wish.properties if fits else []


def _complete(transport: Transport, wish: Wish, page: list[Raw]) -> list[Raw]:
    """The page with all properties, read apart when the search could not ask for them."""
    if not page or _searched(wish):
        return page
    return read_raw(transport, wish, [one["id"] for one in page])


def read_raw(transport: Transport, wish: Wish, ids: list[str]) -> list[Raw]:
    """Records by id with all properties wished for; those that are gone are left out."""
    found: list[Raw] = []
    for chunk in chunks(ids, api.BATCH):
        body = api.read_body(chunk, [*wish.properties, wish.item.stamp])
        answer = transport.call(transport.batches.read, wish.item.plural, body)
        found += answer.get("results") or ()
    return found

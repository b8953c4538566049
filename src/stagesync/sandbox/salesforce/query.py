"""The query calls and their cursors.

A page is never longer than asked and often shorter, since Salesforce promises no length. A cursor
shows the rows as they stood when the query ran.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from stagesync.sandbox.salesforce.api import ApiAnswer, ApiRequest
from stagesync.sandbox.salesforce.errors import bad_request
from stagesync.sandbox.salesforce.history import define_fields
from stagesync.sandbox.salesforce.ids import with_checksum
from stagesync.sandbox.salesforce.org import Org
from stagesync.sandbox.salesforce.rows import Row
from stagesync.sandbox.salesforce.soql.columns import Column
from stagesync.sandbox.salesforce.soql.evaluate import Found, run
from stagesync.sandbox.salesforce.soql.parser import parse

SMALLEST_PAGE = 200
LARGEST_PAGE = 2_000
LONG_TEXT = 255


@dataclass(frozen=True, slots=True)
class Cursor:
    """An open result: what it found and how long its pages are to be."""

    rows: list[Row]
    render: Callable[[Row], dict[str, Any]]
    page: int
    opened_at: float


class Cursors:
    """Every open result of the org, by the 18 characters of its locator."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._open: dict[str, Cursor] = {}
        self._numbers = count(1)

    def open(self, found: Found, *, page: int) -> str:
        locator = with_checksum(f"01gSb{next(self._numbers):010d}")
        self._open[locator] = Cursor(found.rows, found.render, page, self._org.clock.now())
        return locator

    def find(self, locator: str) -> Cursor:
        """The cursor of a locator.

        Raises:
            ApiError: INVALID_QUERY_LOCATOR for an unknown or expired one.
        """
        oldest = self._org.clock.now() - self._org.switches.cursor_ttl_s
        cursor = self._open.get(locator)
        if cursor is None or cursor.opened_at < oldest:
            self._open.pop(locator, None)
            raise bad_request("INVALID_QUERY_LOCATOR", "invalid query locator")
        return cursor


def answer_query(
    org: Org, cursors: Cursors, request: ApiRequest, *, everything: bool, tooling: bool = False
) -> ApiAnswer:
    """The first page of a query."""
    text = request.query.get("q", "").strip()
    if not text:
        raise bad_request("MALFORMED_QUERY", "unexpected token: <EOF>")
    root = f"{request.root}/tooling" if tooling else request.root
    if "FieldDefinition" in text:  # its rows are worked out, not kept
        define_fields(org)
    found = run(org, parse(text), everything=everything, root=root, tooling=tooling)
    page = _page_size(request)
    if sum(_is_long_text(column) for column in found.columns) > 1:
        page = min(page, SMALLEST_PAGE)
    length = _shortened(org, page)
    if found.total <= length or not found.rows:
        body = _body(found.total, found.rows, found.render)
        return ApiAnswer(body=body, records=len(found.rows))
    locator = cursors.open(found, page=page)
    return _page(root, cursors.find(locator), locator, start=0, length=length)


def answer_more(
    org: Org, cursors: Cursors, request: ApiRequest, *, locator: str, tooling: bool = False
) -> ApiAnswer:
    """A further page; the locator ends with the place where it starts."""
    key, _, place = locator.partition("-")
    cursor = cursors.find(key)
    if not place.isdigit() or int(place) > len(cursor.rows):
        raise bad_request("INVALID_QUERY_LOCATOR", "invalid query locator")
    root = f"{request.root}/tooling" if tooling else request.root
    return _page(root, cursor, key, start=int(place), length=_shortened(org, cursor.page))


def _page(root: str, cursor: Cursor, locator: str, *, start: int, length: int) -> ApiAnswer:
    end = min(start + length, len(cursor.rows))
    rows = cursor.rows[start:end]
    body = _body(len(cursor.rows), rows, cursor.render)
    if end < len(cursor.rows):
        following = {"done": False, "nextRecordsUrl": f"{root}/query/{locator}-{end}"}
        body = {"totalSize": body["totalSize"], **following, "records": body["records"]}
    return ApiAnswer(body=body, records=len(rows))


def _body(total: int, rows: list[Row], render: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    return {"totalSize": total, "done": True, "records": [render(row) for row in rows]}


def _is_long_text(column: Column) -> bool:
    """Two of these in one query make its pages short."""
    field = column.field
    return field.custom and field.type == "textarea" and field.length > LONG_TEXT


def _page_size(request: ApiRequest) -> int:
    for option in request.headers.get("sforce-query-options", "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            return min(max(int(value), SMALLEST_PAGE), LARGEST_PAGE)
    return LARGEST_PAGE


def _shortened(org: Org, page: int) -> int:
    if not org.switches.short_pages:
        return page
    return int(page * org.random.uniform(org.switches.short_page_share, 1.0)) or 1

"""A search whose order cannot be trusted: worse than the sandbox can be brought to be."""

import operator
import random

import orjson
import pytest

from stagesync.connector import AnswerUnreadable, Pull
from stagesync.sandbox.server import serve
from stagesync_hubspot.cursor import Cursor

from .hubspot_account import account, pages_of

OPERATORS = {"GT": operator.gt, "LTE": operator.le}
START = Pull("contact", ("email",), Cursor(since_ms=1_000_000).to_text())
NO_SLOW_WORK = dict.fromkeys(("second_pass_after", "sweep_every", "recalculate_every"), "never")


def lawless(count, *, arriving=0):
    """A search of `count` contacts that ignores the sort asked for, the same way each time.

    After the first page `arriving` more are there.
    """
    ids = list(range(1, count + 1))
    random.Random(3).shuffle(ids)

    async def app(scope, receive, send):
        body = orjson.loads((await receive())["body"])
        found = ids
        for rule in body["filterGroups"][0]["filters"]:
            if rule["propertyName"] == "hs_object_id":
                holds, bound = OPERATORS[rule["operator"]], int(rule["value"])
                found = [one for one in found if holds(one, bound)]
        after = int(body.get("after", "0"))
        assert after + body["limit"] <= 10_000
        page = [row(one) for one in found[after : after + body["limit"]]]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        answer = orjson.dumps({"total": len(found), "results": page})
        ids.extend(range(count + 1, count + 1 + arriving) if len(ids) == count else ())
        await send({"type": "http.response.body", "body": answer})

    return app


def row(number):
    stamp = "2026-10-01T08:00:00.000Z"
    properties = {"email": f"p{number}@x.example", "lastmodifieddate": stamp}
    return {"id": str(number), "properties": properties, "updatedAt": stamp}


@pytest.mark.parametrize("count", [150, 1000, 12_000])
def test_search_out_of_order_gives_everything_once(count):
    """Ids are counted against the total, and what a page passed over is fetched by offset."""
    with account() as crm, serve(lawless(count)) as server:
        pages = pages_of(crm.connect(url=server.url, searches_per_s=100, **NO_SLOW_WORK), START)
        ids = [int(one.id) for page in pages for one in page.records]
        assert (list(range(1, count + 1)), True) == (sorted(ids), pages[-1].last)


def test_newcomers_do_not_hide_what_a_page_passed_over():
    """A page out of order is completed at once: later totals may have grown by new records."""
    with account() as crm, serve(lawless(1000, arriving=1000)) as server:
        pages = pages_of(crm.connect(url=server.url, searches_per_s=100, **NO_SLOW_WORK), START)
        ids = [int(one.id) for page in pages for one in page.records]
        assert list(range(1, 2001)) == sorted(ids)


def test_search_that_finds_and_gives_nothing_moves_no_bookmark():
    """A total without results ends the pull with an error instead of a false end."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"total":5,"results":[]}'})

    with account() as crm, serve(app) as server, pytest.raises(AnswerUnreadable):
        pages_of(crm.connect(url=server.url), START)


@pytest.mark.parametrize("record", [{}, {"id": "x"}, {"id": "1"}, {"id": "1", "properties": None}])
def test_record_without_what_every_record_has_is_unreadable(record):
    """A malformed record is an error of the CRM, never a crash."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        answer = orjson.dumps({"total": 1, "results": [record]})
        await send({"type": "http.response.body", "body": answer})

    with account() as crm, serve(app) as server, pytest.raises(AnswerUnreadable):
        pages_of(crm.connect(url=server.url), START)

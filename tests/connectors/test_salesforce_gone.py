"""What leaves the org: deleted, merged, restored, archived and converted records."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from stagesync.connector import Pull, Record, Refusal, Write
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed

PullAll = Callable[..., tuple[dict[str, dict[str, Record]], dict[str, str]]]
HOUR_S = 3_600
LEAD = {"lead": ("Title",)}


def lead_id(number: int) -> str:
    return make_id("Lead", number + 1)


def leads(count: int) -> SalesforceSeed:
    now = float(int(time.time()) - 7_200)
    row = {"LastName": "N", "Company": "C", "Status": "Open - Not Contacted"}
    stamps = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    return SalesforceSeed({"Lead": [{"Id": lead_id(n), **row, **stamps} for n in range(count)]})


def gone(found: dict[str, dict[str, Record]], name: str = "lead") -> dict[str, str]:
    return {key: record.merged_into for key, record in found[name].items() if record.gone}


def merge(bench: Any, master: int, *losers: int) -> None:
    bench.sim.merge(
        {"object": "Lead", "master": lead_id(master), "losers": [lead_id(n) for n in losers]}
    )
    bench.sim.clock.advance(10)


def test_deleted_record_comes_as_gone_when_the_sweep_is_due(
    empty_bench: Any, pull_all: PullAll
) -> None:
    """A deletion is told by the first pull an hour after the last sweep, and by none before."""
    empty_bench.sim.load(leads(5))
    _, cursors = pull_all(empty_bench.connector, LEAD)
    empty_bench.sim.delete({"object": "Lead", "id": lead_id(2)})
    empty_bench.sim.clock.advance(600)
    early, cursors = pull_all(empty_bench.connector, LEAD, **cursors)
    empty_bench.sim.clock.advance(HOUR_S)
    due, _ = pull_all(empty_bench.connector, LEAD, **cursors)
    assert ({}, {lead_id(2): ""}) == (gone(early), gone(due))


def test_sweeps_are_told_from_the_cursor(empty_bench: Any, pull_all: PullAll) -> None:
    """The status of a sweep: up to when it was made, when it is due, and nothing before a first load."""
    empty_bench.sim.load(leads(3))
    connector, told = empty_bench.connector, []
    start_s = empty_bench.clock.now_s()
    cursors: dict[str, str] = {}
    for wait_s in (0, HOUR_S + 60):
        empty_bench.sim.clock.advance(wait_s)
        _, cursors = pull_all(connector, LEAD, **cursors)
        (found,) = connector.rounds(cursors)
        told.append([round((at_s - start_s) / 60) for at_s in (found.done_at_s, found.due_at_s)])
    calls = connector.calls
    assert [[0, 60], [61, 121]] == told
    assert ([], calls) == (list(connector.rounds({"lead": "no cursor of ours"})), connector.calls)


def test_sweep_rides_in_the_composite_calls(bench: Any, pull_all: PullAll) -> None:
    """The sweep of eight objects makes four calls of two, once an hour."""
    every = {kind.name: () for kind in bench.connector.objects}
    _, cursors = pull_all(bench.connector, every)
    counts = []
    for advance_s in (HOUR_S, 60, 60):
        bench.sim.clock.advance(advance_s)
        before = bench.connector.calls
        _, cursors = pull_all(bench.connector, every, **cursors)
        counts.append(bench.connector.calls - before)
    assert [4, 2, 2] == counts


def test_sweep_every_is_an_option(empty_bench: Any, pull_all: PullAll) -> None:
    """`sweep_every: 5m` finds a deletion after five minutes."""
    empty_bench.sim.load(leads(3))
    connector = empty_bench.connect(sweep_every="5m")
    _, cursors = pull_all(connector, LEAD)
    empty_bench.sim.delete({"object": "Lead", "id": lead_id(0)})
    empty_bench.sim.clock.advance(301)
    found, _ = pull_all(connector, LEAD, **cursors)
    connector.close()
    assert {lead_id(0): ""} == gone(found)


@pytest.mark.parametrize("between", [False, True])
def test_chain_of_merges_is_followed_to_its_end(
    empty_bench: Any, pull_all: PullAll, between: bool
) -> None:
    """A merged into B, later B into C: both name C, also when a sweep lay between the two merges."""
    empty_bench.sim.load(leads(4))
    _, cursors = pull_all(empty_bench.connector, LEAD)
    merge(empty_bench, 1, 0)
    first: dict[str, str] = {}
    if between:
        empty_bench.sim.clock.advance(HOUR_S)
        found, cursors = pull_all(empty_bench.connector, LEAD, **cursors)
        first = gone(found)
    merge(empty_bench, 2, 1)
    empty_bench.sim.clock.advance(HOUR_S)
    found, _ = pull_all(empty_bench.connector, LEAD, **cursors)
    a, b, c = map(lead_id, range(3))
    assert (first, first | gone(found)) == (
        ({a: b}, {a: b, b: c}) if between else ({}, {a: c, b: c})
    )


def test_winner_on_a_later_page_is_asked_for(empty_bench: Any) -> None:
    """A loser comes with the end of its chain although the winner's own merge is pages away."""
    empty_bench.sim.load(leads(400))
    connector = empty_bench.connect(page_size=200)
    *_, done = connector.pull([Pull("lead", ())])
    merge(empty_bench, 1, 0)
    for number in range(3, 400):
        empty_bench.sim.delete({"object": "Lead", "id": lead_id(number)})
    merge(empty_bench, 2, 1)
    empty_bench.sim.clock.advance(HOUR_S)
    pages = connector.pull([Pull("lead", (), done.cursor)])
    first = next(record for page in pages for record in page.records if record.gone)
    connector.close()
    assert (lead_id(0), lead_id(2)) == (first.id, first.merged_into)


def test_restored_record_comes_back(empty_bench: Any, pull_all: PullAll) -> None:
    """A record taken out of the recycle bin comes as there again, and no sweep takes it away."""
    empty_bench.sim.load(leads(3))
    _, cursors = pull_all(empty_bench.connector, LEAD)
    told = []
    for act in (empty_bench.sim.delete, empty_bench.sim.undelete):
        act({"object": "Lead", "id": lead_id(1)})
        empty_bench.sim.clock.advance(HOUR_S)
        found, cursors = pull_all(empty_bench.connector, LEAD, **cursors)
        told.append(found["lead"][lead_id(1)].gone)
    assert [True, False] == told


def test_records_gone_before_the_first_load_are_not_told(
    empty_bench: Any, pull_all: PullAll
) -> None:
    """What was in the recycle bin already never was a record of ours."""
    empty_bench.sim.load(leads(3))
    empty_bench.sim.delete({"object": "Lead", "id": lead_id(1)})
    empty_bench.sim.clock.advance(HOUR_S)
    found, _ = pull_all(empty_bench.connector, LEAD)
    assert {lead_id(0): False, lead_id(2): False} == {
        key: record.gone for key, record in found["lead"].items()
    }


def test_cursor_of_before_sweeps_looks_through_the_whole_bin(
    empty_bench: Any, pull_all: PullAll
) -> None:
    """With a cursor stored by an earlier release, what was deleted days ago is told at once."""
    empty_bench.sim.load(leads(3))
    empty_bench.sim.delete({"object": "Lead", "id": lead_id(1)})
    empty_bench.sim.clock.advance(9 * 86_400)
    old = {"v": 1, "bookmark": empty_bench.sim.clock.now() - 60, "began": 0.0, "at": None}
    found, _ = pull_all(empty_bench.connector, LEAD, lead=json.dumps(old))
    assert {lead_id(1): ""} == gone(found)


def test_interrupted_sweep_goes_on_behind_its_last_page(empty_bench: Any) -> None:
    """A crash between two pages of a sweep repeats none of them and loses nothing."""
    empty_bench.sim.load(leads(2_500))
    *_, done = empty_bench.connector.pull([Pull("lead", ())])
    for number in range(2_500):
        empty_bench.sim.delete({"object": "Lead", "id": lead_id(number)})
    empty_bench.sim.clock.advance(HOUR_S)
    pages = empty_bench.connector.pull([Pull("lead", (), done.cursor)])
    first = next(page for page in pages if page.records)
    rest = list(empty_bench.connector.pull([Pull("lead", (), first.cursor)]))
    ids = [record.id for page in (first, *rest) for record in page.records]
    assert (2_500, 2_500, True) == (len(ids), len(set(ids)), rest[-1].last)
    assert {True} == {record.gone for page in (first, *rest) for record in page.records}


def test_archived_activities_come_with_the_first_load(bench: Any, pull_all: PullAll) -> None:
    """Activities that plain queries hide for their age are loaded all the same."""
    found, _ = pull_all(bench.connector, {"task": (), "event": ()})
    archived = {
        key
        for name in ("Task", "Event")
        for key, row in bench.rows(name).items()
        if row.get("IsArchived") and row.get("WhoId") and not row.get("IsChild")
    }
    assert len(archived) > 0
    assert set() == archived - {*found["task"], *found["event"]}


def test_write_to_a_lead_known_as_converted_is_not_sent(bench: Any, pull_all: PullAll) -> None:
    """The connector refuses as the vendor would, at no call; the other lead is written."""
    open_leads = [key for key, row in bench.rows("Lead").items() if not row["IsConverted"]]
    lead, other = open_leads[:2]
    _, cursors = pull_all(bench.connector, {"lead": ()})
    bench.sim.convert({"lead": lead})
    bench.sim.clock.advance(10)
    pull_all(bench.connector, {"lead": ()}, **cursors)
    before = bench.connector.calls
    alone = bench.connector.write([Write("lead", lead, {"Title": "x"})])
    free = bench.connector.calls - before
    both = bench.connector.write([Write("lead", key, {"Title": "x"}) for key in (lead, other)])
    assert (0, Refusal.CONVERTED, "CANNOT_UPDATE_CONVERTED_LEAD") == (
        free,
        alone[0].refusal,
        alone[0].code,
    )
    assert [Refusal.CONVERTED, None] == [result.refusal for result in both]
    assert "x" == bench.rows("Lead")[other]["Title"]


def test_refusal_as_converted_is_remembered(bench: Any) -> None:
    """The vendor's own refusal is asked for once."""
    lead = next(key for key, row in bench.rows("Lead").items() if row["IsConverted"])
    writes = [Write("lead", lead, {"Title": "x"})]
    results = [bench.connector.write(writes)[0].refusal for _ in range(2)]
    assert ([Refusal.CONVERTED] * 2, 1) == (results, bench.connector.calls)


def test_contacts_go_with_their_account(empty_bench: Any, pull_all: PullAll) -> None:
    """Deleting an account takes its contacts along, and each of them comes as gone."""
    call = empty_bench.call
    account = call("POST", "sobjects/Account", body={"Name": "Firm"})["id"]
    body = {"LastName": "N", "AccountId": account}
    contacts = {call("POST", "sobjects/Contact", body=body)["id"] for _ in range(3)}
    asked: dict[str, tuple[str, ...]] = {"account": (), "contact": ()}
    _, cursors = pull_all(empty_bench.connector, asked)
    empty_bench.sim.delete({"object": "Account", "id": account})
    empty_bench.sim.clock.advance(HOUR_S + 60)
    found, _ = pull_all(empty_bench.connector, asked, **cursors)
    assert ({account}, contacts) == (set(gone(found, "account")), set(gone(found, "contact")))

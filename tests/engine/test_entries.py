"""Leafing through the log: pages, one entry with its place in the chain, and all that fits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import stores
from stagesync.domain.chain import read_lines, verify
from stagesync.engine import audit, holds
from stagesync.engine.audit import verify_store
from stagesync.engine.entries import all_rows, entry_document, page_document
from stagesync.engine.exports import csv_lines, json_lines
from stagesync.engine.instants import iso
from stagesync.store import Store, entries, log, open_store
from stagesync.store.entries import KINDS, Wanted

from .bench import NOON_S, Bench

FILTERS: dict[str, tuple[Wanted, Callable[[dict[str, Any]], bool]]] = {
    "all": (Wanted(), lambda _: True),
    "since": (Wanted(since=iso(NOON_S + 300)), lambda e: e["at"] >= iso(NOON_S + 300)),
    "until": (Wanted(until=iso(NOON_S + 300)), lambda e: e["at"] <= iso(NOON_S + 300)),
    "run": (Wanted(run="r_2"), lambda e: e["run"] == "r_2"),
    "connection": (Wanted(connection="south"), lambda e: e["connection"] == "south"),
    "actor": (Wanted(actor='ann "the'), lambda e: e["actor"].startswith('ann "the')),
    "written": (Wanted(kind="written"), lambda e: "written" in e["result"]),
    "refused": (Wanted(kind="refused"), lambda e: "refused" in e["result"]),
    "identity": (Wanted(kind="identity"), lambda e: "identity" in e["result"]),
    "edit": (Wanted(kind="edit"), lambda e: "edit" in e["result"]),
    "hold": (
        Wanted(kind="hold"),
        lambda e: ("hold" in e["result"] or "release" in e["result"]) and "edit" not in e["result"],
    ),
    "hand": (Wanted(kind="hand"), lambda e: not e["run"] and e["actor"] != "stagesync"),
    "closed": (Wanted(kind="closed"), lambda e: "closed" in e["result"]),
    "both": (
        Wanted(run="r_1", kind="refused", connection="north"),
        lambda e: e["run"] == "r_1" and "refused" in e["result"] and e["connection"] == "north",
    ),
}


def _entry(number: int, run: str | None, result: dict[str, Any], **more: Any) -> dict[str, Any]:
    at = iso(NOON_S + 60 * number)
    return {"at": at, "run": run, "actor": "stagesync", "result": result} | more


def _about(number: int, **more: Any) -> dict[str, Any]:
    connection = ("north", "south")[number % 2]
    return {"person": f"p_{number % 3}", "connection": connection, "id": str(number)} | more


@pytest.fixture
def store(bench: Bench) -> Store:
    """Three runs, acts by hand between them, and every kind of entry; the clock goes back once."""
    results: list[dict[str, Any]] = [
        {"written": True},
        {"refused": "invalid", "code": "X", "words": "no"},
        {"identity": "joined"},
        {"edit": "respect", "hold": "h_1"},
        {"hold": "h_1", "kind": "edit"},
        {"release": "h_1", "kind": "edit"},
    ]
    number = 0
    for run in ("r_1", "r_2", "r_3"):
        for result in results:
            number += 1
            at = number if number != 9 else 1
            with bench.store.begin() as tx:
                told = _entry(at, run, result, field="stage", before=1, after='{"written":true}')
                audit.append(tx, [told | _about(number)])
                if number % 5 == 0:
                    actor = ('ann "the" admin', "bob")[number % 2]
                    audit.append(tx, [_entry(number, None, {"approved": "pl_1"}, actor=actor)])
        with bench.store.begin() as tx:
            now_s = NOON_S + 60 * number
            audit.close(tx, run, policy="standard@1", digest="d", now_s=now_s)
    return bench.store


def _all(store: Store) -> list[dict[str, Any]]:
    with store.begin() as tx:
        return list(log.read(tx))


def _paged(store: Store, wanted: Wanted, *, most: int, **more: Any) -> list[int]:
    """The numbers of every page."""
    found: list[int] = []
    before: int | None = None
    for _ in range(100):
        with store.begin() as tx:
            page = page_document(tx, wanted, before=before, most=most, **more)
        found += [each["seq"] for each in page["entries"]]
        before = page["next"]
        if before is None:
            return found
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("look", [3, 1_000])
def test_pages_have_every_entry_that_fits_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, look: int
) -> None:
    """Newest first, however far a page looks; and an export has the same, oldest first."""
    monkeypatch.setattr(entries, "LOOK", look)
    monkeypatch.setattr(entries, "AT_ONCE", 4)
    wanted, fits = FILTERS[name]
    expected = [each["seq"] for each in _all(store) if fits(each)]
    assert 0 < len(expected)
    assert expected[::-1] == _paged(store, wanted, most=2)
    assert expected == [each.seq for each in all_rows(store, wanted)]


@pytest.mark.parametrize("name", FILTERS)
def test_of_one_person_pages_have_what_fits(store: Store, name: str) -> None:
    """The same filters hold for what the log tells of somebody."""
    wanted, fits = FILTERS[name]
    own = [each for each in _all(store) if each["person"] == "p_1"]
    expected = [each["seq"] for each in own if fits(each)]
    assert expected[::-1] == _paged(store, wanted, most=2, person="p_1")
    assert expected == [each.seq for each in all_rows(store, wanted, person="p_1")]


def test_every_entry_is_told_by_one_kind(store: Store) -> None:
    """What a page calls an entry is what its filter finds."""
    kinds = {}
    for kind in KINDS:
        with store.begin() as tx:
            page = page_document(tx, Wanted(kind=kind), most=100)
        kinds |= {each["seq"]: each["kind"] for each in page["entries"]}
        assert {kind} == {each["kind"] for each in page["entries"]}
    assert {each["seq"] for each in _all(store)} == set(kinds)


def test_an_entry_tells_its_place(store: Store) -> None:
    """Each entry holds, and names the one before it in its own chain and the one after."""
    chains: dict[str, list[int]] = {}
    for each in _all(store):
        is_head = not each["run"] or "closed" in each["result"]
        chains.setdefault("" if is_head else each["run"], []).append(each["seq"])
    for chain in chains.values():
        for before, seq, after in zip([None, *chain], chain, [*chain[1:], None], strict=False):
            with store.begin() as tx:
                found = entry_document(tx, seq)
            assert found is not None
            assert ("", before, after) == (found["broken"], found["before"], found["after"])
    with store.begin() as tx:
        assert entry_document(tx, 999) is None


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE audit SET part = replace(part, '\"after\"', '\"later\"') WHERE seq = 3", {3}),
        ("UPDATE audit SET kept = replace(kept, 'r_1', 'r_2') WHERE seq = 3", {3}),
        ("UPDATE audit SET hash = 'f00' WHERE seq = 3", {3, 4}),
        ("DELETE FROM audit WHERE seq = 3", {2, 4}),
    ],
)
def test_a_broken_entry_is_seen_on_its_page(store: Store, change: str, found: set[int]) -> None:
    """What was altered or taken out shows at the entry, or at its neighbours in the chain."""
    with store.begin() as tx:
        stores.unguard(tx)
        tx.execute(text(change))
    broken = set()
    for each in range(1, 6):
        with store.begin() as tx:
            document = entry_document(tx, each)
        broken |= {each} if document and document["broken"] else set()
    assert found == broken


def test_an_export_verifies(store: Store) -> None:
    """The JSON Lines of all entries are what `audit verify` takes; the CSV has a line for each."""
    lines = list(json_lines(all_rows(store, Wanted())))
    verdict = verify(read_lines(each.encode() for each in lines))
    assert (None, len(_all(store))) == (verdict.broken, verdict.entries)
    assert 1 + len(lines) == len(list(csv_lines(all_rows(store, Wanted()))))


def test_an_export_ends_where_the_log_ended_when_it_began(store: Store) -> None:
    """What is written while somebody takes it along is not in it: it stays one state of the log."""
    count = len(_all(store))
    rows = all_rows(store, Wanted())
    first = next(rows)
    with store.begin() as tx:
        audit.tell(tx, {"retried": 1}, actor="ann", now_s=NOON_S)
    assert count == len([first, *rows])


class _Told:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.done = 0

    def phase(self, name: str, total: int | None = None) -> None:
        self.total = total

    def advance(self, count: int) -> None:
        self.done += count


def test_verifying_tells_how_far_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In entries of all there are."""
    monkeypatch.setattr(audit, "TELL_EVERY", 4)
    told, count = _Told(), len(_all(store))
    with store.begin() as tx:
        verify_store(tx, progress=told)
    assert (count, count // 4 * 4) == (told.total, told.done)


def test_a_real_log_reads_the_same(bench: Bench) -> None:
    """Of runs and acts as they are, each page tells kinds that its filters know."""
    contact = bench.contact("ann@firm.example", last="Ng")
    bench.sync()
    who = str(bench.person("north", "contact", contact))
    now_s = bench.clock.now_s()
    holds.hold(bench.deployment, who, for_s=None, by="ann", now_s=now_s)
    holds.release(bench.deployment, who, by="ann", now_s=now_s)
    bench.form(contact)
    bench.sync()
    with bench.store.begin() as tx:
        page = page_document(tx, Wanted(), most=100)
    assert {"written", "hold", "closed"} <= {each["kind"] for each in page["entries"]}


def test_pages_are_read_beside_a_writer(tmp_path: Path) -> None:
    """A page and an export wait for nobody who writes, and see what was there before."""
    with_file = open_store(stores.in_file(tmp_path / "stagesync.db"))
    with with_file.begin() as tx:
        audit.tell(tx, {"retried": 1}, actor="ann", now_s=NOON_S)
    with with_file.begin() as tx:
        audit.tell(tx, {"retried": 2}, actor="ann", now_s=NOON_S)
        assert 1 == len(list(all_rows(with_file, Wanted())))
    assert 2 == len(list(all_rows(with_file, Wanted())))
    with_file.close()

"""The log in the console, over real HTTP: filtered, an address for each entry, taken along, verified."""

from __future__ import annotations

import csv
import html
import io
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.engine.bench import Bench, make_bench

import stores
from console import Console, Reader
from stagesync.domain.chain import read_lines, verify
from stagesync.engine import audit
from stagesync.engine.instants import iso
from stagesync.store import log, open_store

RUN = "r_1f2e3d4c"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A settled person, two runs and two acts by hand."""
    made = make_bench(store=open_store(stores.in_file(tmp_path / "stagesync.db")))
    contact = made.contact("ann@firm.example", last="Ng")
    made.sync()
    made.form(contact)
    made.sync()
    now_s = made.clock.now_s()
    with made.store.begin() as tx:
        audit.tell(tx, {"retried": 1}, actor="bob", now_s=now_s + 86_400)
        audit.tell(tx, {"retried": 2}, actor="=1+1", now_s=now_s + 86_400)
    yield made
    made.store.close()


def _listed(reader: Reader, query: str = "") -> list[int]:
    page = reader.get(f"/audit{query}")
    assert page.status_code == 200, page.text
    return [int(each) for each in re.findall(r'<th scope="row"><a href="/audit/(\d+)"', page.text)]


def _entries(bench: Bench) -> list[dict[str, object]]:
    with bench.store.begin() as tx:
        return list(log.read(tx))


def test_the_log_is_filtered(console: Console) -> None:
    """Each filter shows what fits, newest first; a person is found by their address."""
    reader = console.reader()
    known = _entries(console.bench)
    everything = [each["seq"] for each in known][::-1]
    assert everything == _listed(reader)
    ann = [e["seq"] for e in known if e["person"]][::-1]
    assert ann == _listed(reader, "?person=ann@firm.example")
    bob = [e["seq"] for e in known if e["actor"] == "bob"]
    assert bob == _listed(reader, "?actor=bob&kind=hand")
    run = next(e["run"] for e in reversed(known) if e["run"])
    assert [e["seq"] for e in known if e["run"] == run][::-1] == _listed(reader, f"?run={run}")
    assert [] == _listed(reader, "?connection=elsewhere")


def test_days_are_those_of_the_reader(console: Console) -> None:
    """From midnight to midnight where the reader is, not in UTC."""
    reader = console.reader()
    moments = (("2026-12-09T22:59:59", 1), ("2026-12-09T23:00:00", 2), ("2026-12-10T22:59:59", 3))
    with console.bench.store.begin() as tx:
        audit.append(
            tx,
            [
                {"at": f"{at}Z", "actor": "zoe", "result": {"retried": number}}
                for at, number in moments
            ],
        )
    numbers = _listed(reader, "?actor=zoe")
    reader.http.cookies.set("stagesync_zone", "Europe/Paris")
    assert numbers[:2] == _listed(reader, "?actor=zoe&since=2026-12-10&until=2026-12-10")


def test_a_wrong_filter_is_told_in_place(console: Console) -> None:
    """An instant that cannot be read, or a person whom nobody knows: the form stays, with the reason."""
    reader = console.reader()
    for query, words in (
        ("since=yesterday", "“yesterday” is no date"),
        ("person=nobody@none.example", "nobody here has that e-mail"),
        ("kind=magic", "There is no such kind of entry."),
    ):
        page = reader.get(f"/audit?{query}")
        assert (422, True) == (page.status_code, words in html.unescape(page.text))
    # What a request forges is an answer, not a mistake of ours.
    assert 422 == reader.get("/audit/export?since=yesterday").status_code
    assert 200 == reader.get("/audit?before=" + "9" * 40).status_code
    assert 404 == reader.get("/audit/" + "9" * 40).status_code


def test_an_entry_has_an_address(console: Console) -> None:
    """Its page tells what it says, its hash and its neighbours in the chain, and that it holds."""
    reader = console.reader()
    entry = next(e for e in _entries(console.bench) if e["field"] == "stage")
    page = reader.get(f"/audit/{entry['seq']}").text
    for each in (entry["hash"], f"/runs/{entry['run']}", f"/people/{entry['person']}"):
        assert str(each) in page
    assert "It stands as it was sealed" in page


def test_an_altered_entry_is_told_on_its_page_and_by_the_check(console: Console) -> None:
    """What somebody changed in the database shows; the verdict names the first entry that does not fit."""
    reader = console.reader()
    entry = next(e for e in _entries(console.bench) if e["field"] == "stage")
    assert "The log holds." in _verdict(reader)
    with console.bench.store.begin() as tx:
        stores.unguard(tx)
        tx.execute(
            text("UPDATE audit SET part = replace(part, 'contact', 'evangelist') WHERE seq = :seq"),
            entry,
        )
    assert "it was altered" in reader.get(f"/audit/{entry['seq']}").text
    told = _verdict(reader)
    assert "The log does not hold." in told
    assert f"Entry {entry['seq']}" in told


def _verdict(reader: Reader) -> str:
    return reader.after_job(reader.post("/audit/verify").url.removeprefix(reader.url))


def test_json_lines_are_what_the_command_checks(console: Console) -> None:
    """The whole log verifies, in a file that is named for the reader."""
    answer = console.reader(language="fr").get("/audit/export?format=jsonl")
    verdict = verify(read_lines(answer.content.splitlines()))
    assert (None, len(_entries(console.bench))) == (verdict.broken, verdict.entries)
    assert (
        'attachment; filename="journal-stagesync-2026-11-20.jsonl"'
        == (answer.headers["content-disposition"])
    )


def test_csv_runs_no_formula(console: Console) -> None:
    """What a spreadsheet would run stays text, and the filters hold for what is taken along."""
    answer = console.reader().get("/audit/export?format=csv&actor=%3D1")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert ["'=1+1"] == [each["actor"] for each in rows]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_an_export_is_never_held_in_memory(console: Console) -> None:
    """Forty thousand entries go out while the server grows by a few of its chunks."""
    at = iso(console.bench.clock.now_s())
    entry = {"at": at, "run": RUN, "actor": "stagesync", "result": {"identity": "x" * 100}}
    for _ in range(8):
        with console.bench.store.begin() as tx:
            audit.append(tx, [entry] * 5_000)
    reader = console.reader()
    tracemalloc.start()
    size = 0
    with reader.get(f"/audit/export?run={RUN}", stream=True) as answer:
        for part in answer.iter_content(65_536):
            size += len(part)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 15_000_000
    assert peak < 8_000_000

"""Runs as people look at them: leafed through, and what each changed by connection and move."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import text

from stagesync.engine import runs
from stagesync.engine.runs import run_document, runs_document, runs_since
from stagesync.store import state

from .bench import Bench


def _run(bench: Bench, run: str) -> dict[str, Any]:
    with bench.store.begin() as tx:
        found = run_document(tx, bench.deployment, run)
    assert found is not None
    return found


def _moved(bench: Bench) -> str:
    """A run in which three move up, one is refused, and one is new, in both CRMs."""
    contacts = [bench.contact(f"p{n}@firm.example", last=f"Ng{n}") for n in range(3)]
    bench.member("p0@firm.example", LastName="Ng0")
    bench.sync()
    for contact in contacts:
        bench.form(contact)
    bench.refuse("north", "contact", contacts[1])
    bench.contact("new@firm.example", last="New")
    return bench.sync().run


def test_what_a_run_changed_is_told_by_move(bench: Bench) -> None:
    """People, values and refusals of each connection and move are those of the log, with examples from it."""
    run = _moved(bench)
    document = _run(bench, run)
    own = [e for e in bench.audit() if e["run"] == run and e["field"]]
    moves = Counter(
        (e["connection"], e["stage_from"] or "", e["stage_to"], "written" in e["result"])
        for e in own
    )
    told = {
        (e["connection"], e["from"], e["to"], is_written): e[key]
        for e in document["changes"]
        for key, is_written in (("written", True), ("refused", False))
        if e[key]
    }
    assert moves == told
    people = {(e["connection"], e["stage_from"] or "", e["stage_to"]): set[str]() for e in own}
    for e in own:
        people[e["connection"], e["stage_from"] or "", e["stage_to"]].add(e["person"])
    assert {key: len(each) for key, each in people.items()} == {
        (e["connection"], e["from"], e["to"]): e["people"] for e in document["changes"]
    }
    for change in document["changes"]:
        for entry in change["examples"]:
            assert (change["connection"], change["to"]) == (entry["connection"], entry["stage_to"])
    assert any(e["field"] == "stage" for c in document["changes"] for e in c["examples"])


def test_sums_are_kept_and_need_no_log(bench: Bench) -> None:
    """What a run kept of its changes is what its entries tell; one that kept nothing is read from them."""
    run = _moved(bench)
    kept = _run(bench, run)["changes"]
    with bench.store.begin() as tx:
        tx.execute(text("UPDATE run SET summary = '{}' WHERE id = :run"), {"run": run})
    assert (kept, False) == (_run(bench, run)["changes"], _run(bench, run)["part"])


def test_a_broken_off_run_is_told_by_its_first_entries(bench: Bench, monkeypatch: Any) -> None:
    """Of a run that kept nothing so many entries are read and no more, and that is said."""
    monkeypatch.setattr(runs, "MOST_READ", 2)
    run = _moved(bench)
    with bench.store.begin() as tx:
        tx.execute(
            text(
                "UPDATE run SET summary = '{}', ended_at_s = NULL, outcome = 'running'"
                " WHERE id = :run"
            ),
            {"run": run},
        )
    found = _run(bench, run)
    assert (True, 2, state.BROKEN_OFF) == (
        found["part"],
        sum(each["written"] + each["refused"] for each in found["changes"]),
        found["outcome"],
    )


def test_runs_are_leafed_through(bench: Bench) -> None:
    """Each once, newest first; and from an instant on, oldest first."""
    made = [bench.sync().run for _ in range(5)]
    found, before, pages = [], None, 0
    while True:
        with bench.store.begin() as tx:
            page = runs_document(tx, before=before, most=2)
        found += [each["run"] for each in page["runs"]]
        before, pages = page["next"], pages + 1
        if before is None:
            break
    assert (made[::-1], 3) == (found, pages)
    began_s = _run(bench, made[3])["started_at_s"]
    with bench.store.begin() as tx:
        assert made[3:] == [each["run"] for each in runs_since(tx, began_s, most=9)]


def test_a_run_that_was_under_way_is_among_those_since(bench: Bench) -> None:
    """It may have done what was decided meanwhile; one that was over by then, and one that broke off earlier, did not."""
    made = [bench.sync().run for _ in range(3)]
    with bench.store.begin() as tx:
        sql = "UPDATE run SET started_at_s = :begin, ended_at_s = :end WHERE id = :run"
        for run, begin, end in zip(made, (0.0, 10.0, 30.0), (None, 20.0, 40.0), strict=True):
            tx.execute(text(sql), {"run": run, "begin": begin, "end": end})

    def since(at_s: float) -> list[str]:
        with bench.store.begin() as tx:
            return [each["run"] for each in runs_since(tx, at_s, most=9)]

    assert (made[1:], made[2:], made[2:]) == (since(15.0), since(25.0), since(30.0))
    assert [] == since(41.0)

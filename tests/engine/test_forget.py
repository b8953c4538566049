"""Whoever is forgotten is gone from every table, every page of the file and the log, and stays out."""

import json
from pathlib import Path
from typing import Any

import pytest

from stagesync.connector import Named
from stagesync.engine import holds, verdicts
from stagesync.engine.audit import verify_store
from stagesync.engine.find import find, find_in_log
from stagesync.engine.forget import finish, forget, preview
from stagesync.engine.forgotten import forget_again, listed, readmit
from stagesync.engine.report import report, told_of
from stagesync.engine.report_words import SECTIONS, WORDS
from stagesync.engine.run import run_once
from stagesync.engine.status import status
from stagesync.errors import ArgumentError
from stagesync.store import forgotten, open_store, records
from stagesync.store.personal import HOLDINGS
from stagesync.store.schema import metadata

from .bench import Bench, iso, make_bench
from .personal_data import ME, plant, planted, whole_store
from .test_inbox import hear


def _forget(bench: Bench, who: str) -> Any:
    return forget(bench.deployment, who, by="bea", now_s=bench.clock.now_s())


def _known(bench: Bench) -> str:
    with bench.store.begin() as tx:
        return whole_store(tx)


@pytest.fixture
def stored(store_url: str, tmp_path: Path) -> Any:
    """A deployment whose store others can open, and the file that it is in, on SQLite."""
    file = tmp_path / "stagesync.db"
    made = make_bench(store=open_store(store_url))
    yield made, file
    made.store.close()


def _life(bench: Bench) -> tuple[str, str, str]:
    """Ann in both CRMs with a firm, a form, a meeting of her own, one with Bo, a deal, a hold and a verdict."""
    firm = bench.north.add("company", {"domain": "firm.example", "name": "Firm"})
    ann = bench.contact(
        "ann.marlow@firm.example", first="Annabel", last="Marlow", links={"company": (firm,)}
    )
    bo = bench.contact("bo@firm.example", first="Bo", last="Li", links={"company": (firm,)})
    member = bench.member("ann.marlow@firm.example", FirstName="Annabel", LastName="Marlow")
    lead = bench.member(
        "a.marlow@home.example", kind="lead", FirstName="Annabel", LastName="Marlow"
    )
    bench.form(ann)
    at = {"starts": iso(bench.clock.at_s - 3_600), "outcome": "done"}
    bench.north.add("meeting", at, links={"contact": (ann,)})
    bench.north.add("meeting", at, links={"contact": (ann, bo)})
    opened = {"won": "false", "closed": "false", "opened": iso(bench.clock.at_s)}
    bench.north.add("deal", opened, links={"contact": (ann,), "company": (firm,)})
    bench.sync()
    person = str(bench.person("north", "contact", ann))
    now_s = bench.clock.now_s()
    holds.hold(bench.deployment, person, for_s=None, by="bea", now_s=now_s)
    other = str(bench.person("south", "lead", lead))
    verdicts.join(bench.deployment, person, other, by="bea", now_s=now_s)
    bench.sync()
    return ann, bo, member


def test_nothing_of_the_forgotten_is_left(stored: tuple[Bench, Path]) -> None:
    """Neither address nor name, no id of ours nor of a CRM stands anywhere; others stay; the chain holds."""
    bench, file = stored
    ann, bo, member = _life(bench)
    person = str(bench.person("north", "contact", ann))
    kept = str(bench.person("north", "contact", bo))
    assert ("Marlow" in _known(bench), person in _known(bench)) == (True, True)
    told = _forget(bench, "ann.marlow@firm.example")
    assert {"north": 1, "south": 2} == told.records
    assert person in told.people
    finish(bench.deployment, now_s=bench.clock.now_s())
    left = _known(bench)
    assert [] == [each for each in ("arlow", "Annabel", person) if each in left]
    with bench.store.begin() as tx:
        assert {} == records.records_of(tx, "north", "contact", [ann])
        assert {} == records.records_of(tx, "south", "contact", [member])
        assert None is verify_store(tx).broken
    assert {"blanked": told.entries, "why": "asked for"} == bench.audit()[-1]["result"]
    assert kept == bench.person("north", "contact", bo)
    if file.exists():
        pages = file.read_bytes() + file.with_name(f"{file.name}-wal").read_bytes()
        assert [] == [each for each in (b"arlow", b"Annabel", person.encode()) if each in pages]


def test_the_forgotten_stay_out(bench: Bench) -> None:
    """What the CRM still has is not taken in, by poll, webhook, link or activity, and nothing is written to it."""
    ann, bo, member = _life(bench)
    _forget(bench, f"north/contact/{ann}")
    before = dict(bench.north.rows["contact", ann].fields)
    bench.form(ann, count=2)
    before |= {
        each: bench.north.rows["contact", ann].fields[each] for each in ("last_form", "forms")
    }
    bench.south.edit("contact", member, {"Title": "Director"})
    at = {"starts": iso(bench.clock.at_s), "outcome": "done"}
    bench.north.add("meeting", at, links={"contact": (ann,)})
    bench.north.add("meeting", at, links={"contact": (ann, bo)})
    bench.south.add("event", {"Start": iso(bench.clock.at_s)}, links={"contact": (member,)})
    assert 0 == hear(bench, Named("contact", ann))
    outcome = bench.sync()
    assert (0, 0) == (outcome.exit_code, bench.sync().plan.go)
    left = _known(bench)
    assert [] == [each for each in ("arlow", "Annabel") if each in left]
    with bench.store.begin() as tx:
        assert {} == records.records_of(tx, "north", "contact", [ann])
        assert {} == records.records_of(tx, "south", "contact", [member])
        assert [] == list(records.records_of(tx, "south", "event", ["1"]))
    assert before == bench.north.rows["contact", ann].fields
    assert 1 == outcome.people
    assert 4 <= status(bench.deployment, now_s=bench.clock.now_s())["forgotten"]


def test_a_forgotten_record_can_be_taken_in_again(bench: Bench) -> None:
    """After `--undo` the next run reads it, though nothing of it changed; before, nothing does."""
    ann, _, _ = _life(bench)
    _forget(bench, f"north/contact/{ann}")
    bench.sync()
    now_s = bench.clock.now_s()
    assert not readmit(bench.deployment, "north/contact/999", by="bea", now_s=now_s)
    assert readmit(bench.deployment, f"north/contact/{ann}", by="bea", now_s=now_s)
    bench.sync()
    assert bench.person("north", "contact", ann)
    with pytest.raises(ArgumentError, match="is no record of a connection"):
        readmit(bench.deployment, "ann", by="bea", now_s=now_s)


def test_a_preview_erases_nothing(bench: Bench) -> None:
    """What would be erased is counted as it will be, and everything stays."""
    ann, _, _ = _life(bench)
    before = _known(bench)
    told = preview(bench.deployment, f"north/contact/{ann}", now_s=bench.clock.now_s())
    assert before == _known(bench)
    assert told == _forget(bench, f"north/contact/{ann}")


def test_an_id_that_ended_names_who_goes_on(bench: Bench) -> None:
    """Two turned out to be one: the id that ended finds them, and is erased with them."""
    ann = bench.contact("ann@firm.example", first="Annabel", last="Marlow")
    member = bench.member("a.marlow@home.example", FirstName="Annabel", LastName="Marlow")
    bench.sync()
    ids = {
        str(bench.person("north", "contact", ann)),
        str(bench.person("south", "contact", member)),
    }
    bench.south.edit("contact", member, {"Email": "ann@firm.example"})
    bench.sync()
    stays = str(bench.person("north", "contact", ann))
    (ended,) = ids - {stays}
    with bench.store.begin() as tx:
        assert ("person", stays) == find(tx, ended)
    assert sorted(ids) == sorted(_forget(bench, ended).people)
    with pytest.raises(ArgumentError, match="nobody here"):
        _forget(bench, ended)
    finish(bench.deployment, now_s=bench.clock.now_s())
    assert ended not in _known(bench)


def test_an_id_whose_records_went_to_several_says_to_whom(bench: Bench) -> None:
    """Joined with somebody, then parted in two: nobody is chosen, and the names are told."""
    # The first record names a person: were it the one that parts, the id would live again.
    near = {name: bench.contact(f"{name}@firm.example", last=name) for name in ("ann", "bo")}
    bench.sync()
    refs = {
        name: (
            ("north", "contact", contact),
            ("south", "contact", bench.member(f"{name}@firm.example", LastName=name)),
        )
        for name, contact in near.items()
    }
    bench.sync()
    ids = {str(bench.person(*one)): (one, other) for one, other in refs.values()}
    now_s = bench.clock.now_s()
    verdicts.join(bench.deployment, *ids, by="bea", now_s=now_s)
    stays = str(bench.person(*refs["ann"][0]))
    (ended,) = ids.keys() - {stays}
    verdicts.split(bench.deployment, "/".join(ids[ended][1]), by="bea", now_s=now_s)
    bench.sync()
    found = [str(bench.person(*ref)) for ref in ids[ended]]
    with pytest.raises(ArgumentError, match="names several") as told, bench.store.begin() as tx:
        find(tx, ended)
    assert [True, True] == [each in str(told.value) for each in found]


def test_an_id_of_which_only_a_history_is_left_is_told_and_can_be_forgotten(bench: Bench) -> None:
    """All their records were let go; what the log and the history tell is erased by the id."""
    ann = bench.contact("ann@firm.example", first="Annabel", last="Marlow")
    bench.sync()
    person = str(bench.person("north", "contact", ann))
    bench.north.delete("contact", ann)
    bench.sync()
    with bench.store.begin() as tx:
        tx.exec_driver_sql("DELETE FROM record WHERE object = 'contact'")
        with pytest.raises(ArgumentError, match=f"{person} is nobody any more"):
            find(tx, person)
        assert person == find_in_log(tx, person)
    assert (person,) == _forget(bench, person).people
    finish(bench.deployment, now_s=bench.clock.now_s())
    assert person not in _known(bench)


def test_who_cannot_be_forgotten_is_said(bench: Bench) -> None:
    """Nobody of that name, an account."""
    ann, _, _ = _life(bench)
    account = bench.placed(bench.person("north", "contact", ann)).account
    for who, words in (("zoe@firm.example", "nobody here"), (str(account), "is an account")):
        with pytest.raises(ArgumentError, match=words):
            _forget(bench, who)


def test_who_is_gone_from_the_crm_can_be_forgotten(bench: Bench) -> None:
    """A deleted contact leaves its record here; it goes by its address or id, and by a person's other record."""
    ann, _, _ = _life(bench)
    bench.north.delete("contact", ann)
    bench.sync()
    assert "ann.marlow" in _known(bench)
    _forget(bench, "a.marlow@home.example")
    finish(bench.deployment, now_s=bench.clock.now_s())
    assert [] == [each for each in ("arlow", "Annabel") if each in _known(bench)]
    bo = bench.contact("zed@firm.example", last="Quill")
    bench.sync()
    bench.north.delete("contact", bo)
    bench.sync()
    _forget(bench, "zed@firm.example")
    assert "Quill" not in _known(bench)


def test_an_older_backup_forgets_again(bench: Bench, tmp_path: Path) -> None:
    """The list of digests, kept beside the backup, finds whom to erase in a store that still has them."""
    file = tmp_path / "old.db"
    old = make_bench(store=open_store(f"sqlite:///{file}"))
    for each in (bench, old):
        _life(each)
        _forget(each, "bo@firm.example")
    with old.store.begin() as tx, bench.store.begin() as other:
        tx.exec_driver_sql("DELETE FROM forgotten")
        forgotten.set_key(tx, forgotten.key_of(other))
    ann = "ann.marlow@firm.example"
    _forget(bench, ann)
    lines = [json.loads(json.dumps(each)) for each in listed(bench.deployment)]
    assert "marlow" not in str(lines)
    told = forget_again(old.deployment, lines, by="bea", now_s=old.clock.now_s())
    assert {"north": 1, "south": 2} == told.records
    finish(old.deployment, now_s=old.clock.now_s())
    assert [] == [each for each in ("arlow", "Annabel") if each in _known(old)]
    assert len(lines) - 1 == len(listed(old.deployment)) - 1
    for wrong, words in (
        ([{"key": "00" * 32}], "another store"),
        ([{"digest": "x"}], "is no list"),
        ([], "is no list"),
    ):
        with pytest.raises(ArgumentError, match=words):
            forget_again(old.deployment, wrong, by="bea", now_s=0.0)
    old.store.close()


def test_every_column_says_whose_it_is() -> None:
    """Each column of each table is classified, once: a new one must say whether it tells of a person."""
    found = {
        table: sorted((*each.personal, *each.plain, *each.staff))
        for table, each in HOLDINGS.items()
    }
    assert {t.name: sorted(c.name for c in t.columns) for t in metadata.sorted_tables} == found
    for each in HOLDINGS.values():
        assert set(each.by) <= {*each.personal, *each.plain}


def test_the_report_has_every_personal_column(bench: Bench) -> None:
    """A marker in each column that tells of a person comes out in the report, in the section of its table."""
    with bench.store.begin() as tx:
        company = records.name_records(tx, [("north", "company", "c1")])["north", "company", "c1"]
        traces = plant(tx, company=company)
        told = told_of(tx, bench.deployment, traces)
    missed = [(t, c) for t, c, text in planted() if text not in json.dumps(told[t])]
    assert [] == missed
    assert [{"from": "north/contact/crm-id-marked-4711", "to": "north/company/c1"}] == told["link"]
    assert set(SECTIONS) == {
        t for t, each in HOLDINGS.items() if each.personal and t != "forgetting"
    } | {"deal"}
    assert [] == [(t, k) for t, rows in told.items() for row in rows for k in row if k not in WORDS]


def test_what_is_planted_everywhere_is_erased_everywhere(store_url: str, tmp_path: Path) -> None:
    """Of a marker in every personal column none is left in any table, nor in a page of SQLite's file."""
    bench = make_bench(store=open_store(store_url))
    with bench.store.begin() as tx:
        company = records.name_records(tx, [("north", "company", "c1")])["north", "company", "c1"]
        plant(tx, company=company)
        before = whole_store(tx)
    assert before.count("marked-") > 50
    _forget(bench, ME)
    finish(bench.deployment, now_s=bench.clock.now_s())
    left = _known(bench)
    assert [] == [line for line in left.splitlines() if "marked" in line]
    assert "p_other" in left
    bench.store.close()
    assert not any(b"marked" in each.read_bytes() for each in tmp_path.glob("stagesync.db"))


def test_a_report_tells_of_nobody_else(bench: Bench) -> None:
    """Facts, stages, entries and the CRM of each; not the colleague, the rival, nor who works here."""
    ann, bo, member = _life(bench)
    bo_person = str(bench.person("north", "contact", bo))
    found = report(bench.deployment, "ann.marlow@firm.example", now_s=bench.clock.now_s())
    text = json.dumps(found)
    for each in (
        "ann.marlow@firm.example",
        "Annabel",
        f"north/contact/{ann}",
        f"south/contact/{member}",
    ):
        assert each in text
    for each in ("bo@firm.example", bo_person, f"north/contact/{bo}", '"bea"'):
        assert each not in text, each
    rows = {each["section"]: each["rows"] for each in found["sections"]}
    assert all(
        rows[each]
        for each in (
            "person",
            "record",
            "activity",
            "deal",
            "transition",
            "hold",
            "audit",
            "verdict",
        )
    )
    assert {"north"} == {each["from"]["connection"] for each in found["now"]["facts"].values()}
    assert {"en", "fr"} == set(found["now"]["stages"]["standard"]["labels"])
    assert all(
        {"en", "fr"} == set(each["labels"]) and each["labels"]["fr"] for each in found["sections"]
    )


def test_a_report_of_nobody_is_refused(bench: Bench) -> None:
    """Nobody of that name has a report."""
    with pytest.raises(ArgumentError, match="nobody here"):
        report(bench.deployment, "zoe@firm.example", now_s=0.0)


class Forgetful:
    """Forgets somebody when a run comes to a place for the nth time, as a command beside the daemon would."""

    def __init__(self, bench: Bench, who: str, place: int) -> None:
        self.bench, self.who, self.left = bench, who, place

    def phase(self, name: str, total: int | None = None) -> None:
        self._come(f"{name} {total}")

    def advance(self, count: int) -> None:
        self._come(str(count))

    def _come(self, _: str) -> None:
        self.left -= 1
        if self.left == 0:
            _forget(self.bench, self.who)


@pytest.mark.parametrize("place", range(1, 15, 3))
def test_whoever_is_forgotten_during_a_run_is_gone_after_the_next(place: int) -> None:
    """Wherever a run stands when somebody is forgotten: it ends, and the one that follows leaves nothing of them."""
    bench = make_bench()
    ann, bo, _ = _life(bench)
    for each in (ann, bo):
        bench.form(each, count=2)
        bench.north.edit("contact", each, {"title": "Chief", "stage": "client"})
    progress = Forgetful(bench, f"north/contact/{ann}", place)
    bench.clock.advance(seconds=120)
    run_once(bench.deployment, progress=progress)
    if progress.left > 0:
        _forget(bench, f"north/contact/{ann}")
    _is_gone(bench, ann)
    bench.store.close()


def _is_gone(bench: Bench, ann: str) -> None:
    """After one more run."""
    assert 0 == bench.sync().exit_code
    told = _known(bench)
    assert [] == [each for each in ("arlow", "Annabel") if each in told]
    with bench.store.begin() as tx:
        assert {} == records.records_of(tx, "north", "contact", [ann])
        assert None is verify_store(tx).broken


def test_a_write_under_way_notes_nothing_of_the_forgotten(bench: Bench) -> None:
    """Somebody is forgotten while their record is written: nothing of the answer is noted, and the rest of the run goes on."""
    ann, bo, _ = _life(bench)
    person = str(bench.person("north", "contact", ann))
    holds.release(bench.deployment, person, by="bea", now_s=bench.clock.now_s())
    deal = {"won": "true", "closed": "true", "closed_on": iso(bench.clock.at_s)}
    for each in (ann, bo):
        bench.north.add("deal", deal, links={"contact": (each,)})
    bench.north.meanwhile(lambda: _forget(bench, f"north/contact/{ann}"))
    assert 0 == bench.sync().exit_code
    told = [each for each in _known(bench).splitlines() if person in each]
    assert {"forgetting"} == {each.partition(":")[0] for each in told}
    assert "client" == bench.stage(bo)
    _is_gone(bench, ann)
    assert person not in _known(bench)

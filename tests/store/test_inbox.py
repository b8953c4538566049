"""What was named by webhook, until it is pulled; and what is left of somebody who was erased."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, text

from stagesync.store import (
    Store,
    activities,
    baselines,
    differences,
    erasing,
    inbox,
    links,
    open_store,
    records,
)
from stagesync.store.activities import StoredActivity
from stagesync.store.differences import StoredDifference
from stagesync.store.forgotten import Traces
from stagesync.store.inbox import Entry
from stagesync.store.personal import HOLDINGS, Key
from stagesync.store.schema import metadata


def _note(tx: Connection, *named: tuple[str, str, bool], at_s: float = 1.0) -> None:
    inbox.note(tx, "north", named, at_s=at_s)


def test_a_record_stands_once_however_often_it_is_named(store: Store) -> None:
    """Duplicates and replays are one entry, and connections do not mix."""
    with store.begin() as tx:
        _note(tx, ("contact", "2", False), ("deal", "2", False))
        _note(tx, ("contact", "2", False), ("contact", "1", False), at_s=2.0)
        inbox.note(tx, "south", [("contact", "2", False)], at_s=1.0)
        assert [
            Entry("contact", "2", erased=False, times=2),
            Entry("deal", "2", erased=False, times=1),
            Entry("contact", "1", erased=False, times=1),
        ] == inbox.waiting(tx, "north")
        assert {"north": 3, "south": 1} == inbox.count_waiting(tx)


def test_what_is_named_again_meanwhile_stays(store: Store) -> None:
    """Striking out takes what was read, not what was named after it was read."""
    with store.begin() as tx:
        _note(tx, ("contact", "1", False), ("contact", "2", False))
        taken = inbox.waiting(tx, "north")
        _note(tx, ("contact", "2", False), at_s=2.0)
        inbox.strike(tx, "north", taken)
        assert ["2"] == [each.id for each in inbox.waiting(tx, "north")]


def test_erased_is_never_taken_back(store: Store) -> None:
    """A deletion told after an erasing leaves it an erasing."""
    with store.begin() as tx:
        _note(tx, ("contact", "1", True))
        _note(tx, ("contact", "1", False), at_s=2.0)
        assert [True] == [each.erased for each in inbox.waiting(tx, "north")]
        assert inbox.is_any_erased(tx, "north")
        assert not inbox.is_any_erased(tx, "south")


def test_no_table_that_speaks_of_a_record_is_forgotten() -> None:
    """Every column that points at a record, in any table, is among those that erasing empties."""
    pointing = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name == "pk" or column.name.endswith("_pk")
    }
    emptied = {
        (table, column)
        for table, each in HOLDINGS.items()
        for column, key in each.by.items()
        if key is Key.RECORD
    }
    assert pointing == emptied


def _filled(tx: Connection) -> dict[str, int]:
    """A contact with all that can be known of it, one that was merged into it, and one beside."""
    refs = [("north", "contact", each) for each in ("1", "2", "3", "4")]
    pks = {ref[2]: pk for ref, pk in records.name_records(tx, refs).items()}
    for each, merged_into in (("1", ""), ("2", "1"), ("3", "2"), ("4", "")):
        row = {
            "pk": pks[each],
            "fields": {"email": f"secret{each}@firm.example", "city": f"Hidden{each}"},
            "changed_at_s": 10.0,
            "created_at_s": 5.0,
            "gone": int(bool(merged_into)),
            "merged_into": merged_into,
            "email": f"secret{each}@firm.example",
            "mail_domain": f"firm{each}.example",
            "first_name": f"First{each}",
            "last_name": f"Last{each}",
            "domain": f"domain{each}.example",
        }
        records.save_records(tx, [row])
    one = pks["1"]
    links.save_links(tx, {one: [pks["4"]], pks["4"]: [one]})
    told = StoredActivity(one, 7.0, "form_submitted", one, took_place=True)
    activities.save_activities(tx, [told])
    baselines.save_baselines(tx, [(one, "city", "Hidden1")], run="r_1", at_s=1.0)
    differences.add_differences(
        tx,
        [StoredDifference(one, "city", "Hidden1", "Hidden1", "refused", "Last1")],
        at_s=1.0,
    )
    records.save_since(tx, {one: ["opted_out"]}, {one: 10.0})
    return pks


def _erase(tx: Connection, record_id: str) -> set[int]:
    """Erase a contact and what became part of it."""
    pks = set(records.name_records(tx, [("north", "contact", record_id)]).values())
    pks |= erasing.merged_into(tx, {("north", "contact", record_id)})
    erasing.erase(tx, Traces(frozenset(), frozenset(pks), frozenset()))
    return pks


def test_of_an_erased_record_nothing_stays(store: Store) -> None:
    """Fields, marks, links, activities, baselines and differences go, of merged ones too; others stay."""
    with store.begin() as tx:
        pks = _filled(tx)
        erased = _erase(tx, "1")
        found = records.records_of(tx, "north", "contact", pks)
        left = {
            table.name: tx.execute(text(f"SELECT COUNT(*) FROM {table.name}")).scalar_one()
            for table in metadata.sorted_tables
        }
    assert {pks[each] for each in "123"} == erased
    assert {"city": "Hidden4", "email": "secret4@firm.example"} == found["4"].fields
    assert {"record": 1} == {name: count for name, count in left.items() if count}


def test_a_number_is_never_given_twice(store: Store) -> None:
    """What a run in hand notes under the number of an erased record is nobody else's."""
    with store.begin() as tx:
        erased = _erase(tx, "1")
        assert erased.isdisjoint(_erase(tx, "1"))


def test_no_value_is_left_in_the_files(tmp_path: Path) -> None:
    """Neither the database nor its write-ahead log holds a byte of what an erased record told."""
    path = tmp_path / "stagesync.db"
    store = open_store(f"sqlite:///{path}")
    with store.begin() as tx:
        _filled(tx)
    words = [f"{word}{n}".encode() for word in ("secret", "Hidden", "First", "Last") for n in "123"]
    files = [path, path.with_name(f"{path.name}-wal")]
    assert set(words) == {w for w in words if any(w in each.read_bytes() for each in files)}
    with store.begin() as tx:
        _erase(tx, "1")
    store.forget_traces()
    assert [] == [w for w in words if any(w in each.read_bytes() for each in files)]
    assert any(b"secret4" in each.read_bytes() for each in files)
    store.close()
    with sqlite3.connect(path) as opened:
        assert [("ok",)] == opened.execute("PRAGMA integrity_check").fetchall()
    opened.close()

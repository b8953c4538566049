"""A store goes to another database whole, or not at all."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from filled_store import ROWS, total
from stagesync.errors import StoreError
from stagesync.store import Store, open_store
from stagesync.store.content import sums_of
from stagesync.store.moving import copy_store
from stagesync.store.records import name_records
from stagesync.store.schema import metadata


class _Opened:
    """A transaction of a store that is closed after it."""

    def __init__(self, url: str) -> None:
        self._store = open_store(url)
        self._began = self._store.begin()

    def __enter__(self):
        return self._began.__enter__()

    def __exit__(self, *told) -> None:
        self._began.__exit__(*told)
        self._store.close()


def _open(url: str) -> _Opened:
    return _Opened(url)


def test_a_copy_holds_the_same(filled_url: str, other_url: str) -> None:
    """Every table comes over row for row, either way, awkward values included; progress adds up."""
    seen = Counter[str]()
    found = copy_store(filled_url, other_url, lambda table, rows: seen.update({table: rows}))
    assert {*metadata.tables} - {"lease"} == {*found}
    assert {ROWS} == {each.rows for each in found.values()} == {*seen.values()}
    with _open(filled_url) as one, _open(other_url) as other:
        assert found == sums_of(one) == sums_of(other)


@pytest.mark.one_kind
def test_what_only_sqlite_holds_is_marked(filled_url: str, other_url: str) -> None:
    """A NUL of an old store comes over as the mark that stands for it since; the sums agree."""
    with _open(filled_url) as one:
        one.execute(text("UPDATE meta SET value = :nul"), {"nul": "a\0b"})
    found = copy_store(filled_url, other_url)
    with _open(filled_url) as one, _open(other_url) as other:
        assert found == sums_of(one) == sums_of(other)
        values = other.execute(text("SELECT DISTINCT value FROM meta")).scalars().all()
    assert ["a\N{REPLACEMENT CHARACTER}b"] == [*values]


def test_a_copy_goes_on_numbering_and_guards_its_log(filled_url: str, other_url: str) -> None:
    """The next record gets a number of its own, and the log lets nothing go there either."""
    copy_store(filled_url, other_url)
    with _open(other_url) as tx:
        assert (
            ROWS + 1 == name_records(tx, [("north", "contact", "new")])["north", "contact", "new"]
        )
    copied = open_store(other_url)
    with pytest.raises(StoreError, match="append-only"), copied.begin() as tx:
        tx.execute(text("DELETE FROM audit"))
    copied.close()


def test_a_filled_target_is_refused(filled_url: str, other_url: str) -> None:
    """What stands in the target stays, and nothing comes to it."""
    with _open(other_url) as tx:
        tx.execute(text("INSERT INTO meta (name, value) VALUES ('runs', '7')"))
    with pytest.raises(StoreError, match="holds a store already"):
        copy_store(filled_url, other_url)
    with _open(other_url) as tx:
        assert [("runs", "7")] == [tuple(row) for row in tx.execute(text("SELECT * FROM meta"))]
        assert 1 == sum(each.rows for each in sums_of(tx).values())


def test_a_copy_that_breaks_off_leaves_nothing(filled_url: str, other_url: str) -> None:
    """When it is interrupted in the middle the target holds no row, and the next try succeeds."""

    def interrupt(table: str, _rows: int) -> None:
        if table == "record":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(filled_url, other_url, interrupt)
    target = open_store(other_url)
    assert 0 == total(target)
    target.close()
    assert ROWS == copy_store(filled_url, other_url)["record"].rows


def test_nothing_cannot_be_copied(other_url: str, tmp_path: Path) -> None:
    """A database without a store is no source."""
    with pytest.raises(StoreError, match="no store to copy"):
        copy_store(f"sqlite:///{tmp_path / 'none.db'}", other_url)


@pytest.fixture
def two(store: Store) -> Iterator[Store]:
    """A store whose table `meta` holds two rows."""
    with store.begin() as tx:
        tx.execute(text("INSERT INTO meta (name, value) VALUES ('a', '1'), ('b', '2')"))
    return store


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meta SET value = '2 ' WHERE name = 'b'",
        "DELETE FROM meta WHERE name = 'a'",
        "UPDATE meta SET value = CASE name WHEN 'a' THEN '2' ELSE '1' END",
    ],
)
def test_any_change_changes_the_sum(two: Store, change: str) -> None:
    """A value, a row, or the same values in other rows: the sum is another one."""
    with two.begin() as tx:
        before = sums_of(tx)["meta"]
        tx.execute(text(change))
        assert before != sums_of(tx)["meta"]

"""Transactions that only read."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import event, text

from stagesync.errors import StoreError
from stagesync.store import Store, open_store, state


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Of each kind, where a second door is possible."""
    made = open_store(store_url)
    yield made
    made.close()


def test_a_reader_changes_nothing(store: Store) -> None:
    """The database itself refuses."""
    with pytest.raises(StoreError), store.read() as tx:
        tx.execute(text("DELETE FROM meta"))


def test_a_reader_waits_for_nobody_and_sees_one_instant(store: Store) -> None:
    """What another transaction commits meanwhile shows in the next one."""
    with store.begin() as tx:
        state.set_meta(tx, "tried", "before")
    with store.read() as tx:
        seen = [state.get_meta(tx, "tried")]
        writer = threading.Thread(target=_change, args=(store,))
        writer.start()
        writer.join(timeout=30)
        seen.append(state.get_meta(tx, "tried"))
    with store.read() as tx:
        seen.append(state.get_meta(tx, "tried"))
    assert ["before", "before", "after"] == seen


def _change(store: Store) -> None:
    with store.begin() as tx:
        state.set_meta(tx, "tried", "after")


def test_a_reader_reads_while_a_transaction_is_open(store: Store) -> None:
    """A page is shown while a run holds the store."""
    with store.begin() as tx:
        state.set_meta(tx, "tried", "before")
    with store.begin() as tx:
        state.set_meta(tx, "tried", "open")
        with store.read() as other:
            assert "before" == state.get_meta(other, "tried")


def test_a_reader_whose_store_began_anew_leaves_no_door_open(store: Store) -> None:
    """What another transaction ran into lets go of all doors; the one in use goes once it is not."""
    ends: list[object] = []

    def note(raw: object, _record: object) -> None:
        ends.append(raw)

    with store.read() as tx:
        event.listen(tx.engine, "close", note)
        used = tx.connection.dbapi_connection
        with pytest.raises(StoreError), store.begin() as other:
            other.execute(text("SELECT nothing"))
        assert "1" == tx.execute(text("SELECT '1'")).scalar_one()
    assert used in ends
    with store.read() as tx:
        assert "1" == tx.execute(text("SELECT '1'")).scalar_one()

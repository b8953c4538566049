"""Cursors, connections, what waits, runs, and the log."""

import pytest

from stagesync.store import Store, connections, state
from stagesync.store.state import Cursor


def test_a_cursor_once_complete_stays_so(store: Store) -> None:
    """A cursor moves, and a pull that breaks off later does not undo that one came to its end."""
    with store.begin() as tx:
        state.save_cursor(tx, "north", "contact", Cursor("a", 1.0, complete=False))
        assert {"contact": Cursor("a", 1.0, complete=False)} == state.cursors_of(tx, "north")
        state.save_cursor(tx, "north", "contact", Cursor("b", 2.0, complete=True))
        state.save_cursor(tx, "north", "contact", Cursor("c", 3.0, complete=False))
        assert {"contact": Cursor("c", 3.0, complete=True)} == state.cursors_of(tx, "north")


def test_cursors_are_forgotten_by_connection(store: Store) -> None:
    """Only the connection's own cursors go."""
    with store.begin() as tx:
        for name in ("north", "south"):
            state.save_cursor(tx, name, "contact", Cursor("a", 1.0, complete=True))
        state.forget_cursors(tx, "north")
        assert ({}, ["contact"]) == (
            state.cursors_of(tx, "north"),
            [*state.cursors_of(tx, "south")],
        )


def test_a_connection_is_met_once(store: Store) -> None:
    """The first mode stands until somebody approves; meeting it again changes nothing."""
    with store.begin() as tx:
        assert None is connections.connection_state(tx, "north")
        connections.meet_connection(tx, "north", "observe")
        connections.activate(tx, "north", by="ann", at_s=5.0)
        connections.meet_connection(tx, "north", "observe")
        connections.save_description(
            tx, "north", {"contact": [["email"]]}, seen={"digest": "d"}, at_s=7.0
        )
        connections.save_trouble(tx, "north", "no answer")
        found = connections.connection_state(tx, "north")
    assert found == connections.ConnectionState(
        "north", "active", "ann", 5.0, {"contact": [["email"]]}, 7.0, "no answer", {"digest": "d"}
    )


def test_what_a_connector_keeps_is_replaced(store: Store) -> None:
    """Each connection's text is the last one kept; a connection that kept none has none."""
    with store.begin() as tx:
        connections.remember(tx, "north", "a")
        connections.remember(tx, "south", "b")
        connections.remember(tx, "north", "c")
        found = [connections.remembered(tx, name) for name in ("north", "south", "east")]
    assert ["c", "b", None] == found


def test_slow_work_is_kept_whole(store: Store) -> None:
    """The rounds of a connection are those last saved; at first there are none."""
    rounds = ({"object": "contact", "what": "sweep", "done_at_s": 1.0, "due_at_s": None},)
    with store.begin() as tx:
        connections.meet_connection(tx, "north", "observe")
        before = connections.connection_state(tx, "north")
        connections.save_rounds(tx, "north", rounds)
        after = connections.connection_state(tx, "north")
    assert before is not None
    assert after is not None
    assert ((), rounds) == (before.rounds, after.rounds)


def test_transaction_inside_a_transaction_is_refused(store: Store) -> None:
    """The same thread cannot begin another one, which would lock SQLite; afterwards it can."""
    with store.begin(), pytest.raises(RuntimeError, match="open in this thread"), store.begin():
        pass
    with store.begin() as tx:
        assert None is state.get_meta(tx, "runs")


def test_what_waits_is_noted_once_and_struck(store: Store) -> None:
    """A key noted twice waits once, by kind, until it is struck."""
    with store.begin() as tx:
        state.mark_dirty(tx, "person", ["p_2", "p_1", "p_2"])
        state.mark_dirty(tx, "record", [7])
        assert (["p_1", "p_2"], ["7"], 3) == (
            state.dirty_keys(tx, "person"),
            state.dirty_keys(tx, "record"),
            state.count_dirty(tx),
        )
        state.clean(tx, "record", [7])
        state.clean(tx, "person", ["p_1"])
        assert (["p_2"], []) == (state.dirty_keys(tx, "person"), state.dirty_keys(tx, "record"))


def test_runs_come_newest_first(store: Store) -> None:
    """A run is running until it is ended with what it did."""
    with store.begin() as tx:
        state.start_run(tx, "r_1", seq=1, at_s=1.0)
        state.start_run(tx, "r_2", seq=2, at_s=2.0)
        state.end_run(tx, "r_1", at_s=3.0, outcome="done", summary={"held": 0})
        found = state.last_runs(tx, 5)
        assert ["r_2"] == [each["id"] for each in state.last_runs(tx, 1)]
    assert [("r_2", "running", None, {}), ("r_1", "done", 3.0, {"held": 0})] == [
        (each["id"], each["outcome"], each["ended_at_s"], each["summary"]) for each in found
    ]


def test_values_of_the_store_are_replaced(store: Store) -> None:
    """A value of the whole store is the last one set; unset is None."""
    with store.begin() as tx:
        assert None is state.get_meta(tx, "runs")
        state.set_meta(tx, "runs", "1")
        state.set_meta(tx, "runs", "2")
        assert "2" == state.get_meta(tx, "runs")

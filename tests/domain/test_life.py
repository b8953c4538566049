"""The life of a writeback: every move of the table, and no other."""

from itertools import product

import pytest

from stagesync.domain.life import MOVES, WAITING, Move, State, move


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ([Move.SEND, Move.CONFIRM], State.CONFIRMED),
        ([Move.SEND, Move.REFUSE], State.REFUSED),
        ([Move.HOLD, Move.APPROVE, Move.SEND, Move.CONFIRM], State.CONFIRMED),
        ([Move.HOLD, Move.DROP], State.DROPPED),
        ([Move.DROP], State.DROPPED),
        ([Move.REPLAN], State.REPLACED),
        ([Move.HOLD, Move.REPLAN], State.REPLACED),
        ([Move.SEND, Move.REPLAN], State.REPLACED),
    ],
)
def test_a_writeback_lives(path: list[Move], end: State) -> None:
    """Each way through the table leads where its picture says."""
    state = str(State.PLANNED)
    for by in path:
        state = move(state, by)
    assert end == state


ILLEGAL = [pair for pair in product(State, Move) if pair not in MOVES]


@pytest.mark.parametrize(("state", "by"), ILLEGAL)
def test_other_moves_are_refused(state: State, by: Move) -> None:
    """What the table does not have raises, and names the state and the move."""
    with pytest.raises(ValueError, match=f"^a writeback that is {state} cannot {by}$"):
        move(state, by)


def test_an_unknown_state_is_refused() -> None:
    """A state outside the closed set moves nowhere."""
    with pytest.raises(ValueError, match="lost"):
        move("lost", Move.SEND)


def test_those_who_wait_can_be_planned_again() -> None:
    """Planned, held and sent writebacks wait; settled ones do not."""
    assert {State.PLANNED, State.HELD, State.SENT} == set(WAITING)

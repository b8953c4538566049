"""The life of a writeback, as a table.

A writeback is one value to set in one record. It is *planned*; its connection may not be approved
yet, then it is *held* until somebody approves it (planned again) or drops it. When its request goes
out it is *sent*, and the CRM's answer makes it *confirmed* or *refused*. A request that may or may not
have arrived leaves it *sent*: values are absolute, so the next run plans it anew and sends it again; one
that takes a value back, which nothing plans anew, it sends as it is.

    planned --hold--> held --approve--> planned
    planned --send--> sent --confirm--> confirmed
                      sent --refuse---> refused
    held, planned --drop--> dropped
                      sent --resend--> planned
    planned, held, sent --replan--> replaced
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a writeback stands."""

    PLANNED = "planned"
    HELD = "held"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    DROPPED = "dropped"
    REPLACED = "replaced"


class Move(StrEnum):
    """What happens to it."""

    HOLD = "hold"
    APPROVE = "approve"
    SEND = "send"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    DROP = "drop"
    RESEND = "resend"
    REPLAN = "replan"


MOVES: dict[tuple[State, Move], State] = {
    (State.PLANNED, Move.HOLD): State.HELD,
    (State.HELD, Move.APPROVE): State.PLANNED,
    (State.PLANNED, Move.SEND): State.SENT,
    (State.SENT, Move.CONFIRM): State.CONFIRMED,
    (State.SENT, Move.REFUSE): State.REFUSED,
    (State.PLANNED, Move.DROP): State.DROPPED,
    (State.HELD, Move.DROP): State.DROPPED,
    (State.SENT, Move.RESEND): State.PLANNED,
    (State.PLANNED, Move.REPLAN): State.REPLACED,
    (State.HELD, Move.REPLAN): State.REPLACED,
    (State.SENT, Move.REPLAN): State.REPLACED,
}

WAITING = tuple(str(state) for state in State if (state, Move.REPLAN) in MOVES)
"""States whose person is planned again by the next run."""


def move(state: str, by: Move) -> str:
    """The state after a move.

    Raises:
        ValueError: the table has no such move; names the state, and nothing has changed.
    """
    try:
        return str(MOVES[State(state), by])
    except KeyError:
        raise ValueError(f"a writeback that is {state} cannot {by}") from None

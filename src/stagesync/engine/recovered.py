"""What a restore from a backup means for the runs after it.

The store is older than the CRMs then: it does not know what it wrote to them since the backup was taken. So
until one run has read every connection and looked at everybody, whatever it plans is held, and a value of
which no CRM tells whose it is does not pass for somebody's edit: it may be our own.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from stagesync.engine import audit
from stagesync.store import state

RESTORED = "restored"
"""Name under which the store keeps when the backup was taken that it came from; empty once that is settled."""


def note_restore(tx: Connection, *, taken_at: str, by: str, now_s: float) -> None:
    """Say that this store was put back, in its log too.

    Args:
        taken_at: when the backup was taken; ISO.
    """
    state.set_meta(tx, RESTORED, taken_at)
    audit.tell(tx, {"restored": taken_at}, actor=by, now_s=now_s)


def is_restored(tx: Connection) -> bool:
    """Whether no run has looked at all the CRMs since the store was put back."""
    return bool(state.get_meta(tx, RESTORED))


def settle_restore(tx: Connection, read: Iterable[str], connections: Iterable[str]) -> None:
    """Let runs go on as usual, once one has read every connection; what it held stays held.

    Args:
        read: connections that this run read; one that is paused is not among them.
    """
    if is_restored(tx) and {*read} >= {*connections}:
        state.set_meta(tx, RESTORED, "")

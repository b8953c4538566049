"""Who works on the store just now: a row per name, there as long as somebody holds it.

A lease is held by a *token*, a text that no two holders share. Whoever works under it renews it in each of its
transactions, and one that finds another token there, or none, keeps nothing of what it did. So what is kept
never hangs on a clock. Time decides only when somebody else may take over a lease that is not renewed: all of it
is the database's time, on SQLite this machine's and on Postgres the server's, so that the clocks of two machines
are never compared. A clock that is set forward or back makes a lease look abandoned until it is renewed again,
which costs at most one run.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

_NOW = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "EXTRACT(EPOCH FROM clock_timestamp())::double precision",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """A process.

    Attributes:
        life: tells it from an earlier one of the same pid; empty where that cannot be known.
    """

    host: str
    pid: int
    life: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A lease in the hands of somebody.

    Attributes:
        taken_at_s: Unix seconds of the database.
        age_s: seconds since it was renewed.
        lasts_s: after which it may be taken over.
    """

    name: str
    token: str
    holder: Holder
    taken_at_s: float
    renewed_at_s: float
    age_s: float
    lasts_s: float

    @property
    def is_abandoned(self) -> bool:
        """Whether it was not renewed in time; a renewal in the future is from before the clock was set back."""
        return not -self.lasts_s <= self.age_s < self.lasts_s


def all_held(tx: Connection) -> list[Held]:
    """Every lease, abandoned ones included, by name."""
    rows = tx.execute(text(f"SELECT *, {_now(tx)} AS now_s FROM lease ORDER BY name"))  # noqa: S608  literals
    return [
        Held(
            row.name,
            row.token,
            Holder(row.host, row.pid, row.life),
            row.taken_at_s,
            row.renewed_at_s,
            row.now_s - row.renewed_at_s,
            row.lasts_s,
        )
        for row in rows
    ]


def take(
    tx: Connection,
    name: str,
    holder: Holder,
    *,
    lasts_s: float,
    is_free: Callable[[Held], bool],
) -> str | None:
    """Take a lease that nobody holds; the token, or None when somebody does.

    Args:
        is_free: whether a lease counts as nobody's; those that do are struck, whatever their name.
    """
    for each in all_held(tx):
        if is_free(each):
            _remove(tx, each)
        elif each.name == name:
            return None
    token = secrets.token_hex(16)
    done = tx.execute(
        text(
            "INSERT INTO lease (name, token, host, pid, life, taken_at_s, renewed_at_s, lasts_s)"  # noqa: S608  literals
            f" VALUES (:name, :token, :host, :pid, :life, {_now(tx)}, {_now(tx)}, :lasts_s)"
            " ON CONFLICT (name) DO NOTHING"
        ),
        {
            "name": name,
            "token": token,
            "host": holder.host,
            "pid": holder.pid,
            "life": holder.life,
            "lasts_s": lasts_s,
        },
    )
    return token if done.rowcount else None


def _remove(tx: Connection, seen: Held) -> None:
    """Strike a lease, unless it was renewed since it was looked at."""
    tx.execute(
        text(
            "DELETE FROM lease"
            " WHERE name = :name AND token = :token AND renewed_at_s = :renewed_at_s"
        ),
        {"name": seen.name, "token": seen.token, "renewed_at_s": seen.renewed_at_s},
    )


def renew(tx: Connection, name: str, token: str) -> bool:
    """Renew a lease; false when it is not this holder's any more.

    As the first statement of a transaction it makes everybody else wait with taking it over until the end.
    """
    done: Any = tx.execute(
        text(
            f"UPDATE lease SET renewed_at_s = {_now(tx)} WHERE name = :name AND token = :token"  # noqa: S608  literals
        ),
        {"name": name, "token": token},
    )
    return bool(done.rowcount)


def release(tx: Connection, name: str, token: str) -> None:
    """Give a lease back, if it is still this holder's."""
    tx.execute(
        text("DELETE FROM lease WHERE name = :name AND token = :token"),
        {"name": name, "token": token},
    )


def _now(tx: Connection) -> str:
    return _NOW[tx.dialect.name]

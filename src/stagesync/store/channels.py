"""Queries about where alerts are told: how each channel fares, and what it was told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from stagesync.store.alerts import Alert, read_alert
from stagesync.store.words import keep, kept


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a channel fares.

    Attributes:
        since_s: since when it has been there; what ended before is not told to it.
        told_at_s: when something last went out; None when nothing ever did.
        failures: how often in a row something did not.
        trouble: why; empty when it works.
        next_at_s: when it is tried again after a failure.
    """

    name: str
    since_s: float
    told_at_s: float | None
    failures: int
    trouble: str
    next_at_s: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """An alert that came, or went, or both, and was not told yet."""

    alert: Alert
    raised: bool
    ended: bool


def meet(tx: Connection, name: str, *, at_s: float) -> None:
    """Note a channel if it is new."""
    sql = text(
        "INSERT INTO channel (name, since_s, failures, trouble) VALUES (:name, :at_s, 0, :none)"
        " ON CONFLICT (name) DO NOTHING"
    )
    tx.execute(sql, {"name": name, "at_s": at_s, "none": keep("")})


def channel_state(tx: Connection, name: str) -> ChannelState | None:
    """How one fares; None when it never had anything to tell."""
    sql = text(
        "SELECT name, since_s, told_at_s, failures, trouble, next_at_s FROM channel WHERE name = :name"
    )
    row = tx.execute(sql, {"name": name}).one_or_none()
    if row is None:
        return None
    return ChannelState(
        row.name, row.since_s, row.told_at_s, row.failures, kept(row.trouble), row.next_at_s
    )


def claim(tx: Connection, name: str, *, now_s: float, until_s: float) -> bool:
    """Take a channel for oneself for a while; whether no other process has it."""
    sql = text(
        "UPDATE channel SET busy_until_s = :until_s WHERE name = :name"
        " AND (busy_until_s IS NULL OR busy_until_s <= :now_s OR busy_until_s > :until_s)"
    )
    told = {"name": name, "now_s": now_s, "until_s": until_s}
    return tx.execute(sql, told).rowcount > 0


def succeeded(tx: Connection, name: str, *, at_s: float) -> None:
    """Something went out; the channel is free."""
    sql = text(
        "UPDATE channel SET told_at_s = :at_s, failures = 0, trouble = :none, next_at_s = NULL,"
        " busy_until_s = NULL WHERE name = :name"
    )
    tx.execute(sql, {"name": name, "at_s": at_s, "none": keep("")})


def failed(tx: Connection, name: str, words: str, *, next_at_s: float) -> None:
    """Nothing went out; the channel is free."""
    sql = text(
        "UPDATE channel SET failures = failures + 1, trouble = :words, next_at_s = :next_at_s,"
        " busy_until_s = NULL WHERE name = :name"
    )
    tx.execute(sql, {"name": name, "words": keep(words), "next_at_s": next_at_s})


_UNTOLD = text(
    "SELECT a.*, t.ended AS told_ended FROM alert a LEFT JOIN told t ON t.channel = :channel"
    " AND t.connection = a.connection AND t.key = a.key AND t.raised_at_s = a.raised_at_s"
    " WHERE a.key <> :own AND (t.channel IS NULL"
    " AND (a.ended_at_s IS NULL OR a.ended_at_s >= :since_s)"
    " OR t.ended = 0 AND a.ended_at_s IS NOT NULL)"
    " ORDER BY a.raised_at_s, a.connection, a.key"
)


def untold(tx: Connection, channel: ChannelState, *, own: str) -> list[Change]:
    """What came and went since the channel was told last, oldest first.

    Args:
        own: key of the alert that tells of this channel itself.
    """
    told = {"channel": channel.name, "since_s": channel.since_s, "own": own}
    return [
        Change(read_alert(row), raised=row.told_ended is None, ended=row.ended_at_s is not None)
        for row in tx.execute(_UNTOLD, told)
    ]


def note_told(tx: Connection, channel: str, changes: Iterable[Change]) -> None:
    """Keep that these were told."""
    sql = text(
        "INSERT INTO told (channel, connection, key, raised_at_s, ended)"
        " VALUES (:channel, :connection, :key, :raised_at_s, :ended)"
        " ON CONFLICT (channel, connection, key, raised_at_s) DO UPDATE SET ended = excluded.ended"
    )
    rows = [
        {
            "channel": channel,
            "connection": each.alert.connection,
            "key": each.alert.key,
            "raised_at_s": each.alert.raised_at_s,
            "ended": int(each.ended),
        }
        for each in changes
    ]
    if rows:
        tx.execute(sql, rows)

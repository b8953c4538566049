"""The log as people leaf through it: pages of entries, and one entry with its place in the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.chain import entry_of, is_altered, is_blanked
from stagesync.engine.whose import log_of
from stagesync.store import Store, entries, log
from stagesync.store.entries import Wanted
from stagesync.store.log import HEADS, Row

PAGE = 50
"""Entries that are shown at a time."""

TOLD_BY = {
    "edit": "edit",
    "identity": "identity",
    "verdict": "identity",
    "join": "identity",
    "hold": "hold",
    "release": "hold",
    "written": "written",
    "refused": "refused",
    "closed": "closed",
}
"""Key of a result -> the kind of entry that it makes; all others are acts by hand or our own."""


def page_document(
    tx: Connection,
    wanted: Wanted,
    *,
    person: str = "",
    before: int | None = None,
    most: int = PAGE,
) -> dict[str, Any]:
    """A page of the log, newest first.

    Args:
        person: id of a person or an account: what the log tells of them under any id of theirs.
        before: number before which the page begins.
    """
    if person:
        found = [e for e in reversed(_of(tx, person, wanted)) if before is None or e.seq < before]
        rows, after = found[:most], found[most - 1].seq if len(found) > most else None
        looked = rows[-1].seq if rows else 0
    else:
        page = entries.page(tx, wanted, before=before, most=most)
        rows, after, looked = [*page.rows], page.next, page.looked
    return {
        "entries": [told(each) for each in rows],
        "next": after,
        "looked": looked,
        "full": len(rows) == most,
    }


def all_rows(store: Store, wanted: Wanted, *, person: str = "") -> Iterator[Row]:
    """Every such entry up to the newest one of now, oldest first; the store is asked for a part at a time.

    Nothing is held open between two parts: whoever takes them slowly is in nobody's way.
    """
    with store.read() as tx:
        last = log.ends(tx)[HEADS].entries
        own = [each for each in _of(tx, person, wanted) if each.seq <= last] if person else []
    if person:
        yield from own
        return
    after: int | None = 0
    while after is not None:
        with store.read() as tx:
            part = entries.all_of(tx, wanted, after=after, last=last)
        yield from part.rows
        after = part.next


def entry_document(tx: Connection, seq: int) -> dict[str, Any] | None:
    """One entry with its place in the chain; None where there is none of that number.

    Returns:
        `entry`; `broken`, a sentence where something does not fit, else empty; `blanked`; `before` and `after`,
        the numbers of its neighbours in the chain; `newest`, of the log.
    """
    row = entries.entry(tx, seq)
    if row is None:
        return None
    entry = entry_of(row.sealed)
    closes = kind_of(entry) == "closed"
    around = entries.around(tx, row, closes=closes)
    return {
        "entry": entry,
        "told": told(row),
        "closes": closes,
        "blanked": is_blanked(entry),
        "broken": _broken(entry, around),
        "before": around.before.seq if around.before else None,
        "after": around.after.seq if around.after else None,
        "newest": log.ends(tx)[HEADS].entries,
    }


def told(row: Row) -> dict[str, Any]:
    """An entry as a line of a page."""
    entry = entry_of(row.sealed)
    return {**entry, "kind": kind_of(entry), "blanked": is_blanked(entry)}


def kind_of(entry: Mapping[str, Any]) -> str:
    """A key of `store.entries.KINDS`; empty where it is none of them."""
    found = next((TOLD_BY[key] for key in TOLD_BY if key in (entry["result"] or {})), "")
    if found == "closed" and (entry["person"] or entry["id"]):
        return ""
    return found or ("hand" if not entry["run"] and entry["actor"] != "stagesync" else "")


def _broken(entry: Mapping[str, Any], around: entries.Around) -> str:
    """What does not fit: the entry itself, the one before it, or the one after."""
    if is_altered(entry):
        return "it was altered"
    if entry["prev_hash"] != (around.before.sealed.hash if around.before else ""):
        return "it does not follow the entry before"
    if around.after and entry_of(around.after.sealed)["prev_hash"] != entry["hash"]:
        return "the entry after does not follow it"
    return ""


def _of(tx: Connection, person: str, wanted: Wanted) -> list[Row]:
    """What the log tells of somebody, oldest first."""
    return [each for each in log_of(tx, person) if _fits(each, wanted)]


def _fits(row: Row, wanted: Wanted) -> bool:
    if not (wanted.since <= row.at <= (wanted.until or row.at)):
        return False
    if wanted.run not in ("", row.run) or wanted.connection not in ("", row.connection):
        return False
    if not (wanted.actor or wanted.kind):
        return True
    entry = entry_of(row.sealed)
    is_theirs = str(entry["actor"]).startswith(wanted.actor)
    by_hand = not entry["run"] and entry["actor"] != "stagesync"
    is_kind = wanted.kind in ("", kind_of(entry)) or (wanted.kind == "hand" and by_hand)
    return is_theirs and is_kind

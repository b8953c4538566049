"""Which definitions were in force when, and what differs between two sets, as documents."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Connection

from stagesync.engine.definition_changes import undecided_since
from stagesync.engine.definition_files import POLICY, Texts
from stagesync.engine.instants import iso
from stagesync.store import definitions
from stagesync.store.definitions import Proposal, StoredSet

AROUND = 3
"""Lines shown before and after a change."""


def history_document(tx: Connection, *, most: int, before: int | None = None) -> dict[str, Any]:
    """Sets that were in force, newest first, each with the files in which it differs from the one before it.

    Args:
        before: a number; only sets before that one.
    """
    found = definitions.sets(tx, most=most + 1, before=before)
    newest = definitions.last_set(tx)
    told = []
    for place, each in enumerate(found[:most]):
        earlier = found[place + 1] if place + 1 < len(found) else None
        told.append(
            set_document(each)
            | {
                "in_force": newest is not None and each.seq == newest.seq,
                "changed": _changed(earlier.files, each.files) if earlier else [],
                "is_first": earlier is None,
            }
        )
    return {"sets": told, "more": found[most - 1].seq if len(found) > most else None}


def set_document(each: StoredSet) -> dict[str, Any]:
    """A set that was in force from an instant on."""
    return {
        "set": each.seq,
        "since": iso(each.at_s),
        "policy": each.policy,
        "by": each.adopted_by,
        "note": each.note,
    }


def in_force_document(tx: Connection) -> dict[str, Any] | None:
    """The set that runs work with, and since when a plan under it waits; None before the first run."""
    found, waits_s = definitions.last_set(tx), undecided_since(tx)
    if found is None:
        return None
    return set_document(found) | {"undecided": None if waits_s is None else iso(waits_s)}


def proposal_document(each: Proposal) -> dict[str, Any]:
    """A proposal; its effect as `backtest` tells it, without examples."""
    return {
        "proposal": each.id,
        "state": each.state,
        "at": iso(each.made_at_s),
        "by": each.made_by,
        "note": each.note,
        "policy": each.policy,
        "effect": each.result,
        "decided_at": None if each.decided_at_s is None else iso(each.decided_at_s),
        "decided_by": each.decided_by,
    }


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {**before, **after} if before.get(name) != after.get(name))


def diff_document(before: Texts, after: Texts) -> list[dict[str, Any]]:
    """What differs, file by file, the policy first: hunks of lines, each with its number on either side."""
    changed = sorted(_changed(before, after), key=lambda name: (name != POLICY, name))
    return [
        {
            "file": name,
            "change": "changed"
            if name in before and name in after
            else "added"
            if name in after
            else "removed",
            "hunks": _hunks(before.get(name, "").splitlines(), after.get(name, "").splitlines()),
        }
        for name in changed
    ]


def _hunks(before: list[str], after: list[str]) -> list[list[dict[str, Any]]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        [line for operation in group for line in _lines(before, after, operation)]
        for group in matcher.get_grouped_opcodes(AROUND)
    ]


def _lines(
    before: list[str], after: list[str], operation: tuple[str, int, int, int, int]
) -> list[dict[str, Any]]:
    kind, first, last, new_first, new_last = operation
    if kind == "equal":
        return [
            _line("same", first + n + 1, new_first + n + 1, text)
            for n, text in enumerate(before[first:last])
        ]
    return [
        *(_line("out", n + 1, None, before[n]) for n in range(first, last)),
        *(_line("in", None, n + 1, after[n]) for n in range(new_first, new_last)),
    ]


def _line(kind: str, before: int | None, after: int | None, text: str) -> dict[str, Any]:
    return {"kind": kind, "before": before, "after": after, "text": text}

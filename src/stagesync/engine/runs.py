"""Runs as people look at them: what each did, and what one changed, by connection and move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from stagesync.domain.chain import entry_of
from stagesync.engine import lease
from stagesync.engine.deployment import Deployment
from stagesync.engine.entries import told
from stagesync.store import entries, log, plans, runs, saved, state
from stagesync.store.log import Row
from stagesync.store.runs import StoredRun

PAGE = 30
"""Runs that are shown at a time."""

EXAMPLES = 3
"""Entries that are shown of each move."""

MOST_READ = 20_000
"""Entries that are read of a run that kept no sums, being under way or broken off."""

SUMS = ("pulled", "changed", "written", "refused", "edited", "overwritten_edits", "ramped", "calls")
"""What a run counts by connection."""


@dataclass(slots=True)
class _Change:
    """What a run wrote to one connection of one move."""

    people: set[str] = field(default_factory=set)
    written: int = 0
    refused: int = 0
    examples: dict[str, int] = field(default_factory=dict)


def changes_of(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """What these entries of a run tell that it wrote, by connection and move, with the numbers of some of them."""
    found: dict[tuple[str, str, str], _Change] = {}
    for row in rows:
        entry = entry_of(row.sealed)
        result = entry["result"] or {}
        if not entry["field"] or not ("written" in result or "refused" in result):
            continue
        key = (entry["connection"], entry["stage_from"] or "", entry["stage_to"] or "")
        change = found.setdefault(key, _Change())
        change.people.add(entry["person"] or "")
        change.refused += "refused" in result
        change.written += "written" in result
        _keep_example(change, entry)
    return [
        {
            "connection": connection,
            "from": stage_from,
            "to": stage_to,
            "people": len(change.people),
            "written": change.written,
            "refused": change.refused,
            "examples": sorted(change.examples.values()),
        }
        for (connection, stage_from, stage_to), change in sorted(found.items())
    ]


def _keep_example(change: _Change, entry: Mapping[str, Any]) -> None:
    """Of the first few people one entry each, best that of the stage itself."""
    who = entry["person"] or ""
    if who in change.examples:
        if entry["after"] == entry["stage_to"]:
            change.examples[who] = entry["seq"]
    elif len(change.examples) < EXAMPLES:
        change.examples[who] = entry["seq"]


def runs_document(tx: Connection, *, before: int | None = None, most: int = PAGE) -> dict[str, Any]:
    """A page of runs, newest first; `next` is the number before which the following one begins."""
    is_open = lease.standing(tx)["run"] is not None
    found = runs.runs_before(tx, before, most=most + 1)
    shown = found[:most]
    return {
        "runs": [run_told(each, is_open=is_open) for each in shown],
        "next": shown[-1].seq if len(found) > most else None,
    }


def runs_since(tx: Connection, at_s: float, *, most: int) -> list[dict[str, Any]]:
    """The run that was under way at an instant and the first after it, as lines of the list."""
    is_open = lease.standing(tx)["run"] is not None
    return [run_told(each, is_open=is_open) for each in runs.runs_since(tx, at_s, most=most)]


def run_document(tx: Connection, deployment: Deployment, run: str) -> dict[str, Any] | None:
    """One run with what it changed; None where there is none of that id.

    Returns:
        As in the list, and `changes`, each with its `examples` as entries of the log; `part`, whether they are of
        the first entries alone; `keeps_until_s`, the instant until which it can be undone whole, None: for ever.
    """
    found = runs.get_run(tx, run)
    if found is None:
        return None
    is_open = lease.standing(tx)["run"] is not None
    document = run_told(found, is_open=is_open)
    part = False
    changes = found.summary.get("changes")
    if changes is None:
        read = [*islice(log.rows(tx, run=run), MOST_READ)]
        changes, part = changes_of(read), len(read) == MOST_READ
    for each in changes:
        each["examples"] = [
            told(row) for seq in each["examples"] if (row := entries.entry(tx, seq)) is not None
        ]
    keep_s = deployment.log_rules.keep_s
    return {
        **document,
        "changes": changes,
        "part": part,
        "keeps_until_s": None if keep_s is None else found.started_at_s + keep_s,
        "undone_by": _undone_by(tx, run),
    }


def run_told(found: StoredRun, *, is_open: bool) -> dict[str, Any]:
    """A run as a line of the list: sums over its connections, and each one's part.

    Args:
        is_open: somebody works on the store just now; else whatever has not ended broke off.
    """
    is_under_way = found.outcome == state.RUNNING
    summary = found.summary
    return {
        "run": found.id,
        "seq": found.seq,
        "started_at_s": found.started_at_s,
        "ended_at_s": found.ended_at_s,
        "outcome": state.BROKEN_OFF if is_under_way and not is_open else found.outcome,
        "plan": summary.get("plan"),
        "seconds": summary.get("seconds"),
        "evaluated": summary.get("evaluated"),
        "transitions": summary.get("transitions"),
        "held": summary.get("held"),
        "troubles": summary.get("troubles") or {},
        "unread": summary.get("unread") or {},
        **{name: _sum(summary.get(name)) for name in SUMS},
        "connections": {
            connection: {name: (summary.get(name) or {}).get(connection) for name in SUMS}
            for connection in sorted(summary.get("pulled") or {})
        },
    }


def _sum(told: Mapping[str, int] | None) -> int | None:
    return None if told is None else sum(told.values())


def _undone_by(tx: Connection, run: str) -> list[dict[str, str]]:
    """The plans by which it was, or would be, taken back."""
    known = [*plans.plans_in(tx, "held"), *(each.plan for each in saved.saved_plans(tx))]
    found = {each.id: each.state for each in known if each.kind == "undo" and each.run == run}
    return [{"plan": name, "state": word} for name, word in found.items()]

"""Queries about people's verdicts on who is one human: kept for ever, undone or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.engine import Row

from stagesync.store.people import Placed


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """What somebody said of records, and how things stood before.

    Attributes:
        seq: starts at 1; of two verdicts that contradict each other the higher one counts.
        together: whether they are one human; else `one` is another human than `other`.
        one, other: the store's numbers of the records.
        before: record -> person, of all whom the verdict could move.
        placed: where those people stood.
        undone_at_s: None while the verdict stands.
    """

    id: str
    seq: int
    together: bool
    one: tuple[int, ...]
    other: tuple[int, ...]
    said_by: str
    said_at_s: float
    before: Mapping[int, str] = field(default_factory=dict)
    placed: Mapping[str, Placed] = field(default_factory=dict)
    undone_by: str = ""
    undone_at_s: float | None = None

    @property
    def records(self) -> tuple[int, ...]:
        """All that it names."""
        return (*self.one, *self.other)

    @property
    def word(self) -> str:
        """What it says."""
        return "together" if self.together else "apart"

    @property
    def stands(self) -> bool:
        """Whether nobody has undone it."""
        return self.undone_at_s is None


def all_verdicts(tx: Connection) -> list[StoredVerdict]:
    """Every verdict, oldest first."""
    return [_verdict(row) for row in tx.execute(text("SELECT * FROM verdict ORDER BY seq"))]


def standing(tx: Connection) -> list[StoredVerdict]:
    """Those that nobody has undone, oldest first."""
    sql = "SELECT * FROM verdict WHERE undone_at_s IS NULL ORDER BY seq"
    return [_verdict(row) for row in tx.execute(text(sql))]


def _verdict(row: Row[Any]) -> StoredVerdict:
    before = orjson.loads(row.before)
    return StoredVerdict(
        id=row.id,
        seq=row.seq,
        together=bool(row.together),
        one=tuple(orjson.loads(row.one)),
        other=tuple(orjson.loads(row.other)),
        said_by=row.said_by,
        said_at_s=row.said_at_s,
        before={int(pk): who for pk, who in before["records"].items()},
        placed={each["id"]: Placed(**each) for each in before["people"]},
        undone_by=row.undone_by,
        undone_at_s=row.undone_at_s,
    )


def next_seq(tx: Connection) -> int:
    """The number of the verdict to come."""
    return int(tx.execute(text("SELECT COALESCE(MAX(seq), 0) + 1 FROM verdict")).scalar_one())


def add(tx: Connection, verdict: StoredVerdict) -> None:
    """Keep a new verdict."""
    before = {
        "records": {str(pk): who for pk, who in verdict.before.items()},
        "people": [asdict(each) for each in verdict.placed.values()],
    }
    tx.execute(
        text(
            "INSERT INTO verdict (id, seq, together, one, other, said_by, said_at_s, before, undone_by)"
            " VALUES (:id, :seq, :together, :one, :other, :said_by, :said_at_s, :before, '')"
        ),
        {
            "id": verdict.id,
            "seq": verdict.seq,
            "together": int(verdict.together),
            "one": orjson.dumps(verdict.one).decode(),
            "other": orjson.dumps(verdict.other).decode(),
            "said_by": verdict.said_by,
            "said_at_s": verdict.said_at_s,
            "before": orjson.dumps(before).decode(),
        },
    )


def undo(tx: Connection, verdict_id: str, *, by: str, at_s: float) -> None:
    """Let a verdict stand no longer; it stays known."""
    sql = "UPDATE verdict SET undone_by = :by, undone_at_s = :at_s WHERE id = :id"
    tx.execute(text(sql), {"id": verdict_id, "by": by, "at_s": at_s})

"""Queries about how people and accounts moved: the history of each, as it was explained then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.engine import Row

from stagesync.domain.path import Step
from stagesync.store.bulk import Put, store_rows
from stagesync.store.keys import among, chunks


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of position of a person or account, as explained then.

    Attributes:
        at_s: when it was found.
        path: the positions taken since the one before, each from its instant on, the last one where they
            stand; empty where that was not asked for, which says as much as `position_to` at `at_s`.
        implied: vocabulary -> the stages passed on a jump up its ladder; those without a jump are absent.
    """

    subject: str
    at_s: float
    run: str
    stage_from: str
    stage_to: str
    position_from: Mapping[str, str]
    position_to: Mapping[str, str]
    policy: str
    scores: Mapping[str, float]
    reasons: Sequence[Mapping[str, Any]]
    path: Sequence[Step] = ()
    implied: Mapping[str, Sequence[str]] = field(default_factory=dict)


_TEXTS = ("position_from", "position_to", "scores", "reasons", "implied")
_PLAIN = ("subject", "at_s", "run", "stage_from", "stage_to", "policy")
_SAVE = Put("transition", (*_PLAIN, "path", *_TEXTS), ("subject", "at_s"))


def save_transitions(tx: Connection, transitions: Sequence[Transition]) -> None:
    """Append transitions."""
    rows = (
        (
            *(getattr(each, name) for name in _PLAIN),
            orjson.dumps([(step.at_s, step.position) for step in each.path]).decode(),
            *(orjson.dumps(getattr(each, name)).decode() for name in _TEXTS),
        )
        for each in transitions
    )
    store_rows(tx, _SAVE, rows)


def last_transitions(
    tx: Connection, subjects: Iterable[str], *, of_stage: bool = False
) -> dict[str, Transition]:
    """Person or account -> its newest transition; those that never moved are absent.

    Args:
        of_stage: the newest that changed the main vocabulary's stage.
    """
    only = " AND stage_from <> stage_to" if of_stage else ""
    sql = text(
        "SELECT t.* FROM transition t JOIN (SELECT subject, MAX(at_s) AS at_s FROM transition"  # noqa: S608  a literal
        f" WHERE subject IN :keys{only} GROUP BY subject) newest"
        " ON newest.subject = t.subject AND newest.at_s = t.at_s"
    ).bindparams(bindparam("keys", expanding=True))
    return {
        row.subject: _transition(row)
        for batch in chunks(subjects)
        for row in tx.execute(sql, {"keys": batch})
    }


def transitions_of(tx: Connection, subject: str) -> list[Transition]:
    """The history of one person or account, oldest first."""
    rows = tx.execute(
        text("SELECT * FROM transition WHERE subject = :subject ORDER BY at_s"),
        {"subject": subject},
    )
    return [_transition(row) for row in rows]


def _transition(row: Row[Any]) -> Transition:
    return Transition(
        subject=row.subject,
        at_s=row.at_s,
        run=row.run,
        stage_from=row.stage_from,
        stage_to=row.stage_to,
        position_from=orjson.loads(row.position_from),
        position_to=orjson.loads(row.position_to),
        policy=row.policy,
        scores=orjson.loads(row.scores),
        reasons=orjson.loads(row.reasons),
        path=_steps(row),
        implied=orjson.loads(row.implied),
    )


def _steps(row: Row[Any]) -> tuple[Step, ...]:
    return tuple(Step(at_s, position) for at_s, position in orjson.loads(row.path))


def paths_of(tx: Connection, subjects: Iterable[str]) -> dict[str, list[Step]]:
    """Person or account -> where they stood, oldest first, as far back as they are known."""
    sql = (
        "SELECT subject, at_s, position_from, position_to, path FROM transition"
        " WHERE subject IN :keys ORDER BY subject, at_s"
    )
    found: dict[str, list[Step]] = {}
    for row in among(tx, sql, subjects):
        before = orjson.loads(row.position_from)
        path = found.setdefault(row.subject, [Step(float("-inf"), before)] if before else [])
        path += _steps(row) or (Step(row.at_s, orjson.loads(row.position_to)),)
    return found


def last_moves(tx: Connection, accounts: Iterable[str], *, found_at_s: float) -> dict[str, float]:
    """Account -> since when one of its people stands where the run at this instant found them."""
    sql = text(
        "SELECT p.account, t.at_s, t.path FROM transition t JOIN person p ON p.id = t.subject"
        " WHERE p.account IN :keys AND t.at_s = :found_at_s"
    ).bindparams(bindparam("keys", expanding=True))
    found: dict[str, float] = {}
    for batch in chunks(accounts):
        for row in tx.execute(sql, {"keys": batch, "found_at_s": found_at_s}):
            steps = _steps(row)
            at_s = steps[-1].at_s if steps else row.at_s
            found[row.account] = max(at_s, found.get(row.account, at_s))
    return found

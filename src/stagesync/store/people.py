"""Queries about people and accounts: who they are made of, and where the policy places them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.engine import Row

from stagesync.store.bulk import Change, Put, store_rows
from stagesync.store.keys import chunks

Kind = Literal["person", "account"]
"""Which of the two tables; both have the same columns."""

KINDS: tuple[Kind, Kind] = ("person", "account")
"""Both, people before the accounts that follow from them."""

PREFIXES: Mapping[Kind, str] = {"person": "p_", "account": "a_"}
"""What their ids begin with."""


def kind_of(subject: str) -> Kind:
    """Whether an id is that of a person or of an account."""
    return "account" if subject.startswith(PREFIXES["account"]) else "person"


@dataclass(frozen=True, slots=True)
class Placed:
    """A person or an account as last evaluated.

    Attributes:
        account: the person's account id; None for an account, or when it has none.
        position: axis -> level; empty before the first evaluation.
        stages: vocabulary -> stage.
        evaluated_at_s: None before the first evaluation.
        staged_at_s: when the main vocabulary's stage last changed.
        previous_stage: what it was before; None when there was none.
        content, next_contact_at_s, accept_by_s, never: what the treatment asks for, see `domain.treatment.Asked`.
        no_contact_since_s: when they were first seen to want no contact; None while they do not.
        referrer: the person who referred them; empty for somebody unknown, None for nobody.
        place: number of the position that the stages are those of: with what a person's word fixes.
    """

    id: str
    account: str | None = None
    position: Mapping[str, str] | None = None
    scores: Mapping[str, float] | None = None
    stages: Mapping[str, str] | None = None
    evaluated_at_s: float | None = None
    recheck_at_s: float | None = None
    staged_at_s: float | None = None
    previous_stage: str | None = None
    content: str | None = None
    next_contact_at_s: float | None = None
    accept_by_s: float | None = None
    never: str | None = None
    no_contact_since_s: float | None = None
    referrer: str | None = None
    place: int | None = None
    policy: str = ""


def _placed(row: Row[Any]) -> Placed:
    return Placed(
        id=row.id,
        account=row.account,
        position=orjson.loads(row.position) or None,
        scores=orjson.loads(row.scores) or None,
        stages=orjson.loads(row.stages) or None,
        evaluated_at_s=row.evaluated_at_s,
        recheck_at_s=row.recheck_at_s,
        staged_at_s=row.staged_at_s,
        previous_stage=row.previous_stage,
        content=row.content,
        next_contact_at_s=row.next_contact_at_s,
        accept_by_s=row.accept_by_s,
        never=row.never,
        no_contact_since_s=row.no_contact_since_s,
        referrer=row.referrer,
        place=row.place,
        policy=row.policy,
    )


def placed(tx: Connection, kind: Kind, ids: Iterable[str]) -> dict[str, Placed]:
    """Those that exist, by id."""
    sql = text(f"SELECT * FROM {kind} WHERE id IN :keys").bindparams(  # noqa: S608  a literal
        bindparam("keys", expanding=True)
    )
    return {
        row.id: _placed(row) for batch in chunks(ids) for row in tx.execute(sql, {"keys": batch})
    }


def all_ids(tx: Connection, kind: Kind) -> list[str]:
    """Every id, in order."""
    return [row.id for row in tx.execute(text(f"SELECT id FROM {kind} ORDER BY id"))]  # noqa: S608  a literal


def ids_due(tx: Connection, kind: Kind, *, now_s: float) -> list[str]:
    """Those that time alone may have moved."""
    # Sorted here: for an order of its own SQLite would rather read everybody by id.
    sql = text(f"SELECT id FROM {kind} WHERE recheck_at_s <= :now_s")  # noqa: S608  a literal
    return sorted(row.id for row in tx.execute(sql, {"now_s": now_s}))


def ids_placed_after(tx: Connection, kind: Kind, at_s: float) -> list[str]:
    """Those whose last evaluation was later than an instant: before our clock was set back."""
    sql = text(f"SELECT id FROM {kind} WHERE evaluated_at_s > :at_s ORDER BY id")  # noqa: S608  a literal
    return [row.id for row in tx.execute(sql, {"at_s": at_s})]


def ids_of_other_policy(tx: Connection, kind: Kind, policy: str) -> list[str]:
    """Those last placed by another policy, or never."""
    # Two ranges of the index instead of `<>`, which reads everybody.
    sql = text(f"SELECT id FROM {kind} WHERE policy < :policy OR policy > :policy")  # noqa: S608  a literal
    return sorted(row.id for row in tx.execute(sql, {"policy": policy}))


def ensure(tx: Connection, kind: Kind, ids: Iterable[str]) -> None:
    """Make a place for new ones."""
    new = Put(kind, ("id", "position", "scores", "stages", "policy"), ("id",))
    store_rows(tx, new, ((each, "{}", "{}", "{}", "") for each in ids))


_TEXTS = ("position", "scores", "stages")
_VALUES = (
    "evaluated_at_s",
    "recheck_at_s",
    "staged_at_s",
    "previous_stage",
    "content",
    "next_contact_at_s",
    "accept_by_s",
    "never",
    "no_contact_since_s",
    "referrer",
    "place",
    "policy",
    "id",
)


def save_placed(tx: Connection, kind: Kind, rows: Sequence[Placed]) -> None:
    """Keep evaluations."""
    values = (
        (
            *(orjson.dumps(getattr(each, name)).decode() for name in _TEXTS),
            *(getattr(each, name) for name in _VALUES),
        )
        for each in rows
    )
    store_rows(tx, Change(kind, (*_TEXTS, *_VALUES[:-1]), ("id",)), values)


def assign(tx: Connection, kind: Kind, rows: Iterable[tuple[int, str]]) -> None:
    """Say which person or account records belong to: (record, id)."""
    store_rows(tx, Change("record", (kind,), ("pk",)), ((each, pk) for pk, each in rows))


def unassign(tx: Connection, kind: Kind, pks: Iterable[int]) -> None:
    """Let records belong to nobody: they are gone from their CRM."""
    values = [{"pk": pk} for pk in pks]
    if values:
        tx.execute(text(f"UPDATE record SET {kind} = NULL WHERE pk = :pk"), values)  # noqa: S608  a literal


def set_accounts(tx: Connection, rows: Iterable[tuple[str, str | None]]) -> None:
    """Say which account people belong to: (person, account)."""
    change = Change("person", ("account",), ("id",))
    store_rows(tx, change, ((account, each) for each, account in rows))


def remove_empty(tx: Connection, kind: Kind, ids: Iterable[str]) -> list[str]:
    """Remove those that no record belongs to any more; their history stays. Returns them."""
    sql = text(
        f"SELECT p.id FROM {kind} p WHERE p.id IN :keys"  # noqa: S608  a literal
        f" AND NOT EXISTS (SELECT 1 FROM record r WHERE r.{kind} = p.id)"
    ).bindparams(bindparam("keys", expanding=True))
    empty = [row.id for batch in chunks(ids) for row in tx.execute(sql, {"keys": batch})]
    if empty:
        rows = [{"id": each} for each in empty]
        tx.execute(text(f"DELETE FROM {kind} WHERE id = :id"), rows)  # noqa: S608  a literal
    return empty


def count_members(tx: Connection) -> dict[str, int]:
    """Account -> how many people it has; accounts without people are absent."""
    sql = "SELECT account, COUNT(*) AS n FROM person WHERE account IS NOT NULL GROUP BY account"
    return {row.account: row.n for row in tx.execute(text(sql))}


def ids_without_account(tx: Connection) -> list[str]:
    """People who belong to no account, in order."""
    sql = "SELECT id FROM person WHERE account IS NULL ORDER BY id"
    return [row.id for row in tx.execute(text(sql))]


def people_of_accounts(tx: Connection, accounts: Iterable[str]) -> dict[str, list[str]]:
    """Account -> its people."""
    sql = text("SELECT id, account FROM person WHERE account IN :keys ORDER BY id").bindparams(
        bindparam("keys", expanding=True)
    )
    found: dict[str, list[str]] = {}
    for batch in chunks(accounts):
        for row in tx.execute(sql, {"keys": batch}):
            found.setdefault(row.account, []).append(row.id)
    return found


def accounts_of_domains(tx: Connection, domains: Iterable[str]) -> dict[str, str]:
    """Web domain -> the account that its company records belong to; domains of several are left out."""
    sql = text(
        "SELECT domain, MIN(account) AS one, MAX(account) AS other FROM record"
        " WHERE domain IN :keys AND account IS NOT NULL AND gone = 0 GROUP BY domain"
    ).bindparams(bindparam("keys", expanding=True))
    found = {}
    for batch in chunks(domains):
        for row in tx.execute(sql, {"keys": batch}):
            if row.one == row.other:
                found[row.domain] = row.one
    return found


def count(tx: Connection, kind: Kind) -> int:
    """How many there are."""
    return int(tx.execute(text(f"SELECT COUNT(*) FROM {kind}")).scalar_one())  # noqa: S608  a literal


def referrers(tx: Connection) -> dict[str, str]:
    """Person -> who referred them, empty for somebody unknown; nobody else."""
    rows = tx.execute(text("SELECT id, referrer FROM person WHERE referrer IS NOT NULL"))
    return {row.id: row.referrer for row in rows}


def interesting(tx: Connection) -> str:
    """Somebody known to several CRMs with much to explain; anybody else failing that; empty if none."""
    lines = "LENGTH(t.reasons) - LENGTH(REPLACE(t.reasons, '\"rule\"', ''))"
    sql = (
        "SELECT p.id FROM person p JOIN record r ON r.person = p.id"  # noqa: S608  a literal
        " JOIN transition t ON t.subject = p.id GROUP BY p.id"
        f" ORDER BY COUNT(DISTINCT r.connection) DESC, MAX({lines}) DESC, p.id LIMIT 1"
    )
    return str(tx.execute(text(sql)).scalar() or "")

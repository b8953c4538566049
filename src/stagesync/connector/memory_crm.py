"""A CRM that lives in a dict: the vendor's side of the in-memory reference.

People work in it (`add`, `edit`, `delete`, `merge`, `convert`), and it misbehaves when told to (`refuse`,
`fail`, `break_write`, `lose_answer`, `meanwhile`). Its switches stand for the habits in which vendors differ: whether
records come with their links, how large a page is, how far a pull looks back, and choice fields that
silently refuse to go back. It remembers who changed what.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from stagesync.connector import (
    Actor,
    Change,
    Clock,
    FieldDescription,
    FieldValue,
    Heard,
    Link,
    Named,
    ObjectKind,
    Refusal,
    Write,
    WriteResult,
)
from stagesync.errors import CrmError


@dataclass(frozen=True, slots=True)
class MemoryObject:
    """One kind of record, with the fields it starts with."""

    kind: ObjectKind
    fields: tuple[FieldDescription, ...]


@dataclass(slots=True)
class MemoryRow:
    """A record as the CRM keeps it; `frozen` once it was converted."""

    fields: dict[str, FieldValue] = field(repr=False)
    links: dict[str, tuple[str, ...]]
    created_at_s: float
    changed_at_s: float
    gone: bool = False
    merged_into: str = ""
    frozen: bool = False
    history: dict[str, list[Change]] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class MemoryCrm:
    """The CRM, seen from the inside.

    Attributes:
        objects: in the order in which they should be pulled.
        clock: stamps every change.
        links_inline: records come with their links; otherwise they must be asked for.
        page_size: records per page of a pull.
        overlap_s: how far before its cursor a pull begins, for rows that the CRM indexed late; seconds.
        largest_write: records per request.
        counts: whether it says how many records there are.
        daily_limit: requests a day, those of others included; None means that it tells no limit.
        calls_of_others: requests of other programs.
        hook_secret: what its webhooks are signed with; empty means that it sends none.
        skew_s: how far its clock is ahead of ours, as its answers tell; its stamps do not show it.
        lists: (object, list) -> ids of the records on it.
        calls: requests answered so far, those that failed included.
    """

    objects: tuple[MemoryObject, ...]
    clock: Clock
    links_inline: bool = True
    page_size: int = 100
    overlap_s: float = 0.0
    largest_write: int = 100
    counts: bool = True
    daily_limit: int | None = None
    calls_of_others: int = 0
    hook_secret: str = ""
    skew_s: float = 0.0
    calls: int = 0
    rows: dict[tuple[str, str], MemoryRow] = field(default_factory=dict)
    fields: dict[str, dict[str, FieldDescription]] = field(default_factory=dict)
    lists: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _refusals: dict[tuple[str, str], WriteResult] = field(default_factory=dict)
    _failures: list[CrmError | None] = field(default_factory=list)
    _broken: list[tuple[int, CrmError]] = field(default_factory=list)
    _lost: list[CrmError | None] = field(default_factory=list)
    _meanwhile: list[Callable[[], None]] = field(default_factory=list)
    _made: int = 0

    def __post_init__(self) -> None:
        """Every object begins with its own fields."""
        self.fields = {each.kind.name: {f.name: f for f in each.fields} for each in self.objects}

    # What people do.

    def add(
        self, object_name: str, values: Mapping[str, FieldValue], *, links: Link | None = None
    ) -> str:
        """Make a record; returns its id."""
        self._made += 1
        record_id, now_s = str(self._made), self.clock.now_s()
        blank = dict.fromkeys(self.fields[object_name])
        self.rows[object_name, record_id] = MemoryRow(
            {**blank, **values}, dict(links or {}), now_s, now_s
        )
        return record_id

    def edit(
        self,
        object_name: str,
        record_id: str,
        values: Mapping[str, FieldValue],
        *,
        links: Link | None = None,
        actor: Actor = Actor.PERSON,
    ) -> None:
        """Change some fields, and what it names where `links` says so."""
        row = self.rows[object_name, record_id]
        now_s = self.clock.now_s()
        for name, value in values.items():
            if row.fields.get(name) != value:
                row.history.setdefault(name, []).insert(0, Change(value, now_s, actor))
        row.fields.update(values)
        row.links.update(links or {})
        row.changed_at_s = now_s

    def delete(self, object_name: str, record_id: str) -> None:
        """Throw a record away."""
        row = self.rows[object_name, record_id]
        row.gone, row.changed_at_s = True, self.clock.now_s()

    def merge(self, object_name: str, loser: str, *, into: str) -> None:
        """Make one record out of two: whoever named the loser names the winner now."""
        self.delete(object_name, loser)
        self.rows[object_name, loser].merged_into = into
        self.edit(object_name, into, {})
        for (other, record_id), row in self.rows.items():
            if loser in (named := row.links.get(object_name, ())):
                kept = tuple(dict.fromkeys(into if one == loser else one for one in named))
                self.edit(other, record_id, {}, links={object_name: kept})

    def convert(
        self, object_name: str, record_id: str, values: Mapping[str, FieldValue], *, to: str
    ) -> str:
        """Turn a person's record into one of another object; the old one stays, closed to writing.

        Args:
            values: fields to set on the old one (`IsConverted`).

        Returns:
            The id of the new one, which has taken over the fields that both objects know.
        """
        old = self.rows[object_name, record_id].fields
        made = self.add(to, {name: old[name] for name in self.fields[to] if name in old})
        self.edit(object_name, record_id, values, links={to: (made,)})
        self.rows[object_name, record_id].frozen = True
        return made

    def erase(self, object_name: str, record_id: str) -> Named:
        """Forget a person for good; returns what a webhook says of it."""
        del self.rows[object_name, record_id]
        return Named(object_name, record_id, erased=True)

    def tell(self, *named: Named, url: str) -> Heard:
        """The webhook request to this address that names these records, signed as a whole."""
        body = orjson.dumps([[each.object, each.id, each.erased] for each in named])
        at = repr(self.clock.now_s())
        headers = {"x-sent-at": at, "x-signature": self.signature(url, at, body)}
        return Heard("POST", url, headers, body)

    def signature(self, url: str, at: str, body: bytes) -> str:
        """What proves a request to this address at this instant."""
        said = f"{url} {at} ".encode() + body
        return hmac.digest(self.hook_secret.encode(), said, "sha256").hex()

    # How it misbehaves.

    def refuse(
        self, object_name: str, record_id: str, refusal: Refusal, *, message: str = ""
    ) -> None:
        """Say no to every write of this record until `accept`."""
        write = Write(object_name, record_id, {})
        self._refusals[object_name, record_id] = WriteResult(
            write, refusal, code=refusal.name, message=message
        )

    def accept(self, object_name: str, record_id: str) -> None:
        """Take writes of this record again."""
        self._refusals.pop((object_name, record_id), None)

    def fail(self, error: CrmError, *, after: int = 0, times: int = 1) -> None:
        """Let `after` more requests pass and fail the next `times`, having done nothing."""
        self._failures = [None] * after + [error] * times

    def break_write(self, error: CrmError, *, after: int) -> None:
        """Break the next write off when `after` records were taken."""
        self._broken.append((after, error))

    def lose_answer(self, error: CrmError, *, after: int = 0) -> None:
        """Answer `after` more requests to write, take the next one whole, and let its answer get lost."""
        self._lost += [*[None] * after, error]

    def meanwhile(self, act: Callable[[], None]) -> None:
        """Let somebody act while the next request to write is under way, before it is carried out."""
        self._meanwhile.append(act)

    # What the connector calls.

    def request(self) -> None:
        """Count one request, which may fail."""
        self.calls += 1
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure

    def arrive(self) -> None:
        """A request to write is about to be carried out."""
        if self._meanwhile:
            self._meanwhile.pop(0)()

    def breaking(self) -> tuple[int, CrmError] | None:
        """Where the present write breaks off; None when it does not."""
        return self._broken.pop(0) if self._broken else None

    def answer(self, results: Sequence[WriteResult]) -> Sequence[WriteResult]:
        """What became of a request, unless the answer gets lost."""
        lost = self._lost.pop(0) if self._lost else None
        if lost is not None:
            raise lost
        return results

    def take(self, write: Write) -> WriteResult:
        """Set a record's values, or refuse them."""
        row = self.rows.get((write.object, write.id))
        if row is None or row.gone:
            return WriteResult(write, Refusal.GONE, code="GONE", message="no such record")
        if row.frozen:
            return WriteResult(write, Refusal.CONVERTED, code="CONVERTED", message="read only")
        if refused := self._refusals.get((write.object, write.id)):
            return replace(refused, write=write)
        if invalid := self._invalid(write):
            return invalid
        known = self.fields[write.object]
        back = [name for name in write.values if _goes_back(known[name], row, write.values[name])]
        taken = {name: value for name, value in write.values.items() if name not in back}
        self.edit(write.object, write.id, taken, actor=Actor.OURS)
        now = {name: row.fields[name] for name in write.values}
        if not back:
            return WriteResult(write, now=now)
        # The vendor answers "done" and leaves the value: only reading it back shows that it refused.
        return WriteResult(write, Refusal.NOT_FORWARD, tuple(back), "", "kept its value", now)

    def _invalid(self, write: Write) -> WriteResult | None:
        for name, value in write.values.items():
            known = self.fields[write.object].get(name)
            if known is None:
                return WriteResult(write, Refusal.INVALID, (), "NO_SUCH_FIELD", name)
            if not known.writable:
                return WriteResult(write, Refusal.FORBIDDEN, (), "READ_ONLY", name)
            if known.options and value not in (None, "", *(o.value for o in known.options)):
                return WriteResult(write, Refusal.INVALID, (), "INVALID_OPTION", name)
        return None


def _goes_back(known: FieldDescription, row: MemoryRow, value: FieldValue) -> bool:
    ranks = {option.value: option.rank for option in known.options}
    current = row.fields[known.name]
    # Whoever empties it does not move it: that is the way back.
    if not known.forward_only or current not in ranks or value in (None, ""):
        return False
    return ranks.get(str(value), -1) < ranks[str(current)]

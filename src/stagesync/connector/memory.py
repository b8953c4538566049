"""A CRM that lives in a dict, and its connector: the reference that a connector author reads.

`MemoryCrm` is the vendor's side. People work in it (`add`, `edit`, `delete`, `merge`, `convert`), and it
misbehaves when told to (`refuse`, `fail`, `break_write`). `MemoryConnector` is the other side, the whole
of the contract and nothing more. Between the two stand the habits in which vendors differ:
whether records come with their links, how large a page is, how far a pull looks back, and choice fields
that silently refuse to go back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from stagesync.connector.contract import (
    Clock,
    FieldDescription,
    FieldType,
    FieldValue,
    Link,
    ObjectDescription,
    ObjectKind,
    Option,
    OwnField,
    Page,
    Pull,
    Record,
    Refusal,
    SetupStep,
    Write,
    WriteResult,
)
from stagesync.errors import CrmError, FieldMissing, RequestRefused


@dataclass(frozen=True, slots=True)
class MemoryObject:
    """One kind of record, with the fields it starts with."""

    kind: ObjectKind
    fields: tuple[FieldDescription, ...]


@dataclass(slots=True)
class _Row:
    """A record as the CRM keeps it; `frozen` once it was converted."""

    fields: dict[str, FieldValue]
    links: dict[str, tuple[str, ...]]
    created_at_s: float
    changed_at_s: float
    gone: bool = False
    merged_into: str = ""
    frozen: bool = False


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
        calls: requests answered so far, those that failed included.
    """

    objects: tuple[MemoryObject, ...]
    clock: Clock
    links_inline: bool = True
    page_size: int = 100
    overlap_s: float = 0.0
    largest_write: int = 100
    calls: int = 0
    rows: dict[tuple[str, str], _Row] = field(default_factory=dict)
    fields: dict[str, dict[str, FieldDescription]] = field(default_factory=dict)
    _refusals: dict[tuple[str, str], WriteResult] = field(default_factory=dict)
    _failures: list[CrmError | None] = field(default_factory=list)
    _broken: list[tuple[int, CrmError]] = field(default_factory=list)
    _lost: list[CrmError] = field(default_factory=list)
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
        self.rows[object_name, record_id] = _Row(
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
    ) -> None:
        """Change some fields, and what it names where `links` says so."""
        row = self.rows[object_name, record_id]
        row.fields.update(values)
        row.links.update(links or {})
        row.changed_at_s = self.clock.now_s()

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

    def lose_answer(self, error: CrmError) -> None:
        """Take the next write whole, and let its answer get lost."""
        self._lost.append(error)

    # What the connector calls.

    def request(self) -> None:
        """Count one request, which may fail."""
        self.calls += 1
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure

    def breaking(self) -> tuple[int, CrmError] | None:
        """Where the present write breaks off; None when it does not."""
        return self._broken.pop(0) if self._broken else None

    def answer(self, results: Sequence[WriteResult]) -> Sequence[WriteResult]:
        """What became of a request, unless the answer gets lost."""
        if self._lost:
            raise self._lost.pop(0)
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
        self.edit(write.object, write.id, taken)
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


def _goes_back(known: FieldDescription, row: _Row, value: FieldValue) -> bool:
    ranks = {option.value: option.rank for option in known.options}
    current = row.fields[known.name]
    if not known.forward_only or current not in ranks:
        return False
    return ranks.get(str(value), -1) < ranks[str(current)]


class MemoryConnector:
    """The connector of a `MemoryCrm`.

    Args:
        name: the connection's name.
    """

    def __init__(self, name: str, crm: MemoryCrm) -> None:
        self.name = name
        self.objects = tuple(each.kind for each in crm.objects)
        self.largest_write = crm.largest_write
        self._crm = crm

    def check(self) -> None:
        """See `Connector.check`."""
        self._crm.request()

    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """See `Connector.describe`."""
        self._crm.request()
        return {name: ObjectDescription(name, dict(self._crm.fields[name])) for name in objects}

    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        """See `Connector.pull`. A cursor is the stamp of the last row before it; Unix seconds."""
        for each in wanted:
            yield from self._pull(each)

    def _pull(self, wanted: Pull) -> Iterator[Page]:
        self._demand(wanted.object, wanted.fields)
        rows = self._changed_since(wanted)
        cursor, size = wanted.cursor or "0", self._crm.page_size
        for start in range(0, max(len(rows), 1), size):
            self._crm.request()
            page = rows[start : start + size]
            # Rows of one stamp may lie on both sides of a page's end: a cursor includes its own stamp,
            # so that going on from it repeats some and loses none. It never falls behind the last one.
            cursor = max(cursor, *(repr(row.changed_at_s) for _, row in page), key=float)
            records = tuple(self._record(wanted, each, row) for each, row in page)
            yield Page(wanted.object, records, cursor, last=start + size >= len(rows))

    def _changed_since(self, wanted: Pull) -> list[tuple[str, _Row]]:
        since_s = float(wanted.cursor) - self._crm.overlap_s if wanted.cursor else None
        found = [
            (record_id, row)
            for (name, record_id), row in self._crm.rows.items()
            if name == wanted.object
            # Whoever starts from nothing has no use for what is gone.
            and (not row.gone if since_s is None else row.changed_at_s >= since_s)
        ]
        return sorted(found, key=lambda each: each[1].changed_at_s)

    def _record(self, wanted: Pull, record_id: str, row: _Row) -> Record:
        return Record(
            object=wanted.object,
            id=record_id,
            fields={name: row.fields.get(name) for name in wanted.fields},
            changed_at_s=row.changed_at_s,
            created_at_s=row.created_at_s,
            links=dict(row.links) if self._crm.links_inline else None,
            gone=row.gone,
            merged_into=row.merged_into,
        )

    def _demand(self, object_name: str, fields: Sequence[str]) -> None:
        for name in fields:
            if name not in self._crm.fields[object_name]:
                raise FieldMissing(f"{self.name}: {object_name}.{name} does not exist")

    def links(self, object_name: str, ids: Sequence[str]) -> Mapping[str, Link]:
        """See `Connector.links`."""
        self._crm.request()
        found = {each: self._crm.rows[object_name, each].links for each in ids}
        return {each: dict(links) for each, links in found.items() if links}

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """See `Connector.read`."""
        self._demand(object_name, fields)
        self._crm.request()
        wanted = Pull(object_name, tuple(fields))
        rows = {each: self._crm.rows.get((object_name, each)) for each in ids}
        return [
            self._record(wanted, each, row) for each, row in rows.items() if row and not row.gone
        ]

    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """See `Connector.write`."""
        results: list[WriteResult] = []
        try:
            for start in range(0, len(writes), self.largest_write):
                self._send(writes[start : start + self.largest_write], results)
        except CrmError as error:
            error.results = tuple(results)
            raise
        return results

    def _send(self, batch: Sequence[Write], results: list[WriteResult]) -> None:
        self._crm.request()
        broken = self._crm.breaking()
        answered: list[WriteResult] = []
        for place, write in enumerate(batch):
            if broken and place == broken[0]:
                results += answered
                raise broken[1]
            answered.append(self._crm.take(write))
        results += self._crm.answer(answered)

    def setup(self, fields: Sequence[OwnField]) -> list[SetupStep]:
        """See `Connector.setup`."""
        self._crm.request()
        self._missing = {
            f"{each.object}.{each.name}": each for each in fields if not self._is_there(each)
        }
        return [
            SetupStep(key, f"field {each.name} on {each.object} ({each.type})")
            for key, each in self._missing.items()
        ]

    def _is_there(self, wanted: OwnField) -> bool:
        known = self._crm.fields[wanted.object].get(wanted.name)
        if known is not None and known.type is not wanted.type:
            raise RequestRefused(
                f"{self.name}: {wanted.object}.{wanted.name} exists as {known.type},"
                f" not as {wanted.type}",
                hint="rename or remove the other field, or name ours otherwise in the mapping",
            )
        return known is not None

    def make(self, step: SetupStep) -> None:
        """See `Connector.make`."""
        self._crm.request()
        wanted = self._missing[step.key]
        options = tuple(
            Option(value, label, rank) for rank, (value, label) in enumerate(wanted.options)
        )
        made = FieldDescription(wanted.name, FieldType(wanted.type), writable=True, options=options)
        self._crm.fields[wanted.object][wanted.name] = made

    @property
    def calls(self) -> int:
        """See `Connector.calls`."""
        return self._crm.calls

    def record_url(self, object_name: str, record_id: str) -> str:
        """See `Connector.record_url`."""
        return f"memory://{self.name}/{object_name}/{record_id}"

    def close(self) -> None:
        """Nothing to let go of."""

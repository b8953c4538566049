"""The connector of a CRM in memory: the reference that a connector author reads.

It is the whole of the contract and nothing more; `memory_crm` is the CRM that it talks to.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import orjson

from stagesync.connector import (
    Change,
    FieldDescription,
    FieldType,
    Heard,
    Link,
    Named,
    ObjectDescription,
    Option,
    OwnField,
    Page,
    Pull,
    Quota,
    Record,
    Secret,
    SetupStep,
    Write,
    WriteResult,
)
from stagesync.connector.capabilities import Capabilities
from stagesync.connector.memory_crm import MemoryCrm, MemoryObject, MemoryRow
from stagesync.errors import CrmError, FieldMissing, RequestRefused

__all__ = ["MemoryConnector", "MemoryCrm", "MemoryObject"]

HEARD_WITHIN_S = 300.0
"""An older webhook request may be one that somebody recorded and sends again."""


_USED = "requests of all lives: "


class MemoryConnector:
    """The connector of a `MemoryCrm`.

    Args:
        name: the connection's name.
    """

    def __init__(self, name: str, crm: MemoryCrm) -> None:
        self.name = name
        self.objects = tuple(each.kind for each in crm.objects)
        self.capabilities = Capabilities(
            largest_write=crm.largest_write,
            tells_links_inline=crm.links_inline,
            pulls_incrementally=True,
            tells_deletes=True,
            tells_merges=True,
            refuses_backward_silently=True,
            clears_to_go_back=True,
            makes_fields=True,
            makes_choices=True,
        )
        self._crm = crm
        self._missing: dict[str, OwnField] = {}
        self._used = 0
        self._keep: Callable[[Secret], None] = lambda _: None

    def check(self) -> None:
        """See `Connector.check`."""
        self._request()

    def members(self, object_name: str, list_name: str) -> Iterable[str]:
        """See `TellsMembers.members`."""
        self._request()
        try:
            return sorted(self._crm.lists[object_name, list_name])
        except KeyError:
            raise RequestRefused(f"there is no list {list_name} of {object_name}") from None

    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """See `Connector.describe`."""
        self._request()
        return {name: ObjectDescription(name, dict(self._crm.fields[name])) for name in objects}

    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        """See `Connector.pull`. A cursor is the stamp of the last row before it; Unix seconds."""
        for each in wanted:
            yield from self._pull(each)

    def _pull(self, wanted: Pull) -> Iterator[Page]:
        self._demand(wanted.object, wanted.fields)
        rows = self._changed_since(wanted)
        # As they were when the pull began: a row that changes meanwhile must not carry the cursor past
        # another one that changed before it and was handed out already.
        stamps = [repr(row.changed_at_s) for _, row in rows]
        cursor, size = wanted.cursor or "0", self._crm.page_size
        for start in range(0, max(len(rows), 1), size):
            self._request()
            page = rows[start : start + size]
            # Rows of one stamp may lie on both sides of a page's end: a cursor includes its own stamp,
            # so that going on from it repeats some and loses none. It never falls behind the last one.
            cursor = max(cursor, *stamps[start : start + size], key=float)
            records = tuple(self._record(wanted, each, row) for each, row in page)
            yield Page(wanted.object, records, cursor, last=start + size >= len(rows))

    def _changed_since(self, wanted: Pull) -> list[tuple[str, MemoryRow]]:
        since_s = float(wanted.cursor) - self._crm.overlap_s if wanted.cursor else None
        found = [
            (record_id, row)
            for (name, record_id), row in self._crm.rows.items()
            if name == wanted.object
            # Whoever starts from nothing has no use for what is gone.
            and (not row.gone if since_s is None else row.changed_at_s >= since_s)
        ]
        return sorted(found, key=lambda each: each[1].changed_at_s)

    def _record(self, wanted: Pull, record_id: str, row: MemoryRow) -> Record:
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
        self._request()
        found = {each: self._crm.rows[object_name, each].links for each in ids}
        return {each: dict(links) for each, links in found.items() if links}

    def read(self, object_name: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """See `Connector.read`."""
        self._demand(object_name, fields)
        self._request()
        wanted = Pull(object_name, tuple(fields))
        rows = {each: self._crm.rows.get((object_name, each)) for each in ids}
        return [
            self._record(wanted, each, row)
            for each, row in rows.items()
            if row and (not row.gone or row.merged_into)
        ]

    def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """See `Connector.write`."""
        if len({(each.object, each.id) for each in writes}) < len(writes):
            raise ValueError("a record appears twice in one call")
        results: list[WriteResult] = []
        size = self.capabilities.largest_write
        try:
            for start in range(0, len(writes), size):
                batch = writes[start : start + size]
                emptied = self._clear(batch)
                self._send(batch, results)
                results[start:] = [_seen_empty(each, emptied) for each in results[start:]]
        except CrmError as error:
            error.results = tuple(results)
            raise
        return results

    def _clear(self, batch: Sequence[Write]) -> set[str]:
        """Empty what is to go back, in a request before the one that sets it; ids of those that were.

        A record that does not let itself be emptied does not let itself be set either: the second
        request tells that.
        """
        emptied = [
            replace(each, values=dict.fromkeys(each.clear), clear=())
            for each in batch
            if each.clear
        ]
        results: list[WriteResult] = []
        if emptied:
            self._send(emptied, results)
        return {each.write.id for each in results if each.refusal is None}

    def _send(self, batch: Sequence[Write], results: list[WriteResult]) -> None:
        self._request()
        self._crm.arrive()
        broken = self._crm.breaking()
        answered: list[WriteResult] = []
        for place, write in enumerate(batch):
            if broken and place == broken[0]:
                results += answered
                raise broken[1]
            answered.append(self._crm.take(write))
        results += self._crm.answer(answered)

    def history(
        self, object_name: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, tuple[Change, ...]]]:
        """See `TellsHistory.history`."""
        self._demand(object_name, fields)
        self._request()
        rows = {each: self._crm.rows.get((object_name, each)) for each in ids}
        return {
            each: {name: tuple(row.history.get(name, ())) for name in fields}
            for each, row in rows.items()
            if row and not row.gone
        }

    def setup(self, fields: Sequence[OwnField]) -> list[SetupStep]:
        """See `Connector.setup`."""
        self._request()
        self._missing = {
            f"{each.object}.{each.name}": each for each in fields if not self._is_there(each)
        }
        return [
            SetupStep(key, f"field {each.name} on {each.object} ({each.type})")
            for key, each in self._missing.items()
        ]

    def _is_there(self, wanted: OwnField) -> bool:
        """Whether the field is there, with every option."""
        known = self._crm.fields[wanted.object].get(wanted.name)
        if known is None:
            return False
        if known.type is not wanted.type:
            raise RequestRefused(
                f"{self.name}: {wanted.object}.{wanted.name} exists as {known.type},"
                f" not as {wanted.type}",
                hint="rename or remove the other field, or name ours otherwise in the mapping",
            )
        return {value for value, _ in wanted.options} <= {each.value for each in known.options}

    def make(self, step: SetupStep) -> None:
        """See `Connector.make`."""
        self._request()
        wanted = self._missing[step.key]
        known = self._crm.fields[wanted.object].get(wanted.name)
        # What an admin added to the options stays.
        labels = {each.value: each.label for each in known.options} if known else {}
        labels = dict(wanted.options) | labels
        options = tuple(Option(*each, rank) for rank, each in enumerate(labels.items()))
        made = FieldDescription(wanted.name, FieldType(wanted.type), writable=True, options=options)
        self._crm.fields[wanted.object][wanted.name] = made
        for (name, _), row in self._crm.rows.items():
            if name == wanted.object:
                row.fields.setdefault(wanted.name, None)

    @property
    def calls(self) -> int:
        """See `Connector.calls`."""
        return self._crm.calls

    def quota(self) -> Quota | None:
        """See `Connector.quota`. A CRM without a limit tells none."""
        if self._crm.daily_limit is None:
            return None
        return Quota(
            used_by_all=self._crm.calls + self._crm.calls_of_others,
            limit=self._crm.daily_limit,
            used_by_us=self._used,
            budget=None,
            resets_at_s=None,
        )

    def remember(self, recall: Callable[[], Secret | None], keep: Callable[[Secret], None]) -> None:
        """See `Remembers.remember`. The vendor tells the requests of all programs together, so the
        connector counts its own, whichever life they were sent in."""
        known = recall()
        self._used = int(known.reveal().removeprefix(_USED)) if known else 0
        self._keep = keep

    def _request(self) -> None:
        self._used += 1
        self._keep(Secret(f"{_USED}{self._used}"))
        self._crm.request()

    def count(self, object_name: str) -> int | None:
        """See `Connector.count`."""
        if not self._crm.counts:
            return None
        self._request()
        return sum(
            name == object_name and not row.gone for (name, _), row in self._crm.rows.items()
        )

    def server_now_s(self) -> float | None:
        """See `TellsTime.server_now_s`."""
        return self._crm.clock.now_s() + self._crm.skew_s

    @property
    def listens(self) -> bool:
        """See `Hears.listens`."""
        return bool(self._crm.hook_secret)

    def hear(self, heard: Heard) -> Sequence[Named]:
        """See `Hears.hear`. Signature first, then time, and only then is the body read."""
        at, given = (heard.headers.get(name, "") for name in ("x-sent-at", "x-signature"))
        expected = self._crm.signature(heard.url, at, heard.body)
        if not self.listens or not hmac.compare_digest(expected.encode(), given.encode()):
            raise RequestRefused("a webhook request is not proven", code="BAD_SIGNATURE")
        if abs(self._crm.clock.now_s() - float(at)) > HEARD_WITHIN_S:
            raise RequestRefused("a webhook request is too old to be trusted", code="TOO_OLD")
        return list(dict.fromkeys(Named(*each) for each in orjson.loads(heard.body)))

    def record_url(self, object_name: str, record_id: str) -> str:
        """See `Connector.record_url`."""
        return f"memory://{self.name}/{object_name}/{record_id}"

    def close(self) -> None:
        """Nothing to let go of."""


def _seen_empty(result: WriteResult, emptied: set[str]) -> WriteResult:
    """A refusal that came after the clear leaves the field empty, and says so."""
    if result.refusal is None or result.write.id not in emptied:
        return result
    return replace(result, now={**dict.fromkeys(result.write.clear), **result.now})

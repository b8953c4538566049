"""The records of one object type, with the look-ups that keep 100,000 of them quick."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from stagesync.sandbox.hubspot.model import Kind, Record


class Doc(NamedTuple):
    """A record as the search index has it."""

    id: int
    created_ms: int
    updated_ms: int
    values: dict[str, str]


class SearchIndex:
    """What search can see: every write arrives here late, by the lag its writer gives.

    `by_modified` and `ids` are kept sorted, so that a window of time or of ids is a slice.
    """

    def __init__(self) -> None:
        self.docs: dict[int, Doc] = {}
        self.by_modified: list[tuple[int, int]] = []
        self.ids: list[int] = []
        self._late: list[tuple[int, int, Doc]] = []
        self._order = count()

    def submit(self, doc: Doc, visible_ms: int) -> None:
        """Lets search see this state of a record from `visible_ms` on."""
        heappush(self._late, (visible_ms, next(self._order), doc))

    def catch_up(self, now_ms: int) -> None:
        """Takes in everything that has become visible by now."""
        while self._late and self._late[0][0] <= now_ms:
            self.put(heappop(self._late)[2])

    def put(self, doc: Doc) -> None:
        """Makes this state of a record the one search sees."""
        known = self.docs.get(doc.id)
        if known is None:
            insort(self.ids, doc.id)
        else:
            self._forget_time(known)
        self.docs[doc.id] = doc
        insort(self.by_modified, (doc.updated_ms, doc.id))

    def fill(self, docs: list[Doc]) -> None:
        """Takes in many new records at once, none of them known before."""
        self.docs.update((doc.id, doc) for doc in docs)
        self.ids = sorted(self.docs)
        self.by_modified = sorted((doc.updated_ms, doc.id) for doc in self.docs.values())

    def drop(self, record_id: int) -> None:
        """Archived records leave search at once, states still on their way included."""
        self._late = [entry for entry in self._late if entry[2].id != record_id]
        self._late.sort()
        known = self.docs.pop(record_id, None)
        if known is not None:
            self._forget_time(known)
            del self.ids[bisect_left(self.ids, record_id)]

    def window(self, low_ms: float, high_ms: float) -> list[tuple[int, int]]:
        """(modified, id) of everything modified from `low_ms` to `high_ms`, both included."""
        first = bisect_left(self.by_modified, (low_ms, 0))
        last = bisect_right(self.by_modified, (high_ms, float("inf")))
        return self.by_modified[first:last]

    def _forget_time(self, doc: Doc) -> None:
        del self.by_modified[bisect_left(self.by_modified, (doc.updated_ms, doc.id))]


class ObjectStore:
    """All records of one object type, live and archived."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.records: dict[int, Record] = {}
        self.live_ids: list[int] = []
        self.archived_ids: list[int] = []
        self.aliases: dict[int, int] = {}
        self.unique: dict[str, dict[str, int]] = {name: {} for name in kind.unique}
        self.index = SearchIndex()

    def add(self, record: Record) -> None:
        """Adds a new live record; the caller submits it to the index."""
        self.records[record.id] = record
        insort(self.live_ids, record.id)
        for name, known in self.unique.items():
            for value in _keys(name, record.values):
                known.setdefault(value, record.id)

    def fill(self, records: list[Record]) -> None:
        """Adds many live records at once and makes search see them."""
        for record in records:
            self.records[record.id] = record
            for name, known in self.unique.items():
                for value in _keys(name, record.values):
                    known.setdefault(value, record.id)
        self.live_ids = sorted(set(self.live_ids) | {record.id for record in records})
        self.index.fill([doc_of(record) for record in records])

    def find(self, record_id: int, *, archived: bool = False) -> Record | None:
        """The record of this id, or the one it was merged into; None when there is none."""
        record = self.records.get(self.current(record_id))
        if record is None or (record.archived_ms is not None) != archived:
            return None
        return record

    def find_unique(self, name: str, value: str) -> Record | None:
        """The live record that holds this value in a unique property."""
        sought = value.strip().lower() if name == "email" else value
        found = self.unique.get(name, {}).get(sought)
        return None if found is None else self.find(found)

    def watch_unique(self, name: str) -> None:
        """Starts the look-up of a property that has been made unique."""
        values = {r.values[name]: r.id for r in self.live() if r.values.get(name)}
        self.unique.setdefault(name, values)

    def replace_values(self, record: Record, values: dict[str, str]) -> None:
        """Gives a record its new values and keeps the unique look-ups true."""
        for name, known in self.unique.items():
            old, new = _keys(name, record.values), _keys(name, values)
            for value in old:
                if value not in new and known.get(value) == record.id:
                    del known[value]
            for value in new:
                if value not in old:
                    known[value] = record.id
        record.values = values

    def archive(self, record: Record, at_ms: int) -> None:
        """Takes a record out of sight without touching its modified date."""
        record.archived_ms = at_ms
        del self.live_ids[bisect_left(self.live_ids, record.id)]
        insort(self.archived_ids, record.id)
        self._release(record)

    def restore(self, record: Record) -> None:
        """Makes an archived record live again; the caller submits it to the index."""
        record.archived_ms = None
        del self.archived_ids[bisect_left(self.archived_ids, record.id)]
        self.add(record)

    def forget_aliases(self, record_id: int) -> None:
        """Lets no older id lead to this record any more."""
        for alias in [old for old in self.aliases if self.current(old) == record_id]:
            del self.aliases[alias]

    def current(self, record_id: int) -> int:
        """The id that this one leads to after merges; itself when there was none."""
        while record_id in self.aliases:
            record_id = self.aliases[record_id]
        return record_id

    def purge(self, record: Record) -> None:
        """Forgets a record for good."""
        ids = self.live_ids if record.archived_ms is None else self.archived_ids
        del ids[bisect_left(ids, record.id)]
        del self.records[record.id]
        self._release(record)

    def live(self) -> Iterator[Record]:
        """Every record that is not archived, by id."""
        return (self.records[record_id] for record_id in self.live_ids)

    def page(self, after: int, *, limit: int, archived: bool) -> tuple[list[Record], bool]:
        """Up to `limit` records whose id is above `after`, and whether more follow."""
        ids = self.archived_ids if archived else self.live_ids
        first = bisect_right(ids, after)
        chosen = ids[first : first + limit]
        return [self.records[found] for found in chosen], first + limit < len(ids)

    def _release(self, record: Record) -> None:
        for name, known in self.unique.items():
            for value in _keys(name, record.values):
                if known.get(value) == record.id:
                    del known[value]
        self.index.drop(record.id)


def doc_of(record: Record) -> Doc:
    """What the search index keeps of a record; shares its values."""
    return Doc(record.id, record.created_ms, record.updated_ms, record.values)


def _keys(name: str, values: dict[str, str]) -> list[str]:
    """What finds a record by a unique property; further addresses find a contact too."""
    found = [values[name]] if values.get(name) else []
    if name == "email" and (more := values.get("hs_additional_emails")):
        found += more.split(";")
    return found

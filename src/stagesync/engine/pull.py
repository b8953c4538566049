"""Pulls all connections side by side, one thread each.

A connection that fails does not stop the others. Whatever pages it delivered before stay stored.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import Connection

from stagesync.connector import CrmError, FieldMissing, Link, ObjectDescription, Page, Pull
from stagesync.engine.admit import admitted, admitted_links
from stagesync.engine.company import Company
from stagesync.engine.counts import reconcile
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.describe import Descriptions, describe, fields_to_ask
from stagesync.engine.first_load import unread_objects
from stagesync.engine.inbox import forget_erased, take_inbox
from stagesync.engine.ingest import sort_links, sort_page, store_page
from stagesync.engine.members import read_lists
from stagesync.engine.progress import Progress
from stagesync.engine.trouble import advise, to_keep
from stagesync.store import connections, first_loads, state


@dataclass(slots=True)
class Pulled:
    """What pulling one connection brought.

    Attributes:
        records: that came, echoes and repeats included.
        changed: that differ from what was stored.
        lost: object -> records that were deleted or archived since, without those merged into others.
        descriptions: live fields; None when the connection failed before they were known.
        trouble: why it failed; None when it did not.
    """

    records: int = 0
    changed: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    descriptions: Descriptions | None = None
    trouble: CrmError | None = None


@dataclass(slots=True)
class _Reader:
    """Reads one connection.

    Attributes:
        only_heard: read what the CRM named by webhook, and nothing else.
        loaded: objects that an earlier run read to their end.
        unread: objects whose first load is not complete.
        came: of those, how many records changed since.
        company: those whose work waits for this one.
    """

    deployment: Deployment
    connected: Connected
    progress: Progress
    now_s: float
    only_heard: bool
    company: Company
    pulled: Pulled = field(default_factory=Pulled)
    loaded: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    came: Counter[str] = field(default_factory=Counter)

    def read(self) -> Pulled:
        """Pull to the end, or to the first failure, or for as long as the others wait."""
        try:
            return self._read()
        finally:
            self.company.done()

    def _read(self) -> Pulled:
        forget_erased(self.deployment, self.connected)
        if self.only_heard and self._is_in_trouble():
            # Whoever is down is asked at the pace of the polls; what was named waits.
            return self.pulled
        try:
            found = describe(self.deployment, self.connected, now_s=self.now_s)
            self.pulled.descriptions = found
            read_lists(self.deployment, self.connected, now_s=self.now_s)
            try:
                self._work(found)
            except FieldMissing:
                # A field went since the descriptions were read: read them anew, and go on without it.
                fresh = describe(self.deployment, self.connected, now_s=self.now_s, again=True)
                if fresh == found:
                    raise
                self.pulled.descriptions = fresh
                self._work(fresh)
            if not self.only_heard and not self.deployment.stopping.is_set():
                reconcile(self.deployment, self.connected, changed=self.came, now_s=self.now_s)
        except CrmError as error:
            now_s = self.deployment.clock.now_s()
            self.pulled.trouble = advise(error, self.connected.name, now_s=now_s)
        trouble = to_keep(self.pulled.trouble) if self.pulled.trouble else ""
        if trouble or not self.only_heard:
            with self.deployment.store.begin() as tx:
                connections.save_trouble(tx, self.connected.name, trouble)
        return self.pulled

    def _is_in_trouble(self) -> bool:
        with self.deployment.store.begin() as tx:
            known = connections.connection_state(tx, self.connected.name)
        return bool(known and known.trouble)

    def _work(self, found: Descriptions) -> None:
        if not self.only_heard:
            self._pull(found)
        records, changed = take_inbox(self.deployment, self.connected, found)
        self.pulled.records += records
        self.pulled.changed += changed
        self.progress.advance(records)

    def _pull(self, found: Descriptions) -> None:
        for page in self.connected.connector.pull(list(self._wanted(found))):
            self._take(page, found[page.object])
            if self.deployment.stopping.is_set() or self._holds_up():
                break

    def _holds_up(self) -> bool:
        """Whether the others have waited long enough; for a first load they have to wait in any case."""
        loads = self.unread and self.connected.wait_for_first_load
        return not loads and self.company.is_over()

    def _wanted(self, found: Descriptions) -> Iterable[Pull]:
        with self.deployment.store.begin() as tx:
            cursors = state.cursors_of(tx, self.connected.name)
            self.unread = set(unread_objects(tx, self.connected))
        self.loaded = {name for name, each in cursors.items() if each.complete}
        # What a slow pull did not come to the last time is first: nothing is left behind for ever.
        waited = {name: cursors[name].pulled_at_s for name in self.loaded}
        for name in sorted(self.connected.roles, key=lambda each: waited.get(each, math.inf)):
            cursor = cursors[name].cursor if name in cursors else None
            yield Pull(name, fields_to_ask(self.connected, found, name), cursor)

    def _take(self, page: Page, described: ObjectDescription) -> None:
        with self.deployment.store.begin() as tx:
            kept = admitted(tx, self.connected, page)
            found = sort_page(tx, self.connected, kept, described)
        links: Mapping[str, Link] = (
            self.connected.connector.links(page.object, found.unlinked) if found.unlinked else {}
        )
        with self.deployment.store.begin() as tx:
            found, links = admitted_links(tx, self.connected, page.object, found, links)
            found = sort_links(tx, self.connected, kept, found, links=links)
            store_page(tx, self.connected, kept, found, links=links, described=described)
            cursor = state.Cursor(page.cursor, self.now_s, complete=page.last)
            state.save_cursor(tx, self.connected.name, page.object, cursor)
            self._count_first(tx, page)
        self.pulled.records += len(page.records)
        if page.object in self.loaded:
            self.came[page.object] += len(found.changed)
        self.pulled.changed += len(found.changed)
        gone = sum(each.gone and not each.merged_into for each in found.changed)
        self.pulled.lost[page.object] += gone
        self.progress.advance(len(page.records))

    def _count_first(self, tx: Connection, page: Page) -> None:
        if page.object not in self.unread:
            return
        first_loads.count_page(
            tx,
            self.connected.name,
            page.object,
            records=len(page.records),
            ended_at_s=self.now_s if page.last else None,
        )


def pull_all(
    deployment: Deployment,
    *,
    now_s: float,
    progress: Progress,
    only_heard: bool = False,
    resting: Collection[str] = (),
    most_wait_s: float = math.inf,
) -> dict[str, Pulled]:
    """Pull every connection up to now, but those that are paused; connection -> what it brought.

    Args:
        only_heard: read what was named by webhook, and nothing else. Connections in trouble are left alone,
            and bring no descriptions.
        resting: connections that are left alone as well.
        most_wait_s: how long those who are done wait for the others, who then go on with the next run; seconds.
    """
    company = Company(deployment.clock, most_wait_s)
    progress.phase("pull")
    with deployment.store.begin() as tx:
        left_alone = connections.paused(tx).union(resting)
    readers = {
        name: _Reader(deployment, connected, progress, now_s, only_heard, company)
        for name, connected in deployment.connections.items()
        if name not in left_alone
    }
    with ThreadPoolExecutor(max_workers=max(1, len(readers)), thread_name_prefix="pull") as pool:
        futures = {name: pool.submit(reader.read) for name, reader in readers.items()}
    return {name: future.result() for name, future in futures.items()}

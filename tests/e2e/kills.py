"""Lives of real processes that are killed at random instants, and the books that must agree afterwards.

Each life is a process of its own, forked by a nursery that has imported everything, so that a life begins in
hundredths of a second. It works on simulators in the process of the test, while people edit. Two books are kept of
what was written: the simulators' own journal, and the log of stagesync.

    lost      a record in which the store and the CRM differ, or a value still to be written, once all is calm
    unlogged  a value that a CRM took from us, and that the log does not tell
    doubled   an entry of the log that tells of a write which the CRM did not see
    repeat    records that one life sent though the value stood there already: what the kill before it repeats
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.machine.crms import NAMES, PLURALS
from tests.machine.journal import Journal
from tests.machine.rules import is_derived

from stagesync.engine import audit
from stagesync.store import log
from stagesync.store.engines import make_engine

from .deployments import make_place
from .fault_world import CRMS, FaultWorld, fault_world

LEASE_S = 1.0
LONGEST_LIFE_S = 6.0
NURSERY = (
    "stagesync.cli.passes",
    "stagesync.app",
    "stagesync.engine.daemon",
    "stagesync.loading.definitions",
    "stagesync.settings",
    "stagesync_hubspot",
    "stagesync_salesforce",
    "alembic.command",
    "psycopg",
)
WRITING = ("/batch/update", "/composite/sobjects")
CALM_AFTER = 6
"""Runs within which a world that nobody edits must come to rest."""

Written = Counter[tuple[Any, ...]]
"""(record, field, value) -> how often."""


def live(command: str, config: str, errors: str) -> None:
    """One life: a command of the installed program, from start to its end."""
    noise = os.open(errors, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.dup2(noise, 1)
    os.dup2(noise, 2)
    from stagesync.cli import main

    main([command, "--config", config])


@dataclass(slots=True)
class Books:
    """What the kills came to.

    Attributes:
        kinds: how the lives went, by kind.
        unanswered: lives that left values of which nothing says whether the CRM took them.
    """

    kills: int = 0
    written: int = 0
    lost: list[str] = field(default_factory=list)
    unlogged: int = 0
    doubled: int = 0
    greatest_repeat: int = 0
    repeated: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0

    def line(self) -> str:
        """One line for people."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        return (
            f"{self.kills} kills ({kinds}), {self.unanswered} amid a write,"
            f" {self.written} values written:"
            f" lost {len(self.lost)}, unlogged {self.unlogged}, doubled {self.doubled},"
            f" greatest repeat {self.greatest_repeat} records, {self.repeated} repeated in all"
        )


@dataclass(slots=True)
class Kills:
    """A world, whoever lives and dies in it, and its books.

    Attributes:
        store: a door of our own to the store that they work on.
    """

    world: FaultWorld
    journal: Journal
    rng: random.Random
    store: sa.Engine
    books: Books = field(default_factory=Books)
    seq: int = 0
    heard: Written = field(default_factory=Counter)
    ids: dict[str, list[str]] = field(default_factory=dict)
    _nursery: Any = None

    # Lives.

    def born(self, command: str) -> BaseProcess:
        """A process that works on the deployment."""
        folder = self.world.place.folder
        process = self._nursery.Process(
            target=live,
            args=(command, str(self.world.place.config), str(folder / "lives.err")),
            daemon=True,  # a test that breaks off leaves nobody behind
        )
        process.start()
        return process

    def one(self) -> None:
        """People edit, somebody lives, and is killed."""
        self.edit()
        kind = self.rng.choices(["sync", "run", "paused", "standby"], weights=[10, 10, 2, 1], k=1)[
            0
        ]
        getattr(self, f"_{kind}")()
        self._settle_requests()
        self._count_repeat()
        self.books.unanswered += self._left_sent()
        self.books.kills += 1
        self.books.kinds[kind] += 1

    def _sync(self) -> None:
        self._kill_some_time(self.born("sync"))

    def _run(self) -> None:
        self._kill_some_time(self.born("run"))

    def _paused(self) -> None:
        """Stopped for longer than its lease lasts, while another one works; woken, and killed later."""
        first = self.born("run")
        self._wait_some_time(first)
        self._send(first, signal.SIGSTOP)
        second = self.born("sync")
        time.sleep(LEASE_S + self.rng.uniform(0.1, 1.0))
        self._send(first, signal.SIGCONT)
        time.sleep(self.rng.uniform(0.0, 0.5))
        for each in (first, second):
            self._kill(each)

    def _standby(self) -> None:
        """The daemon is killed beside another one that waits for its place, and is killed in turn."""
        first, second = self.born("run"), self.born("run")
        self._wait_some_time(first)
        self._kill(first)
        self._kill_some_time(second)

    def _kill_some_time(self, process: BaseProcess) -> None:
        self._wait_some_time(process)
        self._kill(process)

    def _wait_some_time(self, process: BaseProcess) -> None:
        """Until a write has come, or a request that is drawn by lot, or for a while; and a little longer."""
        drawn, give_up = self.rng.random(), time.monotonic() + LONGEST_LIFE_S
        wanted = self._served() + self.rng.randint(1, 30)
        if drawn < 0.2:
            give_up = time.monotonic() + self.rng.uniform(0.0, 0.5)
        while time.monotonic() < give_up and process.is_alive():
            if self._sent() if drawn < 0.6 else self._served() >= wanted:
                break
            time.sleep(0.001)
        if self.rng.random() < 0.3:
            self.edit()
        time.sleep(self.rng.choice([0.0, 0.002, 0.005, 0.01, 0.05]) * self.rng.random())

    def _kill(self, process: BaseProcess) -> None:
        process.kill()
        process.join()
        process.close()

    def _send(self, process: BaseProcess, number: signal.Signals) -> None:
        if process.is_alive() and process.pid:
            os.kill(process.pid, number)

    def _served(self) -> int:
        return sum(self.world.simulator(crm).log.count() for crm in CRMS)

    def _settle_requests(self) -> None:
        """What a killed process had sent is still carried out."""
        before, calm = -1, 0
        while calm < 3:
            now = self._served()
            calm, before = (calm + 1 if now == before else 0), now
            time.sleep(0.005)

    # What people do.

    def edit(self) -> None:
        """People change a few records that move somebody, and so make writes."""
        for _ in range(self.rng.randint(1, 4)):
            crm, kind, name, values = self.rng.choice(EDITS)
            record = self.rng.choice(self.ids[kind])
            self.world.vendors.edit(crm, kind, record, **{name: self.rng.choice(values)})

    # The books.

    def _left_sent(self) -> bool:
        """Whether the store has values that went out, and does not know what became of them."""
        query = "SELECT COUNT(*) FROM plan_entry WHERE state = 'sent'"
        with self.store.connect() as tx:
            return bool(tx.exec_driver_sql(query).scalar_one())

    def _sent(self) -> int:
        """Records that were sent to be written since the last count."""
        return sum(
            each["records"]
            for crm in CRMS
            for each in self.world.simulator(crm).log.entries()
            if each["method"] in {"POST", "PATCH"} and each["path"].endswith(WRITING)
        )

    def _count_repeat(self) -> None:
        sent = self._sent()
        for crm in CRMS:
            self.world.simulator(crm).log.clear()
        per_record: dict[Any, Counter[str]] = {}
        for place, name, value in self.journal.take():
            if not is_derived(name):
                self.heard[place, name, plain(value)] += 1
                per_record.setdefault(place, Counter())[name] += 1
        changed = sum(max(each.values()) for each in per_record.values())
        self.books.greatest_repeat = max(self.books.greatest_repeat, sent - changed)
        self.books.repeated += max(0, sent - changed)

    def reckon(self) -> None:
        """Let the world come to rest, and hold the books against each other."""
        self._come_to_rest()
        self._count_repeat()
        with self.world.place.open() as opened, opened.deployment.store.begin() as tx:
            verdict = audit.verify_store(tx)
            entries = [each for each in log.read(tx) if each["seq"] > self.seq]
        assert verdict.broken is None, verdict.why
        self.seq = max((each["seq"] for each in entries), default=self.seq)
        told: Written = Counter(
            ((e["connection"], e["object"], e["id"]), e["field"], plain(e["after"]))
            for e in entries
            if e["field"] and (e["result"] or {}).get("written")
        )
        self.books.written += told.total()
        self.books.unlogged += (self.heard - told).total()
        self.books.doubled += (told - self.heard).total()
        self.heard.clear()
        status = self.world.place.run("status", "--json").json
        outcomes = {each["outcome"] for each in status["runs"]}
        assert "running" not in outcomes
        assert status["lease"] == {"run": None, "daemon": None, "standby": []}

    def _come_to_rest(self) -> None:
        summary: dict[str, Any] = {}
        for _ in range(CALM_AFTER):
            self.world.vendors.settle()
            ran = self.world.place.run("sync", "--json")
            assert ran.code == 0, ran.err
            summary = ran.json
            if not any(summary["written"].values()) and not any(summary["changed"].values()):
                break
        else:
            self.books.lost.append(f"never at rest: {summary['written']}")
        plan = self.world.place.run("plan", "--json").json
        self.books.lost += [f"still to be written: {each['field']}" for each in plan["writes"]]
        with self.world.place.open() as opened:
            self.books.lost += self.world.untruths(opened)


EDITS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("hubspot", "contacts", "jobtitle", ("CEO", "Marketing Director", "Intern")),
    ("hubspot", "contacts", "hs_lead_status", ("BAD_TIMING", "OPEN", "NEW")),
    ("hubspot", "deals", "dealstage", ("closedwon", "appointmentscheduled")),
    ("hubspot", "companies", "numberofemployees", ("3", "250")),
    ("salesforce", "Contact", "Title", ("CEO", "Marketing Director", "Intern")),
    ("salesforce", "Opportunity", "StageName", ("Closed Won", "Prospecting")),
    ("salesforce", "Account", "NumberOfEmployees", ("3", "250")),
)


def plain(value: Any) -> str:
    """One spelling of a value, whichever book it stands in."""
    try:
        return f"{float(value):g}"
    except (TypeError, ValueError):
        text = "" if value is None else str(value)
    return text.replace("Z", "+00:00").replace(".000", "").replace("+0000", "+00:00")


GUARDRAILS = "{never_below: 100000, max_writes_of_a_field: 100000, max_source_loss: 100%}"
"""Kills are the matter here: nothing is to be held."""


@contextmanager
def killing(
    folder: Path, *, seed: int, contacts: int = 30, store_url: str | None = None
) -> Iterator[Kills]:
    """A settled world in which lives may begin.

    Args:
        store_url: of an empty database; None makes a file in the folder.
    """
    url = store_url or f"sqlite:///{folder}/stagesync.db"
    with fault_world(folder, contacts=contacts) as world:
        store = f"{{url: '{url}', lease: {LEASE_S:.0f}s}}"
        world.place = make_place(
            folder,
            world.told,
            vendor_stage="off",
            store=store,
            guardrails=GUARDRAILS,
            level="error",
        )
        quick = {"index_lag_create_s": 0.5, "index_lag_update_s": 0.3}
        world.vendors.ask("hubspot", "PUT", "settings", quick)
        nursery = multiprocessing.get_context("forkserver")
        nursery.set_forkserver_preload(list(NURSERY))
        door = make_engine(url, tuned=False)
        kills = Kills(world, _journal(world), random.Random(seed), door, _nursery=nursery)
        for crm, kind, _, _ in EDITS:
            found = (
                world.vendors.hubspot(kind, ["hs_object_id"])
                if crm == "hubspot"
                else world.vendors.salesforce(f"SELECT Id FROM {kind}")
            )
            kills.ids[kind] = sorted(found)
        kills.reckon()
        kills.books = Books()
        yield kills
        door.dispose()


def _journal(world: FaultWorld) -> Journal:
    return Journal(
        world.sandbox.hubspot,
        world.sandbox.salesforce,
        hubspot_names={many: one for one, many in PLURALS.items()},
        salesforce_names={theirs: ours for ours, theirs in NAMES.items()},
    )


def kill(kills: Kills, count: int, *, every: int) -> Books:
    """Kill so often, and hold the books against each other now and then and at the end."""
    for number in range(1, count + 1):
        kills.one()
        if number % every == 0 or number == count:
            kills.reckon()
    return kills.books

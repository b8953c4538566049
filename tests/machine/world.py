"""A deployment on both CRMs: real connectors, a store in a file, and ways to end it in the middle."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import stagesync_hubspot
import stagesync_salesforce
from free_hand import UNLIMITED, WRITE_OVER
from stagesync.connector import Connector, Page, Pull, Secret, Write, WriteResult
from stagesync.domain.free_mail import FREE_MAIL
from stagesync.domain.guard import Rule
from stagesync.domain.plan import VendorStage
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.run import Outcome, decide, run_once
from stagesync.engine.setup import own_fields
from stagesync.loading.definitions import Definitions, load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.sandbox.clock import SimClock
from stagesync.store import open_store

from .crms import Crms, Doors

POLICIES = {
    "standard": (),
    "eager": (
        ("at_least: 50, keep_at: 35", "at_least: 25, keep_at: 10"),
        ("version: 1 ", "version: 2 "),
    ),
    "small firms": (("{from: 50, to: 5000}", "{from: 5, to: 49}"), ("version: 1 ", "version: 3 ")),
}
"""Name -> what is replaced in the shipped policy."""


NAMES = ("hubspot", "salesforce")


class PowerCut(Exception):
    """The process ends here."""


@dataclass
class Fuse:
    """Blows when as many pages and batches of one connection have gone through as it was set for.

    Attributes:
        left: how many are still to go; 0 never blows.
        after: blows when a batch was done and before its answer was looked at; else before it.
    """

    left: int = 0
    after: bool = False

    def pass_through(self, *, done: bool) -> None:
        """Count one."""
        if self.left and done == self.after:
            self.left -= 1
            if not self.left:
                raise PowerCut


class Fused:
    """A connector behind a fuse; in everything else the connector itself."""

    def __init__(self, connector: Connector, fuse: Fuse) -> None:
        self._connector, self._fuse = connector, fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        for page in self._connector.pull(wanted):
            self._fuse.pass_through(done=False)
            yield page

    def write(self, writes: Sequence[Write]) -> Sequence[WriteResult]:
        self._fuse.pass_through(done=False)
        results = self._connector.write(writes)
        self._fuse.pass_through(done=True)
        return results


class WorldClock:
    """One vendor's time; waiting moves it and takes none."""

    def __init__(self, simulated: SimClock) -> None:
        self._simulated = simulated

    def now_s(self) -> float:
        return self._simulated.now()

    def monotonic_s(self) -> float:
        return self._simulated.now()

    def sleep(self, seconds: float) -> None:
        self._simulated.advance(seconds)


@cache
def definitions(policy: str) -> Definitions:
    """The shipped definitions with one of the prepared policies."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "mappings"
        shutil.copytree(shipped_mappings(), copy)
        text = (copy / "policy.yaml").read_text()
        for old, new in POLICIES[policy]:
            assert old in text
            text = text.replace(old, new)
        (copy / "policy.yaml").write_text(text)
        return load_definitions(copy)


@cache
def _mapping(name: str) -> Any:
    told = definitions("standard")
    return load_mapping(
        shipped_mappings() / f"{name}.yaml", vocabularies=told.vocabularies, policy=told.policy
    )


class World:
    """Two CRMs and the deployment between them.

    Args:
        folder: for the store; empty.
        mode: of both connections, as `stagesync.yaml` has it.
    """

    def __init__(self, doors: Doors, folder: Path, *, mode: str = "active") -> None:
        self.crms = Crms(doors)
        self.policy = "standard"
        self.mode, self._url = mode, f"sqlite:///{folder / 'stagesync.db'}"
        self.fuses = {name: Fuse() for name in NAMES}
        self.deployment = self._open()
        for connected in self.deployment.connections.values():
            for step in connected.connector.setup(own_fields(self.deployment, connected)):
                connected.connector.make(step)

    @property
    def objects(self) -> list[tuple[str, str]]:
        """(connection, object) of everything that is pulled."""
        return [(name, each) for name, c in self.deployment.connections.items() for each in c.roles]

    def run(self, *, write: bool = True) -> Outcome:
        """One pass."""
        outcome = run_once(self.deployment, write=write)
        if write and {trip.rule for trip in outcome.plan.trips} == {Rule.DEFINITION}:
            # A changed policy is shown first; Ann looks at it, and the next run writes.
            self.decide(outcome.plan.id, approve=True)
        self.crms.advance(0)
        return outcome

    def decide(self, plan: str, *, approve: bool) -> None:
        """Ann decides about a held plan."""
        decide(self.deployment, plan, approve=approve, by="ann", now_s=self.crms.now_s)

    def reopen(self) -> None:
        """A new process: the store from its file, new connectors, nothing remembered."""
        self.close()
        self.fuses = {name: Fuse() for name in NAMES}
        self.deployment = self._open()
        self.crms.advance(0)

    def close(self) -> None:
        """Let go of sockets and of the store."""
        for connected in self.deployment.connections.values():
            connected.connector.close()
        self.deployment.store.close()

    def adopt(self, policy: str) -> None:
        """The deployment's policy changes."""
        self.policy = policy
        self.reopen()

    def _open(self) -> Deployment:
        told = definitions(self.policy)
        return Deployment(
            store=open_store(self._url),
            policy=told.policy,
            vocabularies=told.vocabularies,
            connections={name: self._connected(name) for name in NAMES},
            clock=WorldClock(self.crms.hubspot.clock),
            prefer=("salesforce", "hubspot"),
            free_mail=FREE_MAIL,
            limits=UNLIMITED,
            # The ledger says what becomes of edits that are written over.
            edits=WRITE_OVER,
        )

    def _connected(self, name: str) -> Connected:
        return Connected(
            name=name,
            connector=Fused(self._connect(name), self.fuses[name]),
            mapping=_mapping(name),
            vendor_stage=VendorStage.FORWARD,
            first_mode=self.mode,
        )

    def _connect(self, name: str) -> Connector:
        url = self.crms.urls[name]
        if name == "hubspot":
            sim = self.crms.hubspot
            # One request at a time, so that the same example meets the same faults.
            options = {"token": Secret(sim.token), "url": url, "in_flight": 1}
            return stagesync_hubspot.connect(name, options, clock=WorldClock(sim.clock))
        org = self.crms.salesforce
        told = org.credentials()
        login = {"id": told["client_id"], "secret": Secret(told["client_secret"])}
        options = {"url": url, "auth": {"client_credentials": login}}
        return stagesync_salesforce.connect(name, options, clock=WorldClock(org.clock))

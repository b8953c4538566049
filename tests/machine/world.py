"""A deployment on both CRMs: real connectors, a store in a file, and ways to end it in the middle."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import stagesync_hubspot
import stagesync_salesforce
from free_hand import UNLIMITED, WRITE_OVER
from stagesync.connector import Connector, Page, Pull, Record, Secret, Write, WriteResult
from stagesync.domain.edits import Answer, EditRules, Origin
from stagesync.domain.edits import Rule as EditRule
from stagesync.domain.free_mail import FREE_MAIL
from stagesync.domain.guard import Limits
from stagesync.domain.plan import VendorStage
from stagesync.engine.decide import decide
from stagesync.engine.definition_files import digest_of_definitions
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.engine.setup import own_fields
from stagesync.loading.definitions import Definitions, load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.sandbox.clock import SimClock
from stagesync.store import open_store

from .crms import DAY_S, Crms, Doors
from .journal import Place

POLICY, STANDARD = "policy.yaml", "vocabularies/standard.yaml"
DEFINITIONS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "standard": (),
    "eager": (
        (POLICY, "at_least: 50, keep_at: 35", "at_least: 25, keep_at: 10"),
        (POLICY, "version: 1 ", "version: 2 "),
    ),
    "small firms": (
        (POLICY, "{from: 50, to: 5000}", "{from: 5, to: 49}"),
        (POLICY, "version: 1 ", "version: 3 "),
    ),
    "fewer leads": (
        (STANDARD, "when: {interest: request}}", "when: {interest: request, fit: inside}}"),
    ),
}
"""Name -> in which of the shipped files what is replaced."""

NARROW = Limits(people=2, share=1.0, total_share=0.4, loss=0.5, never_below=2, writes_of_a_field=2)
LIMITS = {"none": UNLIMITED, "default": Limits(), "narrow": NARROW}

EDITS = {
    "overwrite": WRITE_OVER,
    "respect": EditRules(),
    "adopt": EditRules(
        {
            Origin.PERSON: Answer(EditRule.ADOPT, 20 * DAY_S),
            Origin.BULK: Answer(EditRule.RESPECT, 10 * DAY_S),
            Origin.AUTOMATION: Answer(EditRule.OVERWRITE),
            Origin.INTEGRATION: Answer(EditRule.ADOPT, 5 * DAY_S),
        },
        ("disposition", "sales", "interest"),
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from world to world, as `stagesync.yaml` has it.

    Attributes:
        mode: of both connections.
        limits: a key of `LIMITS`.
        edits: a key of `EDITS`.
        ramp: records that may be written within an hour, per connection; None means all at once.
    """

    mode: str = "active"
    limits: str = "none"
    edits: str = "overwrite"
    ramp: int | None = None


NAMES = ("hubspot", "salesforce")


class PowerCut(Exception):
    """The process ends here."""


@dataclass
class Fuse:
    """Blows when as many pages and batches of one connection have gone through as it was set for.

    Attributes:
        left: how many are still to go; 0 never blows.
        after: blows when a batch was done and before its answer was looked at; else before it.
        stop: asks the run to stop in an orderly way instead; None ends the process.
    """

    left: int = 0
    after: bool = False
    stop: Event | None = None

    def pass_through(self, *, done: bool) -> None:
        """Count one."""
        if self.left and done == self.after:
            self.left -= 1
            if not self.left and self.stop is None:
                raise PowerCut
            if not self.left and self.stop is not None:
                self.stop.set()


Moments = dict[str, Callable[[list[Place]], None]]
"""`read` (before records are read anew) or `write` (after that) -> what happens then, once."""


class Fused:
    """A connector behind a fuse, in whose runs things happen; in everything else the connector itself."""

    def __init__(self, connector: Connector, fuse: Fuse, moments: Moments) -> None:
        self._connector, self._fuse, self._moments = connector, fuse, moments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def pull(self, wanted: Sequence[Pull]) -> Iterator[Page]:
        for page in self._connector.pull(wanted):
            self._fuse.pass_through(done=False)
            yield page

    def read(self, name: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        self._happen("read", [(self._connector.name, name, each) for each in ids])
        return self._connector.read(name, ids, fields)

    def _happen(self, moment: str, places: list[Place]) -> None:
        if (act := self._moments.pop(moment, None)) is not None:
            act(places)

    def write(self, writes: Sequence[Write]) -> Sequence[WriteResult]:
        self._happen("write", [(self._connector.name, each.object, each.id) for each in writes])
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
def definitions(name: str) -> Definitions:
    """The shipped definitions, changed in one of the prepared ways."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "mappings"
        shutil.copytree(shipped_mappings(), copy)
        for file, old, new in DEFINITIONS[name]:
            text = (copy / file).read_text()
            assert old in text, f"{old} is not in {file}"
            (copy / file).write_text(text.replace(old, new))
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
    """

    def __init__(self, doors: Doors, folder: Path, settings: Settings | None = None) -> None:
        self.crms = Crms(doors)
        self.policy = "standard"
        self.settings = settings or Settings()
        self._url = f"sqlite:///{folder / 'stagesync.db'}"
        self.fuses = {name: Fuse() for name in NAMES}
        self.moments: dict[str, Moments] = {name: {} for name in NAMES}
        self.deployment = self._open()
        for connected in self.deployment.connections.values():
            for step in connected.connector.setup(own_fields(self.deployment, connected)):
                connected.connector.make(step)

    @property
    def objects(self) -> list[tuple[str, str]]:
        """(connection, object) of everything that is pulled."""
        return [(name, each) for name, c in self.deployment.connections.items() for each in c.roles]

    @property
    def now_s(self) -> float:
        """The deployment's time."""
        return self.deployment.clock.now_s()

    def run(self, *, write: bool = True) -> Outcome:
        """One pass."""
        outcome = run_once(self.deployment, write=write)
        self.crms.advance(0)
        return outcome

    def decide(self, plan: str, *, approve: bool) -> None:
        """Ann decides about a held plan."""
        decide(self.deployment, plan, approve=approve, by="ann", now_s=self.now_s)

    def reopen(self) -> None:
        """A new process: the store from its file, new connectors, nothing remembered."""
        self.close()
        self.fuses = {name: Fuse() for name in NAMES}
        self.moments = {name: {} for name in NAMES}
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
        connections = {name: self._connected(name) for name in NAMES}
        return Deployment(
            store=open_store(self._url),
            policy=told.policy,
            vocabularies=told.vocabularies,
            connections=connections,
            clock=WorldClock(self.crms.hubspot.clock),
            prefer=("salesforce", "hubspot"),
            free_mail=FREE_MAIL,
            limits=LIMITS[self.settings.limits],
            edits=EDITS[self.settings.edits],
            definitions=digest_of_definitions(told, connections),
        )

    def _connected(self, name: str) -> Connected:
        return Connected(
            name=name,
            connector=Fused(self._connect(name), self.fuses[name], self.moments[name]),
            mapping=_mapping(name),
            vendor_stage=VendorStage.FORWARD,
            first_mode=self.settings.mode,
            writes_per_hour=self.settings.ramp,
        )

    def _connect(self, name: str) -> Connector:
        url = self.crms.urls[name]
        if name == "hubspot":
            sim = self.crms.hubspot
            # One request at a time, so that the same example meets the same faults.
            options = {
                "token": Secret(sim.token),
                "url": url,
                "in_flight": 1,
                # Else whoever writes our own stage would pass for us.
                "app_id": str(sim.portal.app_id),
            }
            return stagesync_hubspot.connect(name, options, clock=WorldClock(sim.clock))
        org = self.crms.salesforce
        told = org.credentials()
        login = {"id": told["client_id"], "secret": Secret(told["client_secret"])}
        options = {"url": url, "auth": {"client_credentials": login}}
        return stagesync_salesforce.connect(name, options, clock=WorldClock(org.clock))

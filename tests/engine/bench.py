"""Two CRMs in memory, a store in memory, and the shipped policy between them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from stagesync.connector import (
    FieldDescription,
    FieldType,
    Link,
    ObjectKind,
    Option,
    Refusal,
    Role,
)
from stagesync.connector.memory import MemoryConnector, MemoryCrm, MemoryObject
from stagesync.domain.free_mail import FREE_MAIL
from stagesync.domain.guard import Limits
from stagesync.domain.mapping import CrmMapping
from stagesync.domain.plan import VendorStage
from stagesync.engine.decide import decide
from stagesync.engine.deployment import Connected, Deployment
from stagesync.engine.outcome import Outcome
from stagesync.engine.run import run_once
from stagesync.engine.setup import own_fields
from stagesync.engine.standing import give_memory
from stagesync.loading.definitions import load_definitions, shipped_mappings
from stagesync.loading.mapping import load_mapping
from stagesync.store import Store, baselines, differences, log, people, records, state
from still_clock import StillClock
from stores import new_store

HERE = Path(__file__).parent
NOON_S = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400.0
DEFINITIONS = load_definitions(shipped_mappings())

FEW = Limits(people=5, share=1.0, total_share=1.0, loss=1.0, never_below=5)
"""Five may move alike unseen."""

LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
)
STATUS = ("NEW", "OPEN_DEAL", "BAD_TIMING", "UNQUALIFIED")


class BenchClock(StillClock):
    """Time that moves when a test says so."""

    def __init__(self) -> None:
        super().__init__(NOON_S)

    def advance(self, *, days: float = 0.0, seconds: float = 0.0) -> None:
        self.at_s += days * DAY_S + seconds


def iso(at_s: float) -> str:
    """The instant as the CRMs' APIs write it."""
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def text(*names: str) -> list[FieldDescription]:
    return [FieldDescription(name, FieldType.TEXT, writable=True) for name in names]


def choice(name: str, *values: str, forward_only: bool = False) -> FieldDescription:
    options = tuple(Option(value, value.title(), rank) for rank, value in enumerate(values))
    return FieldDescription(name, FieldType.CHOICE, True, forward_only, options)


def _object(kind: ObjectKind, *fields: FieldDescription) -> MemoryObject:
    return MemoryObject(kind, fields)


def make_north(clock: BenchClock) -> MemoryCrm:
    """The marketing CRM of `north.yaml`; its links must be asked for."""
    return MemoryCrm(
        objects=(
            _object(
                ObjectKind("company", Role.ACCOUNT, writable=True),
                *text("domain", "name", "employees", "industry", "country"),
            ),
            _object(
                ObjectKind("contact", Role.PERSON, writable=True, links=("company",)),
                *text("email", "first", "last", "title", "country", "firm"),
                *text("last_form", "forms", "last_visit", "visits", "opted_out"),
                choice("lifecycle", *LIFECYCLE, forward_only=True),
                choice("status", *STATUS),
            ),
            _object(
                ObjectKind("deal", Role.DEAL, links=("contact", "company")),
                *text("won", "closed", "opened", "closed_on"),
            ),
            _object(
                ObjectKind("meeting", Role.ACTIVITY, links=("contact",)), *text("starts", "outcome")
            ),
        ),
        clock=clock,
        links_inline=False,
        page_size=3,
        overlap_s=60.0,
    )


def make_south(clock: BenchClock) -> MemoryCrm:
    """The sales CRM of `south.yaml`; its links come with the records."""
    person = text("Email", "FirstName", "LastName", "Title", "Country")
    return MemoryCrm(
        objects=(
            _object(
                ObjectKind("account", Role.ACCOUNT, writable=True),
                *text("Website", "Name", "Employees", "Industry", "Country"),
                choice("Type", "Prospect", "Customer - Direct", "Channel Partner"),
            ),
            _object(
                ObjectKind("lead", Role.PERSON, writable=True, links=("contact",)),
                *person,
                *text("IsConverted"),
                choice("Status", "Open", "Working", "Closed"),
            ),
            _object(ObjectKind("contact", Role.PERSON, writable=True, links=("account",)), *person),
            _object(
                ObjectKind("opportunity", Role.DEAL, links=("account",)),
                *text("IsWon", "IsClosed", "Created", "Closed"),
            ),
            _object(ObjectKind("role", Role.LINK, links=("opportunity", "contact"))),
            _object(ObjectKind("event", Role.ACTIVITY, links=("contact", "lead")), *text("Start")),
        ),
        clock=clock,
        page_size=100,
        overlap_s=60.0,
    )


@dataclass
class Bench:
    """A deployment under test, and what a test asks of it."""

    clock: BenchClock
    store: Store
    north: MemoryCrm
    south: MemoryCrm
    deployment: Deployment
    connectors: Mapping[str, MemoryConnector] = field(default_factory=dict)

    @property
    def crms(self) -> dict[str, MemoryCrm]:
        return {"north": self.north, "south": self.south}

    # The world.

    def contact(self, email: str = "", *, links: Link | None = None, **values: Any) -> str:
        """A contact of north."""
        return self.north.add("contact", {"email": email, **values}, links=links)

    def form(self, contact: str, *, days_ago: float = 0.0, count: int = 1) -> None:
        """The contact fills a form in."""
        at = iso(self.clock.at_s - days_ago * DAY_S)
        self.north.edit("contact", contact, {"last_form": at, "forms": str(count)})

    def member(
        self, email: str, *, kind: str = "contact", links: Link | None = None, **values: Any
    ) -> str:
        """A contact, or a lead, of south."""
        return self.south.add(kind, {"Email": email, **values}, links=links)

    # The work.

    def sync(self, *, write: bool = True) -> Outcome:
        """One run, a minute after whatever came before, so that every stamp is older than it."""
        self.clock.advance(seconds=120)
        return run_once(self.deployment, write=write)

    def decide(self, outcome: Outcome, *, approve: bool) -> int:
        return decide(
            self.deployment, outcome.plan.id, approve=approve, by="ann", now_s=self.clock.now_s()
        )

    def redeploy(self, **changes: Any) -> None:
        """The same store and CRMs with other settings."""
        self.deployment = replace(self.deployment, stopping=threading.Event(), **changes)

    # What came of it.

    def written(self, outcome: Outcome) -> int:
        return sum(each.written for each in outcome.written.values())

    def value(self, connection: str, object_name: str, record_id: str, name: str) -> Any:
        """What the CRM holds."""
        return self.crms[connection].rows[object_name, record_id].fields[name]

    def stage(self, contact: str) -> Any:
        """Our own field of a contact of north."""
        return self.value("north", "contact", contact, "stage")

    def person(self, connection: str, object_name: str, record_id: str) -> str | None:
        """Id of the person that a record belongs to."""
        with self.store.begin() as tx:
            found = records.records_of(tx, connection, object_name, [record_id])
        return found[record_id].person

    def placed(self, person: str | None, kind: people.Kind = "person") -> people.Placed:
        """Where somebody stands."""
        with self.store.begin() as tx:
            return people.placed(tx, kind, [str(person)])[str(person)]

    def position(self, contact: str) -> Mapping[str, str]:
        """The position of a contact of north."""
        return self.placed(self.person("north", "contact", contact)).position or {}

    def audit(self) -> list[dict[str, Any]]:
        with self.store.begin() as tx:
            return list(log.read(tx))

    def baseline(self, contact: str, name: str) -> Any:
        """What north and we last both held in a contact's field; None when there is none."""
        with self.store.begin() as tx:
            pk = records.records_of(tx, "north", "contact", [contact])[contact].pk
            return baselines.baselines_of(tx, [pk]).get(pk, {}).get(name)

    def differences(self) -> dict[tuple[str, str, str], str]:
        """(connection, record id, field) -> why it stays as it is."""
        with self.store.begin() as tx:
            found = {
                each.pk: each
                for name, connected in self.deployment.connections.items()
                for each in records.all_records(tx, [(name, one) for one in connected.roles])
            }
            told = differences.differences_of(tx, found)
        return {
            (found[pk].connection, found[pk].id, one.field): one.reason
            for pk, several in told.items()
            for one in several
        }

    def backlog(self) -> int:
        with self.store.begin() as tx:
            return state.count_dirty(tx)

    def refuse(self, connection: str, object_name: str, record_id: str) -> None:
        self.crms[connection].refuse(
            object_name, record_id, Refusal.LOCKED, message="row is locked"
        )


@cache
def _mapping(name: str) -> CrmMapping:
    return load_mapping(
        HERE / f"{name}.yaml", vocabularies=DEFINITIONS.vocabularies, policy=DEFINITIONS.policy
    )


def make_bench(
    *,
    mode: str = "active",
    vendor: VendorStage = VendorStage.OFF,
    store: Store | None = None,
) -> Bench:
    """Both CRMs connected, with our own fields made in them; close its store."""
    clock, store = BenchClock(), store or new_store()
    crms = {"north": make_north(clock), "south": make_south(clock)}
    connectors = {name: MemoryConnector(name, crm) for name, crm in crms.items()}
    for each in connectors.values():
        give_memory(each, store)
    connections = {
        name: Connected(
            name=name,
            connector=connector,
            mapping=_mapping(name),
            vendor_stage=vendor,
            first_mode=mode,
        )
        for name, connector in connectors.items()
    }
    deployment = Deployment(
        store=store,
        policy=DEFINITIONS.policy,
        vocabularies=DEFINITIONS.vocabularies,
        connections=connections,
        clock=clock,
        prefer=("north", "south"),
        free_mail=FREE_MAIL,
    )
    for name, connected in connections.items():
        for step in connectors[name].setup(own_fields(deployment, connected)):
            connectors[name].make(step)
    return Bench(clock, store, crms["north"], crms["south"], deployment, connectors)

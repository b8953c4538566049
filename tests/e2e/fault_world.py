"""Two simulators with a deployment on a clock that waits for nobody, for runs under faults.

A wait of stagesync's moves the simulators' time on instead of passing it, so that a minute of waiting
costs nothing. Everything else is real: HTTP, connectors, store, the log.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from stagesync.app import Opened, SystemClock
from stagesync.errors import Stopped
from stagesync.sandbox import Sandbox, start
from stagesync.store import log, records

from .deployments import Place, set_up
from .vendors import Vendors

CRMS = ("hubspot", "salesforce")
DAY_S = 26 * 3_600.0
"""From cell to cell: everything that is done daily or now and then is due."""

LATE_S = 15.0
"""More than the longest lag of either simulator's index or commits."""

PATIENCE_S = 0.5
"""How long stagesync waits for an answer where a fault keeps it longer."""

SETTINGS = """\
store: {{url: sqlite:///stagesync.db}}
clock: sandbox
connections:
  hubspot:
    connector: hubspot
    url: {hubspot[url]}
    timeout_s: {patience_s}
    auth:
      oauth:
        client_id: {hubspot[client_id]}
        client_secret: {{file: {folder}/hubspot.secret}}
        refresh_token: {{file: {folder}/hubspot.refresh}}
    mode: active
  salesforce:
    connector: salesforce
    url: {salesforce[url]}
    timeout_s: {patience_s}
    auth:
      client_credentials:
        id: {salesforce[client_id]}
        secret: {{file: {folder}/salesforce.secret}}
    mode: active
prefer: [salesforce, hubspot]
# Faults are the matter here: nothing is to be held.
guardrails: {{never_below: 100000, max_writes_of_a_field: 100000, max_source_loss: 100%}}
log: {{level: error, format: json}}
"""

# What both sides hold and what must be equal: object -> our fields that the edits and the writes touch.
LOOKED_AT: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "hubspot": {
        "contact": ("contacts", ("jobtitle", "stagesync_stage", "stagesync_score")),
        "company": ("companies", ("name", "stagesync_stage")),
        "deal": ("deals", ("amount",)),
        "meeting": ("meetings", ("hs_meeting_outcome",)),
    },
    "salesforce": {
        "contact": ("Contact", ("Title", "Lifecycle_Stage__c", "Lifecycle_Score__c")),
        "lead": ("Lead", ("Title", "Lifecycle_Stage__c", "Lifecycle_Score__c")),
        "account": ("Account", ("Name", "Lifecycle_Stage__c")),
        "opportunity": ("Opportunity", ("IsWon", "IsClosed")),
    },
}
WON = {"closedwon": True, "appointmentscheduled": False}


class HurriedClock(SystemClock):
    """The simulators' time; a sleep moves it on for both and returns at once."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._clocks = (sandbox.hubspot.clock, sandbox.salesforce.clock)
        self._lock = threading.Lock()

    def now_s(self) -> float:
        """The furthest simulator's time."""
        return max(clock.now() for clock in self._clocks)

    def monotonic_s(self) -> float:
        """Real seconds and simulated ones together."""
        return self.now_s()

    def sleep(self, seconds: float) -> None:
        """Be `seconds` later; threads that sleep at the same time wake at the same time."""
        if self.stop.is_set():
            raise Stopped
        until_s = self.now_s() + seconds
        with self._lock:
            for clock in self._clocks:
                clock.advance(max(0.0, until_s - clock.now()))


@dataclass(slots=True)
class FaultWorld:
    """Simulators, the vendors' own view of them, and a deployment.

    Attributes:
        edits: how often people have edited.
    """

    sandbox: Sandbox
    vendors: Vendors
    place: Place
    told: Mapping[str, Any]
    clock: HurriedClock
    edits: int = 0
    _ids: dict[str, list[str]] = field(default_factory=dict)

    def simulator(self, crm: str) -> Any:
        """One of the two."""
        return getattr(self.sandbox, crm)

    def configure(self, *, patience_s: float) -> None:
        """Say how long an answer may stay away."""
        text = SETTINGS.format(folder=self.place.folder, patience_s=patience_s, **self.told)
        self.place.config.write_text(text)

    def forget_everything(self) -> None:
        """Begin with an empty store."""
        for each in self.place.folder.glob("stagesync.db*"):
            each.unlink()

    @contextmanager
    def open(self) -> Iterator[Opened]:
        """The deployment as a new process has it, on the clock that waits for nobody."""
        # The composition root makes its own clock; only here is it another one, for minutes per cell.
        with (
            mock.patch("stagesync.app.opening.clock_of", return_value=self.clock),
            self.place.open() as found,
        ):
            self.clock.stop.clear()
            yield found

    def edit(self) -> None:
        """People change records of every kind in both CRMs, and let one go or come back."""
        self.edits += 1
        count, ids = self.edits, self._ids or self._find()
        # Both CRMs tell of the same deals: they are won and taken back together.
        stage = ["appointmentscheduled", "closedwon"][count % 2]
        for deal in ids["deals"]:
            self._edit("hubspot", "deals", deal, dealstage=stage, amount=str(1_000 + count))
        self._edit("hubspot", "contacts", ids["contacts"][0], jobtitle=f"Clerk {count}")
        self._edit("hubspot", "companies", ids["companies"][0], name=f"Firm {count}")
        outcome = ["COMPLETED", "NO_SHOW"][count % 2]
        self._edit("hubspot", "meetings", ids["meetings"][0], hs_meeting_outcome=outcome)
        stage = ["Prospecting", "Closed Won"][count % 2]
        for deal in ids["Opportunity"]:
            self._edit("salesforce", "Opportunity", deal, StageName=stage)
        self._edit("salesforce", "Contact", ids["Contact"][0], Title=f"Clerk {count}")
        self._edit("salesforce", "Lead", ids["Lead"][0], Title=f"Clerk {count}")
        self._edit("salesforce", "Account", ids["Account"][0], Name=f"Firm {count}")
        # Whose edit of our own stage it is, the CRM's history is asked.
        stage = ["qualified", "accepted"][count % 2]
        self._edit("hubspot", "contacts", ids["contacts"][-2], stagesync_stage=stage)
        self._edit("salesforce", "Contact", ids["Contact"][-1], Lifecycle_Stage__c=stage)
        self._let_go_or_bring_back(gone=bool(count % 2))

    def _let_go_or_bring_back(self, *, gone: bool) -> None:
        spare = {"object": "contacts", "id": self._ids["spare"][0]}
        self.vendors.ask("hubspot", "POST", "delete" if gone else "restore", spare)
        spare = {"object": "Lead", "id": self._ids["spare"][1]}
        self.vendors.ask("salesforce", "POST", "delete" if gone else "undelete", spare)

    def _edit(self, crm: str, object_name: str, record_id: str, **properties: Any) -> None:
        self.vendors.edit(crm, object_name, record_id, **properties)

    def _find(self) -> dict[str, list[str]]:
        """Which records people edit: the same ones throughout."""
        for name in ("contacts", "companies", "deals", "meetings"):
            self._ids[name] = sorted(self.vendors.hubspot(name, ["hs_object_id"]), key=int)
        for name in ("Contact", "Account", "Opportunity"):
            self._ids[name] = sorted(self.vendors.salesforce(f"SELECT Id FROM {name}"))
        open_leads = "SELECT Id FROM Lead WHERE IsConverted = false"
        self._ids["Lead"] = sorted(self.vendors.salesforce(open_leads))
        for name in ("deals", "Opportunity"):
            self._ids[name] = self._ids[name][:3]
        self._ids["spare"] = self._people_of_one_crm()
        return self._ids

    def _people_of_one_crm(self) -> list[str]:
        """A contact and a lead whom the other CRM does not know: nothing else hangs on them."""
        contacts = self.vendors.hubspot("contacts", ["email"])
        rows = self.vendors.salesforce("SELECT Id, Email FROM Lead WHERE IsConverted = false")
        rows_too = rows | self.vendors.salesforce("SELECT Id, Email FROM Contact")
        here = {_address(each["email"]) for each in contacts.values()}
        there = {_address(each["Email"]) for each in rows_too.values()}
        contact = max(id_ for id_, each in contacts.items() if _address(each["email"]) not in there)
        return [
            contact,
            max(id_ for id_, each in rows.items() if _address(each["Email"]) not in here),
        ]

    def later(self, seconds: float) -> None:
        """Let time pass on both sides."""
        until_s = self.clock.now_s() + seconds
        for crm in CRMS:
            clock = self.simulator(crm).clock
            clock.advance(max(0.0, until_s - clock.now()))

    def untruths(self, opened: Opened) -> list[str]:
        """Where the store and the CRMs differ; ids and field names alone."""
        return sorted(each for crm in CRMS for each in self._untruths_of(crm, opened))

    def _untruths_of(self, crm: str, opened: Opened) -> Iterator[str]:
        for ours, (theirs, names) in LOOKED_AT[crm].items():
            there = self._there(crm, theirs, names)
            with opened.deployment.store.begin() as tx:
                here = {
                    each.id: each
                    for each in records.all_records(tx, [(crm, ours)])
                    if not each.gone
                }
            yield from (
                f"{crm} {ours}/{each} is on one side only" for each in there.keys() ^ here.keys()
            )
            for each in there.keys() & here.keys():
                for name in names:
                    if name in here[each].fields and _text(here[each].fields[name]) != _text(
                        there[each].get(name)
                    ):
                        yield f"{crm} {ours}/{each}.{name} differs"

    def _there(self, crm: str, theirs: str, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        if crm == "hubspot":
            return self.vendors.hubspot(theirs, names)
        return self.vendors.salesforce(f"SELECT Id, {', '.join(names)} FROM {theirs}")

    def deals_read_wrong(self, opened: Opened) -> list[str]:
        """HubSpot's deals of which the store does not know whether they are won."""
        with opened.deployment.store.begin() as tx:
            held = {each.id: each for each in records.all_records(tx, [("hubspot", "deal")])}
        there = self.vendors.hubspot("deals", ["dealstage"])
        return sorted(
            f"hubspot deal/{each} is read wrong"
            for each, properties in there.items()
            if (won := WON.get(properties["dealstage"])) is not None
            and each in held
            and held[each].fields.get("stage_is_won") is not won
        )

    def logged(self, opened: Opened, *, after: int) -> list[dict[str, Any]]:
        """Entries of the log behind this one."""
        with opened.deployment.store.begin() as tx:
            return [each for each in log.read(tx) if each["seq"] > after]


def _address(value: Any) -> str:
    return str(value or "").casefold().strip()


def _text(value: Any) -> str:
    if value is None:
        return ""
    try:
        return f"{float(value):g}"
    except (TypeError, ValueError):
        return str(value)


@contextmanager
def fault_world(folder: Path, *, contacts: int = 20) -> Iterator[FaultWorld]:
    """A world brought to agreement by one run."""
    with ExitStack() as closing:
        sandbox = closing.enter_context(start(contacts=contacts))
        told = sandbox.credentials()
        vendors = Vendors(told)
        closing.callback(vendors.close)
        folder.mkdir(parents=True, exist_ok=True)
        for name, secret in (
            ("hubspot.secret", told["hubspot"]["client_secret"]),
            ("hubspot.refresh", told["hubspot"]["refresh_token"]),
            ("salesforce.secret", told["salesforce"]["client_secret"]),
        ):
            (folder / name).write_text(secret)
        world = FaultWorld(sandbox, vendors, Place(folder), told, HurriedClock(sandbox))
        world.configure(patience_s=30.0)
        vendors.ask("hubspot", "POST", "furnish", {})
        brief = {"slow_s": 0.05, "timeout_s": 0.05}
        vendors.ask("hubspot", "PUT", "settings", {**brief, "gateway_delay_s": 0.05})
        vendors.ask("salesforce", "PUT", "settings", brief)
        set_up(world.place)
        yield world

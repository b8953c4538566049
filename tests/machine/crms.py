"""A HubSpot and a Salesforce over real HTTP, and what their users, admins and other apps do to them.

Their servers are started once and stay; each world gets new simulators behind them. Time stands still
unless somebody moves it, and each vendor has a clock of its own: a wait on one does not move the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from stagesync.sandbox import hubspot, salesforce
from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.hubspot import HubSpotSim
from stagesync.sandbox.hubspot.actors import actor_named
from stagesync.sandbox.hubspot.feeding import feed
from stagesync.sandbox.hubspot.people import bulk, kind_of, record_of
from stagesync.sandbox.hubspot.removing import restore
from stagesync.sandbox.salesforce import SalesforceSim
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import HubSpotRecord, HubSpotSeed, SalesforceSeed
from stagesync.sandbox.server import serve

from .journal import Journal, Place

BEGAN_S = 1_795_176_000.0
"""Noon of 2026-11-20, UTC, at which every world begins."""

DAY_S = 86_400.0
MONTH_AGO_S = BEGAN_S - 30 * DAY_S
PLURALS = {
    "company": "companies",
    "contact": "contacts",
    "deal": "deals",
    "meeting": "meetings",
    "call": "calls",
}
NAMES = {
    "account": "Account",
    "contact": "Contact",
    "lead": "Lead",
    "opportunity": "Opportunity",
    "opportunity_contact_role": "OpportunityContactRole",
    "event": "Event",
    "task": "Task",
}

Values = Mapping[str, Any]


class Door:
    """The application of a server that outlives the simulator behind it."""

    def __init__(self) -> None:
        self.behind: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.behind is not None
        await self.behind(scope, receive, send)


@dataclass
class Doors:
    """Both servers; close them once, at the end of all worlds."""

    hubspot: Door = field(default_factory=Door)
    salesforce: Door = field(default_factory=Door)
    urls: dict[str, str] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)

    def open(self) -> None:
        """Start the servers, the first time only."""
        if not self.urls:
            for name, door in (("hubspot", self.hubspot), ("salesforce", self.salesforce)):
                self.urls[name] = self.closing.enter_context(serve(door)).url

    def close(self) -> None:
        """Stop the servers; `open` starts others."""
        self.closing.close()
        self.urls.clear()


class Crms:
    """Both accounts of one world: six people, four of them in both, and three firms."""

    def __init__(self, doors: Doors) -> None:
        doors.open()
        self.urls = doors.urls
        self.hubspot = HubSpotSim(clock=SimClock(lambda: BEGAN_S), seed=1)
        self.salesforce = SalesforceSim(clock=SimClock(lambda: BEGAN_S), seed=1)
        self._sims = {"hubspot": self.hubspot, "salesforce": self.salesforce}
        for sim in self._sims.values():
            sim.switches.update({"timeout_s": 0.02, "slow_s": 0.01})
        self.hubspot.switches.update({"gateway_delay_s": 0.02})
        doors.hubspot.behind = hubspot.create_app(self.hubspot)
        doors.salesforce.behind = salesforce.create_app(self.salesforce)
        self.journal = Journal(
            self.hubspot,
            self.salesforce,
            hubspot_names={many: one for one, many in PLURALS.items()},
            salesforce_names={theirs: ours for ours, theirs in NAMES.items()},
        )
        self._form = feed(self.hubspot.portal, {"kind": "form", "name": "Contact"})["id"]
        _furnish(self.hubspot, self.salesforce)

    # Time and weather.

    @property
    def now_s(self) -> float:
        """The later of both clocks."""
        return max(sim.clock.now() for sim in self._sims.values())

    def advance(self, seconds: float) -> None:
        """Let time pass; clocks that waits have driven apart meet again."""
        then = self.now_s + seconds
        for sim in self._sims.values():
            sim.clock.advance(then - sim.clock.now())
        self.salesforce.state()  # what was to be committed meanwhile is

    def arm(self, connection: str, kind: str, *, times: int, match: str) -> bool:
        """Order faults; whether this vendor has such."""
        faults = self._sims[connection].faults
        if kind not in faults.kinds:
            return False
        faults.add(kind, times, match)
        return True

    def forbid(self, name: str, field_name: str, value: str) -> None:
        """An admin of Salesforce lets a value be refused from now on."""
        told = {"object": NAMES[name], "field": field_name, "equals": value, "message": "Not now."}
        self.salesforce.switches.update({"validation_rules": [told]})

    def calm(self) -> None:
        """No fault waits any more, and nothing is forbidden."""
        self.salesforce.switches.update({"validation_rules": []})
        for sim in self._sims.values():
            sim.faults.clear()

    def faults_waiting(self) -> int:
        """How often faults will still strike."""
        return sum(
            int(str(each["times"])) for sim in self._sims.values() for each in sim.faults.waiting()
        )

    # What people and apps see.

    def everything(self, objects: Iterable[tuple[str, str]]) -> dict[Place, dict[str, Any]]:
        """All live records with all their values, what is about to be committed included."""
        return {
            (connection, name, key): values
            for connection, name in objects
            for key, values in self._records(connection, name)
        }

    def _records(self, connection: str, name: str) -> list[tuple[str, dict[str, Any]]]:
        if connection == "hubspot":
            if name not in PLURALS:
                return []
            live = self.hubspot.portal.stores[PLURALS[name]].live()
            return [(str(each.id), dict(each.values)) for each in live]
        if name not in NAMES:
            return []
        table = self.salesforce.org.table(NAMES[name])
        rows = table.rows | {key: row for key, (_, row) in table.pending.items()}
        return [(key, dict(row)) for key, row in rows.items() if not row.get("IsDeleted")]

    def links(self, record_id: str, kind: str, to_kind: str) -> list[str]:
        """Ids that a HubSpot record is associated with."""
        found = self.hubspot.portal.links.of(
            PLURALS[kind], int(record_id), to_kind=PLURALS[to_kind]
        )
        return [str(each) for each in found]

    def log(self, connection: str) -> list[Any]:
        """The requests served since the log was last forgotten."""
        return self._sims[connection].log.entries()

    def forget_log(self) -> None:
        """Empty both request logs."""
        for sim in self._sims.values():
            sim.log.clear()

    # What they do.

    def edit(self, place: Place, values: Values, *, actor: str = "human") -> None:
        """Somebody changes a record."""
        connection, name, record_id = place
        named = name if connection == "hubspot" else NAMES[name]
        self._sims[connection].edit(named, record_id, properties=values, actor=actor)

    def import_rows(self, connection: str, name: str, rows: Mapping[str, Values]) -> None:
        """An import changes many records on one stamp."""
        if connection == "hubspot":
            listed = [{"id": key, "properties": dict(values)} for key, values in rows.items()]
            with self.hubspot.lock:
                bulk(self.hubspot.portal, {"object": name, "rows": listed})
        else:
            listed = [{"Id": key, **values} for key, values in rows.items()]
            self.salesforce.import_rows({"object": NAMES[name], "rows": listed})

    def create(self, connection: str, name: str, values: Values) -> Place:
        """A new record, made in the CRM by somebody."""
        if connection == "hubspot":
            with self.hubspot.lock:
                payload = {"object": name, "rows": [{"properties": dict(values)}], "actor": "form"}
                return (connection, name, bulk(self.hubspot.portal, payload)["ids"][0])
        made = self.salesforce.import_rows({"object": NAMES[name], "rows": [dict(values)]})
        return (connection, name, made["ids"][0])

    def happen(self, name: str, values: Values, *, contact: str) -> Place:
        """An activity or deal of a HubSpot contact."""
        made, now = str(self.hubspot.portal.last_id + 1), self.hubspot.clock.now()
        record = HubSpotRecord(made, now, now, {key: str(each) for key, each in values.items()})
        pairs = [(PLURALS[name], made, "contacts", contact)]
        self.hubspot.load(HubSpotSeed({PLURALS[name]: [record]}, pairs))
        return ("hubspot", name, made)

    def submit_form(self, contact: Place) -> None:
        """A person fills in a form of the website."""
        address = self.hubspot.portal.stores["contacts"].find(int(contact[2]))
        assert address is not None
        told = {"form_id": self._form, "values": {"email": address.values["email"]}}
        with self.hubspot.lock:
            feed(self.hubspot.portal, {"kind": "submission", **told})

    def delete(self, place: Place) -> None:
        """A person deletes a record."""
        connection, name, record_id = place
        named = name if connection == "hubspot" else NAMES[name]
        self._sims[connection].delete({"object": named, "id": record_id})

    def restore(self, place: Place) -> None:
        """A person brings it back."""
        connection, name, record_id = place
        if connection == "hubspot":
            with self.hubspot.lock:
                portal, kind = self.hubspot.portal, kind_of(name)
                record = record_of(portal, kind, record_id, archived=True)
                restore(portal, kind, record, source=actor_named("human"))
        else:
            self.salesforce.undelete({"object": NAMES[name], "id": record_id})

    def merge(self, winner: Place, loser: Place) -> Place:
        """A person merges two records; what stands for both from now on."""
        connection, name, winner_id = winner
        if connection == "hubspot":
            asked = {"object": name, "primary_id": winner_id, "merged_id": loser[2]}
            return (connection, name, self.hubspot.merge(asked)["id"])
        self.salesforce.merge({"object": NAMES[name], "master": winner_id, "losers": [loser[2]]})
        return winner

    def convert(self, lead: str) -> Place:
        """A person converts a lead; the contact that it became."""
        return ("salesforce", "contact", self.salesforce.convert({"lead": lead})["contact"])


def _furnish(portal: HubSpotSim, org: SalesforceSim) -> None:
    firms = ("Alder", "Birch", "Cedar")
    people = ("ann", "bob", "cid", "dee", "eva", "fay")
    companies = [
        _aged(1001 + n, name=firm, domain=f"{firm.lower()}.example", numberofemployees="20")
        for n, firm in enumerate(firms)
    ]
    # The first five are in HubSpot; all but the fifth are in Salesforce, the last two as leads.
    contacts = [
        _aged(1 + n, email=_address(n), firstname=name, lastname="North", lifecyclestage="lead")
        for n, name in enumerate(people[:5])
    ]
    links = [("contacts", str(1 + n), "companies", str(1001 + n % 3)) for n in range(4)]
    portal.load(HubSpotSeed({"companies": companies, "contacts": contacts}, links))
    stamps = {"CreatedDate": MONTH_AGO_S, "LastModifiedDate": MONTH_AGO_S}
    accounts = [
        {"Id": make_id("Account", 1 + n), "Name": firm, "Website": f"{firm.lower()}.example"}
        for n, firm in enumerate(firms)
    ]
    members = [
        {
            "Id": make_id("Contact", 1 + n),
            "LastName": "North",
            "FirstName": people[n],
            "Email": _address(n),
            "AccountId": accounts[n % 3]["Id"],
        }
        for n in range(3)
    ]
    leads = [
        {
            "Id": make_id("Lead", 1 + n),
            "LastName": "North",
            "FirstName": people[n],
            "Email": _address(n),
            "Company": firms[n % 3],
            "Status": "Open - Not Contacted",
        }
        for n in (3, 5)
    ]
    rows = {"Account": accounts, "Contact": members, "Lead": leads}
    org.load(
        SalesforceSeed({name: [{**each, **stamps} for each in all_] for name, all_ in rows.items()})
    )


def _address(number: int) -> str:
    return f"p{number}@{('alder', 'birch', 'cedar')[number % 3]}.example"


def _aged(number: int, **properties: str) -> HubSpotRecord:
    return HubSpotRecord(str(number), MONTH_AGO_S, MONTH_AGO_S, properties)

"""A Salesforce org on the simulator, as the contract suite wants it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox_clock import SandboxClock
from stagesync.connector import Connector, Secret
from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.salesforce import SalesforceSim, create_app
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.sandbox.server import serve
from stagesync_salesforce import connect

DAY_S = 86_400.0
NAMES = {"account": "Account", "contact": "Contact", "opportunity": "Opportunity"}


class SalesforceAccount:
    """Seven accounts, 450 contacts and 20 opportunities, a month old."""

    fields = {  # noqa: RUF012  the suite reads it, nobody changes it
        "account": ("Name", "NumberOfEmployees"),
        "contact": ("Title", "Email", "HasOptedOutOfEmail"),
        "opportunity": ("StageName", "IsWon", "Amount", "CloseDate", "CreatedDate"),
    }
    own_field = "Own_Stage__c"
    refused = ("Email", "no address")

    def __init__(self, sim: SalesforceSim, url: str) -> None:
        self._sim, self._url, self._made = sim, url, 5000
        self.clock = SandboxClock(sim.clock)
        self._told = sim.credentials()
        self.secrets = (self._told["client_secret"],)
        sim.load(SalesforceSeed(_rows(float(int(sim.clock.now() - 30 * DAY_S)))))

    def connect(self, *, wrong: bool = False) -> Connector:
        secret = Secret("nobody-knows-this-one" if wrong else self._told["client_secret"])
        login = {"client_credentials": {"id": self._told["client_id"], "secret": secret}}
        options = {"url": self._url, "auth": login, "page_size": 200}
        return connect("sf", options, clock=self.clock)

    def held(self, object_name):
        asked = (*self.fields[object_name], self.own_field)
        return {
            key: {name: row.get(name) for name in asked if name != "CreatedDate"}
            for key, row in self._rows(object_name).items()
        }

    def links(self, object_name):
        return {
            key: {"account": (row["AccountId"],)}
            for key, row in self._rows(object_name).items()
            if row.get("AccountId")
        }

    def _rows(self, object_name):
        rows = self._sim.org.table(NAMES[object_name]).rows
        return {key: row for key, row in rows.items() if not row.get("IsDeleted")}

    def create(self, object_name, values, *, links):
        self._made += 1
        name, now = NAMES[object_name], float(int(self._sim.clock.now()))
        made = make_id(name, self._made)
        row = {"Id": made, "LastName": "Made", "CreatedDate": now, **values}
        row |= {"AccountId": links["account"][0]} if links else {}
        self._sim.load(SalesforceSeed({name: [row]}))
        return made

    def edit(self, object_name, record_id, values):
        name = NAMES[object_name]
        self._sim.edit(name, record_id, properties=values, actor="human")

    def delete(self, object_name, record_id):
        self._sim.delete({"object": NAMES[object_name], "id": record_id})

    def merge(self, object_name, loser, *, into):
        self._sim.merge({"object": NAMES[object_name], "master": into, "losers": [loser]})
        return into

    def settle(self):
        self._sim.clock.advance(3600)


def _rows(at: float) -> dict[str, list[dict[str, object]]]:
    stamps = {"CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at}
    accounts = [make_id("Account", n + 1) for n in range(7)]
    return {
        "Account": [
            {"Id": each, "Name": f"Firm {n}", "NumberOfEmployees": n, **stamps}
            for n, each in enumerate(accounts)
        ],
        "Contact": [
            {
                "Id": make_id("Contact", n + 1),
                "LastName": f"L{n}",
                "Title": f"T{n}",
                "Email": f"p{n}@x.example",
                "HasOptedOutOfEmail": n % 2 == 0,
                "AccountId": accounts[n % 7],
                **stamps,
            }
            for n in range(450)
        ],
        "Opportunity": [
            {
                "Id": make_id("Opportunity", n + 1),
                "Name": f"O{n}",
                "StageName": "Closed Won",
                "CloseDate": "2026-10-31",
                "Amount": n + 0.5,
                "AccountId": accounts[n % 7],
                **stamps,
            }
            for n in range(20)
        ],
    }


@contextmanager
def salesforce_account() -> Iterator[SalesforceAccount]:
    """The org on a port of its own."""
    sim = SalesforceSim(clock=SimClock(), seed=7)
    with serve(create_app(sim)) as server:
        yield SalesforceAccount(sim, server.url)

"""A Salesforce org on the simulator, as the contract suite wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox_clock import SandboxClock
from stagesync.connector import Connector, Secret
from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.salesforce import SalesforceSim, create_app
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.sandbox.server import serve
from stagesync_salesforce import connect

DAY_S = 86_400.0
NAMES = {"account": "Account", "lead": "Lead", "contact": "Contact", "opportunity": "Opportunity"}
OTHERS = {
    "account": ("Name", "NumberOfEmployees"),
    "opportunity": ("StageName", "IsWon", "Amount", "CloseDate", "CreatedDate"),
}
CONTACT = ("Title", "Email", "HasOptedOutOfEmail")
LEAD = ("Title", "Email", "IsConverted", "NumberOfEmployees", "Status")
NEW_LEAD = {"Company": "Firm", "Status": "Open - Not Contacted", "IsConverted": False}


class SalesforceAccount:
    """Seven accounts, 450 contacts or leads and 20 opportunities, a month old."""

    own_field = "Own_Stage__c"
    refused = ("Email", "no address")

    def __init__(self, sim: SalesforceSim, url: str, *, leads: bool) -> None:
        # A connector names leads before contacts: where there are any, they are the subject.
        people = {"lead": LEAD, "contact": CONTACT} if leads else {"contact": CONTACT}
        self.fields = {**OTHERS, **people}
        self._sim, self._url, self._made = sim, url, 5000
        self.clock = SandboxClock(sim.clock)
        self._told = sim.credentials()
        self.secrets = (self._told["client_secret"],)
        at = float(int(sim.clock.now() - 30 * DAY_S))
        sim.load(SalesforceSeed(_rows(at, contacts=7 if leads else 450, leads=450 * leads)))

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
        named = {"AccountId": "account", "ConvertedAccountId": "account"}
        named |= {"ConvertedContactId": "contact"}
        return {
            key: {far: (row[field],) for field, far in named.items() if row.get(field)}
            for key, row in self._rows(object_name).items()
        }

    def _rows(self, object_name):
        rows = self._sim.org.table(NAMES[object_name]).rows
        return {key: row for key, row in rows.items() if not row.get("IsDeleted")}

    def create(self, object_name, values, *, links):
        self._made += 1
        name, now = NAMES[object_name], float(int(self._sim.clock.now()))
        made = make_id(name, self._made)
        row = {"Id": made, "LastName": "Made", "CreatedDate": now, **values}
        row |= NEW_LEAD if name == "Lead" else {}
        row |= {"AccountId": links["account"][0]} if "account" in links else {}
        self._sim.load(SalesforceSeed({name: [row]}))
        if "contact" in links:  # a lead comes to name a contact by becoming it
            contact = links["contact"][0]
            account = self._sim.org.table("Contact").rows[contact]["AccountId"]
            self._sim.convert({"lead": made, "contact": contact, "account": account})
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
        # What is gone is looked for once an hour.
        self._sim.clock.advance(2 * 3600)


def _rows(at: float, *, contacts: int, leads: int) -> dict[str, list[dict[str, object]]]:
    stamps = {"CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at}
    accounts = [make_id("Account", n + 1) for n in range(7)]

    def rows(name: str, count: int, make: Callable[[int], dict[str, object]]) -> list[Any]:
        return [{"Id": make_id(name, n + 1), **make(n), **stamps} for n in range(count)]

    def person(n: int) -> dict[str, object]:
        opted_out = {"HasOptedOutOfEmail": n % 2 == 0}
        return {"LastName": f"L{n}", "Title": f"T{n}", "Email": f"p{n}@x.example", **opted_out}

    return {
        "Account": rows("Account", 7, lambda n: {"Name": f"Firm {n}", "NumberOfEmployees": n}),
        "Contact": rows("Contact", contacts, lambda n: person(n) | {"AccountId": accounts[n % 7]}),
        "Lead": rows(
            "Lead",
            leads,
            lambda n: person(n) | NEW_LEAD | {"Company": f"Firm {n}"},
        ),
        "Opportunity": rows(
            "Opportunity",
            20,
            lambda n: {
                "Name": f"O{n}",
                "StageName": "Closed Won",
                "CloseDate": "2026-10-31",
                "Amount": n + 0.5,
                "AccountId": accounts[n % 7],
            },
        ),
    }


@contextmanager
def salesforce_account(*, leads: bool = False) -> Iterator[SalesforceAccount]:
    """The org on a port of its own.

    Args:
        leads: its people are leads, nearly all.
    """
    sim = SalesforceSim(clock=SimClock(), seed=7)
    with serve(create_app(sim)) as server:
        yield SalesforceAccount(sim, server.url, leads=leads)

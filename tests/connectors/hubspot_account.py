"""A small HubSpot account on a real port, and connectors to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import urllib3

from sandbox_clock import SandboxClock
from stagesync.connector import Page, Pull, Record, Secret
from stagesync.sandbox.hubspot import HubSpotSim, create_app
from stagesync.sandbox.seeds import HubSpotRecord, HubSpotSeed
from stagesync.sandbox.server import serve
from stagesync_hubspot import connect
from stagesync_hubspot.connector import HubSpot

MONTH_S = 30 * 86_400.0
FIELDS = {
    "company": ("name", "domain", "lifecyclestage"),
    "contact": ("email", "firstname", "lifecyclestage", "hs_lead_status"),
    "deal": ("dealstage", "amount", "stage_is_won", "stage_is_closed"),
    "meeting": ("hs_timestamp", "hs_meeting_outcome"),
    "call": ("hs_timestamp", "hs_call_direction"),
}


@dataclass
class Account:
    """The simulator behind an address, and every connector made to it."""

    sim: HubSpotSim
    url: str
    clock: SandboxClock
    made: list[HubSpot] = field(default_factory=list)

    def connect(self, **options) -> HubSpot:
        given = {"token": Secret(self.sim.token), "url": self.url, **options}
        self.made.append(connect("crm", given, clock=self.clock))
        return self.made[-1]

    def connect_app(self, **options) -> HubSpot:
        """A connector as the OAuth app that is installed in the account."""
        tokens = self.sim.tokens
        oauth = {
            "client_id": tokens.client_id,
            "client_secret": Secret(tokens.client_secret),
            "refresh_token": Secret(tokens.refresh_token),
        }
        return self.connect(token=None, auth={"oauth": oauth}, **options)

    def edit(self, name: str, ids, /, **properties) -> None:
        for one in ids:
            self.sim.edit(name, str(one), properties=properties, actor="human")

    def control(self, call: str, /, **payload):
        """What people and other apps do, by the simulator's control calls."""
        answer = urllib3.request("POST", f"{self.url}/_sandbox/{call}", json=payload)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def define(self, plural: str, name: str, *, kind: str, widget: str, options=()) -> None:
        """Make a property by the vendor's own API, as an admin's script would."""
        body = {
            "name": name,
            "label": name,
            "type": kind,
            "fieldType": widget,
            "groupName": {"contacts": "contactinformation"}[plural],
            "options": [{"value": one, "label": one} for one in options],
        }
        answer = urllib3.request(
            "POST",
            f"{self.url}/crm/v3/properties/{plural}",
            json=body,
            headers={"Authorization": f"Bearer {self.sim.token}"},
        )
        assert 201 == answer.status, answer.data

    def stored(self, plural: str) -> dict[str, dict[str, str]]:
        """What the simulator itself holds, by id."""
        live = self.sim.portal.stores[plural].live()
        return {str(one.id): dict(one.values) for one in live}

    def paths(self) -> list[tuple[str, int]]:
        """The last part of each address called, with the records it carried."""
        log = self.sim.log.entries()
        return [(one["path"].rsplit("/", 1)[-1], one["records"]) for one in log]


@contextmanager
def account(**objects: list[HubSpotRecord]) -> Iterator[Account]:
    """An account with these records by plural name; `links` holds its associations."""
    links = objects.pop("links", [])
    sim = HubSpotSim(seed=7)
    sim.load(HubSpotSeed(objects, links))
    with serve(create_app(sim)) as server:
        opened = Account(sim, server.url, SandboxClock(sim.clock))
        try:
            yield opened
        finally:
            for connector in opened.made:
                connector.close()


def rows(count: int, *, first: int = 1, at: float, **properties: str) -> list[HubSpotRecord]:
    """Records with following ids, `{n}` in a value being the id."""
    return [
        HubSpotRecord(
            str(n), at - 1, at, {name: text.format(n=n) for name, text in properties.items()}
        )
        for n in range(first, first + count)
    ]


def small_account(now: float):
    """Seven companies, 230 contacts, twenty deals, meetings and calls, a month old."""
    at = now - MONTH_S
    stages = ("closedwon", "closedlost", "contractsent", "1000022")
    deals = [
        HubSpotRecord(str(3000 + n), at, at, {"dealname": "d", "dealstage": stages[n % 4]})
        for n in range(20)
    ]
    outcome = {"hs_timestamp": "2026-10-01T08:00:00.000Z", "hs_meeting_outcome": "COMPLETED"}
    return {
        "companies": rows(7, first=1001, at=at, name="Firm {n}", lifecyclestage="lead"),
        "contacts": rows(230, at=at, email="p{n}@x.example", lifecyclestage="lead"),
        "deals": deals,
        "meetings": rows(20, first=4000, at=at, **outcome),
        "calls": rows(20, first=5000, at=at, hs_timestamp="2026-10-01T08:00:00.000Z"),
        "links": [
            *(("contacts", str(n), "companies", str(1001 + n % 7)) for n in range(1, 200)),
            *(("deals", str(3000 + n), "contacts", str(1 + n)) for n in range(10)),
            *(("deals", str(3000 + n), "companies", str(1001 + n % 7)) for n in range(5)),
            *(("meetings", str(4000 + n), "contacts", str(1 + n)) for n in range(15)),
            *(("calls", str(5000 + n), "contacts", str(1 + n)) for n in range(5)),
        ],
    }


def wanted(cursors: dict[str, str] | None = None) -> list[Pull]:
    """All five objects with the fields of `FIELDS`."""
    known = cursors or {}
    return [Pull(name, fields, known.get(name)) for name, fields in FIELDS.items()]


def pull_all(connector: HubSpot, pulls: list[Pull]) -> tuple[dict[str, dict[str, Record]], dict]:
    """Records by object and id, and the last cursor of each object."""
    found: dict[str, dict[str, Record]] = {one.object: {} for one in pulls}
    cursors: dict[str, str] = {}
    for page in connector.pull(pulls):
        found[page.object] |= {record.id: record for record in page.records}
        cursors[page.object] = page.cursor
    return found, cursors


def pages_of(connector: HubSpot, pull: Pull) -> list[Page]:
    return list(connector.pull([pull]))

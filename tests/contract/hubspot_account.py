"""A HubSpot account on the simulator, as the contract suite wants it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox_clock import SandboxClock
from stagesync.connector import Connector, Secret
from stagesync.sandbox.hubspot import HubSpotSim, create_app
from stagesync.sandbox.seeds import HubSpotRecord, HubSpotSeed
from stagesync.sandbox.server import serve
from stagesync_hubspot import connect

DAY_S = 86_400.0
PLURALS = {"company": "companies", "contact": "contacts", "deal": "deals", "meeting": "meetings"}


class HubSpotAccount:
    """Seven companies, 230 contacts, 20 deals and 20 meetings, a month old."""

    fields = {  # noqa: RUF012  the suite reads it, nobody changes it
        "company": ("name", "domain"),
        "contact": ("firstname", "email", "lifecyclestage", "hs_lead_status"),
        "deal": ("dealstage", "amount", "closedate"),
        "meeting": ("hs_timestamp",),
    }
    own_field = "own_stage"
    refused = ("hs_lead_status", "NONSENSE")

    def __init__(self, sim: HubSpotSim, url: str) -> None:
        self._sim, self._url = sim, url
        self.clock = SandboxClock(sim.clock)
        self.secrets = (sim.token,)
        at = sim.clock.now() - 30 * DAY_S
        sim.load(HubSpotSeed(_records(at), _links()))

    def connect(self, *, wrong: bool = False) -> Connector:
        token = Secret("pat-eu1-nobody-knows-this-one" if wrong else self._sim.token)
        options = {"token": token, "url": self._url, "app_id": self._sim.portal.app_id}
        return connect("hs", options, clock=self.clock)

    def held(self, object_name):
        asked = (*self.fields[object_name], self.own_field)
        live = self._sim.portal.stores[PLURALS[object_name]].live()
        return {str(one.id): {name: one.values.get(name) for name in asked} for one in live}

    def links(self, object_name):
        targets = {"contact": ("company",), "deal": ("contact", "company"), "meeting": ("contact",)}
        of = self._sim.portal.links.of
        return {
            one: {
                far: tuple(map(str, of(PLURALS[object_name], int(one), to_kind=PLURALS[far])))
                for far in targets.get(object_name, ())
            }
            for one in self.held(object_name)
        }

    def create(self, object_name, values, *, links):
        made, now = str(self._sim.portal.last_id + 1), self._sim.clock.now()
        plural = PLURALS[object_name]
        pairs = [(plural, made, PLURALS[far], each) for far, ids in links.items() for each in ids]
        record = HubSpotRecord(made, now, now, {"lastname": "Made", **values})
        self._sim.load(HubSpotSeed({plural: [record]}, pairs))
        return made

    def edit(self, object_name, record_id, values):
        self._sim.edit(object_name, record_id, properties=values, actor="human")

    def delete(self, object_name, record_id):
        self._sim.delete({"object": object_name, "id": record_id})

    def merge(self, object_name, loser, *, into):
        asked = {"object": object_name, "primary_id": into, "merged_id": loser}
        return self._sim.merge(asked)["id"]

    def settle(self):
        # The archive is walked every six hours.
        self._sim.clock.advance(7 * 3600)


def _records(at: float) -> dict[str, list[HubSpotRecord]]:
    def rows(count, *, first, **properties):
        return [
            HubSpotRecord(
                str(n), at - 1, at, {key: text.format(n=n) for key, text in properties.items()}
            )
            for n in range(first, first + count)
        ]

    day = "2026-10-01T08:00:00.000Z"
    contact = {"firstname": "P{n}", "email": "p{n}@x.example", "lifecyclestage": "lead"}
    return {
        "companies": rows(7, first=1001, name="Firm {n}", domain="firm{n}.example"),
        "contacts": rows(230, first=1, **contact),
        "deals": rows(20, first=3000, dealstage="closedwon", amount="{n}.5", closedate=day),
        "meetings": rows(20, first=4000, hs_timestamp=day),
    }


def _links() -> list[tuple[str, str, str, str]]:
    return [
        *(("contacts", str(n), "companies", str(1001 + n % 7)) for n in range(1, 200)),
        *(("deals", str(3000 + n), "contacts", str(1 + n)) for n in range(10)),
        *(("deals", str(3000 + n), "companies", str(1001 + n % 7)) for n in range(5)),
        *(("meetings", str(4000 + n), "contacts", str(1 + n)) for n in range(15)),
    ]


@contextmanager
def hubspot_account() -> Iterator[HubSpotAccount]:
    """The account on a port of its own."""
    sim = HubSpotSim(seed=7)
    with serve(create_app(sim)) as server:
        yield HubSpotAccount(sim, server.url)

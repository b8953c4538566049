"""Fixtures of the simulators' tests: real HTTP to a served simulator whose time stands still."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import urllib3
from starlette.types import Receive, Scope, Send

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.hubspot import HubSpotSim, create_app
from stagesync.sandbox.seeds import HubSpotRecord, HubSpotSeed
from stagesync.sandbox.server import Server, serve

NOON = 1_794_916_800.0


@dataclass(frozen=True)
class Got:
    """An answer: status, parsed body (text when it is no JSON), headers."""

    status: int
    body: Any
    headers: Any


class HubSpotApi:
    """A plain HTTP client of one simulated HubSpot, and the simulator itself as `sim`."""

    def __init__(self, sim: HubSpotSim, url: str) -> None:
        self.sim = sim
        self.url = url
        self.token = sim.token
        self._pool = urllib3.PoolManager(retries=False, timeout=10)

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Got:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        more = {} if body is None else {"json": body}
        answer = self._pool.request(method, self.url + path, headers=headers, **more)
        is_json = "json" in answer.headers.get("content-type", "")
        return Got(
            answer.status, answer.json() if is_json else answer.data.decode(), answer.headers
        )

    def get(self, path: str, **more: Any) -> Got:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> Got:
        return self.call("POST", path, body, **more)

    def patch(self, path: str, body: Any) -> Got:
        return self.call("PATCH", path, body)

    def make(self, kind: str = "contacts", **properties: Any) -> str:
        """Creates a record through the API and returns its id."""
        return self.post(f"/crm/v3/objects/{kind}", {"properties": properties}).body["id"]

    def value(self, kind: str, record_id: str, name: str) -> Any:
        """One property as the API answers it."""
        got = self.get(f"/crm/v3/objects/{kind}/{record_id}?properties={name}")
        return got.body["properties"][name]

    def search(self, kind: str = "contacts", **body: Any) -> Got:
        return self.post(f"/crm/v3/objects/{kind}/search", body)

    def control(self, name: str, /, **payload: Any) -> Any:
        """A control call that must succeed; its answer."""
        got = self.post(f"/_sandbox/{name}", payload)
        assert got.status in {200, 204}, got
        return got.body

    def form(self, path: str, **fields: Any) -> Got:
        """Posts a form without a token."""
        answer = self._pool.request("POST", self.url + path, fields=fields, encode_multipart=False)
        is_json = "json" in answer.headers.get("content-type", "")
        return Got(
            answer.status, answer.json() if is_json else answer.data.decode(), answer.headers
        )

    def switch(self, **changes: Any) -> None:
        """Sets switches through the control call."""
        assert self.call("PUT", "/_sandbox/settings", changes).status == 200


class _Swappable:
    """One served address whose simulator each test replaces."""

    def __init__(self) -> None:
        self.app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[_Swappable, Server]]:
    swappable = _Swappable()
    with serve(swappable) as server:
        yield swappable, server


@pytest.fixture
def hs(_served: tuple[_Swappable, Server]) -> Iterator[HubSpotApi]:
    """An empty HubSpot account at noon, with the default switches."""
    swappable, server = _served
    sim = HubSpotSim(clock=SimClock(lambda: NOON))
    swappable.app = create_app(sim)
    yield HubSpotApi(sim, server.url)
    sim.stop()


@pytest.fixture
def seeded(hs: HubSpotApi) -> HubSpotApi:
    """An account with contacts 101 to 150, one a minute, the last one at eleven o'clock."""
    rows = [
        HubSpotRecord(
            str(100 + n),
            NOON - 86_400,
            NOON - 3_600 - 60 * (50 - n),
            {"email": f"p{n}@firm.example", "firstname": f"Name{n}", "lifecyclestage": "lead"},
        )
        for n in range(1, 51)
    ]
    firms = [HubSpotRecord("900", NOON - 86_400, NOON - 86_400, {"name": "Firm"})]
    links = [("contacts", "101", "companies", "900"), ("contacts", "102", "companies", "900")]
    hs.sim.load(HubSpotSeed({"contacts": rows, "companies": firms}, links))
    return hs

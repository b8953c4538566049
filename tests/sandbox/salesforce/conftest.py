"""A simulated Salesforce org over real HTTP, with a clock that stands still unless moved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from starlette.types import ASGIApp, Receive, Scope, Send

from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.salesforce import SalesforceSim, create_app
from stagesync.sandbox.salesforce.ids import make_id
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.sandbox.server import serve

NOW = 1_795_000_000.5
CALM = {"commit_lag_share": 0.0, "short_pages": False}


@dataclass
class Api:
    """A plain client of one simulated org: `path` is below /services/data/v64.0/."""

    sim: SalesforceSim
    url: str
    http: requests.Session = field(default_factory=requests.Session)

    def login(self) -> requests.Response:
        form = {"grant_type": "client_credentials", **self.sim.credentials()}
        return self.http.post(f"{self.url}/services/oauth2/token", data=form, timeout=10)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.url}/services/data/v64.0/{path}"
        return self.http.request(method, url, timeout=10, **more)

    def query(self, soql: str, **headers: str) -> requests.Response:
        return self.call("GET", "query", params={"q": soql}, headers=headers)

    def rows(self, soql: str, *, everything: bool = False) -> list[dict[str, Any]]:
        """All records of a query, page by page, without their attributes."""
        path = "queryAll" if everything else "query"
        answer = self.call("GET", path, params={"q": soql})
        found: list[dict[str, Any]] = []
        while True:
            assert answer.status_code == 200, answer.text
            body = answer.json()
            found += body["records"]
            if body["done"]:
                return [{k: v for k, v in row.items() if k != "attributes"} for row in found]
            answer = self.call("GET", self.url + body["nextRecordsUrl"])

    def values(self, soql: str, **options: bool) -> list[Any]:
        """The first selected field of all records."""
        return [next(iter(row.values())) for row in self.rows(soql, **options)]

    def control(self, name: str, body: dict[str, Any], method: str = "POST") -> requests.Response:
        return self.http.request(method, f"{self.url}/_sandbox/{name}", json=body, timeout=10)

    def switch(self, **changes: Any) -> None:
        answer = self.control("settings", changes, method="PUT")
        assert answer.status_code == 200, answer.text

    def update(self, *records: dict[str, Any], kind: str = "Lead", **more: Any) -> Any:
        """The answer of a PATCH of the collection of this kind, without auto-assignment."""
        items = [{"attributes": {"type": kind}, **record} for record in records]
        headers = {"Sforce-Auto-Assign": "FALSE"} | more.pop("headers", {})
        body = {"allOrNone": False, "records": items} | more
        return self.call("PATCH", "composite/sobjects", json=body, headers=headers)

    def fault(self, kind: str, times: int = 1, match: str = "") -> None:
        body = {"kind": kind, "times": times, "match": match}
        assert self.control("faults", body).status_code == 204

    def advance(self, seconds: float) -> None:
        assert self.control("clock", {"advance_s": seconds}).status_code == 200


def shown(stamp: float) -> str:
    return f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%dT%H:%M:%S}.000+0000"


def literal(stamp: float) -> str:
    return f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%dT%H:%M:%SZ}"


def lead(number: int, **more: Any) -> dict[str, Any]:
    """A seeded lead; number n was last touched n seconds after the first."""
    return {
        "Id": make_id("Lead", 50_000 + number),
        "LastName": f"Name {number}",
        "Company": "Acme",
        "Email": f"p{number}@example.org",
        "Status": "Open - Not Contacted",
        "CreatedDate": NOW - 10_000,
        "LastModifiedDate": NOW - 9_000 + number,
        "SystemModstamp": NOW - 9_000 + number,
    } | more


class Stage:
    """An application that plays another one: starting a server for every test would take longer
    than most tests."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


def _opener(stage: Stage, url: str) -> Iterator[Callable[..., Api]]:
    opened: list[Api] = []

    def open_one(*, calm: bool = True, **rows: list[dict[str, Any]]) -> Api:
        assert not opened, "one org at a time"
        sim = SalesforceSim(clock=SimClock(lambda: NOW), seed=7)
        sim.load(SalesforceSeed(rows))
        stage.app = create_app(sim)
        api = Api(sim, url)
        opened.append(api)
        api.http.headers["Authorization"] = f"Bearer {api.login().json()['access_token']}"
        if calm:
            api.switch(**CALM)
        return api

    yield open_one
    for api in opened:
        api.http.close()


@pytest.fixture(scope="session")
def _theatre() -> Iterator[tuple[Stage, str]]:
    stage = Stage()
    with serve(stage) as server:
        yield stage, server.url


@pytest.fixture
def open_org(_theatre: tuple[Stage, str]) -> Iterator[Callable[..., Api]]:
    """Makes an org out of rows by object, logged in, and calm unless told otherwise."""
    yield from _opener(*_theatre)


@pytest.fixture(scope="module")
def open_shared_org() -> Iterator[Callable[..., Api]]:
    """As `open_org`, for a module whose tests only read."""
    stage = Stage()
    with serve(stage) as server:
        yield from _opener(stage, server.url)


class ToHttp(HTTPAdapter):
    """Sends what a client addresses to https to a local address instead."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def send(self, request: Any, **options: Any) -> requests.Response:
        request.url = self.base + request.path_url
        return super().send(request, **options)


@pytest.fixture
def rewired() -> Iterator[Callable[[str], requests.Session]]:
    """Makes sessions for clients that insist on https, all of whose calls go to one address."""
    made: list[requests.Session] = []

    def make(base: str) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", ToHttp(base))
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()


@pytest.fixture(scope="session")
def make_lead() -> Callable[..., dict[str, Any]]:
    return lead


@pytest.fixture(scope="session")
def id_of() -> Callable[[str, int], str]:
    """The id of a seeded record of an object, by number."""
    return lambda name, number: make_id(name, 50_000 + number)


@pytest.fixture
def now() -> float:
    return NOW


@pytest.fixture
def as_json() -> Callable[[float], str]:
    """An instant as the API writes it."""
    return shown


@pytest.fixture
def as_soql() -> Callable[[float], str]:
    """An instant as a query writes it."""
    return literal

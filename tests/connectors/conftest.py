"""For the tests of the Salesforce connector: one against the simulator over real HTTP, and one whose answers a test sets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from sandbox_clock import SandboxClock
from stagesync.connector import Page, Pull, Record, Secret
from stagesync.sandbox.clock import SimClock
from stagesync.sandbox.seeds import SalesforceSeed
from stagesync.sandbox.server import serve
from stagesync.sandbox.world import make_world
from stagesync_salesforce.api import data_path
from stagesync_salesforce.connector import SalesforceConnector
from stagesync_salesforce.options import read_options


@dataclass(slots=True)
class Bench:
    """A running simulator and a connector to it."""

    sim: Any
    url: str
    options: dict[str, Any]
    clock: SandboxClock
    connector: SalesforceConnector

    def connect(self, **options: Any) -> SalesforceConnector:
        """Another connector to the same org."""
        return SalesforceConnector("sf", read_options(self.options | options), clock=self.clock)

    def rows(self, name: str) -> dict[str, dict[str, Any]]:
        """What the simulator holds of an object, by id, straight from its table."""
        return dict(self.sim.org.table(name).rows)

    def log(self) -> list[dict[str, Any]]:
        """The requests served, asked for over the connector's own connection.

        An entry is made after its answer is sent. The next request of the same connection waits
        for it, one of another connection would not.
        """
        http = self.connector._transport._http
        found: list[dict[str, Any]] = http.get(f"{self.url}/_sandbox/log").json()
        return found

    def call(self, method: str, path: str, *, body: object) -> Any:
        """Another app sends what our connector never would."""
        transport = self.connector._transport
        token = transport._current().session.token.reveal()
        answer = requests.request(
            method,
            self.url + data_path(transport.version, path),
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def calls_in_log(self) -> list[tuple[str, str]]:
        """Method and path of every request that the vendor counts."""
        return [
            (entry["method"], entry["path"])
            for entry in self.log()
            if entry["path"].startswith("/services/data/v")
        ]


@pytest.fixture(scope="session")
def seed() -> SalesforceSeed:
    """A believable org, made once."""
    return make_world(contacts=300, seed=7, now=time.time()).salesforce


@pytest.fixture
def bench(seed: SalesforceSeed) -> Iterator[Bench]:
    """The simulator filled with that org."""
    yield from _serve(seed)


@pytest.fixture
def empty_bench() -> Iterator[Bench]:
    """The simulator with nothing in it."""
    yield from _serve(SalesforceSeed())


def _serve(seed: SalesforceSeed) -> Iterator[Bench]:
    # Inside, so that tests that need no simulator do not load it.
    from stagesync.sandbox.salesforce import SalesforceSim, create_app

    sim = SalesforceSim(clock=SimClock(), seed=7)
    sim.load(seed)
    with serve(create_app(sim)) as server:
        told = sim.credentials()
        options = {
            "url": server.url,
            "auth": {
                "client_credentials": {
                    "id": told["client_id"],
                    "secret": Secret(told["client_secret"]),
                }
            },
        }
        clock = SandboxClock(sim.clock)
        connector = SalesforceConnector("sf", read_options(options), clock=clock)
        yield Bench(sim, server.url, options, clock, connector)
        connector.close()


@pytest.fixture
def scripted() -> Iterator[tuple[SalesforceConnector, SandboxClock]]:
    """A connector to an org whose every answer the test sets with `responses`."""
    clock = SandboxClock(SimClock())
    options = {
        "auth": {
            "client_credentials": {
                "host": "acme.my.salesforce.com",
                "id": "key",
                "secret": Secret("hush"),
            }
        }
    }
    connector = SalesforceConnector("sf", read_options(options), clock=clock)
    yield connector, clock
    connector.close()


@pytest.fixture
def pull_all() -> Callable[..., tuple[dict[str, dict[str, Record]], dict[str, str]]]:
    """Pulls to the end: records by object and id, and each object's last cursor."""

    def run(
        connector: SalesforceConnector, fields: dict[str, tuple[str, ...]], **cursors: str
    ) -> tuple[dict[str, dict[str, Record]], dict[str, str]]:
        wanted = [Pull(name, asked, cursors.get(name)) for name, asked in fields.items()]
        pages: list[Page] = list(connector.pull(wanted))
        found: dict[str, dict[str, Record]] = {name: {} for name in fields}
        for page in pages:
            found[page.object] |= {record.id: record for record in page.records}
        return found, {page.object: page.cursor for page in pages}

    return run

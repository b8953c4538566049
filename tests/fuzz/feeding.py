"""Connectors whose vendor answers whatever a fuzzer says, without a network.

What is replaced is the pool of sockets of urllib3; the vendors' clients and our transports above it are real.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter

from stagesync.connector import Secret
from stagesync_hubspot import connect as connect_hubspot
from stagesync_hubspot.connector import HubSpot
from stagesync_salesforce.connector import SalesforceConnector
from stagesync_salesforce.options import read_options

HUBSPOT = "https://api.hubapi.com"
SALESFORCE = "https://acme.my.salesforce.com"
MOST_REQUESTS = 400
"""For one call of a method, or one page: more is taken for an endless loop."""

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


class Endless(Exception):
    """The connector asks on and on."""


class Clock:
    """Time that passes when somebody sleeps, and a little with every look."""

    def __init__(self) -> None:
        self.at_s = 1_790_000_000.0

    def now_s(self) -> float:
        """Unix seconds."""
        return self.at_s

    def monotonic_s(self) -> float:
        """A millisecond later with every look, so that nothing waits for ever."""
        self.at_s += 0.001
        return self.at_s

    def sleep(self, seconds: float) -> None:
        """Nothing waits."""
        assert 0 <= seconds < 100_000_000, f"sleeps {seconds} s"
        self.at_s += seconds


class Pool:
    """Stands for urllib3's pools: each request is answered by the next call of `answer`."""

    def __init__(self, answer: Callable[[str, str], Answer]) -> None:
        self._answer = answer
        self.asked = 0
        self.sent = ""
        """Headers and body of the last request, as text."""

    def _next(
        self, method: str, url: str, how: dict[str, Any], *, whole: bool
    ) -> urllib3.HTTPResponse:
        self.asked += 1
        body = how.get("body") or ""
        told = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
        self.sent = f"{dict(how.get('headers') or {})} {how.get('fields')} {told}"
        if self.asked > MOST_REQUESTS:
            raise Endless
        status, headers, body = self._answer(method, url)
        return urllib3.HTTPResponse(
            io.BytesIO(body), headers=headers, status=status, request_method=method,
            request_url=url, preload_content=whole, decode_content=whole,
        )  # fmt: skip

    def request(self, method: str, url: str, **how: Any) -> urllib3.HTTPResponse:
        """As `PoolManager` is asked."""
        return self._next(method, url, how, whole=how.get("preload_content", True))

    def urlopen(self, method: str, url: str, **how: Any) -> urllib3.HTTPResponse:
        """As a connection pool is asked by requests."""
        return self._next(method, url, how, whole=False)

    def connection_from_host(self, *_: Any, **__: Any) -> Pool:
        """Itself: there is one for all hosts."""
        return self

    def clear(self) -> None:
        """Nothing is open."""


def hubspot(answer: Callable[[str, str], Answer], **options: Any) -> tuple[HubSpot, Pool]:
    """A connector to an account that answers so."""
    given = {"token": Secret("pat-eu1-fuzz"), "in_flight": 1, **options}
    made = connect_hubspot("hs", given, clock=Clock())
    assert isinstance(made, HubSpot)
    pool = Pool(answer)
    made._transport.client.rest_client.pool_manager = pool
    return made, pool


def salesforce(
    answer: Callable[[str, str], Answer], **options: Any
) -> tuple[SalesforceConnector, Pool]:
    """A connector to an org that answers so, also to the login."""
    login = {"host": "acme.my.salesforce.com", "id": "key", "secret": Secret("hush")}
    given = {"auth": {"client_credentials": login}, **options}
    made = SalesforceConnector("sf", read_options(given), clock=Clock())
    pool = Pool(answer)
    wire = made._transport._http.get_adapter(SALESFORCE)
    assert isinstance(wire, HTTPAdapter)
    wire.poolmanager = pool  # type: ignore[assignment]
    return made, pool

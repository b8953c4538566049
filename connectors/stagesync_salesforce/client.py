"""simple-salesforce on a session of ours.

The package never times out, retries nothing, and logs in again without end when it may. So it gets
a session id, which leaves it no way to log in, and a `requests.Session` whose adapter sets timeouts
and turns `https` into `http` for a sandbox on this machine, since the package knows https only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import orjson
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from stagesync.connector import Reach, read_within, trusted_roots
from stagesync_salesforce import api
from stagesync_salesforce.gate import refuse_unwanted
from stagesync_salesforce.steps import Session

CONNECT_TIMEOUT_S = 10.0


class Wire(HTTPAdapter):
    """The one way out: times out, deletes nothing, and asks nobody but this org."""

    def __init__(self, *, timeout_s: float, reach: Reach) -> None:
        super().__init__()
        self._timeout = (min(CONNECT_TIMEOUT_S, timeout_s), timeout_s)
        self._reach = reach

    def send(  # noqa: PLR0917  (the signature of requests)
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002  (the signature of requests)
        timeout: object = None,  # noqa: ARG002  (ours is always set)
        verify: bool | str = True,  # noqa: FBT001, FBT002  (the signature of requests)
        cert: Any = None,
        proxies: object = None,  # noqa: ARG002  (none, not even from the environment)
    ) -> requests.Response:
        """Sends it.

        Raises:
            RequestRefused: before anything is sent, for a request that must never be made.
        """
        url = request.url or ""
        refuse_unwanted(request.method or "", url, body=request.body, headers=request.headers)
        if self._reach.home.scheme == "http":
            # The package writes https whatever it is told.
            url = "http:" + url.partition(":")[2]
        self._reach.demand(url)
        request.url = url
        answer = super().send(request, stream, self._timeout, verify, cert, None)
        answer.raw = _Bounded(answer.raw, silence_s=self._timeout[1])
        return answer


class _Bounded:
    """The body of an answer, which has an end; all else is as urllib3 has it."""

    def __init__(self, raw: Any, *, silence_s: float) -> None:
        self._raw = raw
        self._silence_s = silence_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, _amount: int, **_how: object) -> Iterator[bytes]:
        """What `requests` reads a body by."""
        return read_within(self._raw, silence_s=self._silence_s)


def make_session(
    *, timeout_s: float, reach: Reach, seen: Callable[[requests.Response], None]
) -> requests.Session:
    """The session that carries every request of a connection.

    Args:
        reach: where requests may go.
        seen: told of every answer, failed or not.
    """
    session = requests.Session()
    # Else REQUESTS_CA_BUNDLE, proxies and .netrc of the machine would act on it.
    session.trust_env = False
    session.verify = trusted_roots()
    session.headers.update({"Accept-Encoding": "gzip", **api.WRITE_HEADERS})
    wire = Wire(timeout_s=timeout_s, reach=reach)
    session.mount("https://", wire)
    session.mount("http://", wire)
    session.hooks["response"].append(lambda answer, **_: seen(answer))
    return session


class Sheet(NamedTuple):
    """A page of a Bulk job's results.

    Attributes:
        text: CSV.
        locator: where the next page is; empty or `null` for none.
    """

    text: str
    locator: str


class Client(Salesforce):
    """simple-salesforce that decodes with orjson: a quarter of the time of its default."""

    def parse_result_to_json(self, result: requests.Response) -> Any:
        """The decoded body, a sheet for one in CSV."""
        if "csv" in result.headers.get("Content-Type", ""):
            locator = result.headers.get("Sforce-Locator", "")
            return Sheet(result.content.decode("utf-8-sig"), locator)
        return (
            orjson.loads(result.content)
            if result.content.strip() or result.status_code != 201
            else {}
        )


def make_client(login: Session, *, version: str, session: requests.Session) -> Client:
    """A client for one login; a new login gets a new one, with its own instance."""
    client = Client(
        session_id=login.token.reveal(),
        instance_url=login.instance_url,
        session=session,
        version=version,
    )
    client.headers.pop("X-PrettyPrint")  # it fattens every body
    return client
